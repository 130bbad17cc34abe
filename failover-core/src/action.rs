//! What the call tells the adapter to do, and what the adapter tells the call.

use core::time::Duration;

use crate::fault::Fault;
use crate::moment::Moment;
use crate::plan::{Limits, ProviderId};

/// One attempt of one call, numbered from 0 in the order of their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub(crate) u32);

impl AttemptId {
    /// Its number in the call, from 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// The next duty of the adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new duty must break every adapter")]
#[must_use = "an action that is not carried out leaves the call waiting"]
pub enum Action {
    /// Start this attempt, and report its end with `settle`.
    Launch(Launch),
    /// Give this attempt up: its answer is no longer wanted, and its end need not be reported.
    Cancel(AttemptId),
    /// Nothing to do until an attempt in flight reports, or until the given moment, which lies ahead.
    Wait(Option<Moment>),
    /// The call is over. Polling again says the same.
    Finish(Finish),
}

/// An attempt to start. For a batch, it asks for the items that are missing now: [`Call::missing`](crate::Call::missing).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Launch {
    /// Its name in this call.
    pub attempt: AttemptId,
    /// Whom to ask: the index into the call's candidates.
    pub candidate: usize,
    /// The fault domain of that candidate.
    pub provider: ProviderId,
    /// How long it may take, cut to what remains of the call's deadline.
    pub limits: Limits,
    /// What the total limit comes from.
    pub bound: Bound,
    /// Asked although its breaker refused, because nobody else could serve.
    pub last_resort: bool,
}

/// What bounds an attempt as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// Nothing.
    Nothing,
    /// The limit of the attempt itself.
    Limit,
    /// What remains until the deadline of the call.
    Deadline,
}

impl Launch {
    /// Whether it asks the provider that the caller asked for.
    #[must_use]
    pub const fn is_primary(&self) -> bool {
        self.candidate == 0
    }
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every end must be handled by every adapter")]
pub enum Finish {
    /// The request is answered, and this attempt answered it; of a batch, the item that was the last.
    Served(AttemptId),
    /// A batch that need not be complete is: [`Report::answered_by`](crate::Report::answered_by) says who answered what.
    Partly,
    /// This attempt was refused for the request's own fault: the caller gets the refusal.
    Refused(AttemptId),
    /// This attempt broke off after the caller had seen a part of its answer: nobody else can answer unseen. What the caller
    /// has is no whole answer.
    Broken(AttemptId),
    /// Nobody answered.
    Failed(Cause),
}

/// Why nobody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Every candidate was tried or skipped.
    Exhausted,
    /// Every candidate is unavailable; the first to come back does so at this moment.
    Unavailable(Moment),
    /// The call's deadline passed.
    Deadline,
    /// The call's attempts are used up.
    Attempts,
    /// The call was abandoned.
    Abandoned,
    /// There was no candidate.
    NoCandidates,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// It answered all that was missing when it started.
    Answered,
    /// It answered these items of the batch, by their numbers, and has nothing to say on the others. One whose value is not
    /// valid is left out, and stays open.
    Partly(&'a [usize]),
    /// It did not answer.
    Failed {
        /// Why not.
        fault: Fault,
        /// The provider asked not to be asked again for this long. Read as at least 1 s and at most 24 h.
        retry_after: Option<Duration>,
    },
    /// It did not answer, and its provider says that to ask it again is of no use: the next candidate is asked, whatever the
    /// policy allows.
    Final {
        /// Why not.
        fault: Fault,
        /// As of one that [`Failed`](Self::Failed).
        retry_after: Option<Duration>,
    },
}

impl From<Fault> for Outcome<'_> {
    /// The fault without a hint when to come back.
    fn from(fault: Fault) -> Self {
        Self::Failed { fault, retry_after: None }
    }
}
