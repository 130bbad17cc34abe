//! The neutral form of a stream: what each event adds to the answer.

use std::fmt;

use failover_core::Fault;

use super::answer::{Stop, Usage};

/// What an event adds to the answer.
#[derive(Clone, PartialEq)]
pub(crate) enum Delta {
    /// The stream has begun. It says nothing yet.
    Began { id: Option<String>, model: Option<String> },
    /// A piece of the text.
    Text(String),
    /// The model thinks. Nobody else's clients could read it, so it is not translated; but it is a sign of life.
    Thinking,
    /// A piece of the words with which it will not answer.
    Refusal(String),
    /// A tool is to be called: the number of the call in this answer, from 0.
    CallBegan { number: usize, id: String, name: String },
    /// A piece of that call's arguments, which are JSON.
    CallInput { number: usize, json: String },
    /// Why it ends.
    Stopped(Stop),
    /// What it costs, so far as it is known; the latest counts.
    Usage(Usage),
    /// In the middle of a success, the provider says that it has failed.
    Failed(Fault),
    /// The provider says that nothing more will come.
    Done,
}

impl Delta {
    /// Whether it is a part of the answer: not the beginning, a keep-alive or an end.
    pub(crate) const fn is_token(&self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::Thinking
                | Self::Refusal(_)
                | Self::CallBegan { .. }
                | Self::CallInput { .. }
        )
    }

    /// Whether a caller of another API can see it, so that from then on nobody else can answer unseen.
    pub(crate) const fn is_content(&self) -> bool {
        self.is_token() && !matches!(self, Self::Thinking)
    }
}

// What is said in a chat is the caller's, so none of it is ever printed.
impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Began { model, .. } => {
                f.debug_struct("Began").field("model", model).finish_non_exhaustive()
            }
            Self::Text(_) => f.write_str("Text"),
            Self::Thinking => f.write_str("Thinking"),
            Self::Refusal(_) => f.write_str("Refusal"),
            Self::CallBegan { number, .. } => write!(f, "CallBegan({number})"),
            Self::CallInput { number, .. } => write!(f, "CallInput({number})"),
            Self::Stopped(stop) => f.debug_tuple("Stopped").field(stop).finish(),
            Self::Usage(usage) => f.debug_tuple("Usage").field(usage).finish(),
            Self::Failed(fault) => f.debug_tuple("Failed").field(fault).finish(),
            Self::Done => f.write_str("Done"),
        }
    }
}
