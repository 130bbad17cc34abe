//! What all calls share: one circuit breaker per fault domain; where they are asked for, a record of latencies, of health, and a
//! retry budget.
//!
//! A [`Fleet`] is `Sync`, lock-free and used through `&`. Admission gives a [`Permit`] or says *not until when*; a permit ends exactly
//! once, with [`Fleet::end`]. A success on a healthy provider writes nothing that is shared.
//!
//! ```
//! use core::time::Duration;
//! use failover_core::{Breaker, Ending, Fleet, Moment, ProviderId};
//!
//! const LEASE: Duration = Duration::from_secs(10);
//! let fleet = Fleet::new(8, Breaker::new());
//! let weather = ProviderId::new(0);
//! let mut now = Moment::EPOCH;
//! for _ in 0..3 {
//!     let permit = fleet.admit(weather, LEASE, now).unwrap();
//!     fleet.end(permit, Ending::Failure, 42, now);
//! }
//! let refusal = fleet.admit(weather, LEASE, now).unwrap_err();
//! now = refusal.until.unwrap(); // not before 30 s have passed
//! let probe = fleet.admit(weather, LEASE, now).unwrap();
//! assert!(fleet.admit(weather, LEASE, now).is_err()); // one probe at a time
//! fleet.end(probe, Ending::Success, 42, now);
//! assert!(fleet.admit(weather, LEASE, now).is_ok());
//! ```

use alloc::boxed::Box;
use core::time::Duration;

use crate::atomic::{AtomicU64, Ordering};
use crate::breaker::{Breaker, CircuitState, Ending, Transition};
use crate::budget::{RetryBudget, Tokens};
use crate::circuit::{Circuit, State, Way};
use crate::health::{Charts, Health};
use crate::latency::{Histograms, Latency};
use crate::moment::Moment;
use crate::plan::ProviderId;
use crate::report::{Skip, Skipped};

/// The shared state of all calls.
#[derive(Debug)]
pub struct Fleet {
    slots: Box<[Slot]>,
    breaker: Breaker,
    latency: Option<Histograms>,
    health: Option<Charts>,
    budget: Option<Tokens>,
}

/// On a cache line of its own, so that two busy providers do not slow each other down.
#[repr(align(64))]
#[derive(Debug)]
struct Slot {
    circuit: AtomicU64,
    /// Where breaks grow: 8 bits how many came in a row, 56 bits when the breaker closed, in ms. Written by the thread that
    /// changed the state; one that is overtaken in between misjudges the length of a break, nothing else.
    breaks: AtomicU64,
}

/// The right to make one attempt, to be given back with [`Fleet::end`].
///
/// One that is lost is replaced when its lease ends.
#[derive(Debug)]
#[must_use = "a permit that is not ended blocks a probe until its lease ends"]
pub struct Permit(
    /// 16 bits provider, 16 bits epoch, the way: in one word, because three small fields are written apart and read
    /// together, which costs more than all the rest.
    u64,
);

impl Permit {
    #[inline]
    pub(crate) const fn new(provider: ProviderId, epoch: u16, way: Way) -> Self {
        Self(provider.slot() as u64 | (epoch as u64) << 16 | (way as u64) << 32)
    }

    #[inline]
    const fn provider(&self) -> ProviderId {
        ProviderId::new(self.0 as u16)
    }

    #[inline]
    pub(crate) const fn epoch(&self) -> u16 {
        (self.0 >> 16) as u16
    }

    #[inline]
    pub(crate) const fn way(&self) -> Way {
        match self.0 >> 32 {
            0 => Way::Closed,
            1 => Way::FirstProbe,
            2 => Way::Probe,
            _ => Way::LastResort,
        }
    }

    /// Whether this attempt decides if the breaker closes. A probe is not repeated.
    #[must_use]
    #[inline]
    pub const fn is_probe(&self) -> bool {
        self.way().is_probe()
    }

    /// The change of state that giving this permit caused, if any.
    #[must_use]
    #[inline]
    pub const fn transition(&self) -> Option<Transition> {
        match self.way() {
            Way::FirstProbe => Some(Transition::HalfOpened),
            Way::Closed | Way::Probe | Way::LastResort => None,
        }
    }
}

impl Fleet {
    /// Breakers for the fault domains 0 up to `slots`. A domain beyond them is always admitted.
    #[must_use]
    pub fn new(slots: usize, breaker: Breaker) -> Self {
        let new = |_| Slot { circuit: AtomicU64::new(Circuit::NEW.bits()), breaks: AtomicU64::new(0) };
        Self { slots: (0..slots).map(new).collect(), breaker, latency: None, health: None, budget: None }
    }

    /// Records how long answers take, for [`Hedge::after_percentile`](crate::Hedge::after_percentile).
    #[must_use]
    pub fn with_latency(self, latency: Latency) -> Self {
        Self { latency: Some(Histograms::new(latency, self.slots.len())), ..self }
    }

    /// Records success and latency, for [`Policy::by_health`](crate::Policy::by_health).
    #[must_use]
    pub fn with_health(self, health: Health) -> Self {
        Self { health: Some(Charts::new(health, self.slots.len())), ..self }
    }

    /// Limits repeats and hedges.
    #[must_use]
    pub fn with_budget(self, budget: RetryBudget) -> Self {
        Self { budget: Some(Tokens::new(budget)), ..self }
    }

    /// The number of fault domains that have a breaker.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    // Relaxed everywhere in this file: the word is the whole state and guards no other memory, and the atomicity of each
    // exchange gives all threads one order of its changes.

    #[inline]
    fn load(&self, provider: ProviderId) -> Option<(&Slot, Circuit)> {
        let slot = self.slots.get(provider.slot())?;
        Some((slot, Circuit::from_bits(slot.circuit.load(Ordering::Relaxed))))
    }

    /// The present state of a provider's breaker, without asking anything of it.
    #[must_use]
    pub fn state(&self, provider: ProviderId, now: Moment) -> CircuitState {
        match self.load(provider).map(|(_, circuit)| circuit.state()) {
            None | Some(State::Closed { .. }) => CircuitState::Closed,
            Some(State::Open { until }) if now.millis() < until => {
                CircuitState::Open(Moment::from_millis(until))
            }
            Some(State::Open { .. } | State::HalfOpen { .. }) => CircuitState::HalfOpen,
            Some(State::Forced { open: true }) => CircuitState::ForcedOpen,
            Some(State::Forced { open: false }) => CircuitState::ForcedClosed,
        }
    }

    /// Nothing goes through to `provider` any more, not even as the last resort, until [`Fleet::release`].
    pub fn force_open(&self, provider: ProviderId) {
        self.force(provider, Some(true));
    }

    /// Everything goes through to `provider`, however it fails, until [`Fleet::release`].
    pub fn force_closed(&self, provider: ProviderId) {
        self.force(provider, Some(false));
    }

    /// The breaker of `provider` judges for itself again, as if it were new.
    pub fn release(&self, provider: ProviderId) {
        self.force(provider, None);
    }

    fn force(&self, provider: ProviderId, open: Option<bool>) {
        let Some((slot, mut circuit)) = self.load(provider) else { return };
        while let Err(present) = exchange(&slot.circuit, circuit, circuit.forced(open)) {
            circuit = present;
        }
        slot.breaks.store(0, Ordering::Relaxed);
    }

    /// The time within which `percent` of the recent answers of `provider` came; nothing if the record is off or holds
    /// too few.
    #[must_use]
    pub fn latency(&self, provider: ProviderId, percent: u8, now: Moment) -> Option<Duration> {
        let record = self.latency.as_ref()?;
        record.each.get(provider.slot())?.percentile(percent, &record.settings, now)
    }

    /// A logical request begins.
    #[inline]
    pub(crate) fn deposit(&self, now: Moment) {
        if let Some(budget) = &self.budget {
            budget.deposit(now);
        }
    }

    /// Whether an extra attempt can be afforded; if so, it is paid for.
    #[inline]
    pub(crate) fn affords_extra(&self, now: Moment) -> bool {
        self.budget.as_ref().is_none_or(|budget| budget.withdraw(now))
    }

    /// An answer came or began after so long, or was given up then, without having begun.
    #[inline]
    pub(crate) fn note_latency(&self, provider: ProviderId, took: Duration, seed: u64, now: Moment) {
        if let Some(record) = &self.latency
            && let Some(histogram) = record.each.get(provider.slot())
        {
            histogram.record(took, &record.settings, seed, now);
        }
    }

    /// An attempt succeeded or failed, whose answer took so long or began after it.
    #[inline]
    pub(crate) fn note_health(&self, provider: ProviderId, failed: bool, took: Duration, now: Moment) {
        if let Some(charts) = &self.health {
            charts.note(provider.slot(), failed, took, now);
        }
    }

    /// The lower, the healthier; all alike if the record is off.
    pub(crate) fn rank(&self, provider: ProviderId, now: Moment) -> u64 {
        self.health.as_ref().map_or(0, |charts| charts.rank(provider.slot(), now))
    }

    /// The longest an answer may take without counting against its provider.
    #[inline]
    pub(crate) const fn slow(&self) -> Option<Duration> {
        self.breaker.slow
    }

    /// Asks for one attempt on `provider`. If it is a probe, it must report within `lease`, or its place is given away.
    ///
    /// # Errors
    ///
    /// The breaker refuses; the refusal says why and until when.
    #[inline]
    pub fn admit(&self, provider: ProviderId, lease: Duration, now: Moment) -> Result<Permit, Skipped> {
        let Some((slot, circuit)) = self.load(provider) else {
            return Ok(Permit::new(provider, 0, Way::Closed));
        };
        match circuit.state() {
            State::Closed { .. } => Ok(Permit::new(provider, circuit.epoch(), Way::Closed)),
            State::Open { until } if now.millis() < until => {
                Err(Skipped::until_millis(Skip::CircuitOpen, until))
            }
            State::Open { .. } | State::HalfOpen { .. } | State::Forced { .. } => {
                self.admit_carefully(provider, &slot.circuit, circuit, lease, now)
            }
        }
    }

    #[cold]
    fn admit_carefully(
        &self,
        provider: ProviderId,
        word: &AtomicU64,
        mut circuit: Circuit,
        lease: Duration,
        now: Moment,
    ) -> Result<Permit, Skipped> {
        loop {
            let (next, way) = circuit.admit(lease, now, &self.breaker)?;
            match exchange(word, circuit, next) {
                Ok(()) => return Ok(Permit::new(provider, next.epoch(), way)),
                Err(present) => circuit = present,
            }
        }
    }

    /// A permit past a breaker that refuses, because nobody else could serve. Its success heals the breaker like that of a
    /// probe. Its failure leaves an open or half-open breaker as it is, but for a moment that the provider names.
    #[inline]
    pub fn admit_last_resort(&self, provider: ProviderId) -> Permit {
        let epoch = self.load(provider).map_or(0, |(_, circuit)| circuit.epoch());
        Permit::new(provider, epoch, Way::LastResort)
    }

    /// Ends a permit, and returns the change of state that this caused. `seed` spreads the end of a break.
    #[inline]
    pub fn end(&self, permit: Permit, ending: Ending, seed: u64, now: Moment) -> Option<Transition> {
        let (slot, circuit) = self.load(permit.provider())?;
        if matches!(ending, Ending::Success) && circuit.is_clean() {
            return None;
        }
        self.end_carefully(permit, slot, circuit, ending, seed, now)
    }

    #[cold]
    fn end_carefully(
        &self,
        permit: Permit,
        slot: &Slot,
        mut circuit: Circuit,
        ending: Ending,
        seed: u64,
        now: Moment,
    ) -> Option<Transition> {
        loop {
            let earlier = self.earlier_breaks(slot, circuit, now);
            let break_end = || self.breaker.break_end(earlier, seed, now);
            let (next, transition) =
                circuit.end((permit.way(), permit.epoch()), ending, break_end, now, &self.breaker)?;
            match exchange(&slot.circuit, circuit, next) {
                Ok(()) => {
                    let own = circuit.breaks(permit.way(), ending, &self.breaker);
                    self.count_breaks(slot, earlier, own, transition, now);
                    return transition;
                }
                Err(present) => circuit = present,
            }
        }
    }

    /// How many breaks came in a row before one that would begin now.
    fn earlier_breaks(&self, slot: &Slot, circuit: Circuit, now: Moment) -> u8 {
        let Some(stable) = self.breaker.stable_after() else { return 0 };
        let breaks = slot.breaks.load(Ordering::Relaxed);
        let closed = Moment::from_millis(breaks >> 8);
        let is_stable = matches!(circuit.state(), State::Closed { .. }) && now.since(closed) >= stable;
        if is_stable { 0 } else { breaks as u8 }
    }

    /// Keeps count of the breaks in a row: of our `own`, as a moment that the provider named says nothing about how long they
    /// should be.
    fn count_breaks(&self, slot: &Slot, earlier: u8, own: bool, caused: Option<Transition>, now: Moment) {
        if self.breaker.stable_after().is_none() {
            return;
        }
        let closed = slot.breaks.load(Ordering::Relaxed) >> 8;
        let breaks = match caused {
            Some(Transition::Opened(_)) => closed << 8 | u64::from(earlier.saturating_add(own.into())),
            Some(Transition::Closed) => now.millis() << 8 | u64::from(earlier),
            Some(Transition::HalfOpened) | None => return,
        };
        slot.breaks.store(breaks, Ordering::Relaxed);
    }
}

impl Default for Fleet {
    /// 256 domains, the default breaker.
    fn default() -> Self {
        Self::new(256, Breaker::new())
    }
}

fn exchange(word: &AtomicU64, from: Circuit, to: Circuit) -> Result<(), Circuit> {
    word.compare_exchange_weak(from.bits(), to.bits(), Ordering::Relaxed, Ordering::Relaxed)
        .map(drop)
        .map_err(Circuit::from_bits)
}
