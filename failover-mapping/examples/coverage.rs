//! Prints COVERAGE.md: what becomes of each parameter of each model, as found by translating sample values.

use std::collections::BTreeMap;

use failover_mapping::{Catalogue, ConfigError, Coverage, Covered, Model, ProviderName};

/// The models of one set that fare alike, and each key with a cell per stand-in.
type Table<'c> = (Vec<&'c str>, Rows<'c>);
type Rows<'c> = Vec<(&'c str, Vec<String>)>;

fn main() -> Result<(), ConfigError> {
    let catalogue = Catalogue::built_in()?;
    println!(
        "<!-- written by `cargo xtask tables`; do not edit -->\n\n\
         # What becomes of every parameter\n\n\
         Every value that a row of the data files tells of was translated: the default, every word, every ratio, the bounds and \
         something between them; not what would happen anyway, as one image or no translation. Several words in a cell are the \
         outcomes of different values; `x-failover-lossy` tells which it was for a request.\n\n\
         | | |\n|---|---|\n\
         | exact | the stand-in is told the same |\n\
         | clamped | it is told the nearest value it takes |\n\
         | approximated | it is told something similar |\n\
         | dropped | it is not told |\n\
         | declined | it is not asked, as the request would be another one without this |\n\n\
         A key that stands nowhere is dropped. What the caller does not say is the asked provider's default, and is carried over \
         like a value."
    );
    for (provider, other) in
        [(ProviderName::Fal, ProviderName::Replicate), (ProviderName::Replicate, ProviderName::Fal)]
    {
        println!("\n## {}", title(provider));
        for (models, rows) in tables(&catalogue, provider, other) {
            print_table(&catalogue, (provider, other), &models, &rows);
        }
        print_refusals(&catalogue, provider);
    }
    Ok(())
}

/// In the order of the data. Sets whose models have different stand-ins are more than one table.
fn tables(catalogue: &Catalogue, provider: ProviderName, other: ProviderName) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    for model in catalogue.provider(provider).into_iter().flat_map(|data| &data.models) {
        let rows = rows(catalogue, (provider, model), other);
        match tables.iter_mut().find(|(_, known)| *known == rows) {
            Some((models, _)) => models.push(&model.id),
            None => tables.push((vec![&model.id], rows)),
        }
    }
    tables
}

/// What each of the model's own keys becomes; those that are declined wherever they stand are listed once for all models.
fn rows<'c>(catalogue: &'c Catalogue, asked: (ProviderName, &'c Model), other: ProviderName) -> Rows<'c> {
    let (provider, model) = asked;
    let Some(data) = catalogue.provider(provider) else { return Vec::new() };
    let set = data.inputs.get(model.inputs.as_deref().unwrap_or(model.task.as_str()));
    let is_own = |key: &str| {
        set.into_iter().flatten().any(|row| row.key == key)
            || data.refusals.iter().all(|refusal| refusal.key != key)
    };
    let cells = |by| -> BTreeMap<_, _> {
        let covered = catalogue.coverage(provider, &model.id, by);
        covered.map(|Covered { key, said, .. }| (key, join(&said))).collect()
    };
    let others = cells(other);
    let nexa = catalogue.coverage(provider, &model.id, ProviderName::Nexa);
    nexa.filter(|covered| is_own(covered.key))
        .map(|Covered { key, said, .. }| {
            (key, [Some(join(&said)), others.get(key).cloned()].into_iter().flatten().collect())
        })
        .collect()
}

fn join(said: &[Coverage]) -> String {
    said.iter().map(|said| said.as_str()).collect::<Vec<_>>().join(", ")
}

fn print_table(
    catalogue: &Catalogue,
    (provider, other): (ProviderName, ProviderName),
    models: &[&str],
    rows: &Rows<'_>,
) {
    let width = rows.first().map_or(0, |(_, cells)| cells.len());
    println!("\n### {}\n", quoted(models));
    for by in [ProviderName::Nexa, other].into_iter().take(width) {
        let stand_ins = models.iter().filter_map(|id| catalogue.resolve(provider, id, by));
        let mut stand_ins: Vec<_> =
            stand_ins.map(|found| format!("`{}` ({})", found.stand_in, found.substitution)).collect();
        stand_ins.dedup();
        println!("* {}: {}", title(by), stand_ins.join(", "));
    }
    let titles = [title(ProviderName::Nexa), title(other)];
    println!("\n| | {} |\n|---|{}", titles[..width].join(" | "), "---|".repeat(width));
    for (key, cells) in rows {
        println!("| `{key}` | {} |", cells.join(" | "));
    }
}

fn print_refusals(catalogue: &Catalogue, provider: ProviderName) {
    println!("\n### Declined for every {} model without a row for it above\n", title(provider));
    println!("| | why |\n|---|---|");
    for refusal in catalogue.provider(provider).into_iter().flat_map(|data| &data.refusals) {
        let words: Vec<_> = refusal.unless.iter().map(|value| format!("`{value}`")).collect();
        let unless =
            if words.is_empty() { String::new() } else { format!(", unless {}", words.join(" or ")) };
        println!("| `{}` | {}{unless} |", refusal.key, refusal.why);
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn title(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Fal => "FAL",
        ProviderName::Replicate => "Replicate",
        _ => "NexaAPI",
    }
}
