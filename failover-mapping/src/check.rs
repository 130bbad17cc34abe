//! Whether data files make sense: everything that a row refers to exists, and everything that it says can be read.

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::codec::{self, Codec};
use crate::data::{Answer, Field, Input, Model, ProviderData, Task};
use crate::error::ConfigError;
use crate::provider::ProviderName;

type Checked = Result<(), ConfigError>;

pub(crate) fn catalogue(catalogue: &Catalogue) -> Checked {
    for provider in [ProviderName::Fal, ProviderName::Replicate, ProviderName::Nexa] {
        let data = catalogue.provider(provider);
        let refused = |key: String, reason: &str| Err(ConfigError::data(provider, key, reason));
        for (task, path) in &data.endpoints {
            if !is_path(path) {
                return refused(
                    format!("endpoints.{task}"),
                    "is not a path: it looks like /v1/images/generate",
                );
            }
        }
        let named = data.sizes.iter().map(|(name, size)| (format!("sizes.{name}"), size));
        let by_ratio = data.ratios.iter().flat_map(|(table, sizes)| {
            sizes.iter().map(move |(ratio, size)| (format!("ratios.{table}.{ratio}"), size))
        });
        for (key, size) in named.chain(by_ratio) {
            if size.width == 0 || size.height == 0 {
                return refused(key, "has a side of no pixels");
            }
        }
        for (name, rows) in &data.inputs {
            inputs(provider, data, name, rows)?;
        }
        for verdict in &data.verdicts {
            let key = || format!("verdicts.{}", verdict.status);
            if !(300..=599).contains(&verdict.status) {
                return refused(key(), "is no failing status: use one from 300 to 599");
            }
            let header = verdict.header.as_ref().map_or("x", |header| &header.name);
            if http::HeaderName::from_lowercase(header.as_bytes()).is_err() {
                return refused(key(), "names a header that cannot be: write it in lower case");
            }
        }
        for row in &data.models {
            let name = if provider == ProviderName::Nexa { &row.model } else { &row.id };
            let key = |part: &str| format!("models.{name}{part}");
            if !is_path(&format!("/{}", row.id)) || row.id.len() > 200 || row.model.is_empty() {
                return refused(
                    key(""),
                    "has an id or a model that is no name: use letters, digits, dots, dashes and slashes",
                );
            }
            if row.inputs.as_ref().is_some_and(|set| !data.inputs.contains_key(set)) {
                return refused(key(".inputs"), "names a set that is not there");
            }
            model(provider, data, row, &key)?;
        }
    }
    for provider in [ProviderName::Fal, ProviderName::Replicate] {
        for (row, model) in catalogue.provider(provider).models.iter().enumerate() {
            if !catalogue.stands_in(provider, row) {
                let reason = format!("is `{}`, for which NexaAPI has no row or no endpoint", model.model);
                return Err(ConfigError::data(provider, format!("models.{}.model", model.id), reason));
            }
        }
    }
    Ok(())
}

fn model(provider: ProviderName, data: &ProviderData, row: &Model, key: &impl Fn(&str) -> String) -> Checked {
    let refused = |key: String, reason: &str| Err(ConfigError::data(provider, key, reason));
    let shapes: &[Answer] = match provider {
        ProviderName::Fal => &[Answer::Flux, Answer::FluxCounted, Answer::FilesSeed, Answer::Files],
        ProviderName::Replicate => &[Answer::One, Answer::List],
        ProviderName::Nexa => &[],
    };
    if row.answer.is_some_and(|answer| !shapes.contains(&answer)) {
        return refused(key(".answer"), "is not a shape in which this provider answers");
    }
    let inputs = data.inputs_of(row);
    if row.task == Task::Image {
        if inputs.is_none() {
            return refused(key(".inputs"), "is missing");
        }
        if row.answer.is_none() && provider != ProviderName::Nexa {
            return refused(key(".answer"), "is missing");
        }
    }
    for (name, value) in &row.defaults {
        let Some(input) = inputs.unwrap_or_default().iter().find(|input| input.key == *name) else {
            return refused(key(".defaults"), "gives a key that is not in its set");
        };
        default(data, input, value)
            .or_else(|mistake| refused(format!("{}.{name}", key(".defaults")), &mistake))?;
    }
    Ok(())
}

fn inputs(provider: ProviderName, data: &ProviderData, name: &str, rows: &[Input]) -> Checked {
    for row in rows {
        let refused =
            |reason: &str| Err(ConfigError::data(provider, format!("inputs.{name}.{}", row.key), reason));
        let stand_in = provider == ProviderName::Nexa;
        let fits = match row.field {
            Field::Prompt | Field::NegativePrompt => row.codec == Codec::Text,
            Field::Size => matches!(row.codec, Codec::Size | Codec::Ratio | Codec::Pixels) && !stand_in,
            Field::Guidance => row.codec == Codec::Number,
            Field::Width | Field::Height | Field::Steps | Field::Count | Field::Seed => {
                row.codec == Codec::Integer
            }
        };
        if !fits {
            return refused("has a codec that cannot write this field");
        }
        let table = row.ratios.as_ref().map(|table| data.ratios.contains_key(table));
        if table != (row.codec == Codec::Ratio).then_some(true) {
            return refused("needs a table of ratios for the codec `ratio`, and only for it");
        }
        if row.min.zip(row.max).is_some_and(|(min, max)| min > max) {
            return refused("has a least value above the greatest");
        }
        if let Some(value) = &row.default
            && let Err(mistake) = default(data, row, value)
        {
            return refused(&format!("has a default that {mistake}"));
        }
    }
    let says = |field| rows.iter().any(|row| row.field == field);
    if !says(Field::Prompt) || !(says(Field::Size) || (says(Field::Width) && says(Field::Height))) {
        return Err(ConfigError::data(
            provider,
            format!("inputs.{name}"),
            "has no row for the prompt or for the size",
        ));
    }
    Ok(())
}

fn default(data: &ProviderData, input: &Input, value: &Value) -> Result<(), String> {
    let defers = value.as_str().is_some_and(|word| input.defer.iter().any(|deferring| deferring == word));
    if defers { Ok(()) } else { codec::read(input, value, data).map(drop) }
}

/// A path that means the same to every parser, so that it cannot lead to another host.
fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let segments = path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|segment| !segment.is_empty() && segment != "." && segment != "..")
    });
    segments && path.bytes().all(plain)
}
