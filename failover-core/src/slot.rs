//! What a call remembers of each candidate. The first few lie inline, so that an ordinary call allocates nothing.

use alloc::boxed::Box;
use core::iter;

use crate::moment::Moment;
use crate::report::{Faults, Skip, Skipped};

/// One candidate's part in the call, packed: a call in flight is meant to stay small.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) attempts: u32,
    pub(crate) faults: Faults,
    pub(crate) last_resort: bool,
    skip: Option<Skip>,
    skip_until: Option<Moment>,
    pub(crate) began: Option<Moment>,
    pub(crate) ended: Option<Moment>,
}

impl Slot {
    pub(crate) const fn skipped(&self) -> Option<Skipped> {
        match self.skip {
            Some(why) => Some(Skipped { why, until: self.skip_until }),
            None => None,
        }
    }

    pub(crate) const fn skip(&mut self, skipped: Skipped) {
        self.skip = Some(skipped.why);
        self.skip_until = skipped.until;
    }
}

const INLINE: usize = 4;

#[derive(Debug)]
pub(crate) struct Slots {
    inline: [Slot; INLINE],
    more: Box<[Slot]>,
}

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        let more = count.saturating_sub(INLINE);
        Self { inline: [Slot::default(); INLINE], more: iter::repeat_n(Slot::default(), more).collect() }
    }

    pub(crate) fn get(&self, index: usize) -> Slot {
        let slot = if index < INLINE { self.inline.get(index) } else { self.more.get(index - INLINE) };
        slot.copied().unwrap_or_default()
    }

    pub(crate) fn update(&mut self, index: usize, change: impl FnOnce(&mut Slot)) {
        let slot =
            if index < INLINE { self.inline.get_mut(index) } else { self.more.get_mut(index - INLINE) };
        if let Some(slot) = slot {
            change(slot);
        }
    }
}
