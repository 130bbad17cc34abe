//! Answers that come in parts: who takes over while nothing is shown, what ends a stream, and what is held against whom.

use core::num::NonZeroU8;
use std::time::Duration;

use failover_core::Progress::{Heard, Shown};
use failover_core::{
    Action, Backoff, Call, CircuitState, Fault, Finish, Fleet, Guard, Health, Hedge, Latency, Limits,
    Outcome, Policy,
};
use insta::assert_snapshot;

use crate::world::{Sign, Take, World, candidates, fails, hangs, ok, part};
use crate::{SECOND, exact, story, text};

/// A token after a second, and another each second after it.
const TOKENS: &[Sign] = &[(1_000, Shown), (2_000, Heard), (3_000, Heard), (4_000, Heard)];
const UNSEEN: &[Sign] = &[(1_000, Heard), (2_000, Heard), (3_000, Heard)];
const LATE: &[Sign] = &[(1_500, Heard)];

/// The first token within 2 s, no more than 1.5 s between two, 20 s for the whole.
fn limits() -> Limits {
    let idle = Duration::from_millis(1_500);
    Limits::NONE.with_first_answer(2 * SECOND).with_idle(idle).with_total(20 * SECOND)
}

fn streamed() -> Policy {
    Policy::new().limits(limits())
}

#[test]
fn a_stream_within_its_limits_is_served() {
    assert_snapshot!(story(&streamed(), &[&[ok(5_000).with(TOKENS)], &[ok(5)]]));
}

#[test]
fn without_a_token_in_time_the_next_is_asked() {
    assert_snapshot!(story(&streamed(), &[&[hangs()], &[ok(1_700).with(LATE)]]));
}

#[test]
fn a_driver_that_tells_of_no_progress_has_the_limit_of_the_first_answer_and_none_between_parts() {
    assert_snapshot!(story(&streamed(), &[&[ok(2_001)], &[ok(1_999)]]));
}

#[test]
fn a_stream_that_stalls_unseen_is_taken_over() {
    assert_snapshot!(story(&streamed(), &[&[hangs().with(UNSEEN)], &[ok(1_200)]]));
}

#[test]
fn a_stream_that_breaks_off_unseen_is_taken_over_and_not_repeated() {
    let policy = text().limits(limits());
    let broken = fails(3_100, Fault::Overloaded).with(UNSEEN);
    assert_snapshot!(story(&policy, &[&[broken], &[ok(1_200)]]));
}

#[test]
fn what_is_unseen_may_be_repeated_if_the_policy_allows_it() {
    let policy = text().limits(limits()).repeat_unknown(true);
    let broken = fails(3_100, Fault::Overloaded).with(UNSEEN);
    assert_snapshot!(story(&policy, &[&[broken, hangs().with(UNSEEN), ok(1_700).with(LATE)], &[ok(1_200)]]));
}

#[test]
fn a_stream_that_breaks_off_after_a_part_was_shown_ends_the_call() {
    let policy = text().limits(limits());
    assert_snapshot!(story(&policy, &[&[fails(3_100, Fault::Cut).with(TOKENS)], &[ok(5)]]));
}

#[test]
fn whatever_ends_a_shown_stream_it_is_broken() {
    let policy = text().limits(limits()).repeat_unknown(true).require_all(false);
    let ends: [fn() -> Take; 6] = [
        || fails(3_100, Fault::Overloaded),
        || fails(3_100, Fault::ContentPolicy),
        || fails(3_100, Fault::CallerDeadline),
        || fails(3_100, Fault::ContextTooLong),
        || part(3_100, &[]),
        hangs,
    ];
    for end in ends {
        let mut world = World::new(exact());
        let finish = world.call(&policy, &candidates(2), &[&[end().with(TOKENS)], &[ok(5)]]);
        assert!(matches!(finish, Finish::Broken(attempt) if attempt.number() == 0), "{}", world.trace);
    }
}

#[test]
fn a_shown_stream_that_stalls_is_given_up_and_blamed() {
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    world.call(&streamed(), &candidates(2), &[&[hangs().with(TOKENS)], &[ok(5)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_shown_stream_ends_at_the_deadline() {
    let policy = streamed().deadline(4 * SECOND);
    assert_snapshot!(story(&policy, &[&[ok(9_000).with(TOKENS)], &[ok(5)]]));
}

#[test]
fn each_part_counts_from_the_one_before_it_up_to_the_limit_of_the_whole() {
    const EACH_SECOND: &[Sign] = &[(1_000, Heard), (2_000, Heard), (3_000, Heard), (4_000, Heard)];
    let policy = Policy::new().limits(limits().with_total(Duration::from_millis(4_700)));
    assert_snapshot!(story(&policy, &[&[ok(9_000).with(EACH_SECOND)], &[ok(5)]]));
}

#[test]
fn a_repeat_counts_its_own_tokens() {
    let policy = text().limits(limits());
    let script = [fails(5, Fault::Broken), hangs().with(UNSEEN)];
    assert_snapshot!(story(&policy, &[&script, &[ok(1_200)]]));
}

#[test]
fn a_last_resort_can_stream_and_says_why_it_was_passed_over() {
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    world.call(&Policy::new(), &candidates(1), &[&[fails(5, Fault::Broken)]]);
    world.call(&streamed(), &candidates(1), &[&[fails(3_100, Fault::Cut).with(TOKENS)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn in_a_race_whose_answer_is_shown_first_is_the_only_one() {
    let race = streamed().hedge(Hedge::race());
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    let scripts: [&[_]; 3] = [&[ok(9_000).with(LATE)], &[ok(5_000).with(TOKENS)], &[hangs()]];
    world.call(&race, &candidates(3), &scripts);
    world.state(0);
    world.state(2);
    assert_snapshot!(world.trace);
}

#[test]
fn a_race_of_streams_that_nobody_sees_is_won_by_the_first_that_is_complete() {
    let race = streamed().hedge(Hedge::race());
    let scripts: [&[_]; 3] =
        [&[fails(3_100, Fault::Cut).with(UNSEEN)], &[ok(3_200).with(UNSEEN)], &[hangs()]];
    assert_snapshot!(story(&race, &scripts));
}

#[test]
fn an_answer_that_has_begun_is_not_hedged() {
    let hedged = streamed().hedge(Hedge::after(Duration::from_millis(1_200)));
    assert_snapshot!(story(&hedged, &[&[ok(3_900).with(UNSEEN)], &[ok(5)]]));
}

#[test]
fn a_failure_beside_an_answer_that_has_begun_starts_the_next_at_once() {
    let hedged = streamed().hedge(Hedge::after(SECOND));
    let scripts: [&[_]; 3] = [&[ok(4_000).with(LATE)], &[fails(700, Fault::Broken)], &[ok(5_000)]];
    assert_snapshot!(story(&hedged.limits(Limits::NONE), &scripts));
}

#[test]
fn a_hedge_that_is_shown_first_counts_against_the_silent_primary() {
    let hedged = Policy::new().hedge(Hedge::after(SECOND));
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    let scripts: [&[_]; 3] = [&[ok(9_000)], &[ok(5_000).with(TOKENS)], &[ok(5)]];
    world.call(&hedged, &candidates(3), &scripts);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_longer_answer_that_had_begun_sooner_is_not_overtaken() {
    let hedged = Policy::new().hedge(Hedge::after(SECOND));
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    world.call(&hedged, &candidates(2), &[&[ok(9_000).with(LATE)], &[ok(2_000).with(UNSEEN)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_primary_that_begins_to_answer_after_its_hedge_is_overtaken() {
    const SOON: &[Sign] = &[(300, Heard)];
    let hedged = Policy::new().hedge(Hedge::after(SECOND));
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    world.call(&hedged, &candidates(2), &[&[ok(9_000).with(LATE)], &[ok(2_000).with(SOON)]]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_stream_at_the_deadline_is_not_silent_when_it_is_called_off() {
    let (policy, two, start) = (Policy::new().deadline(SECOND), candidates(2), World::new(exact()).now);
    let fleet = Fleet::new(2, exact().failures(NonZeroU8::MIN));
    for (number, heard) in [(0, true), (1, false)] {
        let mut call = Call::new(&policy, &two[number..], 1, start);
        let Action::Launch(launch) = call.poll(&fleet, start) else { panic!("it begins with an attempt") };
        if heard {
            call.progress(launch.attempt, Shown, &fleet, start);
        }
        call.abandon(&fleet, start.plus(SECOND));
        assert_eq!(fleet.state(launch.provider, start.plus(SECOND)) == CircuitState::Closed, heard);
    }
}

#[test]
fn who_is_called_off_while_it_answers_is_not_blamed() {
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    for quits in [4_400, 5_600] {
        world.quits = Some(Duration::from_millis(quits));
        let policy = Policy::new().limits(Limits::NONE.with_silence(3 * SECOND));
        world.call(&policy, &candidates(1), &[&[hangs().with(TOKENS)]]);
        world.state(0);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn who_is_called_off_when_it_has_stalled_is_blamed() {
    let fleet = Fleet::new(1, exact().failures(NonZeroU8::MIN));
    let (policy, one, start) = (streamed(), candidates(1), World::new(exact()).now);
    for (idle, blamed) in [(1_499, false), (1_500, true)] {
        let end = start.plus(5 * SECOND).plus(Duration::from_millis(idle));
        let mut guard = Guard::new(Call::new(&policy, &one, 1, start), &fleet, || end);
        let Action::Launch(launch) = guard.poll(start) else { panic!("it begins with an attempt") };
        guard.progress(launch.attempt, Shown, start.plus(5 * SECOND));
        drop(guard);
        assert_eq!(fleet.state(launch.provider, end) != CircuitState::Closed, blamed, "{idle} ms");
    }
}

#[test]
fn a_long_answer_is_not_a_slow_one() {
    let fleet = Fleet::new(8, exact().failures(NonZeroU8::MIN).slow(2 * SECOND))
        .with_latency(Latency::new().least(1))
        .with_health(Health::new());
    let mut world = World::of(fleet);
    let policy = Policy::new();
    world.call(&policy, &candidates(1), &[&[ok(25_000).with(TOKENS)]]);
    world.state(0);
    let time = world.fleet.latency(candidates(1)[0].provider(), 95, world.now);
    world.line(&format!("= 95 % of alpha's answers came within {time:?}"));
    world.call(&policy, &candidates(2)[1..], &[&[ok(1_900)]]);
    world.line("by health");
    world.call(&policy.by_health(true), &[candidates(2)[1], candidates(2)[0]], &[&[ok(1_900)], &[ok(5)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn the_record_of_latencies_has_a_stream_that_lost() {
    let mut world = World::of(Fleet::new(8, exact()).with_latency(Latency::new().least(1)));
    world.call(&Policy::new().hedge(Hedge::race()), &candidates(2), &[&[ok(9_000).with(LATE)], &[ok(2_000)]]);
    let time = world.fleet.latency(candidates(1)[0].provider(), 95, world.now).expect("it was heard");
    assert!((Duration::from_millis(1_500)..SECOND * 2).contains(&time), "{time:?}");
}

#[test]
fn of_a_batch_what_is_shown_is_only_heard() {
    let mut world = World::new(exact());
    world.items = 2;
    let broken = fails(3_100, Fault::Cut).with(TOKENS);
    world.call(&streamed(), &candidates(2), &[&[broken], &[ok(5)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn progress_of_who_is_not_in_flight_changes_nothing() {
    let (policy, three, now) = (streamed().hedge(Hedge::race()), candidates(3), World::new(exact()).now);
    let fleet = Fleet::new(3, exact()).with_latency(Latency::new().least(1));
    let mut call = Call::new(&policy, &three, 1, now);
    let mut launch = || {
        let Action::Launch(launch) = call.poll(&fleet, now) else { panic!("three are raced") };
        launch.attempt
    };
    let (first, second, third) = (launch(), launch(), launch());
    call.settle(first, Fault::Broken.into(), &fleet, now);
    call.progress(first, Shown, &fleet, now);
    assert_eq!(fleet.latency(three[0].provider(), 50, now), None);
    call.progress(second, Shown, &fleet, now);
    // Who is shown second is only heard, and is called off like all others.
    call.progress(third, Shown, &fleet, now);
    call.settle(third, Outcome::Answered, &fleet, now);
    let wait = call.poll(&fleet, now);
    assert_eq!(wait, Action::Wait(Some(now.plus(Duration::from_millis(1_500)))));
    call.progress(third, Shown, &fleet, now.plus(SECOND));
    assert_eq!(call.poll(&fleet, now), wait);
    call.settle(second, Outcome::Answered, &fleet, now);
    call.progress(second, Heard, &fleet, now);
    assert_eq!(call.poll(&fleet, now), Action::Finish(Finish::Served(second)));
}

#[test]
fn a_retry_that_rests_is_forgotten_when_another_is_shown() {
    let policy = Policy::new().retries(1).patience(9 * SECOND).backoff(Backoff::constant(2 * SECOND));
    let scripts: [&[_]; 2] = [&[fails(5, Fault::Broken), ok(5)], &[fails(3_100, Fault::Cut).with(TOKENS)]];
    assert_snapshot!(story(&policy.hedge(Hedge::after(9 * SECOND)), &scripts));
}
