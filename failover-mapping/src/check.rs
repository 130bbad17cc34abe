//! Whether data files make sense: everything that a row refers to exists, everything that it says can be read, and nothing
//! that it says is without effect.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::codec::{self, Codec};
use crate::data::{Answer, Field, Input, Model, ProviderData, Size, Task};
use crate::error::{ConfigError, Place, one_of};
use crate::provider::ProviderName;

type Checked = Result<(), ConfigError>;

/// The longest side of an image, in pixels: FAL's own limit, and the widest of all.
const LONGEST_SIDE: u32 = 14_142;

/// One provider's data on their own.
pub(crate) fn provider(place: Place<'_>, data: &ProviderData) -> Checked {
    let idle: &[(&str, bool)] = match place.provider {
        ProviderName::Nexa => &[
            ("envelope", data.envelope.is_some()),
            ("ratios", !data.ratios.is_empty()),
            ("refusals", !data.refusals.is_empty()),
            ("sizes", !data.sizes.is_empty()),
        ],
        ProviderName::Fal | ProviderName::Replicate => {
            &[("endpoints", !data.endpoints.is_empty()), ("answer", data.answer.is_some())]
        }
    };
    if let Some((key, _)) = idle.iter().find(|(_, said)| *said) {
        return Err(place.refuse(*key, "has no effect for this provider: leave it out"));
    }
    for (task, path) in &data.endpoints {
        if !is_path(path) {
            let reason = "is not a path: it looks like /v1/images/generate";
            return Err(place.refuse(format!("endpoints.{task}"), reason));
        }
    }
    sizes(place, data)?;
    for (name, rows) in &data.inputs {
        inputs(place, data, name, rows)?;
    }
    verdicts(place, data)?;
    data.models.iter().try_for_each(|row| model(place, data, row))
}

/// Every model that can be asked has a stand-in.
pub(crate) fn stand_ins(catalogue: &Catalogue) -> Checked {
    let nexa = ProviderName::Nexa;
    for provider in [ProviderName::Fal, ProviderName::Replicate] {
        for (row, model) in catalogue.provider(provider).models.iter().enumerate() {
            let refused = |key, reason| {
                Err(catalogue.place(provider, row).refuse(format!("models.{}.{key}", model.id), reason))
            };
            let (task, neutral) = (model.task, &model.model);
            let other = catalogue.stand_in_row(model);
            let found = other.and_then(|row| Some((row, catalogue.provider(nexa).models.get(row)?.task)));
            let Some((other, found)) = found else {
                let rows = &catalogue.provider(nexa).models;
                let known = one_of(rows.iter().filter(|row| row.task == task).map(|row| &*row.model));
                let reason = format!("is `{neutral}`, for which NexaAPI has no row: add one, or use {known}");
                return refused("model", reason);
            };
            if found != task {
                let file = catalogue.place(nexa, other).file;
                let reason = format!(
                    "is {task}, but NexaAPI's row for `{neutral}` (in {file}) is for {found}: use one task"
                );
                return refused("task", reason);
            }
            if !catalogue.provider(nexa).endpoints.contains_key(&task) {
                return refused(
                    "task",
                    format!("is {task}, for which NexaAPI has no endpoint: add its path"),
                );
            }
        }
    }
    Ok(())
}

fn sizes(place: Place<'_>, data: &ProviderData) -> Checked {
    let fits = |size: &Size| [size.width, size.height].iter().all(|side| (1..=LONGEST_SIDE).contains(side));
    let named = data.sizes.iter().map(|(name, size)| (format!("sizes.{name}"), size));
    let by_ratio = data.ratios.iter().flat_map(|(table, sizes)| {
        sizes.iter().map(move |(ratio, size)| (format!("ratios.{table}.{ratio}"), size))
    });
    match named.chain(by_ratio).find(|(_, size)| !fits(size)) {
        Some((key, _)) => Err(place.refuse(key, "has a side that is not between 1 and 14142 pixels")),
        None => Ok(()),
    }
}

fn verdicts(place: Place<'_>, data: &ProviderData) -> Checked {
    for verdict in &data.verdicts {
        let refused = |reason: &str| Err(place.refuse(format!("verdicts.{}", verdict.status), reason));
        if !(300..=599).contains(&verdict.status) {
            return refused("is no failing status: use one from 300 to 599");
        }
        let header = verdict.header.as_ref().map_or("x", |header| &header.name);
        if http::HeaderName::from_lowercase(header.as_bytes()).is_err() {
            return refused("names a header that cannot be: write it in lower case");
        }
    }
    Ok(())
}

fn model(place: Place<'_>, data: &ProviderData, row: &Model) -> Checked {
    let stand_in = place.provider == ProviderName::Nexa;
    let name = if stand_in { &row.model } else { &row.id };
    let refused = |part: &str, reason: &str| Err(place.refuse(format!("models.{name}{part}"), reason));
    if !is_path(&format!("/{}", row.id)) || row.id.len() > 200 || row.model.is_empty() {
        let reason = "has an id or a model that is no name: use letters, digits, dots, dashes and slashes";
        return refused("", reason);
    }
    let sets = || one_of(data.inputs.keys().map(String::as_str));
    if row.inputs.as_ref().is_some_and(|set| !data.inputs.contains_key(set)) {
        return refused(".inputs", &format!("names a set that is not there: use {}", sets()));
    }
    if row.substitution.is_some() && !stand_in {
        return refused(".substitution", "has no effect here: say it in NexaAPI's row");
    }
    if stand_in && !row.defaults.is_empty() {
        return refused(".defaults", "has no effect here: the asked provider's defaults count");
    }
    let shapes = Answer::of(place.provider);
    if row.answer.is_some_and(|answer| !shapes.contains(&answer)) {
        return Err(no_answer(place, format!("models.{name}.answer")));
    }
    let inputs = data.inputs_of(row);
    if row.task == Task::Image && inputs.is_none() {
        return refused(".inputs", &format!("is missing: use {}", sets()));
    }
    if row.task == Task::Image && row.answer.is_none() && !stand_in {
        let known = one_of(shapes.iter().map(|shape| shape.as_str()));
        return refused(".answer", &format!("is missing: use {known}"));
    }
    for (key, value) in &row.defaults {
        let rows = inputs.unwrap_or_default();
        let Some(input) = rows.iter().find(|input| input.key == *key) else {
            let reason = match rows {
                [] => "has no set of parameters: leave it out".to_owned(),
                _ => format!("is not in its set: use {}", one_of(rows.iter().map(|input| &*input.key))),
            };
            return refused(&format!(".defaults.{key}"), &reason);
        };
        default(data, input, value).or_else(|mistake| refused(&format!(".defaults.{key}"), &mistake))?;
    }
    Ok(())
}

fn inputs(place: Place<'_>, data: &ProviderData, name: &str, rows: &[Input]) -> Checked {
    let stand_in = place.provider == ProviderName::Nexa;
    let (mut keys, mut fields) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        let refused = |reason: &str| Err(place.refuse(format!("inputs.{name}.{}", row.key), reason));
        if row.key.is_empty() || (stand_in && row.key == "model") {
            return refused("has a key that cannot be: one that is empty, or NexaAPI's own `model`");
        }
        if !keys.insert(&row.key) {
            return refused("stands there twice: remove one");
        }
        if !fields.insert(row.field) && stand_in {
            return refused("has no effect: another row writes the same field; remove one");
        }
        if let Err(mistake) = if stand_in { asks_plainly(row) } else { is_bounded(row) } {
            return refused(mistake);
        }
        let codecs = codecs(row.field, stand_in);
        if !codecs.contains(&row.codec) {
            let known = one_of(codecs.iter().map(|codec| codec.as_str()));
            return refused(&match codecs {
                [] => "has a field that no codec writes for a stand-in: use `width` and `height`".to_owned(),
                _ => format!("has a codec that cannot write this field: use {known}"),
            });
        }
        let table = row.ratios.as_ref().map(|table| data.ratios.contains_key(table));
        if table != (row.codec == Codec::Ratio).then_some(true) {
            return refused("needs a table of ratios for the codec `ratio`, and only for it");
        }
        if [row.min, row.max].into_iter().flatten().any(|bound| !bound.is_finite()) {
            return refused("has a bound that is no number: leave it out for none");
        }
        if row.min.zip(row.max).is_some_and(|(min, max)| min > max) {
            return refused("has a least value above the greatest: swap `min` and `max`");
        }
        if let Some(value) = &row.default
            && let Err(mistake) = default(data, row, value)
        {
            return refused(&format!("has a default that {mistake}"));
        }
    }
    if !fields.contains(&Field::Prompt)
        || !(fields.contains(&Field::Size)
            || (fields.contains(&Field::Width) && fields.contains(&Field::Height)))
    {
        return Err(
            place.refuse(format!("inputs.{name}"), "has no row for the prompt or for the size: add it")
        );
    }
    Ok(())
}

/// A word for the shape of an answer that is not one of this provider's.
pub(crate) fn no_answer(place: Place<'_>, key: String) -> ConfigError {
    let known = one_of(Answer::of(place.provider).iter().map(|shape| shape.as_str()));
    place.refuse(
        key,
        match place.provider {
            ProviderName::Nexa => "has no effect here: say it in the asked provider's row".to_owned(),
            _ => format!("is not a shape in which this provider answers: use {known}"),
        },
    )
}

/// How a field may be written.
const fn codecs(field: Field, stand_in: bool) -> &'static [Codec] {
    match field {
        Field::Prompt | Field::NegativePrompt => &[Codec::Text],
        Field::Size if stand_in => &[],
        Field::Size => &[Codec::Size, Codec::Ratio, Codec::Pixels],
        Field::Guidance => &[Codec::Number],
        Field::Width | Field::Height | Field::Steps | Field::Count | Field::Seed => &[Codec::Integer],
    }
}

/// What says how a value is read says nothing where one is written.
fn asks_plainly(row: &Input) -> Result<(), &'static str> {
    if row.default.is_some() {
        return Err("has a `default`, which has no effect for a stand-in");
    }
    if row.side.is_some() {
        return Err("has a `side`, which has no effect for a stand-in");
    }
    if !row.defer.is_empty() {
        return Err("has a `defer`, which has no effect for a stand-in");
    }
    if row.approximate {
        return Err("is `approximate`, which has no effect for a stand-in");
    }
    is_bounded(row)
}

/// Bounds are for numbers.
fn is_bounded(row: &Input) -> Result<(), &'static str> {
    if matches!(row.codec, Codec::Text | Codec::Ratio) && row.min.or(row.max).is_some() {
        return Err("has a `min` or `max`, which has no effect on this codec");
    }
    match row.side {
        Some(_) if row.codec != Codec::Size => Err("has a `side`, which has no effect on this codec"),
        Some(side) if side == 0 || side > LONGEST_SIDE => {
            Err("has a `side` that is not between 1 and 14142 pixels")
        }
        _ => Ok(()),
    }
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
