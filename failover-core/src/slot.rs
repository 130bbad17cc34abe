//! What a call remembers of each candidate. The first few lie inline, so that an ordinary call allocates nothing.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use crate::circuit::Way;
use crate::fleet::Permit;
use crate::moment::Moment;
use crate::plan::ProviderId;
use crate::report::{Faults, Skip, Skipped};

/// One candidate's part in the call, packed: a call in flight is meant to stay small.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) state: State,
    pub(crate) began: Option<Moment>,
    /// Until when it was passed over, if it was; else when the latest attempt ended, while it rests, or when it began, once a
    /// repeat has made progress.
    moment: Option<Moment>,
    /// The number of its latest attempt.
    pub(crate) latest: u32,
    pub(crate) attempts: u16,
    pub(crate) candidate: u16,
    pub(crate) faults: Faults,
    skip: Option<Skip>,
    pub(crate) flags: u8,
}

/// Asked although its breaker refused.
pub(crate) const LAST_RESORT: u8 = 1;
/// An attempt that did not serve may be charged for.
pub(crate) const MAYBE_BILLED: u8 = 4;
/// Another answered first although this one had a head start.
pub(crate) const OVERTAKEN: u8 = 2;
/// The caller has seen a part of its answer.
pub(crate) const SHOWN: u8 = 8;

#[derive(Debug)]
pub(crate) enum State {
    /// There is no such candidate: the inline slots are more than are needed.
    Absent,
    /// Its turn has not come.
    Waiting,
    /// An attempt is in flight, let through so, in this epoch.
    Flying {
        way: Way,
        epoch: u16,
        /// The microseconds from its start to its first progress, and one more.
        heard: Option<NonZeroU32>,
        /// Its latest progress; before the first, its start.
        sign: Moment,
    },
    /// It failed, and is asked again then.
    Resting(Moment),
    /// It is not asked any more. If it was, the last attempt ended then.
    Done(Option<Moment>),
}

/// An attempt in flight, unpacked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(crate) began: Moment,
    /// How long after its start its answer began, if it has: microseconds and one more, up to 71 minutes.
    heard: Option<NonZeroU32>,
    /// Its latest progress; before the first, its start.
    pub(crate) sign: Moment,
}

impl Flight {
    /// Whether its answer has begun.
    #[inline]
    pub(crate) const fn is_heard(&self) -> bool {
        self.heard.is_some()
    }

    /// When its answer began, if it has.
    pub(crate) fn first(&self) -> Option<Moment> {
        Some(self.began.plus(Duration::from_micros(u64::from(self.heard?.get() - 1))))
    }

    /// How long its answer took, if the attempt ends now: until it began, as a long answer is not a slow one.
    #[inline]
    pub(crate) fn took(&self, now: Moment) -> Duration {
        self.first().unwrap_or(now).since(self.began)
    }
}

impl Slot {
    #[inline]
    const fn new(candidate: u16, state: State) -> Self {
        Self {
            state,
            began: None,
            moment: None,
            latest: 0,
            attempts: 0,
            candidate,
            faults: Faults::NONE,
            skip: None,
            flags: 0,
        }
    }

    #[inline]
    pub(crate) const fn skipped(&self) -> Option<Skipped> {
        match self.skip {
            Some(why) => Some(Skipped { why, until: self.moment }),
            None => None,
        }
    }

    /// Passed over: its turn is over.
    pub(crate) const fn skip(&mut self, skipped: Skipped) {
        self.state = State::Done(self.ended());
        self.skip = Some(skipped.why);
        self.moment = skipped.until;
    }

    /// It failed just now, and is asked again at `wake`.
    pub(crate) const fn rest(&mut self, wake: Moment, now: Moment) {
        self.state = State::Resting(wake);
        self.moment = Some(now);
    }

    /// When the latest attempt ended, if none is in flight.
    #[inline]
    pub(crate) const fn ended(&self) -> Option<Moment> {
        match self.state {
            State::Done(ended) => ended,
            State::Resting(_) => self.moment,
            State::Absent | State::Waiting | State::Flying { .. } => None,
        }
    }

    #[inline]
    pub(crate) const fn is_last_resort(&self) -> bool {
        self.flags & LAST_RESORT != 0
    }

    #[inline]
    pub(crate) const fn is_shown(&self) -> bool {
        self.flags & SHOWN != 0
    }

    #[inline]
    pub(crate) const fn is_flying(&self) -> bool {
        matches!(self.state, State::Flying { .. })
    }

    /// The attempt in flight, if there is one.
    #[inline]
    pub(crate) fn flight(&self) -> Option<Flight> {
        let State::Flying { heard, sign, .. } = self.state else { return None };
        // Who was passed over is asked once at most: on a repeat, `moment` is free to say it.
        let began = match heard {
            None => sign,
            Some(_) if self.attempts == 1 => self.began?,
            Some(_) => self.moment?,
        };
        Some(Flight { began, heard, sign })
    }

    /// The attempt in flight makes progress, now; returns how long its answer took to begin, the first time.
    #[inline]
    pub(crate) fn hear(&mut self, now: Moment) -> Option<Duration> {
        let State::Flying { heard, sign, .. } = &mut self.state else { return None };
        let earlier = core::mem::replace(sign, now);
        if heard.is_some() {
            return None;
        }
        let took = now.since(earlier);
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        *heard = Some(NonZeroU32::MIN.saturating_add(micros));
        if self.attempts > 1 {
            self.moment = Some(earlier);
        }
        Some(took)
    }

    /// An attempt on it starts now.
    #[inline]
    pub(crate) fn launch(&mut self, permit: &Permit, attempt: u32, now: Moment) {
        self.state = State::Flying { way: permit.way(), epoch: permit.epoch(), heard: None, sign: now };
        self.latest = attempt;
        self.attempts = self.attempts.saturating_add(1);
        self.began.get_or_insert(now);
    }

    /// Lands the attempt in flight, now: gives its permit back, and what it was.
    #[inline]
    pub(crate) fn land(&mut self, provider: ProviderId, now: Moment) -> Option<(Permit, Flight)> {
        let State::Flying { way, epoch, .. } = self.state else { return None };
        let flight = self.flight()?;
        self.state = State::Done(Some(now));
        Some((Permit::new(provider, epoch, way), flight))
    }
}

const INLINE: usize = 4;

/// The slots, in the order in which their candidates are asked.
#[derive(Debug)]
pub(crate) struct Slots {
    inline: [Slot; INLINE],
    more: Box<[Slot]>,
}

/// Where the slots stand, found in one look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// Some are in flight or rest.
    pub(crate) busy: bool,
    /// The first whose rest is over.
    pub(crate) due: Option<usize>,
    /// The first whose turn has not come.
    pub(crate) waiting: Option<usize>,
}

impl Slots {
    /// One for each candidate; more than 65,535 are not looked at.
    pub(crate) fn new(candidates: usize) -> Self {
        let mut inline = [const { Slot::new(0, State::Absent) }; INLINE];
        for (place, slot) in inline.iter_mut().enumerate().take(candidates) {
            slot.candidate = place as u16;
            slot.state = State::Waiting;
        }
        if candidates <= INLINE {
            return Self { inline, more: Box::default() };
        }
        let count = u16::try_from(candidates).unwrap_or(u16::MAX);
        Self { inline, more: (INLINE as u16..count).map(|place| Slot::new(place, State::Waiting)).collect() }
    }

    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.inline.iter().chain(&self.more).take_while(|slot| !matches!(slot.state, State::Absent))
    }

    #[inline]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.inline.iter_mut().chain(&mut self.more).take_while(|slot| !matches!(slot.state, State::Absent))
    }

    #[inline]
    pub(crate) fn get(&self, place: usize) -> Option<&Slot> {
        if place < INLINE { self.inline.get(place) } else { self.more.get(place - INLINE) }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Slot> {
        if place < INLINE { self.inline.get_mut(place) } else { self.more.get_mut(place - INLINE) }
    }

    #[inline]
    pub(crate) fn standing(&self, now: Moment) -> Standing {
        let mut standing = Standing::default();
        for (place, slot) in self.iter().enumerate() {
            match slot.state {
                State::Waiting => {
                    standing.waiting.get_or_insert(place);
                }
                State::Flying { .. } => standing.busy = true,
                State::Resting(wake) => {
                    standing.busy = true;
                    if wake <= now {
                        standing.due.get_or_insert(place);
                    }
                }
                State::Absent | State::Done(_) => {}
            }
        }
        standing
    }

    /// Orders the candidates anew, those of equal rank as they were given.
    pub(crate) fn line_up(&mut self, rank: impl Fn(u16) -> u64) {
        // Each rank is read once: other threads change them meanwhile, and a sort may rely on what it compares.
        let mut few = [(0, 0); INLINE];
        let mut many = Vec::new();
        let count = self.iter().count();
        let order: &mut [(u64, u16)] = match few.get_mut(..count) {
            Some(few) => few,
            None => {
                many.resize(count, (0, 0));
                &mut many
            }
        };
        for (place, slot) in order.iter_mut().zip(self.iter()) {
            *place = (rank(slot.candidate), slot.candidate);
        }
        order.sort_unstable();
        for (slot, (_, candidate)) in self.iter_mut().zip(&*order) {
            slot.candidate = *candidate;
        }
    }
}
