//! Breakers that never recovered, recovered for the wrong reason, or let everybody through.

use core::num::NonZeroU8;
use std::panic::{AssertUnwindSafe, catch_unwind};

use failover_core::{
    Action, Breaker, Call, CircuitState, Ending, Fault, Fleet, Guard, Hedge, LastResort, Limits, Moment,
    Policy, Transition,
};

use crate::{ALPHA, LEASE, answers, at, candidates, drive, fails, fleet, launch, seconds};

/// Its breaker has been open, and lets a probe through now.
fn half_open() -> (Fleet, Moment) {
    let fleet = fleet();
    let permit = fleet.admit(ALPHA, LEASE, at(0)).expect("closed");
    fleet.end(permit, Ending::Trip, 0, at(0));
    (fleet, at(30))
}

#[test]
fn the_half_open_permit_leaks_on_cancel__resilience4j_544() {
    let (fleet, now) = half_open();
    for _ in 0..100 {
        let probe = fleet.admit(ALPHA, LEASE, now).expect("the permit before was given back");
        assert!(probe.is_probe());
        fleet.end(probe, Ending::Cancelled, 0, now);
    }
}

#[test]
fn the_half_open_permit_leaks_on_an_ignored_error__resilience4j_935_tower_resilience_407() {
    let (fleet, now) = half_open();
    let (policy, one) = (Policy::new().last_resort(LastResort::Nobody), candidates(1));
    for _ in 0..100 {
        let mut call = Call::new(&policy, &one, 1, now);
        let probe = launch(&mut call, &fleet, now);
        call.settle(probe.attempt, Fault::InvalidRequest.into(), &fleet, now);
    }
    assert_eq!(fleet.state(ALPHA, now), CircuitState::HalfOpen);
}

#[test]
fn the_half_open_permit_leaks_on_a_panic__hystrix_1621() {
    let (fleet, now) = half_open();
    let (policy, one) = (Policy::new().last_resort(LastResort::Nobody), candidates(1));
    for _ in 0..3 {
        let panics = || {
            let mut guard = Guard::new(Call::new(&policy, &one, 1, now), &fleet, || now);
            assert!(matches!(guard.poll(now), Action::Launch(_)), "refused: the probe leaked");
            std::panic::resume_unwind(Box::new("a callback panics"));
        };
        let panic = catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"a callback panics"));
    }
}

#[test]
fn the_half_open_permit_is_lost_and_the_breaker_never_recovers__monix_1080_finagle_524() {
    let (fleet, now) = half_open();
    drop(fleet.admit(ALPHA, LEASE, now).unwrap());
    let refusal = fleet.admit(ALPHA, LEASE, now).unwrap_err();
    let probe = fleet.admit(ALPHA, LEASE, refusal.until.unwrap()).unwrap();
    assert_eq!(fleet.end(probe, Ending::Success, 0, at(41)), Some(Transition::Closed));
}

#[test]
fn a_cancelled_probe_closes_the_breaker__polly_1991() {
    let (fleet, now) = half_open();
    let probe = fleet.admit(ALPHA, LEASE, now).unwrap();
    assert_eq!(fleet.end(probe, Ending::Cancelled, 0, now), None);
    assert_eq!(fleet.state(ALPHA, now), CircuitState::HalfOpen);
}

#[test]
fn everybody_is_let_through_half_open__recloser_failsafe() {
    let (fleet, now) = half_open();
    let admitted: Vec<_> = (0..1_000).filter_map(|_| fleet.admit(ALPHA, LEASE, now).ok()).collect();
    assert_eq!(admitted.len(), 1, "of 1,000");
}

#[test]
fn one_more_probe_than_allowed_after_each_result__resilience4j_1432_tower_resilience_382() {
    let two = NonZeroU8::new(2).unwrap();
    let fleet = Fleet::new(1, Breaker::new().probes(two).successes(NonZeroU8::new(4).unwrap()));
    let permit = fleet.admit(ALPHA, LEASE, at(0)).unwrap();
    fleet.end(permit, Ending::Trip, 0, at(0));
    let now = at(60);
    let mut probes: Vec<_> = (0..9).filter_map(|_| fleet.admit(ALPHA, LEASE, now).ok()).collect();
    for ending in [Ending::Success, Ending::Cancelled, Ending::Ignored, Ending::Success] {
        assert_eq!(probes.len(), 2);
        fleet.end(probes.remove(0), ending, 0, now);
        probes.extend((0..9).filter_map(|_| fleet.admit(ALPHA, LEASE, now).ok()));
    }
}

#[test]
fn a_late_success_from_before_the_trip_closes_the_breaker__failsafe_denoland_std_7306() {
    let fleet = fleet();
    let early = fleet.admit(ALPHA, LEASE, at(0)).unwrap();
    let trip = fleet.admit(ALPHA, LEASE, at(0)).unwrap();
    let another = fleet.admit(ALPHA, LEASE, at(0)).unwrap();
    fleet.end(trip, Ending::Trip, 0, at(1));
    assert_eq!(fleet.end(early, Ending::Success, 0, at(2)), None);
    assert_eq!(fleet.state(ALPHA, at(2)), CircuitState::Open(at(31)));
    let probe = fleet.admit(ALPHA, LEASE, at(31)).unwrap();
    assert_eq!(fleet.end(another, Ending::Success, 0, at(32)), None);
    assert_eq!(fleet.state(ALPHA, at(32)), CircuitState::HalfOpen);
    fleet.end(probe, Ending::Failure, 0, at(33));
}

#[test]
fn the_sliding_window_never_slides__tower_resilience_0_14() {
    let fleet = Fleet::new(1, Breaker::new().among(NonZeroU8::new(10).unwrap()));
    let end = |ending| fleet.admit(ALPHA, LEASE, at(0)).map(|permit| fleet.end(permit, ending, 0, at(0)));
    for _ in 0..10_000 {
        end(Ending::Success).unwrap();
    }
    let failures = (0..10_000).take_while(|_| end(Ending::Failure).is_ok()).count();
    assert_eq!(failures, 3, "admitted after the provider broke");
}

#[test]
fn a_hung_primary_is_never_blamed_because_losers_are_cancelled__simulated() {
    let (fleet, both) = (fleet(), candidates(2));
    let policy = Policy::new().hedge(Hedge::after(seconds(1)));
    let (mut delayed, mut now) = (0, at(0));
    for _ in 0..600 {
        let hung = |candidate| if candidate == 0 { None } else { answers(seconds(0)) };
        let told = drive(&policy, &both, &fleet, now, hung);
        delayed += u32::from(told.ended > now);
        now = told.ended.plus(seconds(1));
    }
    // Three of them open the breaker; then one probe in each break.
    assert!(delayed <= 3 + 620 / 30, "{delayed} of 600 calls were delayed");
}

#[test]
fn a_flight_cut_off_by_the_deadline_of_the_call_is_never_blamed__sketches() {
    let (fleet, one) = (fleet(), candidates(1));
    let policy = Policy::new().deadline(seconds(2));
    for n in 0..3 {
        drive(&policy, &one, &fleet, at(n * 10), |_| None);
    }
    assert!(matches!(fleet.state(ALPHA, at(25)), CircuitState::Open(_)));
}

#[test]
fn a_flight_cut_off_by_an_outer_timeout_is_never_blamed__sketches() {
    let (fleet, one) = (fleet(), candidates(1));
    let policy = Policy::new().limits(Limits::NONE.with_silence(seconds(2)));
    for n in 0..3 {
        let now = at(n * 10);
        let mut guard = Guard::new(Call::new(&policy, &one, 1, now), &fleet, || now.plus(seconds(2)));
        assert!(matches!(guard.poll(now), Action::Launch(_)));
    }
    assert!(matches!(fleet.state(ALPHA, at(25)), CircuitState::Open(_)));
}

#[test]
fn the_only_provider_is_never_cooled__litellm_40405() {
    let (fleet, one) = (fleet(), candidates(1));
    let policy = Policy::new().last_resort(LastResort::Nobody);
    let calls = (0..100).filter(|_| {
        let told = drive(&policy, &one, &fleet, at(0), |_| fails(Fault::Overloaded));
        !told.launches.is_empty()
    });
    assert_eq!(calls.count(), 3);
}

#[test]
fn connection_errors_are_exempt_from_cooling__litellm_27362() {
    let (fleet, one) = (fleet(), candidates(1));
    for _ in 0..3 {
        drive(&Policy::new(), &one, &fleet, at(0), |_| fails(Fault::Connect));
    }
    assert!(matches!(fleet.state(ALPHA, at(0)), CircuitState::Open(_)));
}
