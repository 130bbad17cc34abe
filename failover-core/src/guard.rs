//! A call that abandons itself when it is dropped.
//!
//! A future that is dropped, a thread that panics: whoever drove the call is gone, and the permit in its hand with it. The
//! guard gives it back, so that a cancelled probe neither blocks the breaker nor closes it.

use core::ops::Deref;

use crate::action::{Action, AttemptId, Outcome};
use crate::call::{Call, Event};
use crate::fleet::Fleet;
use crate::moment::Moment;
use crate::progress::Progress;
use crate::report::Report;

/// A [`Call`] together with the fleet it uses, however that is held (`&Fleet`, `Arc<Fleet>`), and a clock to read when
/// it is dropped unfinished. A call that is over, with nothing in flight, reads no clock.
#[derive(Debug)]
pub struct Guard<'p, F: Deref<Target = Fleet>, C: Fn() -> Moment> {
    call: Call<'p>,
    fleet: F,
    clock: C,
}

impl<'p, F: Deref<Target = Fleet>, C: Fn() -> Moment> Guard<'p, F, C> {
    /// Guards `call`.
    pub const fn new(call: Call<'p>, fleet: F, clock: C) -> Self {
        Self { call, fleet, clock }
    }

    /// See [`Call::poll`].
    pub fn poll(&mut self, now: Moment) -> Action {
        self.call.poll(&self.fleet, now)
    }

    /// See [`Call::settle`].
    pub fn settle(&mut self, attempt: AttemptId, outcome: Outcome<'_>, now: Moment) {
        self.call.settle(attempt, outcome, &self.fleet, now);
    }

    /// See [`Call::progress`].
    pub fn progress(&mut self, attempt: AttemptId, progress: Progress, now: Moment) {
        self.call.progress(attempt, progress, &self.fleet, now);
    }

    /// See [`Call::missing`].
    pub fn missing(&self) -> impl Iterator<Item = usize> {
        self.call.missing()
    }

    /// See [`Call::next_event`].
    pub fn next_event(&mut self) -> Option<Event> {
        self.call.next_event()
    }

    /// See [`Call::report`].
    pub fn report(&self) -> Report<'_> {
        self.call.report()
    }
}

impl<F: Deref<Target = Fleet>, C: Fn() -> Moment> Drop for Guard<'_, F, C> {
    fn drop(&mut self) {
        if !self.call.is_idle() {
            self.call.abandon(&self.fleet, (self.clock)());
        }
    }
}
