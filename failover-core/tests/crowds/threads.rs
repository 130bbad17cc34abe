//! Real threads on one fleet. Time stands still where they meet: what is tested is the atomicity, not the clock.

use core::num::NonZeroU8;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use failover_core::{Breaker, CircuitState, Ending, Fleet, Moment, ProviderId};

const ONLY: ProviderId = ProviderId::new(0);
const THREADS: usize = 4;
const LEASE: Duration = Duration::from_secs(60);

const fn number(n: u8) -> NonZeroU8 {
    NonZeroU8::new(n).expect("not zero")
}

/// A fleet whose only breaker has been open, and is ready for probes at the returned moment.
fn ready_for_probes(breaker: Breaker) -> (Fleet, Moment) {
    let fleet = Fleet::new(1, breaker);
    let permit = fleet.admit(ONLY, LEASE, Moment::EPOCH).expect("closed");
    fleet.end(permit, Ending::Trip, 0, Moment::EPOCH);
    (fleet, Moment::after_epoch(Duration::from_secs(3_600)))
}

#[test]
fn no_more_probes_than_allowed_are_ever_in_flight() {
    for most in 1..=4 {
        let (fleet, now) = ready_for_probes(Breaker::new().probes(number(most)).successes(number(4)));
        let (in_flight, admitted) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let start = Barrier::new(THREADS + 1);
        thread::scope(|scope| {
            for _ in 0..=THREADS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..5_000 {
                        let Ok(probe) = fleet.admit(ONLY, LEASE, now) else { continue };
                        assert!(probe.is_probe());
                        let probes = in_flight.fetch_add(1, Ordering::SeqCst) + 1;
                        assert!(probes <= most.into(), "{probes} probes in flight, {most} allowed");
                        admitted.fetch_add(1, Ordering::Relaxed);
                        thread::yield_now();
                        in_flight.fetch_sub(1, Ordering::SeqCst);
                        fleet.end(probe, Ending::Cancelled, 0, now);
                    }
                });
            }
        });
        // Nobody holds a place any more: as many as are allowed get one, and no more.
        assert!(admitted.into_inner() > 0);
        let probes: Vec<_> = (0..most).map(|_| fleet.admit(ONLY, LEASE, now).unwrap()).collect();
        assert!(fleet.admit(ONLY, LEASE, now).is_err());
        assert_eq!(probes.len(), most.into());
    }
}

#[test]
fn failures_at_the_same_time_are_all_counted_and_open_it_once() {
    const EACH: usize = 8;
    const ROUNDS: usize = 1_000;
    let now = Moment::after_epoch(Duration::from_secs(1));
    let all = number(u8::try_from(THREADS * EACH).unwrap());
    let fleet = Fleet::new(1, Breaker::new().failures(all));
    let barrier = Barrier::new(THREADS);
    let (told, open) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Whoever panicked would leave the others at the barrier: what is wrong is counted, and judged at the end.
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let permits: Vec<_> =
                        (0..EACH).filter_map(|_| fleet.admit(ONLY, LEASE, now).ok()).collect();
                    barrier.wait();
                    for permit in permits {
                        let opened = fleet.end(permit, Ending::Failure, 0, now);
                        told.fetch_add(usize::from(opened.is_some()), Ordering::SeqCst);
                    }
                    if barrier.wait().is_leader() {
                        let is_open = matches!(fleet.state(ONLY, now), CircuitState::Open(_));
                        open.fetch_add(usize::from(is_open), Ordering::SeqCst);
                        fleet.release(ONLY);
                    }
                    barrier.wait();
                }
            });
        }
    });
    assert_eq!(open.into_inner(), ROUNDS, "a failure was lost");
    assert_eq!(told.into_inner(), ROUNDS, "told once in each round");
}

#[test]
fn whatever_threads_do_to_each_other_the_breaker_heals() {
    let breaker = Breaker::new().failures(number(2)).pause(Duration::from_millis(1)).probes(number(2));
    let fleet = Fleet::new(1, breaker);
    thread::scope(|scope| {
        for thread in 0..THREADS as u64 {
            let fleet = &fleet;
            scope.spawn(move || {
                for step in 0..20_000_u64 {
                    let now = Moment::after_epoch(Duration::from_micros(step * 50));
                    let Ok(permit) = fleet.admit(ONLY, Duration::from_millis(3), now) else { continue };
                    let ending = match (step * 7 + thread * 13) % 11 {
                        0..4 => Ending::Failure,
                        4 => Ending::Cancelled,
                        5 => Ending::Ignored,
                        6 => continue, // lost
                        _ => Ending::Success,
                    };
                    fleet.end(permit, ending, step, now);
                }
            });
        }
    });
    let now = Moment::after_epoch(Duration::from_secs(60));
    let permit = fleet.admit(ONLY, LEASE, now).expect("wedged");
    fleet.end(permit, Ending::Success, 0, now);
    assert_eq!(fleet.state(ONLY, now), CircuitState::Closed);
}
