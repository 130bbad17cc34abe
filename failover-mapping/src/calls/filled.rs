//! The values of a batch, by key, each with the provider it comes from.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::ops::Index;

use super::report::Report;

/// What a batch brought.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Filled<K, X> {
    /// The values, in the order of the keys that were asked for.
    pub values: Values<K, X>,
    /// The keys that nobody has a valid value for, in order.
    pub missing: Vec<K>,
    /// Who was asked, and what became of it.
    pub report: Report,
}

impl<K: Eq + Hash, X> Filled<K, X> {
    /// Who served the value of this key; nobody if it is missing.
    pub fn provider_of<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&str>
    where
        K: Borrow<Q>,
    {
        self.values.provider_of(key)
    }
}

/// Values by key, in the order of the keys that were asked for.
///
/// `values["AAPL"]` is the value of a key that is there, and panics for one that is not; [`Values::get`] looks.
#[derive(Clone)]
pub struct Values<K, X> {
    entries: Vec<Entry<K, X>>,
    places: HashMap<K, usize>,
}

#[derive(Clone)]
struct Entry<K, X> {
    key: K,
    value: X,
    provider: String,
}

impl<K, X> Values<K, X> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Each key and its value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &X)> {
        self.entries.iter().map(|entry| (&entry.key, &entry.value))
    }
}

impl<K: Eq + Hash, X> Values<K, X> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), places: HashMap::new() }
    }

    fn entry<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&Entry<K, X>>
    where
        K: Borrow<Q>,
    {
        self.entries.get(*self.places.get(key)?)
    }

    /// The value of this key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&X>
    where
        K: Borrow<Q>,
    {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Who served the value of this key.
    pub fn provider_of<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&str>
    where
        K: Borrow<Q>,
    {
        self.entry(key).map(|entry| entry.provider.as_str())
    }
}

impl<K: Clone + Eq + Hash, X> Values<K, X> {
    pub(crate) fn push(&mut self, key: K, value: X, provider: String) {
        self.places.insert(key.clone(), self.entries.len());
        self.entries.push(Entry { key, value, provider });
    }
}

impl<K: Eq + Hash + Borrow<Q>, X, Q: Eq + Hash + ?Sized> Index<&Q> for Values<K, X> {
    type Output = X;

    fn index(&self, key: &Q) -> &X {
        self.get(key).expect("nobody served this key: `get` tells, without a panic")
    }
}

impl<K, X> IntoIterator for Values<K, X> {
    type Item = (K, X);
    type IntoIter = std::vec::IntoIter<(K, X)>;

    fn into_iter(self) -> Self::IntoIter {
        let pairs: Vec<_> = self.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        pairs.into_iter()
    }
}

impl<K: fmt::Debug, X: fmt::Debug> fmt::Debug for Values<K, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
