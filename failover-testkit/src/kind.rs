//! Which provider a server stands for.

use crate::answer::{Answer, reason};
use crate::chat::{Dialect, anthropic, openai};
use crate::reply::refusal::Refusal;
use crate::reply::upset::KeepAlive;
use crate::reply::wish::Wish;
use crate::seen::Seen;
use crate::stage::Stage;
use crate::{fal, media, nexa, replicate};
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Fal,
    FalQueue,
    Replicate,
    Nexa,
    /// OpenAI, or who speaks as it does.
    OpenAi(&'static str),
    Anthropic,
}

impl Kind {
    /// The answer on a good day.
    pub(crate) fn answer(self, stage: &Stage, seen: &Arc<Seen>, serial: u64, wish: &Wish) -> Answer {
        if let Some(file) = media::file(seen) {
            return file;
        }
        match self {
            Self::Fal => fal::answer(stage, seen, serial),
            Self::FalQueue => fal::queue::answer(stage, seen, serial),
            Self::Replicate => replicate::answer(stage, seen, serial),
            Self::Nexa => nexa::answer(stage, seen, serial),
            Self::OpenAi(name) => Dialect::OpenAi(name).answer(seen, serial, wish),
            Self::Anthropic => Dialect::Anthropic.answer(seen, serial, wish),
        }
    }

    /// The answer with this status and nothing of use in it.
    pub(crate) fn refusal(self, code: u16, serial: u64) -> Answer {
        match self {
            _ if code < 400 => Answer::json(code, "{}".to_owned()),
            Self::Fal | Self::FalQueue => fal::refusal(code, serial),
            Self::Replicate => replicate::refusal(code, reason(code)),
            Self::Nexa => nexa::refusal(code),
            Self::OpenAi(name) => Dialect::OpenAi(name).refusal(code, serial),
            Self::Anthropic => Dialect::Anthropic.refusal(code, serial),
        }
    }

    /// A refusal for a reason.
    pub(crate) fn refuse(self, why: Refusal, serial: u64) -> Answer {
        match (self, why) {
            (Self::OpenAi(name), _) => Dialect::OpenAi(name).identified(openai::refuse(name, why), serial),
            (Self::Anthropic, _) => Dialect::Anthropic.identified(anthropic::refuse(why, serial), serial),
            (_, Refusal::ContextTooLong) => Answer::json(400, refused("context_length_exceeded")),
            (_, Refusal::ContentPolicy) => Answer::json(400, refused("content_policy_violation")),
            (Self::Fal | Self::FalQueue, Refusal::Quota | Refusal::SpendLimit) => self.refusal(403, serial),
            (Self::Replicate | Self::Nexa, Refusal::Quota | Refusal::SpendLimit) => self.refusal(402, serial),
            (_, Refusal::Overloaded) => self.refusal(503, serial),
        }
    }

    /// As its owner writes it, for a person to read.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fal => "FAL",
            Self::FalQueue => "FAL's queue",
            Self::Replicate => "Replicate",
            Self::Nexa => "NexaAPI",
            Self::OpenAi(name) => name,
            Self::Anthropic => "Anthropic",
        }
    }

    /// How it writes, if it writes.
    pub(crate) fn dialect(self) -> Option<Dialect> {
        match self {
            Self::OpenAi(name) => Some(Dialect::OpenAi(name)),
            Self::Anthropic => Some(Dialect::Anthropic),
            Self::Fal | Self::FalQueue | Self::Replicate | Self::Nexa => None,
        }
    }

    /// The beginning of an answer on a good day.
    pub(crate) fn half_an_answer(self) -> &'static str {
        match self {
            Self::OpenAi(_) => r#"{"id":"chatcmpl-00000001","choices":[{"index":0,"message":{"content":"#,
            Self::Anthropic => r#"{"id":"msg_00000001","type":"message","content":[{"type":"text","#,
            Self::Fal | Self::FalQueue | Self::Replicate | Self::Nexa => r#"{"images":[{"url":"https://"#,
        }
    }

    /// An error as the body of a success.
    pub(crate) fn error_in_success(self) -> Vec<u8> {
        match self {
            Self::Anthropic => self.refusal(500, 0).body,
            _ => br#"{"error":{"message":"The model failed.","code":500}}"#.to_vec(),
        }
    }

    /// What it keeps a line busy with.
    pub(crate) fn keep_alive(self) -> KeepAlive {
        match self {
            Self::Anthropic => KeepAlive::Ping,
            _ => KeepAlive::Comment,
        }
    }

    /// A path at which something is generated.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Fal | Self::FalQueue => "/fal-ai/flux/dev",
            Self::Replicate => "/v1/models/black-forest-labs/flux-schnell/predictions",
            Self::Nexa => "/v1/images/generate",
            Self::OpenAi(_) => openai::PATH,
            Self::Anthropic => anthropic::PATH,
        }
    }

    /// How often a job says that it is unfinished, unless told otherwise.
    pub(crate) fn polls(self) -> u32 {
        match self {
            Self::Fal | Self::Nexa | Self::OpenAi(_) | Self::Anthropic => 0,
            Self::Replicate => 1,
            Self::FalQueue => 2,
        }
    }
}

/// As OpenAI words it, and those who answer as it does.
fn refused(code: &str) -> String {
    format!(
        r#"{{"error":{{"message":"The request was refused.","type":"invalid_request_error","code":"{code}"}}}}"#
    )
}
