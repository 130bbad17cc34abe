//! The variables of the environment: each simple setting has one.

use std::sync::Arc;

use super::Settings;
use super::nearest::nearest;
use super::rows::{ROWS, Row};
use super::said::Said;
use super::slot::Around;
use super::source::Source;
use super::tables;
use crate::error::ConfigError;
use crate::provider::ProviderName;

/// The variable that names the configuration file.
pub(crate) const FILE: &str = "FAILOVER_CONFIG";

/// The usual variables of the stand-ins' keys, besides NexaAPI's, which has a row.
pub(crate) const KEYS: [(ProviderName, &str); 5] = [
    (ProviderName::Fal, "FAL_KEY"),
    (ProviderName::Replicate, "REPLICATE_API_TOKEN"),
    (ProviderName::OpenAi, "OPENAI_API_KEY"),
    (ProviderName::Anthropic, "ANTHROPIC_API_KEY"),
    (ProviderName::Together, "TOGETHER_API_KEY"),
];

/// The variable that this name, which is no variable's, was meant to be.
pub(crate) fn meant(name: &str) -> Option<String> {
    const OURS: &str = "FAILOVER_";
    let mut known: Vec<_> = ROWS.iter().filter_map(Row::variable).collect();
    known.push(FILE.to_owned());
    let rest = name.strip_prefix(OURS).filter(|_| known.iter().all(|known| known != name))?;
    // Others may have variables that begin so: only what is like one of ours is a mistake.
    let ours = known.iter().filter_map(|known| known.strip_prefix(OURS).map(str::to_ascii_lowercase));
    let ours: Vec<_> = ours.collect();
    let found = nearest(rest, ours.iter().map(String::as_str))?;
    Some(format!("{OURS}{}", found.to_ascii_uppercase()))
}

/// Reads them into the settings.
pub(crate) fn read(
    variable: &dyn Fn(&str) -> Option<String>,
    settings: &mut Settings,
) -> Result<(), ConfigError> {
    let rows = ROWS.iter().filter_map(|row| Some((row, row.variable()?)));
    for (row, name) in rows {
        say(&name, variable, settings, |text, around, settings| {
            row.slot.take(row.name, Said::Word(text), around, settings).map_err(|problem| {
                match problem.below {
                    Some(below) => format!("(for {below}) {}", problem.text),
                    None => problem.text.into_owned(),
                }
            })
        })?;
    }
    for (provider, name) in KEYS {
        say(name, variable, settings, |text, around, settings| {
            let taken = tables::key(provider, (Said::Word(text), None), around, settings);
            taken.map_err(|problem| problem.text.into_owned())
        })?;
    }
    Ok(())
}

fn say(
    name: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    settings: &mut Settings,
    take: impl FnOnce(&str, &Around<'_>, &mut Settings) -> Result<(), String>,
) -> Result<(), ConfigError> {
    let Some(text) = variable(name) else { return Ok(()) };
    let refused = |problem: String| ConfigError::variable(name, problem);
    // What is not UTF-8 is handed on so.
    if text.contains('\u{fffd}') {
        return Err(refused("is not UTF-8: set it again".to_owned()));
    }
    let source = Source::Variable(Arc::from(name));
    take(&text, &Around::of(&source), settings).map_err(refused)
}
