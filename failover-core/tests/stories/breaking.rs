//! When a provider is left alone, and what brings it back.

use core::num::NonZeroU8;
use std::time::Duration;

use failover_core::{
    Action, Breaker, Call, Fault, Fleet, Guard, LastResort, Limits, Moment, Outcome, Policy,
};
use insta::assert_snapshot;

use crate::world::{Take, World, candidates, fails, ok, throttled};
use crate::{SECOND, exact, story, text};

#[test]
fn a_hint_beyond_patience_means_the_next_at_once() {
    let mut world = World::new(exact());
    let both = candidates(2);
    let scripts: [&[Take]; 2] = [&[throttled(5, 60 * SECOND), ok(20)], &[ok(30)]];
    world.call(&text(), &both, &scripts);
    world.state(0);
    world.call(&text(), &both, &scripts);
    world.pass(60 * SECOND);
    world.call(&text(), &both, &[&[ok(20)], &[ok(30)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_hint_of_nothing_is_a_second_and_of_a_year_a_day() {
    let mut world = World::new(exact());
    world.call(&Policy::new(), &candidates(1), &[&[throttled(0, Duration::ZERO)]]);
    world.state(0);
    world.pass(SECOND);
    world.call(&Policy::new(), &candidates(1), &[&[throttled(0, 365 * 86_400 * SECOND)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_key_that_is_refused_rests_for_a_break() {
    let mut world = World::new(exact());
    world.call(&text(), &candidates(2), &[&[fails(5, Fault::Unauthenticated)], &[ok(30)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_candidate_that_cannot_take_the_request_is_not_blamed() {
    let mut world = World::new(exact());
    for _ in 0..4 {
        world.call(&text(), &candidates(2), &[&[fails(5, Fault::Unsupported)], &[ok(30)]]);
    }
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn three_failures_open_the_breaker_and_a_probe_closes_it() {
    let mut world = World::new(exact());
    let both = candidates(2);
    for _ in 0..4 {
        world.call(&Policy::new(), &both, &[&[fails(5, Fault::Overloaded)], &[ok(30)]]);
        world.pass(SECOND);
    }
    world.pass(30 * SECOND);
    world.state(0);
    world.call(&Policy::new(), &both, &[&[ok(20)], &[ok(30)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_success_in_between_starts_the_count_anew() {
    let mut world = World::new(exact());
    let both = candidates(2);
    let bad: [&[Take]; 2] = [&[fails(5, Fault::Broken)], &[ok(30)]];
    for scripts in [bad, bad, [&[ok(5)], &[ok(30)]], bad, bad] {
        world.call(&Policy::new(), &both, &scripts);
    }
    world.state(0);
    world.call(&Policy::new(), &both, &bad);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_probe_is_not_repeated_and_its_failure_opens_again() {
    let mut world = World::new(exact());
    let both = candidates(2);
    let bad: [&[Take]; 2] = [&[fails(5, Fault::Broken)], &[ok(30)]];
    world.call(&text(), &both, &bad);
    world.pass(31 * SECOND);
    world.call(&text(), &both, &bad);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_probe_is_not_repeated_even_where_its_break_is_worth_the_wait() {
    let mut world = World::new(exact().pause(Duration::from_millis(50)));
    let both = candidates(2);
    world.call(&text(), &both, &[&[fails(5, Fault::Unauthenticated)], &[ok(30)]]);
    world.pass(SECOND);
    world.call(&text(), &both, &[&[fails(5, Fault::Broken)], &[ok(30)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn two_successes_may_be_asked_to_close() {
    let mut world = World::new(exact().successes(NonZeroU8::new(2).unwrap()));
    let both = candidates(2);
    world.call(&text(), &both, &[&[fails(5, Fault::Broken)], &[ok(30)]]);
    world.pass(31 * SECOND);
    for _ in 0..2 {
        world.call(&text(), &both, &[&[ok(20)], &[ok(30)]]);
        world.state(0);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn the_breaker_trips_in_the_middle_of_the_retries() {
    let policy = text().retries(9);
    assert_snapshot!(story(&policy, &[&[fails(5, Fault::Broken)], &[ok(30)]]));
}

#[test]
fn all_refused_the_primary_is_the_last_resort_and_its_success_heals() {
    let mut world = World::new(exact());
    let both = candidates(2);
    for _ in 0..3 {
        let dead = fails(5, Fault::Connect);
        world.call(&Policy::new(), &both, &[&[dead], &[dead]]);
    }
    world.call(&Policy::new(), &both, &[&[ok(20)], &[ok(30)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_failed_last_resort_changes_nothing() {
    let mut world = World::new(exact());
    let both = candidates(2);
    let dead: [&[Take]; 2] = [&[fails(5, Fault::Connect)], &[fails(5, Fault::Connect)]];
    for _ in 0..3 {
        world.call(&text().retries(0), &both, &dead);
    }
    world.pass(10 * SECOND);
    world.call(&text(), &both, &dead);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn all_refused_without_last_resort_says_when_to_come_back() {
    let mut world = World::new(exact());
    let both = candidates(2);
    let policy = Policy::new().last_resort(LastResort::Nobody);
    world.call(&policy, &both, &[&[throttled(5, 20 * SECOND)], &[throttled(5, 9 * SECOND)]]);
    world.call(&policy, &both, &[&[ok(5)], &[ok(5)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn an_abandoned_probe_neither_closes_nor_blocks() {
    let mut world = World::new(exact());
    let one = candidates(1);
    world.call(&text(), &one, &[&[fails(5, Fault::Broken)]]);
    world.pass(31 * SECOND);
    let policy = Policy::new();
    let mut call = Call::new(&policy, &one, 1, world.now);
    assert!(matches!(call.poll(&world.fleet, world.now), Action::Launch(_)));
    call.abandon(&world.fleet, world.now);
    world.line("a probe was launched and abandoned");
    world.state(0);
    world.call(&Policy::new(), &one, &[&[ok(5)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn an_abandoned_flight_past_its_first_answer_limit_is_blamed() {
    let mut world = World::new(exact());
    let one = candidates(1);
    let policy = Policy::new().limits(Limits::NONE.with_first_answer(5 * SECOND));
    for _ in 0..3 {
        let mut call = Call::new(&policy, &one, 1, world.now);
        assert!(matches!(call.poll(&world.fleet, world.now), Action::Launch(_)));
        world.pass(6 * SECOND);
        call.abandon(&world.fleet, world.now);
        world.line("abandoned after 6 s");
    }
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_lost_probe_gives_its_place_away_when_its_lease_ends() {
    let mut world = World::new(exact());
    let one = candidates(1);
    world.call(&text(), &one, &[&[fails(5, Fault::Broken)]]);
    world.pass(31 * SECOND);
    let policy = Policy::new().limits(Limits::NONE.with_total(10 * SECOND));
    let mut lost = Call::new(&policy, &one, 1, world.now);
    let Action::Launch(launch) = lost.poll(&world.fleet, world.now) else { panic!("no probe") };
    world.line("a probe was launched and forgotten");
    let patient = policy.last_resort(LastResort::Nobody);
    world.call(&patient, &one, &[&[ok(5)]]);
    world.pass(12 * SECOND);
    world.call(&patient, &one, &[&[ok(5)]]);
    world.state(0);
    lost.settle(launch.attempt, Outcome::from(Fault::Broken), &world.fleet, world.now);
    world.line("the lost probe reports a failure at last");
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_late_success_from_before_the_trip_closes_nothing() {
    let mut world = World::new(exact());
    let one = candidates(1);
    let policy = Policy::new();
    let mut slow = Call::new(&policy, &one, 1, world.now);
    let Action::Launch(launch) = slow.poll(&world.fleet, world.now) else { panic!("no launch") };
    for _ in 0..3 {
        world.call(&policy, &one, &[&[fails(5, Fault::Broken)]]);
    }
    slow.settle(launch.attempt, Outcome::Answered, &world.fleet, world.now);
    world.line("the slow one succeeds");
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_longer_hint_prolongs_an_open_break() {
    let mut world = World::new(exact());
    let one = candidates(1);
    let policy = Policy::new();
    let mut slow = Call::new(&policy, &one, 1, world.now);
    let Action::Launch(launch) = slow.poll(&world.fleet, world.now) else { panic!("no launch") };
    world.call(&policy, &one, &[&[throttled(5, 2 * SECOND)]]);
    world.state(0);
    let hinted = Outcome::Failed { fault: Fault::Throttled, retry_after: Some(60 * SECOND) };
    slow.settle(launch.attempt, hinted, &world.fleet, world.now);
    world.line("another call is told to come back in 60 s");
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_provider_without_a_slot_runs_without_a_breaker() {
    let fleet = Fleet::new(0, Breaker::new());
    let one = candidates(1);
    let policy = Policy::new();
    for _ in 0..9 {
        let mut call = Call::new(&policy, &one, 1, Moment::EPOCH);
        let Action::Launch(launch) = call.poll(&fleet, Moment::EPOCH) else { panic!("refused") };
        assert!(!launch.last_resort);
        call.settle(launch.attempt, Fault::Broken.into(), &fleet, Moment::EPOCH);
    }
}

#[test]
fn a_guard_that_is_dropped_gives_the_probe_back() {
    let mut world = World::new(exact());
    let one = candidates(1);
    world.call(&text(), &one, &[&[fails(5, Fault::Broken)]]);
    world.pass(31 * SECOND);
    let now = world.now;
    let policy = Policy::new().last_resort(LastResort::Nobody);
    for _ in 0..3 {
        let mut guard = Guard::new(Call::new(&policy, &one, 1, now), &world.fleet, || now);
        assert!(matches!(guard.poll(now), Action::Launch(_)), "the probe before this one was not given back");
    }
}

/// A probe whose stream has no limit as a whole keeps everybody else away as long as it streams, and ten minutes if nobody reads.
#[test]
fn a_probe_that_answers_does_not_keep_others_away_for_minutes() {
    use failover_core::Progress;
    let mut world = World::new(exact());
    let both = candidates(2);
    world.call(&Policy::new(), &both, &[&[fails(5, Fault::Unauthenticated)], &[ok(5)]]);
    world.pass(31 * SECOND);
    let policy = Policy::new().limits(Limits::NONE.with_first_answer(30 * SECOND).with_idle(30 * SECOND));
    let mut long = Call::new(&policy, &both, 1, world.now);
    let Action::Launch(launch) = long.poll(&world.fleet, world.now) else { panic!("no probe") };
    assert_eq!(launch.candidate, 0);
    for _ in 0..120 {
        world.pass(SECOND);
        long.progress(launch.attempt, Progress::Shown, &world.fleet, world.now);
    }
    let mut other = Call::new(&policy, &both, 2, world.now);
    let Action::Launch(next) = other.poll(&world.fleet, world.now) else { panic!("no launch") };
    assert_eq!(next.candidate, 0, "the first has been answering for two minutes, and nobody else may ask it");
}
