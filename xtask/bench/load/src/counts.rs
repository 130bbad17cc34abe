//! What a provider has done, for whoever asks it.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// What has become of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Answered,
    Cut,
    Reset,
    Refused,
    Limited,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    in_flight: AtomicU64,
    outcomes: [AtomicU64; 5],
}

/// The same, as it is told.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Told {
    pub(crate) in_flight: u64,
    pub(crate) answered: u64,
    pub(crate) cut: u64,
    pub(crate) reset: u64,
    pub(crate) refused: u64,
    pub(crate) limited: u64,
}

impl Counts {
    pub(crate) fn add(&self, outcome: Outcome) {
        let [answered, cut, reset, refused, limited] = &self.outcomes;
        let count = match outcome {
            Outcome::Answered => answered,
            Outcome::Cut => cut,
            Outcome::Reset => reset,
            Outcome::Refused => refused,
            Outcome::Limited => limited,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// A request is in flight until what this gives is dropped.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    pub(crate) fn told(&self) -> String {
        let [answered, cut, reset, refused, limited] =
            self.outcomes.each_ref().map(|count| count.load(Ordering::Relaxed));
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        let told = Told { in_flight, answered, cut, reset, refused, limited };
        serde_json::to_string(&told).unwrap_or_default()
    }
}

/// A request in flight.
#[derive(Debug)]
pub(crate) struct InFlight<'c>(&'c AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
