//! The neutral form of an answer to a chat.

use std::borrow::Cow;
use std::fmt;

use failover_core::Fault;
use serde::{Deserialize, Serialize};

use super::api::{ChatApi, Heading};
use super::form::Call;

/// What came of a chat.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct ChatAnswer {
    /// The provider's own id of it.
    pub(crate) id: Option<String>,
    /// The model that answered, as the provider names it.
    pub(crate) model: Option<String>,
    pub(crate) text: String,
    /// Tools to be called. Not every provider gives an id: `Heading::call_id` does.
    pub(crate) calls: Vec<Call>,
    /// Why it will not answer, in its own words.
    pub(crate) refusal: Option<String>,
    pub(crate) stop: Stop,
    pub(crate) usage: Option<Usage>,
}

/// Why an answer ends where it does.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is complete.
    #[default]
    Complete,
    /// It came to one of the caller's stop sequences; this one, where that is known.
    Sequence(Option<String>),
    /// It came to the limit of tokens, or of the model's window.
    Length,
    /// Tools are to be called.
    Tools,
    /// The provider will not go on.
    Refused,
}

impl Stop {
    /// By the word that completions have for it. Together says `eos`; an unknown word is an end like any other.
    pub(crate) fn of_finish_reason(word: &str) -> Self {
        match word {
            "length" => Self::Length,
            "tool_calls" | "function_call" => Self::Tools,
            "content_filter" => Self::Refused,
            _ => Self::Complete,
        }
    }

    /// Whether this reason says that the answer was interrupted: OpenRouter's word, DeepSeek's and vLLM's.
    pub(crate) fn is_interruption(word: &str) -> bool {
        matches!(word, "error" | "insufficient_system_resource" | "abort")
    }

    /// By the word that messages have for it.
    pub(crate) fn of_stop_reason(word: &str) -> Self {
        match word {
            "stop_sequence" => Self::Sequence(None),
            "max_tokens" | "model_context_window_exceeded" => Self::Length,
            "tool_use" => Self::Tools,
            "refusal" => Self::Refused,
            _ => Self::Complete,
        }
    }

    /// The word of completions.
    pub(crate) const fn finish_reason(&self) -> &'static str {
        match self {
            Self::Complete | Self::Sequence(_) => "stop",
            Self::Length => "length",
            Self::Tools => "tool_calls",
            Self::Refused => "content_filter",
        }
    }

    /// The word of messages.
    pub(crate) const fn stop_reason(&self) -> &'static str {
        match self {
            Self::Complete => "end_turn",
            Self::Sequence(_) => "stop_sequence",
            Self::Length => "max_tokens",
            Self::Tools => "tool_use",
            Self::Refused => "refusal",
        }
    }
}

/// A success that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Junk {
    pub(crate) fault: Fault,
    /// What is wrong with it. It repeats nothing but the provider's own word for an error.
    pub(crate) note: Option<String>,
}

impl Junk {
    pub(crate) fn new(fault: Fault, note: impl Into<String>) -> Self {
        Self { fault, note: Some(note.into()) }
    }
}

impl ChatAnswer {
    /// The last word on what was read: an answer of nothing is none, and its end agrees with its content.
    pub(crate) fn settled(mut self) -> Result<Self, Junk> {
        let complete = matches!(self.stop, Stop::Complete | Stop::Tools);
        if complete && !self.calls.is_empty() {
            self.stop = Stop::Tools;
        } else if complete && self.refusal.is_some() {
            self.stop = Stop::Refused;
        } else if complete && self.text.is_empty() {
            return Err(Junk::new(Fault::Empty, "an answer with nothing in it"));
        } else if self.stop == Stop::Tools {
            self.stop = Stop::Complete;
        }
        Ok(self)
    }
}

impl Heading<'_> {
    /// The answer's own id, if it looks like one of the API that was asked, else one of ours.
    pub(crate) fn id(&self, api: ChatApi, own: Option<&str>) -> String {
        let prefix = match api {
            ChatApi::Completions => "chatcmpl-",
            ChatApi::Messages => "msg_",
        };
        match own.filter(|own| own.starts_with(prefix)) {
            Some(own) => own.to_owned(),
            None => format!("{prefix}{:016x}", self.number),
        }
    }

    /// The id of a call by its number in the answer: one of ours, if the provider gave none. It must not come twice in a chat.
    pub(crate) fn call_id<'i>(&self, own: &'i str, number: usize) -> Cow<'i, str> {
        match own {
            "" => Cow::Owned(format!("call_{:016x}_{number}", self.number)),
            own => Cow::Borrowed(own),
        }
    }
}

/// What an answer cost, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the request, those of a provider's cache included.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
}

impl Usage {
    /// So many tokens of the request, and of the answer.
    #[must_use]
    pub const fn new(input: u64, output: u64) -> Self {
        Self { input, output }
    }

    /// Both together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

// What is said in a chat is the caller's, so none of it is ever printed.
impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.stop_reason())
    }
}

impl fmt::Debug for ChatAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatAnswer")
            .field("model", &self.model)
            .field("characters", &self.text.len())
            .field("calls", &self.calls.len())
            .field("stop", &self.stop)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}
