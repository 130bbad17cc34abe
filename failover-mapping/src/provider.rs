//! The providers, by name.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// A provider. The hosts and the authentication of those that are known here are part of the code, never of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProviderName {
    /// FAL, `fal.run`.
    Fal,
    /// Replicate, `api.replicate.com`.
    Replicate,
    /// NexaAPI, the stand-in unless another is named.
    Nexa,
    /// OpenAI, `api.openai.com`: text.
    OpenAi,
    /// Anthropic, `api.anthropic.com`: text.
    Anthropic,
    /// Together, `api.together.xyz`: text.
    Together,
    /// A provider that the user has declared.
    Other(OtherName),
}

/// The name of a provider that the user has declared: 1 to 15 small letters, digits and dashes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherName {
    bytes: [u8; Self::LONGEST],
    length: u8,
}

impl OtherName {
    const LONGEST: usize = 15;

    /// The name, if it is one and no other provider's.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let length = name.len();
        let taken = ["fal", "replicate", "nexaapi", "openai", "anthropic", "together", "nobody", "failover"];
        if !(1..=Self::LONGEST).contains(&length) || !name.bytes().all(plain) || taken.contains(&name) {
            return None;
        }
        let mut bytes = [0; Self::LONGEST];
        bytes.iter_mut().zip(name.bytes()).for_each(|(place, byte)| *place = byte);
        Some(Self { bytes, length: u8::try_from(length).ok()? })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.length.into()).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for OtherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ProviderName {
    /// Those that are known here.
    pub(crate) const BUILT_IN: [Self; 6] =
        [Self::Nexa, Self::Fal, Self::Replicate, Self::OpenAi, Self::Anthropic, Self::Together];

    /// Whether it is one of the built-in providers of text, which make nothing else.
    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::OpenAi | Self::Anthropic | Self::Together)
    }

    /// Who is said to have served what no provider did: a page that the tables know.
    pub(crate) const OURSELVES: Self =
        Self::Other(OtherName { bytes: *b"failover\0\0\0\0\0\0\0", length: 8 });

    /// Whose file cannot be read.
    pub(crate) const UNNAMED: Self = Self::Other(OtherName { bytes: *b"a-provider\0\0\0\0\0", length: 10 });

    /// A provider that the user has declared in a data file.
    #[must_use]
    pub fn other(name: &str) -> Option<Self> {
        OtherName::new(name).map(Self::Other)
    }

    /// By its name: `fal`, `replicate`, `nexaapi`, `openai`, `anthropic`, `together`, or what may be a declared provider's.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "fal" => Some(Self::Fal),
            "replicate" => Some(Self::Replicate),
            "nexaapi" => Some(Self::Nexa),
            "openai" => Some(Self::OpenAi),
            "anthropic" => Some(Self::Anthropic),
            "together" => Some(Self::Together),
            _ => Self::other(name),
        }
    }

    /// `fal`, `replicate`, `nexaapi`, `openai`, `anthropic`, `together`, or the name that the user has given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Fal => "fal",
            Self::Replicate => "replicate",
            Self::Nexa => "nexaapi",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Together => "together",
            Self::Other(name) => name.as_str(),
        }
    }

    /// As a person writes it.
    pub(crate) fn proper(&self) -> &str {
        match self {
            Self::Fal => "FAL",
            Self::Replicate => "Replicate",
            Self::Nexa => "NexaAPI",
            Self::OpenAi => "OpenAI",
            Self::Anthropic => "Anthropic",
            Self::Together => "Together",
            Self::Other(name) => name.as_str(),
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ProviderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::by_name(&name).ok_or_else(|| de::Error::custom("is no provider's name"))
    }
}
