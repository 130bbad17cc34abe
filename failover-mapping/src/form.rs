//! The neutral form: what every provider is asked and what every provider answers, in words of no provider.
//!
//! Each provider is described once, as reader and writer of this form, so a further provider is one more description and not
//! one per pair. A task has no form of its own: a request is the fields that its models know.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::data::Task;
use crate::field::Field;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<u32>", into = "(u32, u32)")]
#[non_exhaustive]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Size {
    pub(crate) const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Width by height.
    pub(crate) fn aspect(self) -> f64 {
        f64::from(self.width) / f64::from(self.height.max(1))
    }
}

impl From<Size> for (u32, u32) {
    fn from(size: Size) -> Self {
        (size.width, size.height)
    }
}

// Not out of an array of two: TOML's reader would pass over a third number.
impl TryFrom<Vec<u32>> for Size {
    type Error = &'static str;

    fn try_from(sides: Vec<u32>) -> Result<Self, Self::Error> {
        match sides[..] {
            [width, height] => Ok(Self { width, height }),
            _ => Err("a size has two sides: [1024, 768]"),
        }
    }
}

/// The value of a field.
#[derive(Clone, PartialEq)]
pub(crate) enum Datum {
    Text(String),
    Integer(i64),
    Number(f64),
    Flag(bool),
    Size(Size),
}

impl Datum {
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Flag(_) | Self::Size(_) => None,
        }
    }
}

/// A request.
#[derive(Clone, PartialEq)]
pub(crate) struct Form {
    pub(crate) task: Task,
    fields: Vec<(Field, Datum)>,
}

impl Form {
    pub(crate) fn new(task: Task) -> Self {
        Self { task, fields: Vec::with_capacity(12) }
    }

    /// Sets a field, once: what was said first counts.
    pub(crate) fn put(&mut self, field: Field, datum: Datum) {
        if self.get(field).is_none() {
            self.fields.push((field, datum));
        }
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (Field, &Datum)> {
        self.fields.iter().map(|(field, datum)| (*field, datum))
    }

    pub(crate) fn get(&self, field: Field) -> Option<&Datum> {
        self.fields.iter().find(|(known, _)| *known == field).map(|(_, datum)| datum)
    }

    pub(crate) fn text(&self, field: Field) -> Option<&str> {
        match self.get(field)? {
            Datum::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn integer(&self, field: Field) -> Option<i64> {
        match self.get(field)? {
            Datum::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn number(&self, field: Field) -> Option<f64> {
        self.get(field)?.number()
    }

    pub(crate) fn size(&self) -> Option<Size> {
        match self.get(Field::Size)? {
            Datum::Size(size) => Some(*size),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, field: Field) -> bool {
        matches!(self.get(field), Some(Datum::Flag(true)))
    }

    /// How many files are asked for.
    pub(crate) fn wanted(&self) -> usize {
        self.integer(Field::Count).and_then(|count| usize::try_from(count).ok()).unwrap_or(1).max(1)
    }
}

/// What came of a request.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Produced {
    /// Pictures, videos or sound: at least one, unless there is a transcript.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<File>,
    #[serde(rename = "s", default, skip_serializing_if = "Seed::is_unsaid")]
    pub(crate) seed: Seed,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) transcript: Option<Transcript>,
}

/// What an answer says about its seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Seed {
    /// Nothing: it is the one that was asked for, if one was.
    #[default]
    #[serde(rename = "u")]
    Unsaid,
    #[serde(rename = "k")]
    Known(i64),
    /// Something that no seed of ours can hold, so the one that was asked for was not used.
    #[serde(rename = "x")]
    Unfit,
}

impl Seed {
    /// The seed behind the answer to a request with this one.
    pub(crate) fn of(self, asked: Option<i64>) -> Option<i64> {
        match self {
            Self::Unsaid => asked,
            Self::Known(seed) => Some(seed),
            Self::Unfit => None,
        }
    }

    fn is_unsaid(&self) -> bool {
        *self == Self::Unsaid
    }
}

/// A picture, a video or a sound.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct File {
    #[serde(rename = "u")]
    pub(crate) url: String,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<Size>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(crate) nsfw: Option<bool>,
    /// In seconds.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<f64>,
}

/// What was said in a sound.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transcript {
    #[serde(rename = "x")]
    pub(crate) text: String,
    /// ISO 639-1, or whisper's own three letters.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) segments: Vec<Segment>,
}

/// A part of a transcript, its times in seconds.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Segment {
    #[serde(rename = "b")]
    pub(crate) start: f64,
    #[serde(rename = "e")]
    pub(crate) end: f64,
    #[serde(rename = "x")]
    pub(crate) text: String,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(crate) speaker: Option<String>,
}

// Prompts, URLs of files and what was said are the caller's, so none of it is ever printed.

impl fmt::Debug for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("text"),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Size(size) => size.fmt(f),
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("task", &self.task).field("fields", &self.fields).finish()
    }
}

impl fmt::Debug for Produced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Produced").field("files", &self.files.len()).finish_non_exhaustive()
    }
}
