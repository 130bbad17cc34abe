//! The answers of providers to requests that are ours, and who is fetching which.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use failover_core::{Freshness, Moment};

use super::age::Cached;
use super::flights::{Flights, Lead, Search};
use super::key::{Key, Parts};
use super::record::{Record, moment};
use super::store::Shelf;

/// The cache of a `Failover`.
pub(crate) struct Answers {
    freshness: Freshness,
    shelf: Shelf,
    flights: Arc<Flights<Key, Arc<Record>>>,
    /// What all keys have in common: the data and the settings that answers depend on.
    common: Key,
}

pub(crate) type AnswerSearch = Search<Key, Arc<Record>>;
pub(crate) type AnswerLead = Lead<Key, Arc<Record>>;

/// A record of another machine's may come from so far ahead. One from farther ahead would stay fresh for as long.
const AHEAD: Duration = Duration::from_secs(60);

impl Answers {
    /// `lease` is the longest that anybody waits for another call.
    pub(crate) fn new(freshness: Freshness, shelf: Shelf, lease: Duration, common: Key) -> Self {
        Self { freshness, shelf, flights: Arc::new(Flights::new(lease)), common }
    }

    pub(crate) const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The beginning of every key.
    pub(crate) fn parts(&self) -> Parts {
        Parts::new().key_of(&self.common)
    }

    pub(crate) fn search(&self, key: Key, deadline: Option<Moment>) -> AnswerSearch {
        self.flights.search(key, !self.freshness.fresh_for().is_zero(), deadline)
    }

    pub(crate) fn fresh(&self, key: &Key, wall: SystemTime) -> Option<Arc<Record>> {
        self.record(key, wall, Freshness::fresh)
    }

    pub(crate) fn stale(&self, key: &Key, wall: SystemTime) -> Option<Arc<Record>> {
        self.record(key, wall, Freshness::stale)
    }

    fn record(
        &self,
        key: &Key,
        wall: SystemTime,
        age: fn(&Freshness, Moment, Moment) -> Option<Duration>,
    ) -> Option<Arc<Record>> {
        let record = Record::read(&self.shelf.get(&key.to_string())?)?;
        let now = moment(wall);
        age(&self.freshness, record.at, now)?;
        (record.at.since(now) <= AHEAD).then(|| Arc::new(record))
    }

    /// How old a record is that serves behind the providers.
    pub(crate) fn behind(&self, record: &Record, wall: SystemTime) -> Cached {
        Cached::behind(self.freshness, record.at, moment(wall))
    }

    pub(crate) fn put(&self, key: &Key, record: &Record) {
        let keep = self.freshness.expiry(record.at).since(record.at);
        if let Some(bytes) = record.to_bytes().filter(|_| !keep.is_zero()) {
            self.shelf.put(&key.to_string(), bytes, keep);
        }
    }
}
