//! Bugs that other resilience libraries had, each as a test of ours, named after the bug and where it was seen.
#![expect(non_snake_case, reason = "behind the double underscore stands where the bug was seen")]

mod breakers;
mod calls;
mod waits;

use std::time::Duration;

use failover_core::{
    Action, AttemptId, Breaker, Call, Candidate, Fault, Finish, Fleet, Launch, Moment, Outcome, Policy,
    ProviderId,
};

const ALPHA: ProviderId = ProviderId::new(0);
const LEASE: Duration = Duration::from_secs(10);

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

const fn at(n: u64) -> Moment {
    Moment::after_epoch(seconds(n))
}

fn candidates(count: u16) -> Vec<Candidate> {
    (0..count).map(|slot| Candidate::new(ProviderId::new(slot))).collect()
}

/// Breakers without jitter.
fn fleet() -> Fleet {
    Fleet::new(8, Breaker::new().jitter_percent(0))
}

/// The attempt that the call wants started now.
#[track_caller]
fn launch(call: &mut Call<'_>, fleet: &Fleet, now: Moment) -> Launch {
    match call.poll(fleet, now) {
        Action::Launch(launch) => launch,
        other => panic!("{other:?}"),
    }
}

/// Who was asked, of which candidate, when; what was called off; how it ended, and when.
struct Told {
    launches: Vec<(usize, Moment)>,
    cancelled: Vec<AttemptId>,
    finish: Finish,
    ended: Moment,
}

/// Drives a call whose attempts end as `answer` says, after that long; `None` never ends.
fn drive<'a>(
    policy: &Policy,
    candidates: &[Candidate],
    fleet: &Fleet,
    mut now: Moment,
    mut answer: impl FnMut(usize) -> Option<(Duration, Outcome<'a>)>,
) -> Told {
    let mut call = Call::new(policy, candidates, 7, now);
    let (mut launches, mut cancelled) = (Vec::new(), Vec::new());
    let mut flights: Vec<(Moment, AttemptId, Outcome<'a>)> = Vec::new();
    loop {
        match call.poll(fleet, now) {
            Action::Launch(launch) => {
                launches.push((launch.candidate, now));
                if let Some((took, outcome)) = answer(launch.candidate) {
                    flights.push((now.plus(took), launch.attempt, outcome));
                }
            }
            Action::Cancel(attempt) => {
                flights.retain(|flight| flight.1 != attempt);
                cancelled.push(attempt);
            }
            Action::Wait(until) => {
                flights.sort_by_key(|flight| flight.0);
                match flights.first().map(|flight| flight.0) {
                    Some(end) if until.is_none_or(|until| end <= until) => {
                        let (_, attempt, outcome) = flights.remove(0);
                        now = end;
                        call.settle(attempt, outcome, fleet, now);
                    }
                    _ => now = until.expect("hangs for ever"),
                }
            }
            Action::Finish(finish) => return Told { launches, cancelled, finish, ended: now },
        }
    }
}

/// At once.
fn fails<'a>(fault: Fault) -> Option<(Duration, Outcome<'a>)> {
    Some((Duration::ZERO, fault.into()))
}

fn answers<'a>(after: Duration) -> Option<(Duration, Outcome<'a>)> {
    Some((after, Outcome::Answered))
}
