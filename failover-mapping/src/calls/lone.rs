//! One value, from the first provider that has a valid one.

use std::fmt;

use super::failed::{AllFailed, Why};
use super::report::Report;
use super::wanted::{Taken, Wanted};
use crate::cache::Cached;

/// A value, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Served<T> {
    /// The value.
    pub value: T,
    /// The name of the provider that served it.
    pub provider: String,
    /// Who was asked, and what became of it.
    pub report: Report,
}

/// Wants one value.
pub struct Lone<T, V = fn(&T) -> bool> {
    value: Option<(T, String)>,
    is_valid: V,
}

impl<T> Served<T> {
    /// Whether the value lay in the cache: its age, and whether it is stale.
    #[must_use]
    pub const fn cached(&self) -> Option<Cached> {
        self.report.cached
    }
}

impl<T> Lone<T> {
    /// Every value is valid.
    #[must_use]
    pub fn new() -> Self {
        Self { value: None, is_valid: |_| true }
    }
}

impl<T> Default for Lone<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, V> Lone<T, V> {
    /// A value for which this is false is a failure of its provider.
    #[must_use]
    pub fn is_valid<N: FnMut(&T) -> bool>(self, is_valid: N) -> Lone<T, N> {
        Lone { value: self.value, is_valid }
    }
}

impl<T, V: FnMut(&T) -> bool> Wanted for Lone<T, V> {
    type Question = ();
    type Answer = T;
    type Got = Served<T>;
    type Failed<E> = AllFailed<E>;

    fn count(&self) -> usize {
        1
    }

    fn question(&self, _: &[usize]) {}

    fn take(&mut self, answer: T, by: &str) -> Taken {
        if self.value.is_some() {
            Taken::TooLate
        } else if (self.is_valid)(&answer) {
            self.value = Some((answer, by.to_owned()));
            Taken::All
        } else {
            Taken::Invalid
        }
    }

    fn got<E>(self, report: Report) -> Result<Served<T>, AllFailed<E>> {
        match self.value {
            Some((value, provider)) => Ok(Served { value, provider, report }),
            None => Err(AllFailed::new(Why::Exhausted, Vec::new(), report)),
        }
    }

    fn failed<E>(self, failed: AllFailed<E>) -> AllFailed<E> {
        failed
    }
}

impl<T, V> fmt::Debug for Lone<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lone").field("served", &self.value.is_some()).finish_non_exhaustive()
    }
}
