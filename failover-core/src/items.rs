//! Which items of a call are answered, and by whom.
//!
//! A lone request is a batch of one. Up to 64 items of a call with few candidates lie inline; more of them in one
//! allocation.

use alloc::boxed::Box;
use alloc::vec;

#[derive(Debug)]
pub(crate) enum Items {
    Few {
        count: u8,
        missing: u64,
        /// The place of the one who answered, in two bits: the lower ones, and the upper ones.
        owners: [u64; 2],
    },
    Many(Box<[Option<u16>]>),
}

/// Few items of few candidates: a place fits into two bits.
const FEW: usize = 64;
const FEW_PLACES: usize = 4;

impl Items {
    #[inline]
    pub(crate) fn new(count: usize, places: usize) -> Self {
        if places > FEW_PLACES || count > FEW {
            return Self::Many(vec![None; count].into_boxed_slice());
        }
        let missing = if count == FEW { u64::MAX } else { (1 << count) - 1 };
        Self::Few { count: count as u8, missing, owners: [0; 2] }
    }

    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Few { count, .. } => usize::from(*count),
            Self::Many(owners) => owners.len(),
        }
    }

    #[inline]
    pub(crate) fn all_answered(&self) -> bool {
        match self {
            Self::Few { missing, .. } => *missing == 0,
            Self::Many(owners) => owners.iter().all(Option::is_some),
        }
    }

    pub(crate) fn any_answered(&self) -> bool {
        (0..self.count()).any(|item| self.owner(item).is_some())
    }

    /// Who answered this one, if anybody.
    pub(crate) fn owner(&self, item: usize) -> Option<usize> {
        match self {
            Self::Few { count, missing, owners: [low, high] } => {
                let bit = 1_u64.checked_shl(u32::try_from(item).ok()?)?;
                let answered = item < usize::from(*count) && missing & bit == 0;
                answered.then(|| usize::from(low & bit != 0) | usize::from(high & bit != 0) << 1)
            }
            Self::Many(owners) => owners.get(item).copied().flatten().map(usize::from),
        }
    }

    /// The candidate in `place` answered this one. Nothing changes if it was answered before or never asked for.
    pub(crate) fn answer(&mut self, item: usize, place: usize) {
        match self {
            Self::Few { count, missing, owners: [low, high] } => {
                if item < usize::from(*count) {
                    let bit = *missing & (1 << item);
                    *missing &= !bit;
                    *low |= if place & 1 == 0 { 0 } else { bit };
                    *high |= if place & 2 == 0 { 0 } else { bit };
                }
            }
            Self::Many(owners) => {
                if let Some(owner @ None) = owners.get_mut(item) {
                    *owner = u16::try_from(place).ok();
                }
            }
        }
    }

    /// The candidate in `place` answered all that was missing.
    #[inline]
    pub(crate) fn answer_rest(&mut self, place: usize) {
        match self {
            Self::Few { missing, owners: [low, high], .. } => {
                *low |= if place & 1 == 0 { 0 } else { *missing };
                *high |= if place & 2 == 0 { 0 } else { *missing };
                *missing = 0;
            }
            Self::Many(owners) => {
                for owner in owners.iter_mut().filter(|owner| owner.is_none()) {
                    *owner = u16::try_from(place).ok();
                }
            }
        }
    }
}
