//! Jobs: what was submitted, how often it has been asked after since, and how it ends.
//!
//! A job keeps the request that started it and not its result: every provider makes the result out of the request, and
//! makes the same one each time.

use crate::seen::Seen;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// When there are more, the oldest are forgotten.
const MOST: usize = 10_000;

/// How a job ends, for [`Provider::jobs_end`](crate::Provider::jobs_end).
///
/// | end | FAL's queue | Replicate | NexaAPI |
/// |---|---|---|---|
/// | `Completed` | `COMPLETED`, the result is 200 | `succeeded` | `completed` |
/// | `Failed` | `COMPLETED` with `error`, the result is 503 | `failed` with `error` | `failed` with `error` |
/// | `Cancelled` | `COMPLETED` with `error`, the result is 499 | `canceled` | `cancelled` |
/// | `Never` | `IN_PROGRESS` | `processing` | `processing` |
/// | `Gone` | 404 | 404 | 404 |
/// | `Word` | that word, no result (400) | that word | that word |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobEnd {
    /// With a result.
    #[default]
    Completed,
    /// With an error in place of a result.
    Failed,
    /// As if somebody had cancelled it.
    Cancelled,
    /// Not at all: it is in the works for as long as it is asked after.
    Never,
    /// It is unknown from the moment at which it would have been completed.
    Gone,
    /// With this as its status and no result: a word that the client may not know.
    Word(&'static str),
}

/// How a job stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
    Word(&'static str),
}

/// A job that is known.
pub(crate) struct Found {
    /// The request that started it, and its serial.
    pub(crate) seen: Arc<Seen>,
    pub(crate) serial: u64,
    pub(crate) stand: Stand,
}

pub(crate) struct Jobs {
    state: Mutex<State>,
}

struct State {
    unfinished_for: u32,
    end: JobEnd,
    jobs: HashMap<String, Job>,
    order: VecDeque<String>,
}

struct Job {
    seen: Arc<Seen>,
    serial: u64,
    polls: u32,
    unfinished_for: u32,
    end: JobEnd,
}

impl Jobs {
    pub(crate) fn unfinished_for(polls: u32) -> Self {
        let (jobs, order) = (HashMap::new(), VecDeque::new());
        Self { state: Mutex::new(State { unfinished_for: polls, end: JobEnd::default(), jobs, order }) }
    }

    pub(crate) fn set_polls(&self, polls: u32) {
        self.lock().unfinished_for = polls;
    }

    pub(crate) fn set_end(&self, end: JobEnd) {
        self.lock().end = end;
    }

    /// Nothing if it is gone already.
    pub(crate) fn start(&self, id: &str, seen: &Arc<Seen>, serial: u64) -> Option<Found> {
        let mut state = self.lock();
        let (unfinished_for, end) = (state.unfinished_for, state.end);
        let job = Job { seen: Arc::clone(seen), serial, polls: 0, unfinished_for, end };
        let found = job.found();
        state.jobs.insert(id.to_owned(), job);
        state.order.push_back(id.to_owned());
        if state.order.len() > MOST {
            let oldest = state.order.pop_front();
            oldest.and_then(|id| state.jobs.remove(&id));
        }
        found
    }

    /// How it stands, without having been asked after.
    pub(crate) fn look(&self, id: &str) -> Option<Found> {
        self.lock().jobs.get(id)?.found()
    }

    pub(crate) fn poll(&self, id: &str) -> Option<Found> {
        self.change(id, |job| job.polls = job.polls.saturating_add(1))
    }

    /// Takes it to its end, however often it would have been asked after until then.
    pub(crate) fn finish(&self, id: &str) -> Option<Found> {
        self.change(id, |job| job.unfinished_for = 0)
    }

    /// Ends as cancelled what has not ended yet.
    pub(crate) fn cancel(&self, id: &str) -> Option<Found> {
        self.change(id, |job| {
            if let Some(Stand::Pending | Stand::Processing) = job.stand() {
                (job.unfinished_for, job.end) = (0, JobEnd::Cancelled);
            }
        })
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Job)) -> Option<Found> {
        let mut state = self.lock();
        let job = state.jobs.get_mut(id)?;
        change(job);
        job.found()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// Nothing when it is gone. The first time it is asked after it is pending, and until then.
    fn stand(&self) -> Option<Stand> {
        if self.unfinished_for > 0 && self.polls <= self.unfinished_for {
            return Some(if self.polls <= 1 { Stand::Pending } else { Stand::Processing });
        }
        match self.end {
            JobEnd::Completed => Some(Stand::Completed),
            JobEnd::Failed => Some(Stand::Failed),
            JobEnd::Cancelled => Some(Stand::Cancelled),
            JobEnd::Never => Some(Stand::Processing),
            JobEnd::Gone => None,
            JobEnd::Word(word) => Some(Stand::Word(word)),
        }
    }

    fn found(&self) -> Option<Found> {
        Some(Found { seen: Arc::clone(&self.seen), serial: self.serial, stand: self.stand()? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Jobs, MOST};
    use crate::seen::Seen;
    use std::sync::Arc;

    #[test]
    fn the_oldest_jobs_are_forgotten() {
        let seen = Arc::new(Seen {
            at: std::time::Instant::now(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        });
        let jobs = Jobs::unfinished_for(1);
        for n in 0..=MOST {
            assert!(jobs.start(&n.to_string(), &seen, 1).is_some());
        }
        assert!(jobs.look("0").is_none() && jobs.look("1").is_some());
        assert_eq!(jobs.lock().jobs.len(), MOST);
    }
}
