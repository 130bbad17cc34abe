//! What passes between an adapter and an exchange: an attempt under way, what it wants next, and what the caller gets.

use std::fmt;
use std::time::Duration;

use failover_core::{Fault, Launch, Moment, Outcome};
use http::{Request, Response};

use crate::provenance::Provenance;

/// An attempt under way.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Flight {
    /// What the call said to start.
    pub launch: Launch,
    /// When it was started.
    pub began: Moment,
}

impl Flight {
    /// An attempt that starts now.
    #[must_use]
    pub const fn new(launch: Launch, now: Moment) -> Self {
        Self { launch, began: now }
    }

    /// What is left of its time; nothing is said of one without a limit.
    #[must_use]
    pub fn left(&self, now: Moment) -> Option<Duration> {
        Some(self.launch.limits.total()?.saturating_sub(now.since(self.began)))
    }
}

/// How much of the asked provider's answer is read before it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every wish must be met by every adapter")]
pub enum Read {
    /// Nothing.
    Nothing,
    /// As much as arrives at once: [`READ_AHEAD`] bytes within [`READ_TIME`] at most.
    Beginning,
    /// All of it, unless it is longer than [`Config::answer_limit`](crate::Config::answer_limit), as long as the attempt
    /// may take.
    Whole,
}

/// What was read of the asked provider's answer. All of it is put back before the answer is handed on.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "an adapter says one of these")]
pub enum Body<'a> {
    /// Nothing.
    Unread,
    /// Its beginning, which may be all of it.
    Beginning(&'a [u8]),
    /// All of it.
    Whole(&'a [u8]),
    /// It broke off.
    Broken(Fault),
}

/// So many bytes of a refused answer are read ahead, to judge it and to free its connection.
pub const READ_AHEAD: usize = 64 * 1024;
/// What of it does not arrive in this time is left for the one who reads it.
pub const READ_TIME: Duration = Duration::from_secs(1);

/// What an attempt on a stand-in wants next.
#[expect(clippy::exhaustive_enums, reason = "every wish must be met by every adapter")]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub enum Step {
    /// Send this through a client of your own, which follows no redirect; then tell
    /// [`answered`](crate::Exchange::answered) or [`failed`](crate::Exchange::failed).
    Send {
        /// The request, credentials included.
        request: Request<Vec<u8>>,
        /// The longest it may take.
        limit: Option<Duration>,
    },
    /// Wait so long, then tell [`resumed`](crate::Exchange::resumed).
    Pause(Duration),
    /// The attempt is over: settle it.
    Done(Outcome<'static>),
}

/// What the caller gets.
#[expect(clippy::exhaustive_enums, reason = "every end must be handled by every adapter")]
pub enum Conclusion {
    /// An answer of ours in the shape of the provider that was asked, with its provenance as extension and headers. It can be
    /// a refusal of that provider's, such as 400 for a result that is not there yet.
    StandIn(Response<Vec<u8>>),
    /// The asked provider's own answer or error. It is to be marked with the provenance, unless that provider was the first
    /// and only one to be asked: then it is handed on untouched.
    Own(Option<Provenance>),
}

// Prompts, and URLs of files, are the caller's, so neither is ever printed.

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { request, limit } => f
                .debug_struct("Send")
                .field("method", request.method())
                .field("limit", limit)
                .finish_non_exhaustive(),
            Self::Pause(pause) => f.debug_tuple("Pause").field(pause).finish(),
            Self::Done(outcome) => f.debug_tuple("Done").field(outcome).finish(),
        }
    }
}

impl fmt::Debug for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandIn(made) => f
                .debug_struct("StandIn")
                .field("status", &made.status())
                .field("bytes", &made.body().len())
                .finish_non_exhaustive(),
            Self::Own(provenance) => f.debug_tuple("Own").field(provenance).finish(),
        }
    }
}
