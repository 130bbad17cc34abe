//! The settings of an adapter's `Calls`, the same for all of them.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use failover_core::{
    Backoff, Breaker, Fleet, Health, Hedge, LastResort, Latency, Limits, Policy, RetryBudget,
};

use super::names::SLOTS;
use super::roster::{PATIENCE, Roster};
use super::setting::SettingError;
use crate::observe::{Event, Listeners, OnEvent};
use crate::preset::Preset;

/// Makes an adapter's `Calls` of what was set.
pub trait FromRoster: Sized {
    /// With the adapter's own clock.
    fn from_roster(roster: Roster) -> Self;
}

/// Builds an adapter's `Calls`, which has it as `Calls::builder()`.
#[must_use = "nothing is built before build()"]
pub struct Builder<C> {
    policy: Policy,
    deadline: Option<Duration>,
    timeout: Option<Duration>,
    breaker: Breaker,
    hedged: bool,
    latency: Option<Latency>,
    health: Option<Health>,
    budget: Option<RetryBudget>,
    on_event: Option<OnEvent>,
    built: PhantomData<fn() -> C>,
}

impl<C: FromRoster> Builder<C> {
    /// The defaults: no retries, no limits, 3 s patience; a breaker that opens after three failures in a row, for 30 s.
    pub const fn new() -> Self {
        Self {
            policy: Policy::new().patience(PATIENCE),
            deadline: None,
            timeout: None,
            breaker: Breaker::new(),
            hedged: false,
            latency: None,
            health: None,
            budget: None,
            on_event: None,
            built: PhantomData,
        }
    }

    fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Limits and retries for a kind of work, to begin with: what is said after it goes over it. `Interactive`: 30 s in all, 10 s
    /// for an attempt, no retries, no waits. `Batch`: 1 h in all, 10 min for an attempt, two retries that are 30 s apart. The
    /// reasons stand at [`Preset`].
    pub fn preset(self, preset: Preset) -> Self {
        let seconds = Duration::from_secs;
        match preset {
            Preset::Interactive => {
                self.deadline(seconds(30)).timeout(seconds(10)).retries(0).patience(Duration::ZERO)
            }
            Preset::Batch => {
                let waits = Backoff::constant(seconds(30)).cap(seconds(30));
                let waiting = self.deadline(seconds(3_600)).timeout(seconds(600)).retries(2).backoff(waits);
                waiting.patience(seconds(30))
            }
        }
    }

    /// How often each provider may be asked again before the next one is; never unless said.
    pub fn retries(self, retries: u32) -> Self {
        let policy = self.policy.retries(retries);
        self.policy(policy)
    }

    /// The waits between attempts on one provider: exponential from 200 ms up to 30 s with full jitter, unless said.
    pub fn backoff(self, backoff: Backoff) -> Self {
        let policy = self.policy.backoff(backoff);
        self.policy(policy)
    }

    /// The longest wait for a retry that is worth it; 3 s unless said. Where one would have to wait longer, for the backoff or
    /// because the provider wants to be left alone, the next provider is asked at once.
    pub fn patience(self, patience: Duration) -> Self {
        let policy = self.policy.patience(patience);
        self.policy(policy)
    }

    /// Whether a request of unknown fate, a time limit that passed above all, may be repeated on the same provider, at the
    /// risk of being done and billed twice; it may not unless said. The next provider is asked either way.
    pub fn repeat_unknown(self, allowed: bool) -> Self {
        let policy = self.policy.repeat_unknown(allowed);
        self.policy(policy)
    }

    /// The call as a whole ends this long after it began; without limit unless said. No attempt starts and no wait ends after
    /// it.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// How long one attempt may take; without limit unless said.
    ///
    /// An async adapter drops the attempt's future then. A blocking one cannot stop a function: in its thread, it is not
    /// waited for any longer; within the caller's own, its answer is used however late it comes, and counts as a
    /// failure of its provider for the breaker, unless [`Breaker::slow`] allows more.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// The most attempts of a whole call, over all providers; without limit unless said.
    pub fn attempts(self, attempts: NonZeroU32) -> Self {
        let policy = self.policy.attempts(attempts);
        self.policy(policy)
    }

    /// When a provider is left alone, and for how long: after three failures in a row, for 30 s and a little, unless said.
    pub fn breaker(self, breaker: Breaker) -> Self {
        Self { breaker, ..self }
    }

    /// Asks the next provider before the present one has failed; never unless said. [`Hedge::race`] asks all at once. A
    /// blocking adapter does so only where each attempt has a thread.
    pub fn hedge(self, hedge: Hedge) -> Self {
        let policy = self.policy.hedge(hedge);
        Self { hedged: true, ..self.policy(policy) }
    }

    /// Asks the healthiest provider first, in place of the given order: fewer failures lately, then the quicker one.
    pub fn by_health(self, health: Health) -> Self {
        let policy = self.policy.by_health(true);
        Self { health: Some(health), ..self.policy(policy) }
    }

    /// The record of latencies that [`Hedge::after_percentile`] reads; with a hedge, the core's default unless said.
    pub fn latency(self, latency: Latency) -> Self {
        Self { latency: Some(latency), ..self }
    }

    /// Limits retries and hedges of all calls together; unlimited unless said.
    pub fn budget(self, budget: RetryBudget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// Who is asked all the same when every breaker refuses: the first provider of the list, unless said.
    pub fn last_resort(self, who: LastResort) -> Self {
        let policy = self.policy.last_resort(who);
        self.policy(policy)
    }

    /// Called with everything that happens, as it happens: see [`observe`](crate::observe). A panic in it is caught.
    pub fn on_event(self, on_event: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self { on_event: Some(Arc::new(on_event)), ..self }
    }

    /// Checks the settings and builds.
    ///
    /// # Errors
    ///
    /// A setting makes no sense; the error names it, and the cure.
    pub fn build(self) -> Result<C, SettingError> {
        let mut policy = self.policy;
        let mut breaker = self.breaker;
        if let Some(deadline) = self.deadline {
            policy = policy.deadline(some_time("deadline", deadline)?);
        }
        if let Some(timeout) = self.timeout {
            policy = policy.limits(Limits::NONE.with_total(some_time("timeout", timeout)?));
            breaker = breaker.slow(breaker.slow_limit().unwrap_or(timeout));
        }
        if let Some(slow) = breaker.slow_limit() {
            some_time("breaker.slow", slow)?;
        }
        let mut fleet = Fleet::new(SLOTS.into(), breaker);
        if let Some(latency) = self.latency.or(self.hedged.then(Latency::new)) {
            fleet = fleet.with_latency(latency);
        }
        if let Some(health) = self.health {
            fleet = fleet.with_health(health);
        }
        if let Some(budget) = self.budget {
            fleet = fleet.with_budget(budget);
        }
        Ok(C::from_roster(Roster::new(policy, fleet, Listeners::of(self.on_event))))
    }
}

/// A limit that is no time at all is a mistake, not a wish.
fn some_time(field: &'static str, limit: Duration) -> Result<Duration, SettingError> {
    if limit.is_zero() {
        return Err(SettingError::new(field, "is zero: give it some time, or leave it out for no limit"));
    }
    Ok(limit)
}

impl<C: FromRoster> Default for Builder<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, deadline, timeout, breaker, latency, health, budget, .. } = self;
        f.debug_struct("Builder")
            .field("policy", policy)
            .field("deadline", deadline)
            .field("timeout", timeout)
            .field("breaker", breaker)
            .field("latency", latency)
            .field("health", health)
            .field("budget", budget)
            .finish_non_exhaustive()
    }
}
