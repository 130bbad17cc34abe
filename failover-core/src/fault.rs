//! What can go wrong with an attempt, and what is done about it: the whole policy on one screen.
//!
//! An adapter names the [`Fault`]; [`Fault::remedy`] is the only place that says what follows from it. There is no
//! default arm, so a new fault cannot slip through unjudged.
//!
//! ```
//! use failover_core::{Blame, Fate, Fault, Step};
//!
//! let remedy = Fault::Timeout.remedy();
//! assert_eq!(remedy.fate, Fate::Unknown); // it may have been done, and billed
//! assert_eq!(remedy.step, Step::Repeat);
//! assert_eq!(remedy.blame, Blame::Provider);
//! assert_eq!(Fault::ContentPolicy.remedy().step, Step::Stop); // a refusal is not routed around
//! ```

/// Why an attempt did not answer the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Fault {
    /// No connection: refused, unreachable, name not found, TLS failed.
    Connect,
    /// Told to slow down (HTTP 429), with or without a hint until when.
    Throttled,
    /// Has no capacity at the moment (503, 529).
    Overloaded,
    /// Failed by its own account (500).
    Broken,
    /// Something between here and there failed (502, 504).
    Gateway,
    /// The connection was lost after the request was sent and before the answer began.
    Reset,
    /// A time limit passed.
    Timeout,
    /// The answer broke off in the middle.
    Cut,
    /// Claimed success, but the answer cannot be read.
    Malformed,
    /// Claimed success, but the answer holds no result.
    Empty,
    /// Claimed success, but the answer says it failed.
    ErrorInSuccess,
    /// The key is not accepted (401, 403).
    Unauthenticated,
    /// Out of quota or credit (402).
    OutOfCredit,
    /// The request is longer than this model takes.
    ContextTooLong,
    /// This candidate cannot take this request; another may.
    Unsupported,
    /// The request itself is wrong (400, 404, 422); nobody could serve it.
    InvalidRequest,
    /// Refused for what it asks.
    ContentPolicy,
    /// The time limit that the caller set for the provider passed.
    CallerDeadline,
}

/// What became of a request that failed: whether it may have been carried out, and billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// It never left.
    NotSent,
    /// The provider declined it.
    Rejected,
    /// Nobody knows: it may have been done.
    Unknown,
    /// It was done, to no use.
    Done,
}

impl Fate {
    /// Whether the provider may charge for it.
    #[must_use]
    pub const fn maybe_billed(self) -> bool {
        match self {
            Self::NotSent | Self::Rejected => false,
            Self::Unknown | Self::Done => true,
        }
    }
}

/// What the call does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Ask the same candidate again, as far as the plan allows; then the next.
    Repeat,
    /// Ask the next candidate.
    Next,
    /// Ask the next candidate that runs another model.
    NextModel,
    /// Ask nobody else: the caller gets this answer.
    Stop,
}

/// What the failure says about the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// A failure of the provider: its breaker counts it.
    Provider,
    /// As `Provider`, unless the provider named the time to come back: then it is unavailable until then instead.
    UnlessHinted,
    /// The provider cannot serve until somebody acts: its breaker opens at once.
    Unavailable,
    /// Nothing: the request was at fault.
    Nobody,
}

/// The judgement on one [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Remedy {
    /// What became of the request.
    pub fate: Fate,
    /// What the call does next.
    pub step: Step,
    /// What it says about the provider.
    pub blame: Blame,
}

const fn remedy(fate: Fate, step: Step, blame: Blame) -> Remedy {
    Remedy { fate, step, blame }
}

impl Fault {
    /// What follows from this fault.
    #[must_use]
    #[rustfmt::skip] // one line per fault, in columns: this is the table
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::Connect         => remedy(Fate::NotSent,  Step::Repeat,    Blame::Provider),
            Self::Throttled       => remedy(Fate::Rejected, Step::Repeat,    Blame::UnlessHinted),
            Self::Overloaded      => remedy(Fate::Rejected, Step::Repeat,    Blame::Provider),
            Self::Broken          => remedy(Fate::Rejected, Step::Repeat,    Blame::Provider),
            Self::Gateway         => remedy(Fate::Unknown,  Step::Repeat,    Blame::Provider),
            Self::Reset           => remedy(Fate::Unknown,  Step::Repeat,    Blame::Provider),
            Self::Timeout         => remedy(Fate::Unknown,  Step::Repeat,    Blame::Provider),
            Self::Cut             => remedy(Fate::Unknown,  Step::Repeat,    Blame::Provider),
            Self::Malformed       => remedy(Fate::Done,     Step::Next,      Blame::Provider),
            Self::Empty           => remedy(Fate::Done,     Step::Next,      Blame::Provider),
            Self::ErrorInSuccess  => remedy(Fate::Done,     Step::Next,      Blame::Provider),
            Self::Unauthenticated => remedy(Fate::Rejected, Step::Next,      Blame::Unavailable),
            Self::OutOfCredit     => remedy(Fate::Rejected, Step::Next,      Blame::Unavailable),
            Self::ContextTooLong  => remedy(Fate::Rejected, Step::NextModel, Blame::Nobody),
            Self::Unsupported     => remedy(Fate::Rejected, Step::Next,      Blame::Nobody),
            Self::InvalidRequest  => remedy(Fate::Rejected, Step::Stop,      Blame::Nobody),
            Self::ContentPolicy   => remedy(Fate::Rejected, Step::Stop,      Blame::Nobody),
            Self::CallerDeadline  => remedy(Fate::Rejected, Step::Stop,      Blame::Nobody),
        }
    }

    /// The name of the fault, in words for a person.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::Throttled => "throttled",
            Self::Overloaded => "overloaded",
            Self::Broken => "broken",
            Self::Gateway => "gateway failed",
            Self::Reset => "connection reset",
            Self::Timeout => "timed out",
            Self::Cut => "answer cut off",
            Self::Malformed => "malformed answer",
            Self::Empty => "empty answer",
            Self::ErrorInSuccess => "error in a success",
            Self::Unauthenticated => "not authenticated",
            Self::OutOfCredit => "out of credit",
            Self::ContextTooLong => "context too long",
            Self::Unsupported => "cannot take this request",
            Self::InvalidRequest => "invalid request",
            Self::ContentPolicy => "content policy",
            Self::CallerDeadline => "caller's deadline",
        }
    }
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}
