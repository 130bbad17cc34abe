//! Whether sets of parameters make sense.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Checked, LONGEST_SIDE};
use crate::codec::{self, Codec};
use crate::data::{Field, Input, ProviderData};
use crate::error::{Place, one_of};
use crate::provider::ProviderName;

pub(super) fn set(place: Place<'_>, data: &ProviderData, name: &str, rows: &[Input]) -> Checked {
    let asked = matches!(place.provider, ProviderName::Fal | ProviderName::Replicate);
    let mut keys = BTreeSet::new();
    for row in rows {
        let refused = |reason: &str| Err(place.refuse(format!("inputs.{name}.{}", row.key), reason));
        if row.key.is_empty() || data.model_key.as_ref() == Some(&row.key) {
            return refused("has a key that cannot be: one that is empty, or the one that names the model");
        }
        if !keys.insert(&row.key) {
            return refused("stands there twice: remove one");
        }
        if let Err(mistake) = if asked { is_bounded(row) } else { asks_plainly(row) } {
            return refused(mistake);
        }
        // A stand-in that is never asked has no tables of ratios.
        let codecs = codecs(row.field).iter().filter(|codec| asked || **codec != Codec::Ratio);
        if !codecs.clone().any(|codec| *codec == row.codec) {
            let known = one_of(codecs.map(|codec| codec.as_str()));
            return refused(&format!("has a codec that cannot write this field: use {known}"));
        }
        let table = row.ratios.as_ref().map(|table| data.ratios.contains_key(table));
        let wanted = match row.codec {
            Codec::Ratio => table == Some(true),
            Codec::Pixels => table != Some(false),
            _ => table.is_none(),
        };
        if !wanted {
            return refused("needs a table of ratios for the codec `ratio`, and only for it or `pixels`");
        }
        if [row.min, row.max]
            .into_iter()
            .flatten()
            .chain(row.among.iter().copied())
            .any(|bound| !bound.is_finite())
        {
            return refused("has a bound that is no number: leave it out for none");
        }
        if row.min.zip(row.max).is_some_and(|(min, max)| min > max) {
            return refused("has a least value above the greatest: swap `min` and `max`");
        }
        if let Err(mistake) = is_worded(row) {
            return refused(mistake);
        }
        if let Some(value) = &row.default
            && let Err(mistake) = default(data, row, value)
        {
            return refused(&format!("has a default that {mistake}"));
        }
    }
    Ok(())
}

/// How a field may be written.
const fn codecs(field: Field) -> &'static [Codec] {
    match field {
        Field::Prompt
        | Field::NegativePrompt
        | Field::AspectRatio
        | Field::Resolution
        | Field::Format
        | Field::Style
        | Field::Timestamps
        | Field::Text
        | Field::Voice => &[Codec::Text],
        Field::Size => &[Codec::Size, Codec::Ratio, Codec::Pixels],
        Field::Width
        | Field::Height
        | Field::Steps
        | Field::Count
        | Field::Seed
        | Field::Frames
        | Field::Quality
        | Field::SafetyTolerance
        | Field::Speakers => &[Codec::Integer],
        Field::Guidance
        | Field::Strength
        | Field::ImagePromptStrength
        | Field::Temperature
        | Field::Speed
        | Field::Stability
        | Field::Similarity
        | Field::Expression => &[Codec::Number],
        Field::Duration | Field::FrameRate => &[Codec::Number, Codec::Integer],
        Field::Image | Field::ImagePrompt | Field::Audio => &[Codec::Url],
        Field::SafetyChecker
        | Field::Expand
        | Field::Raw
        | Field::Inline
        | Field::Translate
        | Field::Diarize => &[Codec::Flag],
        Field::Language => &[Codec::Language, Codec::LanguageName],
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

/// Words are for texts and flags, and those of a flag mean one.
fn is_worded(row: &Input) -> Result<(), &'static str> {
    match row.codec {
        Codec::Flag if row.words.values().any(|meaning| !matches!(meaning.as_str(), "true" | "false")) => {
            Err("has `words` that mean neither \"true\" nor \"false\"")
        }
        Codec::Text | Codec::Flag => Ok(()),
        _ if !row.words.is_empty() => Err("has `words`, which have no effect on this codec"),
        _ => Ok(()),
    }
}

/// Bounds are for numbers.
fn is_bounded(row: &Input) -> Result<(), &'static str> {
    let numeric = matches!(row.codec, Codec::Integer | Codec::Number | Codec::Size | Codec::Pixels);
    if !numeric && row.min.or(row.max).is_some() {
        return Err("has a `min` or `max`, which has no effect on this codec");
    }
    if !matches!(row.codec, Codec::Integer | Codec::Number) && (row.as_text || !row.among.is_empty()) {
        return Err("has an `among` or `as-text`, which has no effect on this codec");
    }
    let whole = row.codec != Codec::Integer
        || row.among.iter().all(|number| number.fract() == 0.0 || !number.is_finite());
    if !whole {
        return Err("has an `among` that holds a fraction, which is no whole number");
    }
    let side = matches!(row.field, Field::Width | Field::Height);
    if side && row.max.is_some_and(|max| max < 1.0) {
        return Err("has a greatest side below one pixel");
    }
    match row.side {
        Some(_) if row.codec != Codec::Size => Err("has a `side`, which has no effect on this codec"),
        Some(side) if side == 0 || side > LONGEST_SIDE => {
            Err("has a `side` that is not between 1 and 14142 pixels")
        }
        _ => Ok(()),
    }
}

pub(super) fn default(data: &ProviderData, input: &Input, value: &Value) -> Result<(), String> {
    let defers = value.as_str().is_some_and(|word| input.defer.iter().any(|deferring| deferring == word));
    if defers { Ok(()) } else { codec::read(input, value, data).map(drop) }
}
