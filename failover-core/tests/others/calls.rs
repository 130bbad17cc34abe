//! Calls that took the wrong answer, lost the right one, or asked for too much.

use std::time::Duration;

use failover_core::{
    AttemptId, Backoff, Breaker, Call, CircuitState, Fault, Finish, Fleet, Hedge, Outcome, Policy,
    RetryBudget,
};

use crate::{ALPHA, answers, at, candidates, drive, fails, fleet, launch, seconds};

#[test]
fn a_fast_failure_wins_the_race__tower_hedge_model_hotel_803() {
    let policy = Policy::new().hedge(Hedge::race());
    for fault in [Fault::Connect, Fault::Throttled, Fault::Unauthenticated, Fault::Malformed, Fault::Empty] {
        let quick = |candidate| if candidate == 0 { fails(fault) } else { answers(seconds(5)) };
        let told = drive(&policy, &candidates(2), &fleet(), at(0), quick);
        assert!(matches!(told.finish, Finish::Served(attempt) if attempt.number() == 1), "{fault}");
        assert_eq!(told.ended, at(5));
    }
}

#[test]
fn the_winner_is_cancelled_with_the_losers__failsafe_go_65() {
    let policy = Policy::new().hedge(Hedge::race());
    for winner in 0..4 {
        let after = |candidate| answers(seconds(if candidate == winner { 1 } else { 9 }));
        let told = drive(&policy, &candidates(4), &fleet(), at(0), after);
        let Finish::Served(served) = told.finish else { panic!("{:?}", told.finish) };
        assert_eq!(told.cancelled.len(), 3);
        assert!(!told.cancelled.contains(&served));
    }
}

#[test]
fn the_original_error_is_replaced_by_that_of_the_fallback__langchain_14085_litellm_27967() {
    let (policy, both, fleet) = (Policy::new(), candidates(2), fleet());
    let mut call = Call::new(&policy, &both, 1, at(0));
    for fault in [Fault::OutOfCredit, Fault::Connect] {
        let attempt = launch(&mut call, &fleet, at(0)).attempt;
        call.settle(attempt, fault.into(), &fleet, at(0));
    }
    let _ = call.poll(&fleet, at(0));
    let faults: Vec<_> = call.report().entries().map(|entry| entry.faults.last()).collect();
    assert_eq!(faults, [Some(Fault::OutOfCredit), Some(Fault::Connect)]);
}

#[test]
fn a_refusal_of_the_primary_is_replaced_by_an_error_of_the_fallback__langchain_14085() {
    let told = drive(&Policy::new(), &candidates(2), &fleet(), at(0), |_| fails(Fault::InvalidRequest));
    assert!(matches!(told.finish, Finish::Refused(attempt) if attempt.number() == 0));
}

#[test]
fn what_may_have_been_done_is_sent_again__comfyui_16204() {
    let policy = Policy::new().retries(99).patience(seconds(60));
    for fault in [Fault::Gateway, Fault::Reset, Fault::Timeout, Fault::Cut, Fault::Malformed, Fault::Empty] {
        let told = drive(&policy, &candidates(2), &fleet(), at(0), |_| fails(fault));
        let asked: Vec<_> = told.launches.iter().map(|(candidate, _)| *candidate).collect();
        assert_eq!(asked, [0, 1], "{fault}: once each");
    }
}

#[test]
fn the_fault_of_the_request_is_retried_and_held_against_the_provider__tensorzero_bifrost_3261() {
    let (policy, fleet) = (Policy::new().retries(9).patience(seconds(60)), fleet());
    for fault in [Fault::InvalidRequest, Fault::ContentPolicy, Fault::CallerDeadline] {
        for _ in 0..10 {
            let told = drive(&policy, &candidates(2), &fleet, at(0), |_| fails(fault));
            assert_eq!(told.launches.len(), 1, "{fault}");
        }
    }
    assert_eq!(fleet.state(ALPHA, at(0)), CircuitState::Closed);
}

const NOTHING: RetryBudget = RetryBudget::new().share_percent(0).reserve_per_second(0).burst(0);

#[test]
fn an_empty_budget_fails_the_call__failsafe_go_141() {
    let fleet = fleet().with_budget(NOTHING);
    let policy = Policy::new().retries(3).patience(seconds(60));
    let second = |candidate| if candidate == 0 { fails(Fault::Broken) } else { answers(seconds(1)) };
    let told = drive(&policy, &candidates(2), &fleet, at(0), second);
    assert!(matches!(told.finish, Finish::Served(_)));
    assert_eq!(told.launches, [(0, at(0)), (1, at(0))]);
}

#[test]
fn an_empty_budget_hangs_the_call__grpc_java_7222() {
    let fleet = fleet().with_budget(NOTHING);
    let policy = Policy::new().hedge(Hedge::after(seconds(1)));
    let told = drive(&policy, &candidates(2), &fleet, at(0), |_| answers(seconds(5)));
    assert_eq!((told.finish, told.ended), (Finish::Served(first()), at(5)));
    let last = |candidate| {
        if candidate == 0 { Some((seconds(5), Fault::Broken.into())) } else { answers(seconds(1)) }
    };
    let told = drive(&policy, &candidates(2), &fleet, at(0), last);
    assert!(matches!(told.finish, Finish::Served(_)));
}

/// How many extra attempts 100 requests get, each of which could use one.
fn granted(budget: RetryBudget) -> usize {
    let fleet = Fleet::new(0, Breaker::new()).with_budget(budget);
    let policy = Policy::new().retries(1).backoff(Backoff::constant(Duration::ZERO));
    let attempts = (0..100).map(|_| drive(&policy, &candidates(1), &fleet, at(0), |_| fails(Fault::Broken)));
    attempts.map(|told| told.launches.len() - 1).sum()
}

#[test]
fn the_budget_truncates_its_ratio__tower_857() {
    for percent in [1, 10, 20, 33, 90, 99, 100] {
        let granted = granted(NOTHING.burst(10).share_percent(percent));
        // The burst is saved up at the start, and the first share has no room beside it.
        assert_eq!(granted, (10 + usize::from(percent) * 99 / 100).min(100), "{percent} %");
    }
}

#[test]
fn the_budget_never_refills__aws_sdk_go_v2_3550() {
    let fleet = Fleet::new(0, Breaker::new()).with_budget(NOTHING.burst(5).reserve_per_second(1));
    let policy = Policy::new().retries(99).backoff(Backoff::constant(Duration::ZERO));
    for day in 0..10 {
        let now = at(day * 86_400);
        let told = drive(&policy, &candidates(1), &fleet, now, |_| fails(Fault::Broken));
        assert_eq!(told.launches.len(), 1 + 5, "day {day}");
    }
}

fn first() -> AttemptId {
    let (policy, one) = (Policy::new(), candidates(1));
    launch(&mut Call::new(&policy, &one, 1, at(0)), &fleet(), at(0)).attempt
}

#[test]
fn a_duplicate_report_is_taken_for_a_second_answer() {
    let (policy, both, fleet) = (Policy::new(), candidates(2), fleet());
    let mut call = Call::new(&policy, &both, 1, at(0));
    let attempt = launch(&mut call, &fleet, at(0)).attempt;
    call.settle(attempt, Fault::Broken.into(), &fleet, at(0));
    call.settle(attempt, Outcome::Answered, &fleet, at(0));
    assert_eq!(launch(&mut call, &fleet, at(0)).candidate, 1);
}
