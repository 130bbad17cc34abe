//! All providers at once, each within 10 s and all within 30 s: the first success wins, a fast failure does not. Then the
//! same as a hedge, which asks the second provider only if the first takes long.

mod driver;

use std::thread;
use std::time::Duration;

use driver::{Clock, Job, drive};
use failover_core::{Breaker, Call, Candidate, Fault, Finish, Fleet, Hedge, Limits, Policy, ProviderId};

const NAMES: [&str; 3] = ["fast but broken", "steady", "slow"];

fn start(candidate: usize, _: Vec<usize>) -> Job<&'static str> {
    let (millis, result) =
        [(1, Err(Fault::Broken)), (20, Ok("steady's answer")), (200, Ok("slow's answer"))][candidate];
    Box::new(move || {
        thread::sleep(Duration::from_millis(millis));
        result
    })
}

pub(crate) fn main() {
    let seconds = Duration::from_secs;
    let policy = Policy::new().deadline(seconds(30)).limits(Limits::NONE.with_total(seconds(10)));
    let fleet = Fleet::new(NAMES.len(), Breaker::new());
    let clock = Clock::start();
    let strategies = [
        ("race", policy.hedge(Hedge::race()), [0, 1, 2]),
        ("hedge after 5 ms", policy.hedge(Hedge::after(Duration::from_millis(5))), [2, 1, 0]),
    ];
    for (name, policy, order) in strategies {
        let candidates = order.map(|slot| Candidate::new(ProviderId::new(slot)));
        let mut call = Call::new(&policy, &candidates, 1, clock.now());
        let by_slot = |candidate: usize, items| start(usize::from(order[candidate]), items);
        let (finish, answers) = drive(&mut call, &fleet, &clock, by_slot, |_| None);
        let Finish::Served(attempt) = finish else { panic!("{finish:?}") };
        println!("{name}: {}", answers[&attempt]);
        for entry in call.report().entries() {
            let name = NAMES[entry.provider.slot()];
            let billed = if entry.maybe_billed { ", maybe billed" } else { "" };
            println!("  {name}: {} asked, {:?}{billed}", entry.attempts, entry.faults.last());
        }
        assert_eq!(answers[&attempt], "steady's answer");
    }
}
