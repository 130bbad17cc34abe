//! A runtime of your own: one event loop over virtual time, as a simulation, an actor system or a game has one. A day of requests
//! passes in milliseconds; from 6 to 7 o'clock the primary hangs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use failover_core::{
    Action, AttemptId, Breaker, Call, Candidate, Fault, Finish, Fleet, Limits, Moment, Outcome, Policy,
    ProviderId,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// What the world does when its time has come: an answer arrives.
type Arrival = (Moment, AttemptId);

/// How long the provider takes to answer a request of this moment; none if it never does.
fn answers(provider: usize, now: Moment) -> Option<Duration> {
    let hangs = provider == 0 && (6 * HOUR..7 * HOUR).contains(&now.since_epoch());
    (!hangs).then_some(Duration::from_millis(if provider == 0 { 40 } else { 90 }))
}

/// Serves one request that begins now; when it was served, and by whom.
fn serve(
    fleet: &Fleet,
    policy: &Policy,
    candidates: &[Candidate],
    mut now: Moment,
) -> (Moment, Option<usize>) {
    let mut call = Call::new(policy, candidates, 1, now);
    let mut agenda = BinaryHeap::<Reverse<Arrival>>::new();
    let (mut asked, mut limits) = (Vec::new(), Vec::new());
    loop {
        match call.poll(fleet, now) {
            Action::Launch(launch) => {
                asked.push((launch.attempt, launch.candidate));
                if let Some(takes) = answers(launch.candidate, now) {
                    agenda.push(Reverse((now.plus(takes), launch.attempt)));
                }
                // A limit is the runtime's to keep.
                limits.extend(launch.limits.total().map(|limit| (now.plus(limit), launch.attempt)));
            }
            Action::Cancel(attempt) => agenda.retain(|Reverse((_, other))| *other != attempt),
            Action::Finish(Finish::Served(attempt)) => {
                let by = asked.iter().find(|(known, _)| *known == attempt).map(|(_, candidate)| *candidate);
                return (now, by);
            }
            Action::Finish(_) => return (now, None),
            Action::Wait(until) => {
                let arrival = agenda.peek().map(|Reverse(arrival)| *arrival);
                let limit = limits.iter().min().copied();
                let next = [until, arrival.map(|(at, _)| at), limit.map(|(at, _)| at)];
                now = next.into_iter().flatten().min().expect("somebody is waited for");
                if let Some((_, attempt)) = arrival.filter(|(at, _)| *at <= now) {
                    agenda.pop();
                    limits.retain(|(_, other)| *other != attempt);
                    call.settle(attempt, Outcome::Answered, fleet, now);
                } else if let Some((_, attempt)) = limit.filter(|(at, _)| *at <= now) {
                    limits.retain(|(_, other)| *other != attempt);
                    call.settle(attempt, Fault::Timeout.into(), fleet, now);
                }
            }
        }
    }
}

pub(crate) fn main() {
    let policy = Policy::new().limits(Limits::NONE.with_total(Duration::from_secs(2)));
    let candidates = [0, 1].map(|slot| Candidate::new(ProviderId::new(slot)));
    let fleet = Fleet::new(2, Breaker::new());
    let (mut served, mut slow) = ([0; 2], 0);
    for second in 0..24 * 3_600 {
        let began = Moment::EPOCH.plus(Duration::from_secs(second));
        let (now, by) = serve(&fleet, &policy, &candidates, began);
        served[by.expect("the backup never fails")] += 1;
        slow += u32::from(now.since(began) >= Duration::from_secs(2));
    }
    println!("a request every second for a day; the primary hung for an hour");
    println!("served by the primary {}, by the backup {}; kept waiting: {slow}", served[0], served[1]);
    // Three failures open the circuit; then one probe after each break of 30 s and a little.
    assert!((100..=125).contains(&slow), "{slow}");
    assert!((3_600..3_640).contains(&served[1]), "{served:?}");
}
