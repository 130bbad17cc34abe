//! A call whose caller may look away: nothing is heard of a provider meanwhile, and that is not the provider's silence.

use std::ops::{Deref, DerefMut};

use failover_core::{AttemptId, Call, Fleet, Guard, Moment, Progress};

/// A call, and the latest of its attempts whose answer has begun.
pub(super) struct Attended<'p, F: Deref<Target = Fleet>, C: Fn() -> Moment> {
    call: Guard<'p, F, C>,
    heard: Option<AttemptId>,
    /// Nobody has looked once already since the latest token.
    excused: bool,
    clock: C,
}

impl<'p, F: Deref<Target = Fleet>, C: Fn() -> Moment + Copy> Attended<'p, F, C> {
    pub(super) const fn new(call: Call<'p>, fleet: F, clock: C) -> Self {
        Self { call: Guard::new(call, fleet, clock), heard: None, excused: false, clock }
    }
}

impl<F: Deref<Target = Fleet>, C: Fn() -> Moment> Attended<'_, F, C> {
    /// What came of this attempt's answer.
    pub(super) fn heard(&mut self, attempt: AttemptId, progress: Progress, now: Moment) {
        self.heard = Some(attempt);
        self.excused = false;
        self.call.progress(attempt, progress, now);
    }

    /// Nobody has looked until now. Whoever has begun to answer has all its time again until the next token.
    pub(super) fn excuse(&mut self, now: Moment) {
        // Once: on a machine that is always late, a stalled stream would never end.
        if let Some(attempt) = self.heard.filter(|_| !self.excused) {
            self.excused = true;
            self.call.progress(attempt, Progress::Heard, now);
        }
    }
}

impl<'p, F: Deref<Target = Fleet>, C: Fn() -> Moment> Deref for Attended<'p, F, C> {
    type Target = Guard<'p, F, C>;

    fn deref(&self) -> &Self::Target {
        &self.call
    }
}

impl<F: Deref<Target = Fleet>, C: Fn() -> Moment> DerefMut for Attended<'_, F, C> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.call
    }
}

impl<F: Deref<Target = Fleet>, C: Fn() -> Moment> Drop for Attended<'_, F, C> {
    /// As long as somebody looked, an attempt that was silent for too long has been given up. So whoever drops a stream long after
    /// its latest token has not looked.
    fn drop(&mut self) {
        if self.heard.is_some() {
            let now = (self.clock)();
            self.excuse(now);
        }
    }
}
