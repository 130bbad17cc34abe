//! The rules of the breaker as one would tell them, without packing, atomics or a clock. Times are in microseconds.

use core::num::NonZeroU8;
use std::collections::VecDeque;
use std::time::Duration;

use failover_core::{Breaker, CircuitState, Ending, Moment, Transition};

pub(crate) fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

pub(crate) fn at(micros: u64) -> Moment {
    Moment::after_epoch(us(micros))
}

/// A breaker counts in milliseconds, and never lets anybody through early.
fn whole(micros: u64) -> u64 {
    micros.div_ceil(1_000) * 1_000
}

const SECOND: u64 = 1_000_000;

/// What each permit stands for, in the naive breaker's books.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slip {
    pub(crate) epoch: u32,
    pub(crate) probe: bool,
}

#[derive(Clone, Debug)]
enum State {
    /// The latest attempts, `true` for a failure, and since when.
    Closed {
        latest: VecDeque<bool>,
        since: u64,
    },
    Open {
        until: u64,
    },
    HalfOpen {
        probes: u8,
        successes: u8,
        lease: u64,
    },
    Forced {
        open: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) failures: u8,
    pub(crate) among: u8,
    pub(crate) pause: u64,
    pub(crate) longest: u64,
    pub(crate) probes: u8,
    pub(crate) successes: u8,
}

impl Rules {
    pub(crate) fn breaker(&self) -> Breaker {
        let number = |n| NonZeroU8::new(n).expect("drawn from 1 up");
        Breaker::new()
            .failures(number(self.failures))
            .among(number(self.among))
            .pause(us(self.pause))
            .growing_to(us(self.longest))
            .probes(number(self.probes))
            .successes(number(self.successes))
            .jitter_percent(0)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Naive {
    rules: Rules,
    state: State,
    pub(crate) epoch: u32,
    /// Breaks in a row.
    breaks: u32,
}

impl Naive {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self { rules, state: State::Closed { latest: VecDeque::new(), since: 0 }, epoch: 0, breaks: 0 }
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }

    pub(crate) fn admit(&mut self, lease: u64, now: u64) -> Result<Slip, Option<u64>> {
        let most = self.rules.probes;
        let lease = whole(now + lease);
        let probe = match &mut self.state {
            State::Closed { .. } | State::Forced { open: false } => false,
            State::Forced { open: true } => return Err(None),
            State::Open { until } if now < *until => return Err(Some(*until)),
            State::Open { .. } => {
                self.turn(State::HalfOpen { probes: 1, successes: 0, lease });
                true
            }
            State::HalfOpen { lease: end, successes, .. } if now >= *end => {
                let successes = *successes;
                self.turn(State::HalfOpen { probes: 1, successes, lease });
                true
            }
            State::HalfOpen { probes, lease: end, .. } if *probes < most => {
                *probes += 1;
                *end = (*end).max(lease);
                true
            }
            State::HalfOpen { lease, .. } => return Err(Some(*lease)),
        };
        Ok(Slip { epoch: self.epoch, probe })
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Nobody asks this one whether he may.
    pub(crate) const fn last_resort(&self) -> Slip {
        Slip { epoch: self.epoch, probe: false }
    }

    pub(crate) fn force(&mut self, open: Option<bool>, now: u64) {
        self.turn(match open {
            Some(open) => State::Forced { open },
            None => State::Closed { latest: VecDeque::new(), since: now },
        });
        self.breaks = 0;
    }

    fn close(&mut self, now: u64) -> Option<Transition> {
        self.turn(State::Closed { latest: VecDeque::new(), since: now - now % 1_000 });
        Some(Transition::Closed)
    }

    /// Whether it has been closed for so long that its breaks are forgotten.
    pub(crate) fn is_stable(&self, now: u64) -> bool {
        matches!(self.state, State::Closed { since, .. } if now - since >= self.rules.longest)
    }

    fn open(&mut self, own: bool, hint: Option<u64>, now: u64) -> Option<Transition> {
        if self.is_stable(now) {
            self.breaks = 0;
        }
        let Rules { pause, longest, .. } = self.rules;
        let length = pause.saturating_mul(1_u64 << self.breaks.min(40)).min(longest);
        let until = whole(if own { (now + length).max(hint.unwrap_or(0)) } else { hint.unwrap_or(0) });
        // A moment that the provider named says nothing on how long our own breaks should be.
        self.breaks += u32::from(own);
        self.turn(State::Open { until });
        Some(Transition::Opened(at(until)))
    }

    pub(crate) fn end(&mut self, slip: Slip, ending: Ending, now: u64) -> Option<Transition> {
        let hint = match ending {
            Ending::OpenUntil(hint) | Ending::FailureUntil(hint) | Ending::TripUntil(hint) => {
                let hint = u64::try_from(hint.since_epoch().as_micros()).expect("soon");
                Some(hint.clamp(now + SECOND, now + 86_400 * SECOND))
            }
            _ => None,
        };
        if let (State::Open { until }, Some(hint)) = (&mut self.state, hint) {
            *until = whole(hint).max(*until);
            return None;
        }
        if slip.epoch != self.epoch {
            return None;
        }
        let trips = matches!(ending, Ending::Trip | Ending::TripUntil(_));
        let bad = trips || matches!(ending, Ending::Failure | Ending::FailureUntil(_));
        let good = ending == Ending::Success;
        match &mut self.state {
            State::Forced { .. } => None,
            State::Closed { latest, .. } => {
                if bad || good {
                    latest.push_back(bad);
                    if latest.len() > self.rules.among.into() {
                        latest.pop_front();
                    }
                }
                let failed = latest.iter().filter(|failed| **failed).count();
                let own = trips || (bad && failed >= self.rules.failures.into());
                if own || hint.is_some() { self.open(own, hint, now) } else { None }
            }
            State::Open { .. } if good && self.rules.successes == 1 => self.close(now),
            State::Open { .. } if good => {
                let lease = now - now % 1_000;
                self.turn(State::HalfOpen { probes: 0, successes: 1, lease });
                Some(Transition::HalfOpened)
            }
            State::Open { .. } => None,
            State::HalfOpen { .. } if bad && slip.probe => self.open(true, hint, now),
            State::HalfOpen { .. } if hint.is_some() => self.open(false, hint, now),
            State::HalfOpen { .. } if bad => None,
            State::HalfOpen { probes, successes, .. } => {
                *probes -= u8::from(slip.probe);
                *successes += u8::from(good);
                if *successes >= self.rules.successes { self.close(now) } else { None }
            }
        }
    }

    pub(crate) fn shown(&self, now: u64) -> CircuitState {
        match self.state {
            State::Closed { .. } => CircuitState::Closed,
            State::Open { until } if now < until => CircuitState::Open(at(until)),
            State::Open { .. } | State::HalfOpen { .. } => CircuitState::HalfOpen,
            State::Forced { open: true } => CircuitState::ForcedOpen,
            State::Forced { open: false } => CircuitState::ForcedClosed,
        }
    }
}
