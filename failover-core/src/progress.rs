//! What it means that an answer has begun: the provider is not silent; and once the caller has seen a part, nobody else can
//! answer.
//!
//! ```text
//!              Heard                     Shown
//!   silent ------------> answering -----------------> shown
//!   first answer limit   idle limit                   idle limit
//!   hedged               not hedged                   others are called off
//!   another takes over, unseen                        fails as `Finish::Broken`
//! ```

use crate::action::Action;
use crate::call::{Call, Next};
use crate::fleet::Fleet;
use crate::slot::SHOWN;

/// How far the answer of an attempt in flight has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the commit point is what the driver has to decide")]
pub enum Progress {
    /// A part of the answer came: a token, say. What only keeps the connection alive is none.
    Heard,
    /// The caller has seen a part of it, the *commit point*: from now on it is this attempt or nobody. Implies `Heard`, and
    /// means no more than that in a batch, in a call that is over, and after the first attempt that was shown.
    Shown,
}

impl Call<'_> {
    /// A part of the answer of the attempt in this place came.
    #[inline]
    pub(crate) fn heard(&mut self, place: usize, fleet: &Fleet) {
        let now = self.now;
        let Some(slot) = self.slots.get_mut(place) else { return };
        if let Some(took) = slot.hear(now)
            && let Some(candidate) = self.candidate(place)
        {
            fleet.note_latency(candidate.provider(), took, self.rng.next(), now);
        }
    }

    /// The caller has seen a part of the answer of the attempt in this place.
    #[inline]
    pub(crate) fn shown(&mut self, place: usize) {
        if self.next != Next::Nobody && self.ended.is_none() && self.items.count() == 1 {
            self.commit(place);
        }
    }

    #[cold]
    fn commit(&mut self, place: usize) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        let Some(flight) = slot.flight() else { return };
        slot.flags |= SHOWN;
        self.next = Next::Nobody;
        self.overtake(&flight);
    }

    /// The next action of a call of whose answer the caller has seen a part: the others are called off, and nobody else is asked.
    #[inline(never)] // Apart from the calls that tell of no progress, which are to stay as fast as they were.
    pub(crate) fn go_on_alone(&mut self, fleet: &Fleet) -> Option<Action> {
        let unseen = self.slots.iter().position(|slot| slot.is_flying() && !slot.is_shown());
        if let Some(place) = unseen {
            return self.call_off(place, fleet).map(Action::Cancel);
        }
        match self.overdue() {
            Some(place) => Some(self.give_up(place, fleet)),
            None => self.wake(None, true),
        }
    }
}
