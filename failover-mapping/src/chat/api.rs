//! The APIs of chats.

use std::fmt;

use serde::Deserialize;

/// An API for chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChatApi {
    /// OpenAI's chat completions, which Together and many others speak as well.
    Completions,
    /// Anthropic's messages.
    Messages,
}

impl ChatApi {
    /// Its name in a data file: `completions` or `messages`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completions => "completions",
            Self::Messages => "messages",
        }
    }
}

impl fmt::Display for ChatApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// To whom a request is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addressee<'a> {
    pub(crate) api: ChatApi,
    /// Its own name of the model.
    pub(crate) model: &'a str,
    /// The most tokens that the model writes, where that is known.
    pub(crate) most_tokens: Option<u64>,
    /// It calls the limit `max_completion_tokens`, as OpenAI does, and knows the role `developer` and OpenAI's newer keys.
    pub(crate) is_openai: bool,
    /// The model refuses a request with a temperature, `top_p` or `top_k`.
    pub(crate) fixed_sampling: bool,
}

/// How an answer is to be written in an API's shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heading<'a> {
    /// The model that answered, where the answer does not name it.
    pub(crate) model: &'a str,
    /// Unix time, in seconds.
    pub(crate) created: u64,
    /// Any number, for an id.
    pub(crate) number: u64,
}
