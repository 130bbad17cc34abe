//! What a file or a variable says of a setting, and whether it can mean what is wanted. No problem repeats a value: it may
//! be a key that was put in the wrong place.

use std::borrow::Cow;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

/// What is said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said<'a> {
    /// In a variable, where everything is text.
    Word(&'a str),
    /// In a file.
    Toml(&'a Spanned<DeValue<'a>>),
}

/// Why it cannot be taken.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What stands below the setting's own name: the provider, say.
    pub(crate) below: Option<String>,
    /// Where in the file, if not at the setting's name.
    pub(crate) at: Option<usize>,
    /// What is wrong, and the cure.
    pub(crate) text: Cow<'static, str>,
}

impl<T: Into<Cow<'static, str>>> From<T> for Problem {
    fn from(text: T) -> Self {
        Self { below: None, at: None, text: text.into() }
    }
}

impl Problem {
    pub(crate) fn within(self, entry: &Entry<'_>) -> Self {
        Self { below: Some(shown(&entry.name).to_owned()), at: entry.at.or(self.at), ..self }
    }
}

/// One line of a table.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) at: Option<usize>,
    pub(crate) said: Said<'a>,
}

/// A name as a refusal may repeat it. What does not look like one may be a key in the wrong place.
pub(crate) fn shown(name: &str) -> &str {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'0'..=b'9');
    if (1..=24).contains(&name.len()) && name.bytes().all(plain) { name } else { "(another name)" }
}

/// A variable's name as a refusal may repeat it: no key is written like one.
pub(crate) fn shown_variable(name: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) { name } else { "a variable" }
}

const EMPTY: &str = "is empty: unset it";

impl<'a> Said<'a> {
    pub(crate) fn flag(self) -> Result<bool, Problem> {
        match self {
            Self::Word("1" | "true" | "on" | "yes") => Ok(true),
            Self::Word("0" | "false" | "off" | "no") => Ok(false),
            Self::Word("") => Err(EMPTY.into()),
            Self::Word(_) => Err("is neither on nor off: write true or false".into()),
            Self::Toml(value) => value.get_ref().as_bool().ok_or_else(|| self.unfit("write true or false")),
        }
    }

    pub(crate) fn number(self, least: u64, most: u64) -> Result<u64, Problem> {
        let cure = || format!("write a whole number from {least} to {most}");
        let read = match self {
            Self::Word("") => return Err(EMPTY.into()),
            Self::Word(text) => text.parse().ok(),
            Self::Toml(value) => match value.get_ref() {
                DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
                _ => return Err(self.unfit(&cure())),
            },
        };
        read.filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("is out of range: {}", cure()).into())
    }

    pub(crate) fn time(self) -> Result<Duration, Problem> {
        const CURE: &str = "write it like 30s, 500ms or 1m 30s";
        match self {
            Self::Toml(value) if matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) => {
                Err(format!("has no unit: {CURE}, as text").into())
            }
            _ => humantime::parse_duration(self.text(CURE)?)
                .map_err(|_| format!("is not a time: {CURE}").into()),
        }
    }

    pub(crate) fn bytes(self) -> Result<usize, Problem> {
        const CURE: &str = "write it like 8 MiB, 512 KiB or a number of bytes";
        let bytes = match self {
            Self::Toml(value) if value.get_ref().is_integer() => {
                usize::try_from(self.number(0, u64::MAX >> 1)?).ok()
            }
            _ => bytes(self.text(CURE)?),
        };
        bytes.ok_or_else(|| format!("is not a size: {CURE}").into())
    }

    pub(crate) fn text(self, cure: &str) -> Result<&'a str, Problem> {
        let text = match self {
            Self::Word(text) => text,
            Self::Toml(value) => value.get_ref().as_str().ok_or_else(|| self.unfit(cure))?,
        };
        if text.is_empty() { Err(format!("is empty: unset it, or {cure}").into()) } else { Ok(text) }
    }

    /// Several; of a file, one alone too.
    pub(crate) fn list(self) -> Result<Vec<Self>, Problem> {
        match self {
            Self::Word("") => Err(EMPTY.into()),
            Self::Word(text) if text.starts_with('[') => {
                Err("is in brackets, as in a file: write it like one, two".into())
            }
            Self::Word(text) => Ok(text.split(',').map(|part| Self::Word(part.trim())).collect()),
            Self::Toml(value) => match value.get_ref().as_array() {
                Some(items) => Ok(items.iter().map(Self::Toml).collect()),
                None => Ok(vec![self]),
            },
        }
    }

    /// The lines of a table; of a variable, `name=value` between commas.
    pub(crate) fn entries(self, cure: &str) -> Result<Vec<Entry<'a>>, Problem> {
        match self {
            Self::Word("") => Err(EMPTY.into()),
            Self::Word(text) => {
                let parts = text.split(',').map(|part| match part.split_once('=') {
                    Some((name, value)) => Ok(Entry {
                        name: Cow::Borrowed(name.trim()),
                        at: None,
                        said: Said::Word(value.trim()),
                    }),
                    None => Err("has a part without `=`: write it like name=value, name=value".into()),
                });
                parts.collect()
            }
            Self::Toml(value) => {
                let table = value.get_ref().as_table().ok_or_else(|| self.unfit(cure))?;
                let entry = |(name, value): (&'a Spanned<Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| Entry {
                    name: Cow::Borrowed(name.get_ref()),
                    at: Some(name.span().start),
                    said: Said::Toml(value),
                };
                Ok(table.iter().map(entry).collect())
            }
        }
    }

    /// It is something else.
    fn unfit(self, cure: &str) -> Problem {
        let is = match self {
            Self::Word(_) => "something else",
            Self::Toml(value) => match value.get_ref() {
                DeValue::String(_) => "text",
                DeValue::Integer(_) | DeValue::Float(_) => "a number",
                DeValue::Boolean(_) => "true or false",
                DeValue::Datetime(_) => "a date",
                DeValue::Array(_) => "a list",
                DeValue::Table(_) => "a table",
            },
        };
        format!("is {is}, which it cannot be: {cure}").into()
    }
}

const UNITS: [(&str, u32); 3] = [("KiB", 10), ("MiB", 20), ("GiB", 30)];

fn bytes(text: &str) -> Option<usize> {
    let unit = UNITS.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?.trim_end(), *shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    let number: usize = number.parse().ok().filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    number.checked_mul(1_usize.checked_shl(shift)?)
}

/// As [`Said::bytes`] reads it.
pub(crate) fn bytes_shown(bytes: usize) -> String {
    let whole = |shift: u32| bytes.checked_shr(shift).filter(|n| *n > 0 && bytes == *n << shift);
    let unit = UNITS.iter().rev().find_map(|(unit, shift)| Some(format!("\"{} {unit}\"", whole(*shift)?)));
    unit.unwrap_or_else(|| bytes.to_string())
}

/// As TOML writes text.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// As TOML writes a key.
pub(crate) fn key(name: &str) -> Cow<'_, str> {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.bytes().all(bare) { name.into() } else { quoted(name).into() }
}
