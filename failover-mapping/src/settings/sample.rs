//! The page of all settings: a file with each of them, and the variables that say them.

use std::fmt::Write;

use super::Settings;
use super::rows::ROWS;
use super::slot::Slot;
use super::variables::KEYS;

/// A configuration file in which every setting stands, each as a comment: with its default, or with an example where it has
/// none.
pub(crate) fn file() -> String {
    let mut text = BEGINNING.to_owned();
    let mut settings = Settings::default();
    let mut table = "";
    for row in &ROWS {
        let own = match (row.name.split_once('.'), row.slot) {
            (Some((name, _)), _) => name,
            (
                None,
                Slot::Keys
                | Slot::Rows
                | Slot::OneEach(..)
                | Slot::MoreEach(..)
                | Slot::Deployments
                | Slot::Fallbacks,
            ) => row.name,
            (None, _) => "",
        };
        if own != table {
            // Text takes whatever is written to it.
            let _ = writeln!(text, "\n[{own}]");
            table = own;
        } else if table.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "# {}", row.about);
        let entries = own == row.name;
        let name = row.name.split('.').next_back().unwrap_or(row.name);
        let default = row.shown(&mut settings).into_iter().find_map(|shown| shown.value.ok());
        let _ = match default {
            Some(value) => writeln!(text, "# {name} = {value}"),
            None if entries => writeln!(text, "# {}", row.sample),
            None => writeln!(text, "# {name} = {} # unless said: {}", row.sample, row.unless),
        };
    }
    text
}

/// A setting that a file can say.
///
#[doc = include_str!("../../SETTINGS.md")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its key in a file: the builder's method, and of a part of what it takes, a dot and the part.
    pub name: &'static str,
    /// The variables that say it, if any do.
    pub variables: Vec<String>,
    /// What holds if nobody says anything, as a file would say it.
    pub default: Option<String>,
    /// The same in words, where there is no such value.
    pub otherwise: &'static str,
    /// What it is for.
    pub about: &'static str,
}

/// All of them.
pub(crate) fn settings() -> impl Iterator<Item = Setting> {
    let mut defaults = Settings::default();
    ROWS.iter().map(move |row| {
        let default = row.shown(&mut defaults).into_iter().find_map(|shown| shown.value.ok());
        let usual = KEYS.iter().filter(|_| matches!(row.slot, Slot::Keys));
        let usual = usual.map(|(_, variable)| (*variable).to_owned());
        Setting {
            name: row.name,
            variables: row.variable().into_iter().chain(usual).collect(),
            default,
            otherwise: row.unless,
            about: row.about,
        }
    })
}

const BEGINNING: &str = "\
# Every setting, each with its default or, where it has none, an example. A setting is called like the builder's method.
# Whoever comes first here goes over the others: the builder, a variable, this file, the preset, the default. A variable is
# called FAILOVER_ and the setting's name: FAILOVER_DEADLINE=20s, FAILOVER_BREAKER_PAUSE=1m. Times are text: 500ms, 30s, 1m 30s.
";
