//! How a parameter's value is written: a short closed list, each entry read and written once.
//!
//! A value that is read is checked against what the *asked* provider would take. One that it would refuse is not repaired:
//! the request goes to that provider as it is, and has no translation. A value that is written is the nearest that the
//! stand-in takes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::data::{Input, ProviderData};
use crate::error::one_of;
use crate::form::{Datum, Size};
use crate::{language, media};

/// How a parameter's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Codec {
    /// Text, or one of its `words`.
    Text,
    /// A whole number, or text that is one.
    Integer,
    /// A number, or text that is one.
    Number,
    /// `true` or `false`, or the `words` that mean it.
    Flag,
    /// The name of a size, or an object with `width` and `height`.
    Size,
    /// An aspect ratio out of a table.
    Ratio,
    /// `1024x768`, out of a table if it has one.
    Pixels,
    /// The URL of a file: `https:`, `http:` or `data:`.
    Url,
    /// A language by its code or its English name. A stand-in is told the code.
    Language,
    /// The same. A stand-in is told the name.
    LanguageName,
}

impl Codec {
    /// Its name in a data file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Size => "size",
            Self::Ratio => "ratio",
            Self::Pixels => "pixels",
            Self::Url => "url",
            Self::Language => "language",
            Self::LanguageName => "language-name",
        }
    }
}

/// What is wrong with a value, in words that do not repeat it.
pub(crate) type Mistake = String;

/// Reads a value of the asked provider.
pub(crate) fn read(input: &Input, value: &Value, provider: &ProviderData) -> Result<Datum, Mistake> {
    match input.codec {
        Codec::Text => text(input, value).map(Datum::Text),
        Codec::Integer => integer(input, value).map(Datum::Integer),
        Codec::Number => number(input, value).map(Datum::Number),
        Codec::Flag => flag(input, value).map(Datum::Flag),
        Codec::Size => size(input, value, provider).map(Datum::Size),
        Codec::Ratio => {
            let table = input.ratios.as_ref().and_then(|table| provider.ratios.get(table));
            let size = value.as_str().and_then(|ratio| table?.get(ratio)).copied();
            size.map(Datum::Size).ok_or_else(|| {
                let known = one_of(table.into_iter().flat_map(|table| table.keys()).map(String::as_str));
                format!("is not an aspect ratio that this model takes: use {known}")
            })
        }
        Codec::Pixels => pixels(input, value).map(Datum::Size),
        Codec::Url => {
            let url = value.as_str().ok_or("is not a URL")?;
            media::of_caller(url)?;
            Ok(Datum::Text(url.to_owned()))
        }
        Codec::Language | Codec::LanguageName => {
            let code = value.as_str().and_then(language::code);
            code.map(|code| Datum::Text(code.to_owned())).ok_or_else(|| "is not a language".to_owned())
        }
    }
}

/// A value for a stand-in.
#[derive(Debug, PartialEq)]
pub(crate) enum Written {
    Exact(Value),
    /// The nearest value within the bounds.
    Clamped(Value),
    /// Something similar.
    Near(Value),
    /// The stand-in has no word for it.
    Unsayable,
}

/// Writes a value for a stand-in.
pub(crate) fn write(input: &Input, datum: &Datum, provider: &ProviderData) -> Written {
    match (input.codec, datum) {
        (Codec::Text, Datum::Text(text)) if input.words.is_empty() => Written::Exact(json!(text)),
        (Codec::Text, Datum::Text(text)) => {
            let word = input.words.iter().find(|(_, meaning)| *meaning == text);
            word.map_or(Written::Unsayable, |(word, _)| Written::Exact(json!(word)))
        }
        (Codec::Url, Datum::Text(text)) => Written::Exact(json!(text)),
        (Codec::Language, Datum::Text(code)) => Written::Exact(json!(code)),
        (Codec::LanguageName, Datum::Text(code)) => {
            language::name(code).map_or(Written::Unsayable, |name| Written::Exact(json!(name)))
        }
        (Codec::Integer | Codec::Number, datum) => {
            datum.number().map_or(Written::Unsayable, |number| bounded(input, datum, number))
        }
        (Codec::Flag, Datum::Flag(flag)) if input.words.is_empty() => Written::Exact(json!(flag)),
        (Codec::Flag, Datum::Flag(flag)) => {
            let meaning = if *flag { "true" } else { "false" };
            let word = input.words.iter().find(|(_, known)| *known == meaning).map(|(word, _)| word.as_str());
            match word {
                Some("true") => Written::Exact(json!(true)),
                Some("false") => Written::Exact(json!(false)),
                Some(word) => Written::Exact(json!(word)),
                None => Written::Unsayable,
            }
        }
        (Codec::Size, Datum::Size(size)) => {
            let named = provider.sizes.iter().find(|(_, known)| *known == size);
            let object = || json!({ "width": size.width, "height": size.height });
            Written::Exact(named.map_or_else(object, |(name, _)| json!(name)))
        }
        (Codec::Ratio, Datum::Size(size)) => match nearest(input, *size, provider) {
            Some((ratio, found)) if found == *size => Written::Exact(json!(ratio)),
            Some((ratio, _)) => Written::Near(json!(ratio)),
            None => Written::Unsayable,
        },
        (Codec::Pixels, Datum::Size(size)) => {
            let said = |size: Size| json!(format!("{}x{}", size.width, size.height));
            match nearest(input, *size, provider) {
                Some((_, found)) if found != *size => Written::Near(said(found)),
                _ => Written::Exact(said(*size)),
            }
        }
        (
            Codec::Text
            | Codec::Url
            | Codec::Language
            | Codec::LanguageName
            | Codec::Flag
            | Codec::Size
            | Codec::Ratio
            | Codec::Pixels,
            _,
        ) => Written::Unsayable,
    }
}

/// The entry of the row's table whose proportions are nearest, and of these the one whose area is.
fn nearest<'p>(input: &Input, size: Size, provider: &'p ProviderData) -> Option<(&'p str, Size)> {
    let table = provider.ratios.get(input.ratios.as_ref()?)?;
    let area = |size: Size| f64::from(size.width) * f64::from(size.height);
    let distance = |known: &Size| {
        let aspect = (known.aspect() / size.aspect()).ln().abs();
        let area = (area(*known) / area(size).max(1.0)).ln().abs();
        aspect + area / 100.0
    };
    let found = table.iter().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))?;
    Some((found.0, *found.1))
}

fn bounded(input: &Input, datum: &Datum, number: f64) -> Written {
    let nearest = input.max.map_or(number, |max| number.min(max));
    let nearest = input.min.map_or(nearest, |min| nearest.max(min));
    let distance = |known: &&f64| (**known - nearest).abs();
    let nearest =
        input.among.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).copied().unwrap_or(nearest);
    let rounded = if input.codec == Codec::Integer { nearest.round() } else { nearest };
    let value = match datum {
        // Not by way of a float, which does not hold every whole number.
        Datum::Integer(exact) if rounded == number => plain(input, json!(exact)),
        _ if rounded.fract() == 0.0 && (input.codec == Codec::Integer || input.as_text) => {
            plain(input, json!(rounded as i64))
        }
        _ => plain(input, json!(rounded)),
    };
    if nearest != number {
        Written::Clamped(value)
    } else if rounded != number {
        Written::Near(value)
    } else {
        Written::Exact(value)
    }
}

fn plain(input: &Input, value: Value) -> Value {
    if input.as_text { json!(value.to_string()) } else { value }
}

fn text(input: &Input, value: &Value) -> Result<String, Mistake> {
    let text = value.as_str().ok_or("is not text")?;
    if input.words.is_empty() {
        return Ok(text.to_owned());
    }
    let meaning = input.words.get(text).cloned();
    meaning.ok_or_else(|| {
        format!("is not a word that this model takes: use {}", one_of(input.words.keys().map(String::as_str)))
    })
}

fn flag(input: &Input, value: &Value) -> Result<bool, Mistake> {
    if input.words.is_empty() {
        return value.as_bool().ok_or_else(|| "is not true or false".to_owned());
    }
    let word = match value {
        Value::Bool(flag) => flag.to_string(),
        Value::String(word) => word.clone(),
        _ => String::new(),
    };
    let meaning = input.words.get(&word).map(|meaning| meaning == "true");
    meaning.ok_or_else(|| {
        format!("is not a word that this model takes: use {}", one_of(input.words.keys().map(String::as_str)))
    })
}

fn integer(input: &Input, value: &Value) -> Result<i64, Mistake> {
    /// Beyond this, a float does not hold every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64);
    let read = match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.parse().ok().or_else(|| whole(text.parse().ok()?)),
        _ => None,
    };
    let integer = read.ok_or_else(|| "is not a whole number".to_owned())?;
    within(input, integer as f64)?;
    Ok(integer)
}

fn number(input: &Input, value: &Value) -> Result<f64, Mistake> {
    let read = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let number =
        read.filter(|number: &f64| number.is_finite()).ok_or_else(|| "is not a number".to_owned())?;
    within(input, number)?;
    Ok(number)
}

fn within(input: &Input, number: f64) -> Result<(), Mistake> {
    if !input.among.is_empty() && !input.among.contains(&number) {
        let known: Vec<_> = input.among.iter().map(f64::to_string).collect();
        return Err(format!(
            "is not a number that this model takes: use {}",
            one_of(known.iter().map(String::as_str))
        ));
    }
    if input.min.is_none_or(|min| number >= min) && input.max.is_none_or(|max| number <= max) {
        return Ok(());
    }
    Err(match (input.min, input.max) {
        (Some(min), Some(max)) => format!("is not between {min} and {max}"),
        (Some(least), _) => format!("is less than {least}"),
        (_, greatest) => format!("is more than {}", greatest.unwrap_or_default()),
    })
}

fn size(input: &Input, value: &Value, provider: &ProviderData) -> Result<Size, Mistake> {
    match value {
        Value::String(name) => provider.sizes.get(name).copied().ok_or_else(|| {
            let known = one_of(provider.sizes.keys().map(String::as_str));
            format!("is not the name of a size: use {known}, or an object with width and height")
        }),
        Value::Object(sides) => object(input, sides),
        _ => Err("is neither the name of a size nor an object with width and height".to_owned()),
    }
}

fn object(input: &Input, sides: &Map<String, Value>) -> Result<Size, Mistake> {
    // The crate `fal` writes its own custom size so: {"ImageSize": {"width": .., "height": ..}}.
    if let (1, Some(Value::Object(inner))) = (sides.len(), sides.get("ImageSize")) {
        return object(input, inner);
    }
    let side = |key: &str| match sides.get(key) {
        None | Some(Value::Null) => input.side.ok_or_else(|| format!("has no {key}")),
        Some(value) => side(input, value).map_err(|mistake| format!("has a {key} that {mistake}")),
    };
    Ok(Size::new(side("width")?, side("height")?))
}

fn pixels(input: &Input, value: &Value) -> Result<Size, Mistake> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let sides = value.as_str().and_then(|text| text.split_once('x'));
    match sides.filter(|(width, height)| digits(width) && digits(height)) {
        Some((width, height)) => {
            Ok(Size::new(side(input, &Value::from(width))?, side(input, &Value::from(height))?))
        }
        None => Err("is not of the form 1024x768".to_owned()),
    }
}

fn side(input: &Input, value: &Value) -> Result<u32, Mistake> {
    let side = integer(input, value)?;
    u32::try_from(side).ok().filter(|side| *side > 0).ok_or_else(|| "is not a number of pixels".to_owned())
}
