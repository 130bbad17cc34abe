//! Which provider a server stands for.

use crate::answer::{Answer, reason};
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
}

impl Kind {
    /// The answer on a good day.
    pub(crate) fn answer(self, stage: &Stage, seen: &Arc<Seen>, serial: u64) -> Answer {
        if let Some(file) = media::file(seen) {
            return file;
        }
        match self {
            Self::Fal => fal::answer(stage, seen, serial),
            Self::FalQueue => fal::queue::answer(stage, seen, serial),
            Self::Replicate => replicate::answer(stage, seen, serial),
            Self::Nexa => nexa::answer(stage, seen, serial),
        }
    }

    /// The answer with this status and nothing of use in it.
    pub(crate) fn refusal(self, code: u16, serial: u64) -> Answer {
        match self {
            _ if code < 400 => Answer::json(code, "{}".to_owned()),
            Self::Fal | Self::FalQueue => fal::refusal(code, serial),
            Self::Replicate => replicate::refusal(code, reason(code)),
            Self::Nexa => nexa::refusal(code),
        }
    }

    /// A path at which something is generated.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Fal | Self::FalQueue => "/fal-ai/flux/dev",
            Self::Replicate => "/v1/models/black-forest-labs/flux-schnell/predictions",
            Self::Nexa => "/v1/images/generate",
        }
    }

    /// How often a job says that it is unfinished, unless told otherwise.
    pub(crate) fn polls(self) -> u32 {
        match self {
            Self::Fal | Self::Nexa => 0,
            Self::Replicate => 1,
            Self::FalQueue => 2,
        }
    }
}
