//! What a call remembers of each candidate. The first few lie inline, so that an ordinary call allocates nothing.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::array;

use crate::fleet::Permit;
use crate::moment::Moment;
use crate::report::{Faults, Skip, Skipped};

/// One candidate's part in the call, packed: a call in flight is meant to stay small.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) state: State,
    pub(crate) began: Option<Moment>,
    /// Until when it was passed over, if it was; else when the latest attempt ended, while it rests.
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

#[derive(Debug)]
pub(crate) enum State {
    /// There is no such candidate: the inline slots are more than are needed.
    Absent,
    /// Its turn has not come.
    Waiting,
    /// An attempt is in flight since then.
    Flying(Permit, Moment),
    /// It failed, and is asked again then.
    Resting(Moment),
    /// It is not asked any more. If it was, the last attempt ended then.
    Done(Option<Moment>),
}

impl Slot {
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
    pub(crate) const fn ended(&self) -> Option<Moment> {
        match self.state {
            State::Done(ended) => ended,
            State::Resting(_) => self.moment,
            State::Absent | State::Waiting | State::Flying(..) => None,
        }
    }

    pub(crate) const fn is_last_resort(&self) -> bool {
        self.flags & LAST_RESORT != 0
    }

    pub(crate) const fn is_flying(&self) -> bool {
        matches!(self.state, State::Flying(..))
    }

    /// Lands the attempt in flight, now.
    pub(crate) fn land(&mut self, now: Moment) -> Option<(Permit, Moment)> {
        if !self.is_flying() {
            return None;
        }
        match core::mem::replace(&mut self.state, State::Done(Some(now))) {
            State::Flying(permit, began) => Some((permit, began)),
            State::Absent | State::Waiting | State::Resting(_) | State::Done(_) => None,
        }
    }
}

const INLINE: usize = 4;

/// The slots, in the order in which their candidates are asked.
#[derive(Debug)]
pub(crate) struct Slots {
    inline: [Slot; INLINE],
    more: Box<[Slot]>,
}

impl Slots {
    /// One for each candidate; more than 65,535 are not looked at.
    pub(crate) fn new(candidates: usize) -> Self {
        let inline = array::from_fn(|place| {
            Slot::new(place as u16, if place < candidates { State::Waiting } else { State::Absent })
        });
        let count = u16::try_from(candidates).unwrap_or(u16::MAX);
        Self { inline, more: (INLINE as u16..count).map(|place| Slot::new(place, State::Waiting)).collect() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.inline.iter().chain(&self.more).take_while(|slot| !matches!(slot.state, State::Absent))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.inline.iter_mut().chain(&mut self.more).take_while(|slot| !matches!(slot.state, State::Absent))
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Slot> {
        if place < INLINE { self.inline.get(place) } else { self.more.get(place - INLINE) }
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Slot> {
        if place < INLINE { self.inline.get_mut(place) } else { self.more.get_mut(place - INLINE) }
    }

    /// Orders the candidates anew, those of equal rank as they were given.
    pub(crate) fn line_up(&mut self, rank: impl Fn(u16) -> u64) {
        let mut few = array::from_fn::<u16, INLINE, _>(|place| place as u16);
        let mut many: Vec<u16> = Vec::new();
        let count = self.iter().count();
        let order = match few.get_mut(..count) {
            Some(few) => few,
            None => {
                many.extend(self.iter().map(|slot| slot.candidate));
                &mut many
            }
        };
        order.sort_by_key(|candidate| rank(*candidate));
        for (slot, candidate) in self.iter_mut().zip(&*order) {
            slot.candidate = *candidate;
        }
    }
}
