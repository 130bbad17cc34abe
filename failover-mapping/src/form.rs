//! The neutral form of text-to-image: what every provider is asked, and what every provider answers, in words of no provider.
//!
//! Each provider is described once, as reader or writer of this form, so a further provider is one more description and not
//! one per pair.

use std::fmt;

use serde::Deserialize;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "[u32; 2]")]
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

impl From<[u32; 2]> for Size {
    fn from([width, height]: [u32; 2]) -> Self {
        Self { width, height }
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

/// The images that came of it.
#[derive(Clone, PartialEq)]
pub(crate) struct ImageAnswer {
    /// At least one.
    pub(crate) images: Vec<Image>,
    pub(crate) seed: Option<i64>,
}

#[derive(Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) url: String,
    pub(crate) content_type: Option<String>,
    pub(crate) size: Option<Size>,
    pub(crate) nsfw: bool,
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
