//! What OpenAI, Together and Anthropic have in common: a request that has to name a model and hold messages, and a text of
//! sixty tokens that names who said it.

pub(crate) mod anthropic;
pub(crate) mod openai;

use crate::answer::Answer;
use crate::json::{Object, quote};
use crate::reply::wish::{ToolCall, Wish};
use crate::seen::Seen;
use crate::stream::{Event, Stream};

/// How many tokens a healthy text has, and how many are said to have been read.
pub(crate) const TOKENS: usize = 60;
pub(crate) const READ: usize = 12;

/// Seconds since 1970: 2026-11-20T23:00:00Z.
pub(crate) const CREATED: u64 = 1_795_215_600;

/// Whose shapes are spoken.
#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    /// OpenAI's, by OpenAI itself or by the provider of this name.
    OpenAi(&'static str),
    Anthropic,
}

/// What is answered, before it has a shape.
pub(crate) struct Turn<'a> {
    pub(crate) id: String,
    /// The model that was asked for, in quotes.
    pub(crate) model: String,
    /// Empty where tools are called.
    pub(crate) tokens: Vec<String>,
    pub(crate) calls: &'a [ToolCall],
    /// The provider's word for why it ended, where it is not the usual one.
    pub(crate) reason: Option<&'a str>,
    /// A stream is to end with an event that has the usage.
    pub(crate) tells_usage: bool,
}

impl Dialect {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OpenAi(name) => name,
            Self::Anthropic => "anthropic",
        }
    }

    /// The answer on a good day.
    pub(crate) fn answer(self, seen: &Seen, serial: u64, wish: &Wish) -> Answer {
        let refused = match self {
            Self::OpenAi(name) => openai::objection(name, seen),
            Self::Anthropic => anthropic::objection(seen, serial),
        };
        if let Some(refused) = refused {
            return self.identified(refused, serial);
        }
        let answer = match (seen.method.as_str(), Object::read(&seen.body)) {
            ("GET", _) | (_, None) => Answer::json(200, self.models()),
            (_, Some(_)) if wish.no_prefill && is_prefilled(seen) => self.prefill_refused(serial),
            (_, Some(body)) => self.reply(&body, serial, wish),
        };
        self.identified(answer, serial)
    }

    fn reply(self, body: &Object<'_>, serial: u64, wish: &Wish) -> Answer {
        let calls = if body.raw("tools").is_some() { &wish.calls[..] } else { &[] };
        let turn = Turn {
            id: self.id(serial),
            model: quote(&body.text("model").unwrap_or_default()),
            tokens: if calls.is_empty() { tokens(self.name()).collect() } else { Vec::new() },
            calls,
            reason: wish.reason.as_deref(),
            tells_usage: body
                .object("stream_options")
                .is_some_and(|options| options.raw("include_usage") == Some("true")),
        };
        if body.raw("stream") != Some("true") {
            return Answer::json(
                200,
                match self {
                    Self::OpenAi(_) => openai::whole(&turn),
                    Self::Anthropic => anthropic::whole(&turn),
                },
            );
        }
        let events = match self {
            Self::OpenAi(_) => openai::events(&turn),
            Self::Anthropic => anthropic::events(&turn),
        };
        let mut answer = Answer::of(200, "text/event-stream; charset=utf-8", Vec::new());
        answer.stream = Some(Stream { dialect: self, serial, events });
        answer.with("Cache-Control", "no-cache")
    }

    /// The answer with this status and nothing of use in it.
    pub(crate) fn refusal(self, code: u16, serial: u64) -> Answer {
        let answer = match self {
            Self::OpenAi(name) => openai::refusal(name, code),
            Self::Anthropic => anthropic::refusal(code, serial),
        };
        self.identified(answer, serial)
    }

    /// An error after a healthy beginning.
    pub(crate) fn error_event(self, serial: u64) -> Event {
        match self {
            Self::OpenAi(name) => Event::other(None, &openai::in_band(name)),
            Self::Anthropic => Event::other(Some("error"), &anthropic::overloaded(serial)),
        }
    }

    /// Half of an event's JSON, correctly framed.
    pub(crate) fn bad_event(self) -> Event {
        match self {
            Self::OpenAi(_) => {
                Event::other(None, r#"{"id":"chatcmpl-broken","choices":[{"index":0,"delta":"#)
            }
            Self::Anthropic => Event::other(
                Some("content_block_delta"),
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_del"#,
            ),
        }
    }

    pub(crate) fn identified(self, answer: Answer, serial: u64) -> Answer {
        match self {
            Self::OpenAi(_) => answer.with("x-request-id", &request_id(serial)),
            Self::Anthropic => answer.with("request-id", &request_id(serial)),
        }
    }

    fn id(self, serial: u64) -> String {
        match self {
            Self::OpenAi("together") => format!("oRehearsal-{serial:08}"),
            Self::OpenAi(_) => format!("chatcmpl-{serial:08}"),
            Self::Anthropic => format!("msg_{serial:08}"),
        }
    }

    fn models(self) -> String {
        match self {
            Self::OpenAi(name) => openai::models(name),
            Self::Anthropic => anthropic::models(),
        }
    }

    fn prefill_refused(self, serial: u64) -> Answer {
        let message = "This model does not support assistant message prefill. The conversation must end with a user message.";
        Answer::json(
            400,
            match self {
                Self::OpenAi(_) => openai::error(message, "invalid_request_error", Some("messages"), None),
                Self::Anthropic => anthropic::error("invalid_request_error", message, "", serial),
            },
        )
    }
}

/// `openai1 openai2 openai3 ..`, each with the space before it.
pub(crate) fn tokens(name: &'static str) -> impl Iterator<Item = String> {
    (1..=TOKENS).map(move |n| if n == 1 { format!("{name}1") } else { format!(" {name}{n}") })
}

pub(crate) fn request_id(serial: u64) -> String {
    format!("req_{serial:08}")
}

/// The key of `Authorization: Bearer`, if there is one.
pub(crate) fn has_bearer(seen: &Seen) -> bool {
    seen.header("authorization")
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case("bearer") && !key.trim().is_empty())
}

/// Arguments in pieces of a few letters, as a model writes them.
pub(crate) fn fragments(arguments: &str) -> Vec<String> {
    let letters: Vec<char> = arguments.chars().collect();
    letters.chunks(8).map(|piece| piece.iter().collect()).collect()
}

/// The first field that is not there, or is of no use.
pub(crate) fn missing<'n>(body: &Object<'_>, names: &[&'n str]) -> Option<&'n str> {
    names.iter().copied().find(|name| match *name {
        "messages" => body.list(name).is_none_or(|messages| messages.is_empty()),
        "max_tokens" => body.integer(name).is_none_or(|most| most < 1),
        _ => body.text(name).is_none_or(|text| text.is_empty()),
    })
}

fn is_prefilled(seen: &Seen) -> bool {
    Object::read(&seen.body)
        .and_then(|body| Object::read(body.list("messages")?.last()?.as_bytes())?.text("role"))
        .is_some_and(|role| role == "assistant")
}
