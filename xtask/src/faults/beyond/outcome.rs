//! What came of a cell, and whether it is what was expected.

use std::iter::repeat;

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

    /// For the line that is printed as soon as it has ended: what was asked, where several things were, and what came of it.
    pub(super) fn line(asked: &[&str], outcomes: &[Option<Self>]) -> String {
        let asked = asked.iter().map(|asked| format!("{asked}: ")).chain(repeat(String::new()));
        let told = outcomes.iter().zip(asked).filter_map(|(outcome, asked)| {
            let Self { shown, wrong } = outcome.as_ref()?;
            Some(wrong.as_ref().map_or(format!("{asked}{shown}"), |wrong| format!("{asked}WRONG: {wrong}")))
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{Got, Why};
    use super::*;

    #[test]
    fn what_comes_out_otherwise_is_wrong() {
        let wrong = |expected, seen| Outcome::of(expected, seen).wrong;
        let rescued = Cell::new(Got::StandIn, 1, 1);
        assert_eq!(wrong(rescued, Ok(rescued)), None);
        let seen = Cell::new(Got::StandIn, 2, 1);
        assert_eq!(wrong(rescued, Ok(seen)).unwrap(), "stand-in, 2+1 in place of stand-in, 1+1");
        assert!(wrong(rescued, Ok(Cell::new(Got::Primary, 1, 1))).is_some());
        assert!(wrong(rescued, Err("the caller was told a key".to_owned())).is_some());
    }

    #[test]
    fn a_line_says_what_was_asked() {
        let outcome = |shown: &str, wrong: Option<&str>| {
            Some(Outcome { shown: shown.to_owned(), wrong: wrong.map(str::to_owned) })
        };
        let outcomes = [outcome("primary, 1+0", None), None, outcome("WRONG", Some("no answer"))];
        let line = Outcome::line(&["chat", "stream", "image"], &outcomes);
        assert_eq!(line, "chat: primary, 1+0; image: WRONG: no answer");
        assert_eq!(Outcome::line(&[], &outcomes), "primary, 1+0; WRONG: no answer");
    }

    #[test]
    fn a_reset_may_overtake_tokens_but_not_all_of_them() {
        let broke = |tokens| Cell::new(Got::Broke(tokens, Why::CutOff), 1, 0);
        let wrong = |seen| Outcome::of(broke(20), Ok(seen)).wrong.is_some();
        assert!(!wrong(broke(20)) && !wrong(broke(1)));
        assert!(wrong(broke(0)) && wrong(broke(21)));
        assert!(wrong(Cell::new(Got::Broke(20, Why::Failed), 1, 0)));
    }
}
