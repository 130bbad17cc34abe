//! How a parameter's value is written: a short closed list, each entry implemented once.
//!
//! A value is checked against what the *source* provider would take. One that it would refuse is not repaired: the request
//! goes to the source as it is, and has no translation.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::data::{Input, ProviderData};
use crate::error::one_of;
use crate::form::Size;

/// How a parameter's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Codec {
    /// Text.
    Text,
    /// A whole number, or text that is one.
    Integer,
    /// A number, or text that is one.
    Number,
    /// The name of a size, or an object with `width` and `height`.
    Size,
    /// An aspect ratio out of a table.
    Ratio,
    /// `1024x768`.
    Pixels,
}

impl Codec {
    /// Its name in a data file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Size => "size",
            Self::Ratio => "ratio",
            Self::Pixels => "pixels",
        }
    }
}

/// A value that was read.
#[derive(Debug, PartialEq)]
pub(crate) enum Datum {
    Text(String),
    Integer(i64),
    Number(f64),
    Size(Size),
}

/// What is wrong with a value, in words that do not repeat it.
pub(crate) type Mistake = String;

pub(crate) fn read(input: &Input, value: &Value, provider: &ProviderData) -> Result<Datum, Mistake> {
    match input.codec {
        Codec::Text => {
            value.as_str().map(|text| Datum::Text(text.to_owned())).ok_or_else(|| "is not text".to_owned())
        }
        Codec::Integer => integer(input, value).map(Datum::Integer),
        Codec::Number => number(input, value).map(Datum::Number),
        Codec::Size => match value {
            Value::String(name) => {
                let size = provider.sizes.get(name).copied();
                size.map(Datum::Size).ok_or_else(|| {
                    let known = one_of(provider.sizes.keys().map(String::as_str));
                    format!("is not the name of a size: use {known}, or an object with width and height")
                })
            }
            Value::Object(sides) => object(input, sides).map(Datum::Size),
            _ => Err("is neither the name of a size nor an object with width and height".to_owned()),
        },
        Codec::Ratio => {
            let table = input.ratios.as_ref().and_then(|table| provider.ratios.get(table));
            let size = value.as_str().and_then(|ratio| table?.get(ratio)).copied();
            size.map(Datum::Size).ok_or_else(|| {
                let known = one_of(table.into_iter().flat_map(|table| table.keys()).map(String::as_str));
                format!("is not an aspect ratio that this model takes: use {known}")
            })
        }
        Codec::Pixels => pixels(input, value).map(Datum::Size),
    }
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
    if input.min.is_none_or(|min| number >= min) && input.max.is_none_or(|max| number <= max) {
        return Ok(());
    }
    Err(match (input.min, input.max) {
        (Some(min), Some(max)) => format!("is not between {min} and {max}"),
        (Some(least), _) => format!("is less than {least}"),
        (_, greatest) => format!("is more than {}", greatest.unwrap_or_default()),
    })
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
