//! The script and the log: which reply does a request get, and what has been seen. One lock covers both, so that the
//! n-th request of the log is the one that got the n-th reply of the script.

use crate::json::Object;
use crate::reply::Reply;
use crate::seen::Seen;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(crate) struct Script {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    part: Part,
    /// Who asks for one of these models gets the replies for it.
    models: HashMap<String, Part>,
    seen: Vec<Arc<Seen>>,
    taken: u64,
}

#[derive(Default)]
struct Part {
    next: VecDeque<Reply>,
    always: Option<Reply>,
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
        let scripted = state.part_for(&seen).take();
        Cue { seen, reply: scripted.unwrap_or_else(Reply::healthy), serial: state.taken }
    }

    /// A request that gets no reply.
    pub(crate) fn log(&self, seen: Seen) {
        self.lock().seen.push(Arc::new(seen));
    }

    /// For the requests for a model, or for all others.
    pub(crate) fn append(&self, model: Option<&str>, replies: impl IntoIterator<Item = Reply>) {
        // Collected first: the caller's iterator may come back to this provider, and the lock is not re-entrant.
        let replies: Vec<Reply> = replies.into_iter().collect();
        self.lock().part_of(model).next.extend(replies);
    }

    pub(crate) fn always(&self, model: Option<&str>, reply: Reply) {
        self.lock().part_of(model).always = Some(reply);
    }

    pub(crate) fn heal(&self) {
        let mut state = self.lock();
        state.part = Part::default();
        state.models.clear();
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

impl State {
    fn part_of(&mut self, model: Option<&str>) -> &mut Part {
        match model {
            Some(model) => self.models.entry(model.to_owned()).or_default(),
            None => &mut self.part,
        }
    }

    fn part_for(&mut self, seen: &Seen) -> &mut Part {
        if self.models.is_empty() {
            return &mut self.part;
        }
        let model = Object::read(&seen.body).and_then(|body| body.text("model"));
        model.and_then(|model| self.models.get_mut(&model)).unwrap_or(&mut self.part)
    }
}

impl Part {
    fn take(&mut self) -> Option<Reply> {
        self.next.pop_front().or_else(|| self.always.clone())
    }
}
