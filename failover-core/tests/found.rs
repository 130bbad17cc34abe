//! Bugs that were found in the core, each by a test that failed before it was mended.

use core::num::NonZeroU8;
use std::time::Duration;

use failover_core::*;

const A: ProviderId = ProviderId::new(0);
const NOTHING: RetryBudget = RetryBudget::new().share_percent(0).reserve_per_second(0).burst(0);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn at(millis: u64) -> Moment {
    Moment::after_epoch(ms(millis))
}

fn candidates(count: u16) -> Vec<Candidate> {
    (0..count).map(|slot| Candidate::new(ProviderId::new(slot))).collect()
}

#[track_caller]
fn launch(call: &mut Call<'_>, fleet: &Fleet, now: u64) -> Launch {
    match call.poll(fleet, at(now)) {
        Action::Launch(launch) => launch,
        other => panic!("{other:?}"),
    }
}

fn trip(fleet: &Fleet, slot: u16) {
    let permit = fleet.admit(ProviderId::new(slot), ms(1), at(0)).expect("closed");
    fleet.end(permit, Ending::Trip, 0, at(0));
}

fn race() -> Policy {
    Policy::new().hedge(Hedge::race())
}

#[test]
fn of_two_reports_in_a_row_the_first_answer_wins() {
    for second in [Outcome::Answered, Fault::InvalidRequest.into()] {
        let (fleet, policy, two) = (Fleet::new(2, Breaker::new()), race(), candidates(2));
        let mut call = Call::new(&policy, &two, 1, at(0));
        let a = launch(&mut call, &fleet, 0);
        let b = launch(&mut call, &fleet, 0);
        call.settle(a.attempt, Outcome::Answered, &fleet, at(10));
        call.settle(b.attempt, second, &fleet, at(10));
        assert_eq!(call.poll(&fleet, at(10)), Action::Finish(Finish::Served(a.attempt)));
    }
}

#[test]
fn a_guard_dropped_between_the_win_and_the_cancels_gives_the_losers_probe_back() {
    let (fleet, policy, two) = (Fleet::new(2, Breaker::new().jitter_percent(0)), race(), candidates(2));
    trip(&fleet, 0);
    let now = at(31_000);
    let mut guard = Guard::new(Call::new(&policy, &two, 1, now), &fleet, || now);
    let Action::Launch(_) = guard.poll(now) else { panic!() };
    let Action::Launch(b) = guard.poll(now) else { panic!() };
    guard.settle(b.attempt, Outcome::Answered, now);
    drop(guard);
    assert!(fleet.admit(A, ms(1), now).is_ok(), "the probe of the loser is lost");
}

#[test]
fn a_hint_of_a_last_resort_is_heard_while_half_open() {
    let fleet = Fleet::new(1, Breaker::new().jitter_percent(0));
    trip(&fleet, 0);
    let _probe = fleet.admit(A, ms(60_000), at(30_000)).unwrap();
    let resort = fleet.admit_last_resort(A);
    let told = fleet.end(resort, Ending::FailureUntil(at(90_000)), 0, at(31_000));
    assert_eq!(told, Some(Transition::Opened(at(90_000))));
}

#[test]
fn forced_open_meanwhile_it_is_no_last_resort() {
    let (fleet, policy, two) = (Fleet::new(2, Breaker::new()), Policy::new(), candidates(2));
    trip(&fleet, 0);
    let mut call = Call::new(&policy, &two, 1, at(0));
    let b = launch(&mut call, &fleet, 0);
    fleet.force_open(A);
    call.settle(b.attempt, Fault::Broken.into(), &fleet, at(10));
    assert!(!matches!(call.poll(&fleet, at(10)), Action::Launch(_)), "asked although forced open");
}

#[test]
fn the_last_resort_is_not_asked_what_is_too_long_for_its_model() {
    let (fleet, policy) = (Fleet::new(2, Breaker::new()), Policy::new());
    let two = candidates(2).into_iter().map(|it| it.model(ModelId::new(1))).collect::<Vec<_>>();
    trip(&fleet, 0);
    let mut call = Call::new(&policy, &two, 1, at(0));
    let b = launch(&mut call, &fleet, 0);
    call.settle(b.attempt, Fault::ContextTooLong.into(), &fleet, at(0));
    assert_eq!(call.poll(&fleet, at(0)), Action::Finish(Finish::Failed(Cause::Exhausted)));
}

#[test]
fn a_retry_counts_among_those_in_flight() {
    let fleet = Fleet::new(3, Breaker::new());
    let policy = Policy::new()
        .hedge(Hedge::race().in_flight(NonZeroU8::new(2).unwrap()))
        .retries(1)
        .patience(ms(1_000))
        .backoff(Backoff::constant(ms(100)));
    let three = candidates(3);
    let mut call = Call::new(&policy, &three, 1, at(0));
    let a = launch(&mut call, &fleet, 0);
    launch(&mut call, &fleet, 0);
    call.settle(a.attempt, Fault::Broken.into(), &fleet, at(10));
    assert_eq!(launch(&mut call, &fleet, 10).candidate, 2);
    assert!(!matches!(call.poll(&fleet, at(110)), Action::Launch(_)), "three in flight, two allowed");
}

#[test]
fn two_failures_in_a_row_start_as_many_as_with_a_poll_between_them() {
    let (fleet, four) = (Fleet::new(4, Breaker::new()), candidates(4));
    let policy = Policy::new().hedge(Hedge::after(ms(500)));
    let mut call = Call::new(&policy, &four, 1, at(0));
    let a = launch(&mut call, &fleet, 0);
    let b = launch(&mut call, &fleet, 500);
    call.settle(a.attempt, Fault::Broken.into(), &fleet, at(600));
    call.settle(b.attempt, Fault::Broken.into(), &fleet, at(600));
    launch(&mut call, &fleet, 600);
    launch(&mut call, &fleet, 600);
}

fn grows() -> Fleet {
    let breaker = Breaker::new().jitter_percent(0).failures(NonZeroU8::MIN);
    Fleet::new(1, breaker.pause(ms(1_000)).growing_to(ms(8_000)))
}

fn end(fleet: &Fleet, ending: Ending, now: u64) -> Option<Transition> {
    let permit = fleet.admit(A, ms(10), at(now)).expect("let through");
    fleet.end(permit, ending, 0, at(now))
}

#[test]
fn growth_starts_over_after_a_stable_time_though_a_hint_ends_it() {
    let fleet = grows();
    end(&fleet, Ending::Failure, 0);
    end(&fleet, Ending::Failure, 1_000);
    assert_eq!(end(&fleet, Ending::Success, 3_000), Some(Transition::Closed));
    // Closed for an hour; then the provider asks for two seconds, comes back, and fails.
    end(&fleet, Ending::OpenUntil(at(3_602_000)), 3_600_000);
    assert_eq!(end(&fleet, Ending::Success, 3_602_000), Some(Transition::Closed));
    assert_eq!(end(&fleet, Ending::Failure, 3_602_500), Some(Transition::Opened(at(3_603_500))));
}

#[test]
fn a_released_breaker_is_as_new() {
    let fleet = grows();
    end(&fleet, Ending::Failure, 0);
    fleet.release(A);
    assert_eq!(end(&fleet, Ending::Failure, 0), Some(Transition::Opened(at(1_000))));
}

#[test]
fn a_refused_candidate_costs_no_hedge() {
    let fleet = Fleet::new(3, Breaker::new()).with_budget(NOTHING.burst(1));
    let (policy, three) = (race(), candidates(3));
    trip(&fleet, 1);
    let mut call = Call::new(&policy, &three, 1, at(0));
    launch(&mut call, &fleet, 0);
    assert_eq!(launch(&mut call, &fleet, 0).candidate, 2);
}

#[test]
fn a_probe_is_free_as_a_hedge_too() {
    let fleet = Fleet::new(2, Breaker::new()).with_budget(NOTHING);
    let (policy, two) = (race(), candidates(2));
    trip(&fleet, 1);
    let mut call = Call::new(&policy, &two, 1, at(60_000));
    launch(&mut call, &fleet, 60_000);
    launch(&mut call, &fleet, 60_000);
}

#[test]
fn nothing_is_paid_for_after_the_end() {
    let fleet = Fleet::new(2, Breaker::new()).with_budget(NOTHING.burst(2));
    let policy = race().retries(1).patience(ms(1_000)).backoff(Backoff::constant(ms(1)));
    let two = candidates(2);
    let mut call = Call::new(&policy, &two, 1, at(0));
    let a = launch(&mut call, &fleet, 0);
    let b = launch(&mut call, &fleet, 0); // the first token
    call.settle(a.attempt, Outcome::Answered, &fleet, at(1));
    call.settle(b.attempt, Fault::Broken.into(), &fleet, at(1)); // no repeat will follow
    let mut next = Call::new(&policy, &two, 1, at(2));
    launch(&mut next, &fleet, 2);
    launch(&mut next, &fleet, 2); // the second token
}

#[test]
fn clocks_that_differ_a_little_refill_nothing() {
    let fleet = Fleet::new(2, Breaker::new()).with_budget(NOTHING.reserve_per_second(10).burst(10));
    let (policy, two) = (race(), candidates(2));
    let mut hedges = 0;
    for n in 0..1_000 {
        let now = 1_000 - 50 * (n % 2);
        let mut call = Call::new(&policy, &two, 1, at(now));
        launch(&mut call, &fleet, now);
        hedges += u32::from(matches!(call.poll(&fleet, at(now)), Action::Launch(_)));
        call.abandon(&fleet, at(now));
    }
    assert!(hedges <= 20, "{hedges} hedges out of a burst of 10 and 10 per second");
}

#[test]
fn after_thirty_idle_days_the_budget_is_full() {
    let fleet = Fleet::new(2, Breaker::new()).with_budget(NOTHING.reserve_per_second(10).burst(1));
    let (policy, two) = (race(), candidates(2));
    let hedges = |now| {
        let mut call = Call::new(&policy, &two, 1, at(now));
        launch(&mut call, &fleet, now);
        let hedged = matches!(call.poll(&fleet, at(now)), Action::Launch(_));
        call.abandon(&fleet, at(now));
        hedged
    };
    assert!(hedges(0) && !hedges(1));
    assert!(hedges(30 * 86_400_000), "still empty");
}

#[test]
fn calls_abandoned_at_once_say_nothing_on_latency() {
    let fleet = Fleet::new(1, Breaker::new()).with_latency(Latency::new());
    let (policy, one) = (Policy::new(), candidates(1));
    for n in 0..20 {
        let mut call = Call::new(&policy, &one, n, at(n));
        launch(&mut call, &fleet, n);
        call.abandon(&fleet, at(n));
    }
    assert_eq!(fleet.latency(A, 95, at(100)), None);
}

#[test]
fn an_attempt_given_up_at_its_limit_is_on_record() {
    let fleet = Fleet::new(1, Breaker::new()).with_latency(Latency::new().least(1));
    let (policy, one) = (Policy::new().limits(Limits::NONE.with_total(ms(5_000))), candidates(1));
    let mut call = Call::new(&policy, &one, 0, at(0));
    launch(&mut call, &fleet, 0);
    assert!(matches!(call.poll(&fleet, at(5_000)), Action::Cancel(_)));
    assert!(fleet.latency(A, 95, at(5_000)).is_some());
}

#[test]
fn who_says_that_it_is_of_no_use_is_not_asked_again() {
    let policy = Policy::new().retries(2).patience(Duration::from_secs(3));
    let (candidates, fleet) = (candidates(2), Fleet::new(2, Breaker::new()));
    let mut call = Call::new(&policy, &candidates, 1, at(0));
    let first = launch(&mut call, &fleet, 0);
    let outcome = Outcome::Final { fault: Fault::Overloaded, retry_after: None };
    call.settle(first.attempt, outcome, &fleet, at(1));
    assert_eq!(launch(&mut call, &fleet, 1).candidate, 1);
}
