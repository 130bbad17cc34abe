//! The neutral form of text-to-image: what every provider is asked, and what every provider answers, in words of no provider.
//!
//! Each provider is described once, as reader or writer of this form, so a further provider is one more description and not
//! one per pair.

use std::fmt;

use serde::Deserialize;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<u32>")]
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

/// A request for images.
#[derive(Clone, PartialEq)]
pub(crate) struct ImageRequest {
    pub(crate) prompt: String,
    pub(crate) negative_prompt: Option<String>,
    pub(crate) size: Size,
    pub(crate) steps: Option<i64>,
    pub(crate) guidance: Option<f64>,
    pub(crate) count: Option<i64>,
    pub(crate) seed: Option<i64>,
}

impl ImageRequest {
    /// How many images are asked for.
    pub(crate) fn images(&self) -> usize {
        self.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(1).max(1)
    }
}

/// The images that came of it.
#[derive(Clone, PartialEq)]
pub(crate) struct ImageAnswer {
    /// At least one.
    pub(crate) images: Vec<Image>,
    pub(crate) seed: Seed,
}

/// What an answer says about its seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Seed {
    /// Nothing: it is the one that was asked for, if one was.
    #[default]
    Unsaid,
    Known(i64),
    /// Something that no seed of ours can hold, so the one that was asked for was not used.
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
}

#[derive(Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) url: String,
    pub(crate) content_type: Option<String>,
    pub(crate) size: Option<Size>,
    pub(crate) nsfw: Option<bool>,
}

// Prompts and URLs of pictures are the caller's, so neither is ever printed.

impl fmt::Debug for ImageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageRequest")
            .field("size", &self.size)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ImageAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageAnswer").field("images", &self.images.len()).finish_non_exhaustive()
    }
}
