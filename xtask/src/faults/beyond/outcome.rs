//! What came of a cell, and whether it is what was expected.

use super::row::Cell;

/// As it stands on the page, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) shown: String,
    pub(super) wrong: Option<String>,
}

impl Outcome {
    /// A cell, and what was seen of it. Where it is met, it is shown as it was expected: within its bounds, every run differs.
    pub(super) fn of(expected: Cell, seen: Result<Cell, String>) -> Self {
        match seen {
            Ok(seen) => match expected.missed(seen) {
                None => Self { shown: expected.to_string(), wrong: None },
                Some(wrong) => Self { shown: seen.to_string(), wrong: Some(wrong) },
            },
            Err(why) => Self::broken(why),
        }
    }

    /// What is neither expected nor anything that has a name.
    pub(super) fn broken(why: String) -> Self {
        Self { shown: "WRONG".to_owned(), wrong: Some(why) }
    }

    /// For the line that is printed as soon as it has ended.
    pub(super) fn line(outcomes: &[Option<Self>]) -> String {
        let told = outcomes.iter().flatten().map(|outcome| match &outcome.wrong {
            Some(wrong) => format!("WRONG: {wrong}"),
            None => outcome.shown.clone(),
        });
        told.collect::<Vec<_>>().join("; ")
    }
}
