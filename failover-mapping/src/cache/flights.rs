//! Many who want the same answer at once, and one of them who fetches it. What follows from how that one ends, the core
//! decides ([`SingleFlight`]).

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use failover_core::{Moment, Role, SingleFlight};

use super::bell::{Bell, Follow};

/// Who fetches what.
pub(crate) struct Flights<K, V> {
    leaders: Mutex<HashMap<K, Arc<Flight<V>>>>,
    lease: Duration,
}

/// One leader's.
struct Flight<V> {
    began: Moment,
    end: Mutex<Option<End<V>>>,
    bell: Arc<Bell>,
}

/// How a leader ended.
#[derive(Clone)]
pub(crate) enum End<V> {
    Filled(V),
    /// Every provider failed.
    Failed,
    /// Nobody knows what they would have said.
    Left,
}

/// What a call finds.
pub(crate) enum Found<K: Eq + Hash, V> {
    Fresh(V),
    Stale(V),
    Follow(Follow),
    Nothing(Lead<K, V>),
}

/// One call that looks for an answer, as often as it takes.
pub(crate) struct Search<K, V> {
    flights: Arc<Flights<K, V>>,
    pub(crate) key: K,
    shared: bool,
    deadline: Option<Moment>,
    single: SingleFlight,
    following: Option<Arc<Flight<V>>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    pub(crate) fn new(lease: Duration) -> Self {
        Self { leaders: Mutex::default(), lease }
    }

    /// A search that ends at the deadline, whoever leads. Where answers are not shared, not even one that is on its way, nobody
    /// leads.
    pub(crate) fn search(self: &Arc<Self>, key: K, shared: bool, deadline: Option<Moment>) -> Search<K, V> {
        let single = SingleFlight::new();
        Search { flights: Arc::clone(self), key, shared, deadline, single, following: None }
    }
}

impl<K: Eq + Hash, V> Flights<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<Flight<V>>>> {
        self.leaders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Search<K, V> {
    /// Follows nobody beyond this moment.
    pub(crate) fn hurry(&mut self, until: Moment) {
        self.deadline = Some(self.deadline.map_or(until, |deadline| deadline.min(until)));
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Search<K, V> {
    /// What to do now: `fresh` and `stale` say what lies in store.
    pub(crate) fn next(
        &mut self,
        now: Moment,
        fresh: impl Fn() -> Option<V>,
        stale: impl Fn() -> Option<V>,
    ) -> Found<K, V> {
        if let Some(flight) = self.following.take() {
            match flight.end() {
                Some(End::Filled(answer)) => return Found::Fresh(answer),
                Some(End::Failed) => match stale() {
                    Some(answer) => return Found::Stale(answer),
                    None => self.single = self.single.failed(),
                },
                Some(End::Left) => self.single = self.single.left(),
                None if now >= flight.began.plus(self.flights.lease) => self.single = self.single.left(),
                None => {}
            }
        }
        if let Some(answer) = fresh() {
            return Found::Fresh(answer);
        }
        if !self.shared || self.deadline.is_some_and(|deadline| now >= deadline) {
            return Found::Nothing(Lead(None));
        }
        let mut leaders = self.flights.lock();
        let leader = leaders.get(&self.key);
        match self.single.join(leader.map(|flight| flight.began), self.flights.lease, now) {
            Role::Follow(end) => {
                let until = self.deadline.map_or(end, |deadline| deadline.min(end));
                let follow = leader.map(|flight| Follow::new(Arc::clone(&flight.bell), until));
                self.following = leader.cloned();
                follow.map_or(Found::Nothing(Lead(None)), Found::Follow)
            }
            Role::Alone => Found::Nothing(Lead(None)),
            Role::Lead => {
                let (end, bell) = (Mutex::new(None), Arc::default());
                let flight = Arc::new(Flight { began: now, end, bell });
                leaders.insert(self.key.clone(), Arc::clone(&flight));
                drop(leaders);
                let lead = Leading { flights: Arc::clone(&self.flights), key: self.key.clone(), flight };
                let lead = Lead(Some(lead));
                // Another may have been back since the look at the store.
                match fresh() {
                    Some(answer) => {
                        lead.end(End::Filled(answer.clone()));
                        Found::Fresh(answer)
                    }
                    None => Found::Nothing(lead),
                }
            }
        }
    }
}

impl<V: Clone> Flight<V> {
    fn end(&self) -> Option<End<V>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One who asks. Those who follow hear of its end, also if it panics or is dropped. Nothing in it is one whom nobody follows.
pub(crate) struct Lead<K: Eq + Hash, V>(Option<Leading<K, V>>);

struct Leading<K, V> {
    flights: Arc<Flights<K, V>>,
    key: K,
    flight: Arc<Flight<V>>,
}

impl<K: Eq + Hash, V> Lead<K, V> {
    /// An answer lies in store before this is said, so that nobody finds neither it nor a leader.
    pub(crate) fn end(mut self, end: End<V>) {
        self.tell(end);
    }

    fn tell(&mut self, end: End<V>) {
        let Some(Leading { flights, key, flight }) = mem::take(&mut self.0) else { return };
        {
            let mut leaders = flights.lock();
            // Who outlives its lease has a successor by now.
            if leaders.get(&key).is_some_and(|leader| Arc::ptr_eq(leader, &flight)) {
                leaders.remove(&key);
            }
        }
        *flight.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        flight.bell.ring();
    }
}

impl<K: Eq + Hash, V> Drop for Lead<K, V> {
    fn drop(&mut self) {
        self.tell(End::Left);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Between the look at the store and the leaders, another may have come back.
    #[test]
    fn who_finds_no_leader_looks_once_more_before_it_leads() {
        let flights = Arc::new(Flights::new(Duration::from_secs(60)));
        let looks = Cell::new(0);
        let fresh = || {
            looks.set(looks.get() + 1);
            (looks.get() > 1).then_some("the answer")
        };
        let found = flights.search("a key", true, None).next(Moment::EPOCH, fresh, || None);
        assert!(matches!(found, Found::Fresh("the answer")));
        let next = flights.search("a key", true, None).next(Moment::EPOCH, || None, || None);
        assert!(matches!(next, Found::Nothing(Lead(Some(_)))), "nobody is left leading");
    }
}
