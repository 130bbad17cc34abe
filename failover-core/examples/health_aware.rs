//! The healthiest provider first. After three failures one is unhealthy for 300 s and skipped; if none is healthy, all are
//! tried; a success heals.

mod driver;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use driver::{Clock, Job, drive};
use failover_core::{
    Breaker, Call, Candidate, CircuitState, Fault, Finish, Fleet, Health, LastResort, Policy, ProviderId,
};

static ALL_DOWN: AtomicBool = AtomicBool::new(true);

fn start(candidate: usize, _: Vec<usize>) -> Job<usize> {
    let down = candidate == 0 || ALL_DOWN.load(Ordering::Relaxed);
    Box::new(move || if down { Err(Fault::Overloaded) } else { Ok(candidate) })
}

pub(crate) fn main() {
    let policy = Policy::new().by_health(true).last_resort(LastResort::Everyone);
    let fleet = Fleet::new(3, Breaker::new().pause(Duration::from_secs(300))).with_health(Health::new());
    let candidates = [0, 1, 2].map(|slot| Candidate::new(ProviderId::new(slot)));
    let clock = Clock::start();
    let ask = |round: u64| {
        let mut call = Call::new(&policy, &candidates, round, clock.now());
        let (finish, _) = drive(&mut call, &fleet, &clock, start, |_| None);
        let order: Vec<usize> = call.report().entries().map(|entry| entry.candidate).collect();
        let resort: Vec<usize> =
            call.report().entries().filter(|entry| entry.last_resort).map(|entry| entry.candidate).collect();
        println!("round {round}: {finish:?}, in the order {order:?}, as the last resort {resort:?}");
        finish
    };
    for round in 1..=4 {
        ask(round);
    }
    assert!(
        (0..3).all(|slot| matches!(fleet.state(ProviderId::new(slot), clock.now()), CircuitState::Open(_)))
    );
    ALL_DOWN.store(false, Ordering::Relaxed);
    assert!(matches!(ask(5), Finish::Served(_)), "none was healthy, so all were tried");
    assert_eq!(fleet.state(ProviderId::new(1), clock.now()), CircuitState::Closed, "success heals");
    assert!(matches!(ask(6), Finish::Served(_)));
}
