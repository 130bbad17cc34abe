//! One value for each key: every provider is asked only for what is missing still.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use super::failed::{AllFailed, Unfilled};
use super::filled::{Filled, Values};
use super::report::Report;
use super::wanted::{Taken, Wanted};

/// Wants one value for each key.
pub struct Batch<K, X, V = fn(&K, &X) -> bool> {
    keys: Vec<K>,
    places: HashMap<K, usize>,
    found: Vec<Option<(X, String)>>,
    is_valid: V,
}

impl<K: Clone + Eq + Hash, X> Batch<K, X> {
    /// These keys, in this order; one that comes twice counts once. Every value is valid.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = K>) -> Self {
        let mut distinct = Vec::new();
        let mut places = HashMap::new();
        for key in keys {
            places.entry(key).or_insert_with_key(|key| {
                distinct.push(key.clone());
                distinct.len() - 1
            });
        }
        let found = distinct.iter().map(|_| None).collect();
        Self { keys: distinct, places, found, is_valid: |_, _| true }
    }
}

impl<K, X, V> Batch<K, X, V> {
    /// A value for which this is false leaves its key open. An answer of such values alone is a failure of its provider.
    #[must_use]
    pub fn is_valid<N: FnMut(&K, &X) -> bool>(self, is_valid: N) -> Batch<K, X, N> {
        let Self { keys, places, found, .. } = self;
        Batch { keys, places, found, is_valid }
    }
}

impl<K: Clone + Eq + Hash, X, V> Batch<K, X, V> {
    fn split(self) -> (Values<K, X>, Vec<K>) {
        let mut values = Values::new();
        let mut missing = Vec::new();
        for (key, found) in self.keys.into_iter().zip(self.found) {
            match found {
                Some((value, provider)) => values.push(key, value, provider),
                None => missing.push(key),
            }
        }
        (values, missing)
    }
}

impl<K: Clone + Eq + Hash, X, V: FnMut(&K, &X) -> bool> Wanted for Batch<K, X, V> {
    type Question = Vec<K>;
    type Answer = Vec<(K, X)>;
    type Got = Filled<K, X>;
    type Failed<E> = Unfilled<K, X, E>;

    fn count(&self) -> usize {
        self.keys.len()
    }

    fn question(&self, missing: &[usize]) -> Vec<K> {
        missing.iter().filter_map(|item| self.keys.get(*item).cloned()).collect()
    }

    /// Keys that are not wanted, or not any more, are passed over.
    fn take(&mut self, answer: Vec<(K, X)>, by: &str) -> Taken {
        let mut items = Vec::new();
        let mut rejected = false;
        for (key, value) in answer {
            let Some(place) = self.places.get(&key).copied() else { continue };
            let Some(found @ None) = self.found.get_mut(place) else { continue };
            if (self.is_valid)(&key, &value) {
                *found = Some((value, by.to_owned()));
                items.push(place);
            } else {
                rejected = true;
            }
        }
        if items.is_empty() && rejected { Taken::Invalid } else { Taken::Items(items) }
    }

    fn got<E>(self, report: Report) -> Result<Filled<K, X>, Unfilled<K, X, E>> {
        let (values, missing) = self.split();
        Ok(Filled { values, missing, report })
    }

    fn failed<E>(self, failed: AllFailed<E>) -> Unfilled<K, X, E> {
        let (values, missing) = self.split();
        Unfilled { failed, values, missing }
    }
}

impl<K, X, V> fmt::Debug for Batch<K, X, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.iter().flatten().count();
        f.debug_struct("Batch")
            .field("wanted", &self.keys.len())
            .field("found", &found)
            .finish_non_exhaustive()
    }
}
