//! The neutral form of a chat: who said what, with which tools, and how it is to go on.

use std::fmt;

use serde_json::{Map, Value};

use crate::json;
use crate::loss::Loss;

/// A request, read.
#[derive(Debug)]
pub(crate) struct ChatReading {
    pub(crate) form: ChatForm,
    /// What the neutral form has no room for.
    pub(crate) losses: Vec<Loss>,
}

/// A request, written.
pub(crate) struct Written {
    pub(crate) body: Vec<u8>,
    /// What the addressee cannot be told, by the keys of the API that the caller asked.
    pub(crate) losses: Vec<Loss>,
}

/// A chat that is to go on.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct ChatForm {
    /// The asked provider's name of the model.
    pub(crate) model: String,
    /// What the system says, in order.
    pub(crate) system: Vec<String>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: Option<ToolChoice>,
    /// Whether several tools may be called at once.
    pub(crate) parallel_tools: Option<bool>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u64>,
    pub(crate) stop: Vec<String>,
    pub(crate) seed: Option<i64>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    /// The answer is to be a JSON object of any form.
    pub(crate) json: bool,
    /// The caller's own name of its user.
    pub(crate) user: Option<String>,
    /// The answer is to come as a stream of events.
    pub(crate) stream: bool,
    /// The stream is to end with the usage. Anthropic's always does.
    pub(crate) stream_usage: bool,
}

impl ChatForm {
    /// Adds what one message says. Consecutive messages of one role are one turn, as both APIs understand them.
    ///
    /// Blank texts are left out: Anthropic refuses them, and they say nothing.
    pub(crate) fn say(&mut self, role: Role, parts: impl IntoIterator<Item = Part>) {
        let mut parts = parts.into_iter().filter(|part| !part.is_blank()).peekable();
        if parts.peek().is_none() {
            return;
        }
        let Some(turn) = self.turns.last_mut().filter(|turn| turn.role == role) else {
            self.turns.push(Turn { role, parts: parts.collect() });
            return;
        };
        // An assistant's words are one text where they are not interrupted: Together takes no list of them.
        if role == Role::Assistant
            && let (Some(Part::Text(said)), Some(Part::Text(more))) = (turn.parts.last_mut(), parts.peek())
        {
            said.push('\n');
            said.push_str(more);
            parts.next();
        }
        turn.parts.extend(parts);
    }

    /// What tools answered comes first in a user's turn: both APIs want it right behind the calls.
    pub(crate) fn put_results_first(&mut self) {
        for turn in &mut self.turns {
            turn.parts.sort_by_key(|part| !matches!(part, Part::Result { .. }));
        }
    }

    /// Why no provider goes on with this chat.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.turns.last().map(|turn| turn.role) {
            None => Err("messages holds no turn that says something".to_owned()),
            Some(Role::User) => Ok(()),
            // Newer models refuse to go on with it, and others answer it instead of going on.
            Some(Role::Assistant) => {
                Err("messages ends with the assistant's turn, which others do not go on with".to_owned())
            }
        }
    }
}

/// One turn: consecutive turns of one role are one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    User,
    Assistant,
}

/// A part of a turn.
#[derive(Clone, PartialEq)]
pub(crate) enum Part {
    Text(String),
    Image(Image),
    /// The assistant called a tool.
    Call(Call),
    /// What a tool answered: a part of the user's turn.
    Result {
        id: String,
        content: Vec<Self>,
        failed: bool,
    },
}

impl Part {
    /// A text that says nothing.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

/// A picture.
#[derive(Clone, PartialEq)]
pub(crate) enum Image {
    Url(String),
    /// In base64.
    Data {
        media_type: String,
        data: String,
    },
}

/// A call of a tool.
#[derive(Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The arguments: the text of a JSON object, unless the model erred. It is kept as it came, so that nothing is lost.
    pub(crate) arguments: String,
}

impl Call {
    /// No arguments at all are an empty object.
    pub(crate) fn new(id: String, name: String, arguments: String) -> Self {
        let arguments = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments };
        Self { id, name, arguments }
    }

    /// The arguments as an object, for an API that takes nothing else: a text that is none becomes its only value.
    pub(crate) fn input(&self) -> Value {
        let object = json::answer(self.arguments.as_bytes());
        let wrapped = || Map::from_iter([("arguments".to_owned(), Value::from(self.arguments.as_str()))]);
        Value::Object(object.unwrap_or_else(|_| wrapped()))
    }
}

/// A tool that may be called.
#[derive(Clone, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// A JSON schema.
    pub(crate) parameters: Option<Value>,
    pub(crate) strict: Option<bool>,
}

/// Which tool is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    Auto,
    /// Some tool.
    Any,
    None,
    Named(String),
}

// What is said in a chat is the caller's, so none of it is ever printed.

impl fmt::Debug for ChatForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatForm")
            .field("model", &self.model)
            .field("turns", &self.turns.len())
            .field("tools", &self.tools.len())
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").field("losses", &self.losses).finish_non_exhaustive()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Call(_) => "call of a tool",
            Self::Result { .. } => "result of a tool",
        })
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tool")
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a call of a tool")
    }
}
