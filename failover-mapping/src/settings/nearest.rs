//! What a misspelt name was meant to be.

/// The known name that is most like this one, if one is like it: a few letters away, or the beginning of it.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Whoever writes something longer has not mistyped a name, and the distance costs its square.
    const LONGEST: usize = 40;
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_lowercase().replace('-', "_");
    let shorter = |known: &str| known.starts_with(&*name) || name.starts_with(known);
    let rated = known.into_iter().map(|known| {
        let distance = distance(&name, &known.replace('-', "_"));
        (
            if name.len() >= 3 && known.len() >= 3 && shorter(known) { distance.min(1) } else { distance },
            known,
        )
    });
    let (distance, found) = rated.min_by_key(|(distance, _)| *distance)?;
    (distance <= (found.len() / 3).max(1)).then_some(found)
}

/// How many letters must be added, left out, replaced or swapped with their neighbour (Damerau, 1964, each once).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let of = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut least =
                (of(&last, j) + usize::from(a != b)).min(of(&last, j + 1) + 1).min(of(&row, j) + 1);
            let swapped = i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if swapped {
                least = least.min(of(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}
