//! The state of one breaker, and every way from one state to the next, as pure functions.
//!
//! The whole state is one 64-bit word, so that it changes atomically and reading it costs one load:
//!
//! | state | bits 0-1 | 2-17 | 18-20 | 21-23 | 24-63 |
//! |---|---|---|---|---|---|
//! | closed | 0 | epoch | the latest 32 attempts, newest in bit 18, 1 is a failure | | |
//! | open | 1 | epoch | | | until when, in ms |
//! | half-open | 2 | epoch | probes in flight | successes | end of the lease, in ms |
//! | forced | 3 | epoch | 1 open, 0 closed | | |

use core::time::Duration;

use crate::breaker::{Breaker, Ending, Transition};
use crate::moment::Moment;
use crate::report::{Skip, Skipped};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Circuit(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Closed { window: u32 },
    Open { until: u64 },
    HalfOpen { in_flight: u8, successes: u8, lease: u64 },
    Forced { open: bool },
}

/// How a permit was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Closed = 0,
    /// The probe that made the breaker half-open.
    FirstProbe = 1,
    Probe = 2,
    /// Past a breaker that refused.
    LastResort = 3,
}

impl Way {
    pub(crate) const fn is_probe(self) -> bool {
        matches!(self, Self::FirstProbe | Self::Probe)
    }
}

const TAG: u64 = 0b11;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
const FORCED: u64 = 3;
const EPOCH_SHIFT: u32 = 2;
const EPOCH: u64 = 0xFFFF << EPOCH_SHIFT;
const WINDOW_SHIFT: u32 = 18;
const IN_FLIGHT_SHIFT: u32 = 18;
const SUCCESSES_SHIFT: u32 = 21;
const TIME_SHIFT: u32 = 24;
/// 2^40 ms are 34 years after the driver's epoch.
const LATEST: u64 = (1 << 40) - 1;

/// Server hints are read as at least this: else the epochs would cycle at the rate of the requests.
pub(crate) const SHORTEST_HINT: Duration = Duration::from_secs(1);
/// And as at most this: a provider that says "in a year" has made a mistake.
pub(crate) const LONGEST_HINT: Duration = Duration::from_secs(24 * 60 * 60);

impl Circuit {
    pub(crate) const NEW: Self = Self(0);

    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    fn new(epoch: u16, state: State) -> Self {
        let epoch = u64::from(epoch) << EPOCH_SHIFT;
        Self(match state {
            State::Closed { window } => epoch | u64::from(window) << WINDOW_SHIFT,
            State::Forced { open } => FORCED | epoch | u64::from(open) << WINDOW_SHIFT,
            State::Open { until } => OPEN | epoch | until.min(LATEST) << TIME_SHIFT,
            State::HalfOpen { in_flight, successes, lease } => {
                HALF_OPEN
                    | epoch
                    | u64::from(in_flight) << IN_FLIGHT_SHIFT
                    | u64::from(successes) << SUCCESSES_SHIFT
                    | lease.min(LATEST) << TIME_SHIFT
            }
        })
    }

    #[inline]
    pub(crate) const fn state(self) -> State {
        match self.0 & TAG {
            OPEN => State::Open { until: self.0 >> TIME_SHIFT },
            HALF_OPEN => State::HalfOpen {
                in_flight: (self.0 >> IN_FLIGHT_SHIFT) as u8 & 0b111,
                successes: (self.0 >> SUCCESSES_SHIFT) as u8 & 0b111,
                lease: self.0 >> TIME_SHIFT,
            },
            FORCED => State::Forced { open: self.0 >> WINDOW_SHIFT != 0 },
            _ => State::Closed { window: (self.0 >> WINDOW_SHIFT) as u32 },
        }
    }

    #[inline]
    pub(crate) const fn epoch(self) -> u16 {
        (self.0 >> EPOCH_SHIFT) as u16
    }

    /// Closed, and no failure in sight: a success has nothing to write.
    #[inline]
    pub(crate) const fn is_clean(self) -> bool {
        self.0 & !EPOCH == 0
    }

    fn same_epoch(self, state: State) -> Self {
        Self::new(self.epoch(), state)
    }

    fn next_epoch(self, state: State) -> Self {
        Self::new(self.epoch().wrapping_add(1), state)
    }

    /// Lets an attempt through, which must report within `lease`, or says why not and until when.
    pub(crate) fn admit(
        self,
        lease: Duration,
        now: Moment,
        breaker: &Breaker,
    ) -> Result<(Self, Way), Skipped> {
        let lease_end = || now.plus(lease).ceil_millis().min(LATEST);
        match self.state() {
            State::Closed { .. } | State::Forced { open: false } => Ok((self, Way::Closed)),
            State::Forced { open: true } => Err(Skipped { why: Skip::ForcedOpen, until: None }),
            State::Open { until } if now.millis() < until => {
                Err(Skipped::until_millis(Skip::CircuitOpen, until))
            }
            State::Open { .. } => {
                let probing = State::HalfOpen { in_flight: 1, successes: 0, lease: lease_end() };
                Ok((self.next_epoch(probing), Way::FirstProbe))
            }
            // The probes in flight are lost: a new epoch makes sure that a late one does not count twice.
            State::HalfOpen { successes, lease, .. } if now.millis() >= lease => {
                let probing = State::HalfOpen { in_flight: 1, successes, lease: lease_end() };
                Ok((self.next_epoch(probing), Way::Probe))
            }
            State::HalfOpen { in_flight, successes, lease } if in_flight < breaker.probes => {
                let lease = lease.max(lease_end());
                let probing = State::HalfOpen { in_flight: in_flight + 1, successes, lease };
                Ok((self.same_epoch(probing), Way::Probe))
            }
            State::HalfOpen { lease, .. } => Err(Skipped::until_millis(Skip::Probing, lease)),
        }
    }

    /// The state after an attempt let through by `way` in `epoch` has ended so; `None` where nothing changes. A break that
    /// begins by it lasts until `break_end`.
    pub(crate) fn end(
        self,
        (way, epoch): (Way, u16),
        ending: Ending,
        break_end: impl Fn() -> Moment,
        now: Moment,
        breaker: &Breaker,
    ) -> Option<(Self, Option<Transition>)> {
        let hint = match ending {
            Ending::OpenUntil(hint) | Ending::FailureUntil(hint) | Ending::TripUntil(hint) => {
                Some(hint.max(now.plus(SHORTEST_HINT)).min(now.plus(LONGEST_HINT)))
            }
            Ending::Success | Ending::Failure | Ending::Trip | Ending::Ignored | Ending::Cancelled => None,
        };
        if let (State::Open { until }, Some(hint)) = (self.state(), hint) {
            // Whatever the epoch: what the provider asked for is a promise to keep, not evidence to weigh.
            let hint = hint.ceil_millis();
            return (hint.min(LATEST) > until).then(|| (self.same_epoch(State::Open { until: hint }), None));
        }
        if epoch != self.epoch() {
            return None;
        }
        if self.breaks(way, ending, breaker) {
            return Some(self.opened(hint.map_or_else(&break_end, |hint| hint.max(break_end()))));
        }
        match (self.state(), ending) {
            (State::Closed { window: 0 }, Ending::Success) => None,
            (State::Closed { window }, Ending::Success) => {
                // In a row means that one success wipes the slate; among more, it is one among them.
                let window = if breaker.window() == breaker.failures { 0 } else { slid(window, 0, breaker) };
                Some((self.same_epoch(State::Closed { window }), None))
            }
            (State::Closed { window }, Ending::Failure) => {
                Some((self.same_epoch(State::Closed { window: slid(window, 1, breaker) }), None))
            }
            // The last resort served although the breaker was open: as good as a probe.
            (State::Open { .. }, Ending::Success) => Some(self.healed_by_one(0, 0, now.millis(), breaker)),
            (State::HalfOpen { in_flight, successes, lease }, Ending::Success) => {
                let in_flight = in_flight - u8::from(way.is_probe());
                Some(self.healed_by_one(in_flight, successes, lease, breaker))
            }
            // Not enough for a break, or no probe's business: only what the provider asked for.
            (
                State::Closed { .. } | State::HalfOpen { .. },
                Ending::OpenUntil(_) | Ending::FailureUntil(_) | Ending::TripUntil(_),
            ) => hint.map(|hint| self.opened(hint)),
            (State::HalfOpen { in_flight, successes, lease }, Ending::Ignored | Ending::Cancelled)
                if way.is_probe() =>
            {
                let in_flight = in_flight - 1;
                Some((self.same_epoch(State::HalfOpen { in_flight, successes, lease }), None))
            }
            (
                State::Closed { .. } | State::HalfOpen { .. } | State::Open { .. } | State::Forced { .. },
                _,
            ) => None,
        }
    }

    /// Whether an attempt that ends so begins a break of our own, whatever the provider asks for besides.
    pub(crate) fn breaks(self, way: Way, ending: Ending, breaker: &Breaker) -> bool {
        let trips = matches!(ending, Ending::Trip | Ending::TripUntil(_));
        let fails = trips || matches!(ending, Ending::Failure | Ending::FailureUntil(_));
        match self.state() {
            State::Closed { window } => {
                trips || (fails && slid(window, 1, breaker).count_ones() >= breaker.failures.into())
            }
            State::HalfOpen { .. } => fails && way.is_probe(),
            State::Open { .. } | State::Forced { .. } => false,
        }
    }

    /// Forced open or closed, or released: then it is as new.
    pub(crate) fn forced(self, open: Option<bool>) -> Self {
        self.next_epoch(open.map_or(State::Closed { window: 0 }, |open| State::Forced { open }))
    }

    fn opened(self, until: Moment) -> (Self, Option<Transition>) {
        let until = until.ceil_millis();
        (self.next_epoch(State::Open { until }), Some(Transition::Opened(Moment::from_millis(until))))
    }

    fn healed_by_one(
        self,
        in_flight: u8,
        successes: u8,
        lease: u64,
        breaker: &Breaker,
    ) -> (Self, Option<Transition>) {
        if successes + 1 >= breaker.successes {
            return (self.next_epoch(State::Closed { window: 0 }), Some(Transition::Closed));
        }
        let half_open = State::HalfOpen { in_flight, successes: successes + 1, lease };
        match self.state() {
            State::Open { .. } => (self.next_epoch(half_open), Some(Transition::HalfOpened)),
            State::Closed { .. } | State::HalfOpen { .. } | State::Forced { .. } => {
                (self.same_epoch(half_open), None)
            }
        }
    }
}

/// The window after one more attempt.
const fn slid(window: u32, newest: u32, breaker: &Breaker) -> u32 {
    (window << 1 | newest) & (u32::MAX >> (32 - breaker.window()))
}
