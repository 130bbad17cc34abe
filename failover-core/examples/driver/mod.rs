//! A driver on std threads, shared by the examples: each attempt runs in a thread of its own.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use failover_core::{Action, AttemptId, Call, Fault, Finish, Fleet, Moment, Outcome};

/// What an attempt does, and what comes of it.
pub(crate) type Job<T> = Box<dyn FnOnce() -> Result<T, Fault> + Send>;

/// The time since the program began.
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::after_epoch(self.0.elapsed())
    }
}

/// Drives `call` to its end and returns what each attempt answered. `start` gives the job for a candidate and the items that
/// are missing; `items` names those that an answer holds, or none for an answer that is whole.
pub(crate) fn drive<T: Send + 'static>(
    call: &mut Call<'_>,
    fleet: &Fleet,
    clock: &Clock,
    start: impl Fn(usize, Vec<usize>) -> Job<T>,
    items: impl Fn(&T) -> Option<Vec<usize>>,
) -> (Finish, HashMap<AttemptId, T>) {
    let (tell, heard) = mpsc::channel();
    let mut answers = HashMap::new();
    loop {
        let until = match call.poll(fleet, clock.now()) {
            Action::Launch(launch) => {
                let (job, tell) = (start(launch.candidate, call.missing().collect()), tell.clone());
                // A thread whose answer nobody waits for any more finds nobody to tell.
                thread::spawn(move || drop(tell.send((launch.attempt, job()))));
                continue;
            }
            // A thread cannot be stopped: its answer will change nothing.
            Action::Cancel(_) => continue,
            Action::Finish(finish) => return (finish, answers),
            Action::Wait(until) => until,
        };
        let told = match until {
            Some(until) => heard.recv_timeout(until.since(clock.now())).ok(),
            None => heard.recv().ok(),
        };
        let Some((attempt, result)) = told else { continue };
        let held = result.as_ref().ok().and_then(&items);
        let outcome = match (&result, &held) {
            (Err(fault), _) => Outcome::from(*fault),
            (Ok(_), None) => Outcome::Answered,
            (Ok(_), Some(held)) => Outcome::Partly(held),
        };
        call.settle(attempt, outcome, fleet, clock.now());
        if let Ok(answer) = result {
            answers.insert(attempt, answer);
        }
    }
}
