//! A stream of events, and what becomes of it when a reply upsets it: a list of steps, made before the first one is taken.

use crate::chat::{Dialect, anthropic};
use crate::reply::upset::{Break, KeepAlive, Upset};
use std::time::Duration;

pub(crate) struct Stream {
    pub(crate) dialect: Dialect,
    pub(crate) serial: u64,
    pub(crate) events: Vec<Event>,
}

pub(crate) struct Event {
    /// With the empty line that ends it.
    text: String,
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What a reader waits for: a piece of text, or of a tool call.
    Token,
    /// `[DONE]`, or `message_stop`.
    Last,
    Other,
}

pub(crate) enum Step {
    Send(String),
    /// To the reader nothing happens meanwhile but this, so often.
    Pause(Duration, Option<(String, Duration)>),
    /// The end of a whole answer.
    End,
    /// The end of the connection.
    HangUp,
    Reset,
    /// Nothing more, for as long as the client stays.
    Stall,
}

impl Event {
    pub(crate) fn token(name: Option<&str>, data: &str) -> Self {
        Self::of(Part::Token, name, data)
    }

    pub(crate) fn last(name: Option<&str>, data: &str) -> Self {
        Self::of(Part::Last, name, data)
    }

    pub(crate) fn other(name: Option<&str>, data: &str) -> Self {
        Self::of(Part::Other, name, data)
    }

    fn of(part: Part, name: Option<&str>, data: &str) -> Self {
        let text = match name {
            Some(name) => format!("event: {name}\ndata: {data}\n\n"),
            None => format!("data: {data}\n\n"),
        };
        Self { text, part }
    }
}

impl Stream {
    /// The steps, of which the last one ends it.
    pub(crate) fn steps(self, upset: &Upset) -> Vec<Step> {
        let all_tokens = self.events.iter().filter(|event| event.part == Part::Token).count();
        let break_after = upset.breaks.map(|(after, _)| after.min(all_tokens));
        // Not behind the last event, where nobody reads any more.
        let bad_at = upset.bad_event_at.map(|at| at.clamp(1, self.events.len()) - 1);
        let alive = upset.keep_alive.map(|(kind, every)| (self.alive(kind), every));
        let mut steps = Vec::with_capacity(self.events.len() + 2);
        let mut tokens = 0;
        for (at, Event { text, part }) in self.events.into_iter().enumerate() {
            let is_token = part == Part::Token;
            // Before the first token the break waits for what comes before that: it is a stream that broke off, no empty one.
            if break_after == Some(tokens) && (tokens > 0 || is_token) {
                break;
            }
            if bad_at == Some(at) {
                steps.push(Step::Send(self.dialect.bad_event().text));
            }
            match (is_token, tokens) {
                (true, 0) => steps.push(Step::Pause(upset.first_token_after, alive.clone())),
                (true, _) => steps.push(Step::Pause(upset.token_pace, None)),
                (false, _) => {}
            }
            tokens += usize::from(is_token);
            if part != Part::Last || !upset.without_done {
                steps.push(Step::Send(text));
            }
        }
        match upset.breaks {
            Some((_, Break::Cut)) => steps.push(Step::HangUp),
            Some((_, Break::Reset)) => steps.push(Step::Reset),
            Some((_, Break::Stall)) => steps.push(Step::Stall),
            Some((_, Break::Error)) => {
                steps.extend([Step::Send(self.dialect.error_event(self.serial).text), Step::End]);
            }
            None if upset.stays_open => steps.push(Step::Stall),
            None => steps.push(Step::End),
        }
        steps
    }

    /// What is sent so that the line is not silent.
    fn alive(&self, kind: KeepAlive) -> String {
        match (kind, self.dialect) {
            (KeepAlive::Comment, _) => ": keep-alive\n\n".to_owned(),
            (KeepAlive::Ping, _) => Event::other(Some("ping"), r#"{"type":"ping"}"#).text,
            // The first event is the one with the role.
            (KeepAlive::Role, Dialect::OpenAi(_)) => {
                self.events.first().map(|event| event.text.clone()).unwrap_or_default()
            }
            (KeepAlive::Role, Dialect::Anthropic) => {
                Event::other(Some("content_block_delta"), anthropic::NOTHING).text
            }
        }
    }
}
