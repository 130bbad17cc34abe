//! The breaker's atomics under every order in which two or three threads can use them.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p failover-core --test loom --target-dir target/loom`
#![cfg(loom)]

use core::num::NonZeroU8;
use std::time::Duration;

use failover_core::{Breaker, CircuitState, Ending, Fleet, Moment, Permit, ProviderId, Transition};
use loom::sync::Arc;
use loom::thread;

const ONLY: ProviderId = ProviderId::new(0);
const LEASE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_secs(30);

fn at(seconds: u64) -> Moment {
    Moment::after_epoch(Duration::from_secs(seconds))
}

fn breaker(failures: u8) -> Breaker {
    Breaker::new().failures(NonZeroU8::new(failures).expect("not zero")).pause(PAUSE).jitter_percent(0)
}

fn fleet(failures: u8) -> Arc<Fleet> {
    Arc::new(Fleet::new(1, breaker(failures)))
}

/// Open until 30 s.
fn open() -> Arc<Fleet> {
    let fleet = fleet(1);
    let permit = fleet.admit(ONLY, LEASE, at(0)).expect("closed");
    fleet.end(permit, Ending::Failure, 1, at(0));
    fleet
}

fn in_threads<T: 'static>(fleet: &Arc<Fleet>, jobs: Vec<impl FnOnce(&Fleet) -> T + 'static>) -> Vec<T> {
    let start = |job: Box<dyn FnOnce(&Fleet) -> T>| {
        let fleet = Arc::clone(fleet);
        thread::spawn(move || job(&fleet))
    };
    let threads: Vec<_> = jobs.into_iter().map(|job| start(Box::new(job))).collect();
    threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
}

#[test]
fn one_probe_of_three_askers() {
    loom::model(|| {
        let fleet = open();
        let ask = |fleet: &Fleet| fleet.admit(ONLY, LEASE, at(31)).ok().map(|permit| permit.transition());
        let admitted: Vec<_> = in_threads(&fleet, vec![ask; 3]).into_iter().flatten().collect();
        assert_eq!(admitted, [Some(Transition::HalfOpened)]);
    });
}

#[test]
fn no_failure_is_lost_and_one_of_them_opens() {
    loom::model(|| {
        let fleet = fleet(3);
        let fail = |permit: Permit| move |fleet: &Fleet| fleet.end(permit, Ending::Failure, 1, at(0));
        let admit = || fleet.admit(ONLY, LEASE, at(0)).expect("closed");
        fleet.end(admit(), Ending::Failure, 1, at(0));
        let jobs = vec![fail(admit()), fail(admit())];
        let told: Vec<_> = in_threads(&fleet, jobs).into_iter().flatten().collect();
        assert_eq!(told, [Transition::Opened(at(30))]);
        assert_eq!(fleet.state(ONLY, at(1)), CircuitState::Open(at(30)));
    });
}

#[test]
fn a_success_from_before_the_trip_never_closes() {
    loom::model(|| {
        let fleet = fleet(1);
        let (early, late) = (fleet.admit(ONLY, LEASE, at(0)), fleet.admit(ONLY, LEASE, at(0)));
        let end = |permit: Permit, ending| move |fleet: &Fleet| fleet.end(permit, ending, 1, at(0));
        let jobs: Vec<Box<dyn FnOnce(&Fleet) -> Option<Transition>>> = vec![
            Box::new(end(early.expect("closed"), Ending::Success)),
            Box::new(end(late.expect("closed"), Ending::Failure)),
        ];
        in_threads(&fleet, jobs);
        assert_eq!(fleet.state(ONLY, at(1)), CircuitState::Open(at(30)));
    });
}

#[test]
fn a_cancelled_probe_gives_its_place_to_exactly_one() {
    loom::model(|| {
        let fleet = open();
        let probe = fleet.admit(ONLY, LEASE, at(31)).expect("half-open");
        let cancel = |fleet: &Fleet| {
            fleet.end(probe, Ending::Cancelled, 1, at(31));
            None
        };
        let ask = |fleet: &Fleet| fleet.admit(ONLY, LEASE, at(31)).ok();
        let jobs: Vec<Box<dyn FnOnce(&Fleet) -> Option<Permit>>> =
            vec![Box::new(cancel), Box::new(ask), Box::new(ask)];
        let admitted: Vec<Permit> = in_threads(&fleet, jobs).into_iter().flatten().collect();
        assert!(admitted.len() <= 1);
        for permit in admitted {
            assert_eq!(fleet.end(permit, Ending::Success, 1, at(31)), Some(Transition::Closed));
        }
    });
}

#[test]
fn a_lost_probe_is_replaced_once_when_its_lease_ends_and_counts_no_more() {
    loom::model(|| {
        let fleet = open();
        let lost = fleet.admit(ONLY, LEASE, at(31)).expect("half-open");
        let report = |fleet: &Fleet| {
            fleet.end(lost, Ending::Failure, 1, at(40));
            None
        };
        let ask = |fleet: &Fleet| fleet.admit(ONLY, LEASE, at(40)).ok();
        let jobs: Vec<Box<dyn FnOnce(&Fleet) -> Option<Permit>>> =
            vec![Box::new(report), Box::new(ask), Box::new(ask)];
        let admitted: Vec<Permit> = in_threads(&fleet, jobs).into_iter().flatten().collect();
        match (admitted.len(), fleet.state(ONLY, at(40))) {
            // The failure came in before the lease was given away.
            (0, CircuitState::Open(until)) => assert_eq!(until, at(70)),
            (1, CircuitState::HalfOpen) => {}
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn the_longest_hint_of_two_is_kept() {
    loom::model(|| {
        let fleet = fleet(3);
        let (one, other) = (fleet.admit(ONLY, LEASE, at(0)), fleet.admit(ONLY, LEASE, at(0)));
        let end = |permit: Permit, seconds| {
            move |fleet: &Fleet| {
                fleet.end(permit, Ending::OpenUntil(at(seconds)), 1, at(0));
            }
        };
        let jobs: Vec<Box<dyn FnOnce(&Fleet)>> =
            vec![Box::new(end(one.expect("closed"), 5)), Box::new(end(other.expect("closed"), 9))];
        in_threads(&fleet, jobs);
        assert_eq!(fleet.state(ONLY, at(1)), CircuitState::Open(at(9)));
    });
}
