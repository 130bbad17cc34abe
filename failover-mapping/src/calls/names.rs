//! Which name has which breaker: a name that was met once keeps its place.

use std::collections::HashMap;

use failover_core::ProviderId;

/// So many names have a breaker of their own.
pub(crate) const SLOTS: u16 = 256;

/// The names that have been met so far.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<Box<str>, u16>);

impl Names {
    /// The place of a name that was met before, with a breaker.
    pub(crate) fn known(&self, name: &str) -> Option<ProviderId> {
        self.0.get(name).copied().map(ProviderId::new)
    }

    /// The place of this name; none once all are taken.
    pub(crate) fn intern(&mut self, name: &str) -> Option<ProviderId> {
        let known = self.known(name);
        known.or_else(|| {
            let slot = u16::try_from(self.0.len()).ok().filter(|slot| *slot < SLOTS)?;
            self.0.insert(name.into(), slot);
            Some(ProviderId::new(slot))
        })
    }
}

/// A place without a breaker, for the provider with this number in its call: apart from all others of that call, so that it
/// can be in flight beside them.
pub(crate) fn unguarded(number: usize) -> ProviderId {
    ProviderId::new(u16::try_from(number).unwrap_or(u16::MAX).saturating_add(SLOTS))
}

/// Whether it has no breaker.
pub(crate) fn is_unguarded(provider: ProviderId) -> bool {
    provider.slot() >= usize::from(SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_place_and_the_last_ones_have_none() {
        let mut names = Names::default();
        for number in 0..SLOTS {
            assert_eq!(names.intern(&format!("p{number}")), Some(ProviderId::new(number)));
        }
        assert_eq!(names.intern("one too many"), None);
        assert_eq!(names.intern("p7"), Some(ProviderId::new(7)));
        assert_eq!((names.known("p8"), names.known("q")), (Some(ProviderId::new(8)), None));
        assert!(is_unguarded(unguarded(0)) && !is_unguarded(ProviderId::new(SLOTS - 1)));
        assert_ne!(unguarded(0), unguarded(1));
    }
}
