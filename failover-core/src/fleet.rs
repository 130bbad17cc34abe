//! What all calls share: one circuit breaker per fault domain.
//!
//! A [`Fleet`] is `Sync` and used through `&`. Admission gives a [`Permit`] or says *not until when*; a permit ends exactly
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
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::breaker::{Breaker, CircuitState, Ending, Transition};
use crate::circuit::{Circuit, State, Way};
use crate::moment::Moment;
use crate::plan::ProviderId;
use crate::report::Skipped;

/// The shared state of all calls.
#[derive(Debug)]
pub struct Fleet {
    slots: Box<[Slot]>,
    breaker: Breaker,
}

/// On a cache line of its own, so that two busy providers do not slow each other down.
#[repr(align(64))]
#[derive(Debug)]
struct Slot(AtomicU64);

/// The right to make one attempt, to be given back with [`Fleet::end`].
///
/// One that is lost is replaced when its lease ends.
#[derive(Debug)]
#[must_use = "a permit that is not ended blocks a probe until its lease ends"]
pub struct Permit {
    provider: ProviderId,
    epoch: u16,
    way: Way,
}

impl Permit {
    /// Whether this attempt decides if the breaker closes. A probe is not repeated.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        matches!(self.way, Way::FirstProbe | Way::Probe)
    }

    /// The change of state that giving this permit caused, if any.
    #[must_use]
    pub const fn transition(&self) -> Option<Transition> {
        match self.way {
            Way::FirstProbe => Some(Transition::HalfOpened),
            Way::Closed | Way::Probe | Way::LastResort => None,
        }
    }
}

impl Fleet {
    /// Breakers for the fault domains 0 up to `slots`. A domain beyond them is always admitted.
    #[must_use]
    pub fn new(slots: usize, breaker: Breaker) -> Self {
        let slots = (0..slots).map(|_| Slot(AtomicU64::new(Circuit::NEW.bits()))).collect();
        Self { slots, breaker }
    }

    /// The number of fault domains that have a breaker.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    // Relaxed everywhere in this file: the word is the whole state and guards no other memory, and the atomicity of each
    // exchange gives all threads one order of its changes.

    fn load(&self, provider: ProviderId) -> Option<(&AtomicU64, Circuit)> {
        let word = &self.slots.get(provider.slot())?.0;
        Some((word, Circuit::from_bits(word.load(Ordering::Relaxed))))
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
        }
    }

    /// Asks for one attempt on `provider`. If it is a probe, it must report within `lease`, or its place is given away.
    ///
    /// # Errors
    ///
    /// The breaker refuses; the refusal says why and until when.
    #[inline]
    pub fn admit(&self, provider: ProviderId, lease: Duration, now: Moment) -> Result<Permit, Skipped> {
        match self.load(provider) {
            Some((word, circuit)) if !matches!(circuit.state(), State::Closed { .. }) => {
                self.admit_carefully(provider, word, circuit, lease, now)
            }
            Some((_, circuit)) => Ok(Permit { provider, epoch: circuit.epoch(), way: Way::Closed }),
            None => Ok(Permit { provider, epoch: 0, way: Way::Closed }),
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
                Ok(()) => return Ok(Permit { provider, epoch: next.epoch(), way }),
                Err(present) => circuit = present,
            }
        }
    }

    /// A permit past a breaker that refuses, because nobody else could serve. Its success heals the breaker like that of
    /// a probe; its failure changes nothing.
    pub fn admit_last_resort(&self, provider: ProviderId) -> Permit {
        let epoch = self.load(provider).map_or(0, |(_, circuit)| circuit.epoch());
        Permit { provider, epoch, way: Way::LastResort }
    }

    /// Ends a permit, and returns the change of state that this caused. `seed` spreads the end of a break.
    #[inline]
    pub fn end(&self, permit: Permit, ending: Ending, seed: u64, now: Moment) -> Option<Transition> {
        let (word, circuit) = self.load(permit.provider)?;
        if matches!(ending, Ending::Success) && circuit.is_clean() {
            return None;
        }
        self.end_carefully(permit, word, circuit, ending, seed, now)
    }

    #[cold]
    fn end_carefully(
        &self,
        permit: Permit,
        word: &AtomicU64,
        mut circuit: Circuit,
        ending: Ending,
        seed: u64,
        now: Moment,
    ) -> Option<Transition> {
        loop {
            let (next, transition) =
                circuit.end((permit.way, permit.epoch), ending, seed, now, &self.breaker)?;
            match exchange(word, circuit, next) {
                Ok(()) => return transition,
                Err(present) => circuit = present,
            }
        }
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
