//! What the user wants of every call: limits, retries, patience; and who may be asked.
//!
//! A [`Policy`] is built once and borrowed by every [`Call`](crate::Call). A [`Candidate`] is one way to serve the request;
//! the first one of a call is its *primary*, the provider that the caller asked for.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::backoff::Backoff;
use crate::hedge::Hedge;
use crate::moment::Moment;

/// A fault domain: what fails together and shares one circuit breaker in a [`Fleet`](crate::Fleet).
///
/// Which domain that is, the adapter decides: a provider, a provider's model, a key. The number is the slot in the
/// fleet; one that the fleet has no slot for runs without a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(u16);

impl ProviderId {
    /// The domain in slot `slot` of the fleet.
    #[must_use]
    pub const fn new(slot: u16) -> Self {
        Self(slot)
    }

    /// Its slot in the fleet.
    #[must_use]
    #[inline]
    pub const fn slot(self) -> usize {
        self.0 as usize
    }
}

/// A model, as far as [`Step::NextModel`](crate::Step::NextModel) needs to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModelId(u32);

impl ModelId {
    /// The model that the adapter counts as number `number`.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }
}

/// The longest the parts of an attempt may take. `None` is no limit.
///
/// An attempt is given up as timed out at the end of its first answer, idle or total limit. What an answer consists of, and
/// when it begins, the driver says with [`Call::progress`](crate::Call::progress); if it does not, an answer begins when it is
/// complete, and is never idle. The limit on the connection is the driver's own to enforce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    connect: Option<Duration>,
    first_answer: Option<Duration>,
    idle: Option<Duration>,
    total: Option<Duration>,
    silence: Option<Duration>,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self { connect: None, first_answer: None, idle: None, total: None, silence: None };

    /// The time until the connection stands.
    #[must_use]
    pub const fn with_connect(self, limit: Duration) -> Self {
        Self { connect: Some(limit), ..self }
    }

    /// The time from the start of the attempt until the answer begins.
    #[must_use]
    pub const fn with_first_answer(self, limit: Duration) -> Self {
        Self { first_answer: Some(limit), ..self }
    }

    /// The time between two parts of the answer.
    #[must_use]
    pub const fn with_idle(self, limit: Duration) -> Self {
        Self { idle: Some(limit), ..self }
    }

    /// The time from the start of the attempt until the answer is complete.
    #[must_use]
    pub const fn with_total(self, limit: Duration) -> Self {
        Self { total: Some(limit), ..self }
    }

    /// No limit, but evidence: an attempt that is called off after this long without an answer counts against its provider.
    /// Without it a provider that hangs would never be blamed by callers who give up on their own.
    #[must_use]
    pub const fn with_silence(self, time: Duration) -> Self {
        Self { silence: Some(time), ..self }
    }

    /// The time until the connection stands.
    #[must_use]
    pub const fn connect(&self) -> Option<Duration> {
        self.connect
    }

    /// The time from the start of the attempt until the answer begins.
    #[must_use]
    pub const fn first_answer(&self) -> Option<Duration> {
        self.first_answer
    }

    /// The time between two parts of the answer.
    #[must_use]
    pub const fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// The time from the start of the attempt until the answer is complete.
    #[must_use]
    #[inline]
    pub const fn total(&self) -> Option<Duration> {
        self.total
    }

    /// The time without an answer after which an attempt that is called off counts against its provider: unless said, the
    /// limit of the first answer, else the total one.
    #[must_use]
    #[inline]
    pub fn silence(&self) -> Option<Duration> {
        self.silence.or(self.first_answer).or(self.total)
    }

    /// The same limits, none longer than `remaining`.
    #[inline]
    pub(crate) fn cut_to(self, remaining: Duration) -> Self {
        let cut = |limit: Option<Duration>| limit.map(|limit| limit.min(remaining));
        Self {
            connect: cut(self.connect),
            first_answer: cut(self.first_answer),
            idle: cut(self.idle),
            total: Some(self.total.map_or(remaining, |limit| limit.min(remaining))),
            silence: cut(self.silence),
        }
    }
}

/// Who is asked although its breaker refuses, when nobody else could serve: each once, and flagged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastResort {
    /// Nobody; the call says when the first of them is available again.
    Nobody,
    /// The primary, so that the caller gets its own answer or error.
    #[default]
    Primary,
    /// The candidate at this place among the call's: the one that was asked for, where it is not the first.
    Candidate(usize),
    /// Everyone who was skipped, in order.
    Everyone,
}

/// One way to serve a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    provider: ProviderId,
    model: Option<ModelId>,
    retries: Option<u32>,
    limits: Option<Limits>,
}

impl Candidate {
    /// The domain `provider`, under the policy's own terms.
    #[must_use]
    pub const fn new(provider: ProviderId) -> Self {
        Self { provider, model: None, retries: None, limits: None }
    }

    /// It runs this model. A candidate without a model counts as unlike every other.
    #[must_use]
    pub const fn model(self, model: ModelId) -> Self {
        Self { model: Some(model), ..self }
    }

    /// How often it may be asked again, in place of [`Policy::retries`].
    #[must_use]
    pub const fn retries(self, retries: u32) -> Self {
        Self { retries: Some(retries), ..self }
    }

    /// How long an attempt on it may take, in place of [`Policy::limits`].
    #[must_use]
    pub const fn limits(self, limits: Limits) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// The fault domain.
    #[must_use]
    #[inline]
    pub const fn provider(&self) -> ProviderId {
        self.provider
    }

    #[inline]
    pub(crate) fn same_model(&self, other: &Self) -> bool {
        self.model.is_some() && self.model == other.model
    }
}

/// What the user wants of every call.
///
/// ```
/// use core::time::Duration;
/// use failover_core::{Backoff, Limits, Policy};
///
/// let text = Policy::new()
///     .deadline(Duration::from_secs(30))
///     .limits(Limits::NONE.with_first_answer(Duration::from_secs(10)))
///     .retries(2)
///     .backoff(Backoff::exponential(Duration::from_millis(200)))
///     .patience(Duration::from_secs(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) deadline: Option<Duration>,
    pub(crate) attempts: Option<NonZeroU32>,
    pub(crate) limits: Limits,
    pub(crate) retries: u32,
    pub(crate) backoff: Backoff,
    pub(crate) patience: Duration,
    pub(crate) repeat_unknown: bool,
    pub(crate) last_resort: LastResort,
    pub(crate) hedge: Option<Hedge>,
    pub(crate) by_health: bool,
    pub(crate) require_all: bool,
}

impl Policy {
    /// No limits, no retries, no patience, no hedge; the primary is the last resort; every item is required.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            deadline: None,
            attempts: None,
            limits: Limits::NONE,
            retries: 0,
            backoff: Backoff::exponential(Duration::from_millis(200)),
            patience: Duration::ZERO,
            repeat_unknown: false,
            last_resort: LastResort::Primary,
            hedge: None,
            by_health: false,
            require_all: true,
        }
    }

    /// The call as a whole ends this long after it began. No attempt starts at or after it, no wait ends after it.
    #[must_use]
    pub const fn deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// When a call that began at `began` is over at the latest.
    #[must_use]
    pub fn ends(&self, began: Moment) -> Option<Moment> {
        self.deadline.map(|deadline| began.plus(deadline))
    }

    /// The most attempts of the whole call, over all candidates.
    #[must_use]
    pub const fn attempts(self, attempts: NonZeroU32) -> Self {
        Self { attempts: Some(attempts), ..self }
    }

    /// How long each attempt may take.
    #[must_use]
    pub const fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// How often each candidate may be asked again.
    #[must_use]
    pub const fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// The waits between attempts on one candidate.
    #[must_use]
    pub const fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// The longest wait that is worth it: where a retry would have to wait longer, the next candidate is asked at once.
    #[must_use]
    pub const fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Whether a request of unknown fate may be repeated on the same provider, at the risk of being billed twice.
    #[must_use]
    pub const fn repeat_unknown(self, allowed: bool) -> Self {
        Self { repeat_unknown: allowed, ..self }
    }

    /// Who is asked all the same when nobody could serve; the primary unless said.
    #[must_use]
    pub const fn last_resort(self, who: LastResort) -> Self {
        Self { last_resort: who, ..self }
    }

    /// Asks a second candidate before the first has failed; never unless said.
    #[must_use]
    pub const fn hedge(self, hedge: Hedge) -> Self {
        Self { hedge: Some(hedge), ..self }
    }

    /// Asks the healthiest candidates first, as the fleet's [`Health`](crate::Health) record has it, in place of the given
    /// order. One of which nothing is known counts as quick, and is tried.
    #[must_use]
    pub const fn by_health(self, on: bool) -> Self {
        Self { by_health: on, ..self }
    }

    /// Whether a batch of which some items stay unanswered has failed; it has unless said. If not, the call ends with what
    /// there is.
    #[must_use]
    pub const fn require_all(self, on: bool) -> Self {
        Self { require_all: on, ..self }
    }

    #[inline]
    pub(crate) fn limits_of<'a>(&'a self, candidate: &'a Candidate) -> &'a Limits {
        candidate.limits.as_ref().unwrap_or(&self.limits)
    }

    #[inline]
    pub(crate) fn retries_of(&self, candidate: &Candidate) -> u32 {
        candidate.retries.unwrap_or(self.retries)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
