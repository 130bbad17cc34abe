//! A configuration file: TOML, whose keys are the names of the settings.

use std::io;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Settings;
use super::nearest::nearest;
use super::rows::{CODE, ROWS, Row};
use super::said::{Problem, Said, shown};
use super::slot::{Around, line};
use super::source::Source;
use crate::error::ConfigError;

/// Reads it into the settings.
pub(crate) fn read(
    file: &Path,
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> io::Result<String>,
    settings: &mut Settings,
) -> Result<(), ConfigError> {
    let name: Arc<str> = file.to_string_lossy().into();
    let refused = |at: usize, key: &str, problem: String| ConfigError::File {
        file: name.as_ref().into(),
        line: Some(line(text, at)),
        key: key.to_owned(),
        problem,
    };
    let document = DeTable::parse(text).map_err(|error| {
        // Its message, and no more: the rest would repeat the line.
        let at = error.span().map_or(0, |span| span.start);
        refused(at, "the text", format!("is not TOML: {}", error.message()))
    })?;
    let document = document.get_ref();
    known(document).map_err(|(at, key, problem)| refused(at, &key, problem))?;
    // In the order of the list, so that a provider is declared before its rows are added.
    for row in &ROWS {
        let Some((at, value)) = found(document, row) else { continue };
        let source = Source::File { file: name.clone(), line: line(text, at) };
        let folder = file.parent().unwrap_or(Path::new(""));
        let around = Around { source: &source, variable, read, folder, text };
        row.slot.take(row.name, Said::Toml(value), &around, settings).map_err(|problem| {
            let Problem { below, at: place, text } = problem;
            let key = below.map_or_else(|| row.name.to_owned(), |below| format!("{}.{below}", row.name));
            refused(place.unwrap_or(at), &key, text.into_owned())
        })?;
    }
    Ok(())
}

/// What is said of a setting, and where.
fn found<'d>(document: &'d DeTable<'d>, row: &Row) -> Option<(usize, &'d Spanned<DeValue<'d>>)> {
    let entry = |table: &'d DeTable<'d>, name: &str| {
        let (key, value) = table.get_key_value(name)?;
        Some((key.span().start, value))
    };
    match row.name.split_once('.') {
        Some((name, part)) => entry(entry(document, name)?.1.get_ref().as_table()?, part),
        None => entry(document, row.name),
    }
}

/// Whether every key is a setting. If not: where it stands, the key, and what to do.
fn known(document: &DeTable<'_>) -> Result<(), (usize, String, String)> {
    for (key, value) in document {
        let (name, at) = (&**key.get_ref(), key.span().start);
        if ROWS.iter().any(|row| row.name == name && !name.contains('.')) {
            continue;
        }
        let prefix = format!("{name}.");
        let parts: Vec<_> = ROWS.iter().filter_map(|row| row.name.strip_prefix(&prefix)).collect();
        if parts.is_empty() {
            return Err((at, shown(name).to_owned(), unknown(name)));
        }
        let Some(table) = value.get_ref().as_table() else {
            let problem = format!("is no table, and must be one: write [{name}] above its parts");
            return Err((at, name.to_owned(), problem));
        };
        for (part, _) in table {
            let (part, at) = (&**part.get_ref(), part.span().start);
            if !parts.contains(&part) {
                let problem = match nearest(part, parts.iter().copied()) {
                    Some(meant) => format!("is no setting: use {meant}"),
                    None => format!("is no setting: its parts are {}", parts.join(", ")),
                };
                return Err((at, format!("{name}.{}", shown(part)), problem));
            }
        }
    }
    Ok(())
}

fn unknown(name: &str) -> String {
    if CODE.iter().any(|(known, _)| *known == name) {
        return "is the program's to say: call the builder's method".to_owned();
    }
    let heads = ROWS.iter().map(|row| row.name.split('.').next().unwrap_or(row.name));
    if let Some(meant) = nearest(name, heads) {
        return format!("is no setting: use {meant}");
    }
    let part = ROWS.iter().find(|row| row.name.split('.').nth(1) == Some(name));
    match part {
        Some(row) => format!("is no setting by itself: use {}", row.name),
        None => "is no setting: failover.example.toml lists them all".to_owned(),
    }
}
