//! The script and the log: which reply does a request get, and what has been seen. One lock covers both, so that the
//! n-th request of the log is the one that got the n-th reply of the script.

use crate::reply::Reply;
use crate::seen::Seen;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(crate) struct Script {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: VecDeque<Reply>,
    always: Option<Reply>,
    seen: Vec<Arc<Seen>>,
    taken: u64,
}

/// A request that has its place in the log, and what it gets.
pub(crate) struct Cue {
    pub(crate) seen: Arc<Seen>,
    pub(crate) reply: Reply,
    /// Counts all requests from 1, also those that were forgotten.
    pub(crate) serial: u64,
}

impl Script {
    pub(crate) fn take(&self, seen: Seen) -> Cue {
        let seen = Arc::new(seen);
        let mut state = self.lock();
        state.seen.push(Arc::clone(&seen));
        state.taken += 1;
        let scripted = state.next.pop_front().or_else(|| state.always.clone());
        Cue { seen, reply: scripted.unwrap_or_else(Reply::healthy), serial: state.taken }
    }

    /// A request that gets no reply.
    pub(crate) fn log(&self, seen: Seen) {
        self.lock().seen.push(Arc::new(seen));
    }

    pub(crate) fn append(&self, replies: impl IntoIterator<Item = Reply>) {
        // Collected first: the caller's iterator may come back to this provider, and the lock is not re-entrant.
        let replies: Vec<Reply> = replies.into_iter().collect();
        self.lock().next.extend(replies);
    }

    pub(crate) fn always(&self, reply: Reply) {
        self.lock().always = Some(reply);
    }

    pub(crate) fn heal(&self) {
        let mut state = self.lock();
        state.next.clear();
        state.always = None;
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        let shared = self.lock().seen.clone();
        shared.iter().map(|seen| Seen::clone(seen)).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().seen.len()
    }

    pub(crate) fn forget(&self) {
        self.lock().seen.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
