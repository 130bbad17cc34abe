//! Which provider a server stands for.

use crate::answer::{Answer, reason};
use crate::seen::Seen;
use crate::{fal, nexa, replicate};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Fal,
    Replicate,
    Nexa,
}

impl Kind {
    /// The answer on a good day.
    pub(crate) fn answer(self, seen: &Seen, serial: u64, base: &str) -> Answer {
        match self {
            Self::Fal => fal::answer(seen, serial),
            Self::Replicate => replicate::answer(seen, serial, base),
            Self::Nexa => nexa::answer(seen, serial),
        }
    }

    /// The answer with this status and nothing of use in it.
    pub(crate) fn refusal(self, code: u16, serial: u64) -> Answer {
        match self {
            _ if code < 400 => Answer::json(code, "{}".to_owned()),
            Self::Fal => fal::refusal(code, serial),
            Self::Replicate => replicate::refusal(code, reason(code)),
            Self::Nexa => nexa::refusal(code),
        }
    }
}
