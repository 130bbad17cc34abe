//! All candidates at once: who wins, who is called off, who is blamed.

use core::num::NonZeroU8;
use std::time::Duration;

use failover_core::{Backoff, Candidate, Fault, Hedge, Limits, Policy, ProviderId};
use insta::assert_snapshot;

use crate::world::{World, candidates, fails, hangs, ok, part};
use crate::{SECOND, exact, story};

fn race() -> Policy {
    Policy::new().hedge(Hedge::race())
}

#[test]
fn the_first_success_wins_and_the_losers_are_called_off() {
    assert_snapshot!(story(&race(), &[&[ok(80)], &[ok(20)], &[ok(50)]]));
}

#[test]
fn a_fast_failure_does_not_win() {
    assert_snapshot!(story(&race(), &[&[fails(1, Fault::Connect)], &[ok(20)], &[fails(2, Fault::Broken)]]));
}

#[test]
fn when_all_fail_nobody_wins() {
    let broken = fails(3, Fault::Broken);
    assert_snapshot!(story(&race(), &[&[broken], &[fails(1, Fault::Connect)], &[broken]]));
}

#[test]
fn a_refusal_of_the_request_ends_the_race() {
    assert_snapshot!(story(&race(), &[&[fails(4, Fault::InvalidRequest)], &[ok(20)]]));
}

#[test]
fn who_started_with_the_winner_is_not_blamed() {
    let mut world = World::new(exact());
    world.meanwhile("ten races, lost by alpha and gamma, who never answer", |world| {
        for _ in 0..10 {
            world.call(&race(), &candidates(3), &[&[hangs()], &[ok(20)], &[hangs()]]);
        }
    });
    for slot in 0..3 {
        world.state(slot);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn no_more_are_in_flight_than_allowed() {
    let two = Policy::new().hedge(Hedge::race().in_flight(NonZeroU8::new(2).unwrap()));
    let scripts: [&[_]; 4] = [&[fails(30, Fault::Broken)], &[fails(40, Fault::Broken)], &[ok(50)], &[ok(60)]];
    assert_snapshot!(story(&two, &scripts));
}

#[test]
fn two_candidates_on_one_provider_are_never_in_flight_together() {
    let mut world = World::new(exact());
    let pro = |slot| Candidate::new(ProviderId::new(slot));
    let three = [pro(0), pro(0), pro(1)];
    let scripts: [&[_]; 3] = [&[fails(30, Fault::Unsupported)], &[ok(20)], &[ok(90)]];
    world.call(&race(), &three, &scripts);
    assert_snapshot!(world.trace);
}

#[test]
fn a_retry_waits_until_its_provider_is_free() {
    let mut world = World::new(exact());
    let twice = [Candidate::new(ProviderId::new(0)), Candidate::new(ProviderId::new(0))];
    let policy = race().retries(1).patience(SECOND).backoff(Backoff::constant(Duration::from_millis(100)));
    world.call(&policy, &twice, &[&[fails(5, Fault::Broken), ok(20)], &[fails(300, Fault::Unsupported)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_race_with_items_goes_on_until_the_last_is_answered() {
    let mut world = World::new(exact());
    world.items = 4;
    let scripts: [&[_]; 3] = [&[part(30, &[0, 1])], &[part(10, &[1, 3])], &[part(40, &[0, 1, 2, 3])]];
    world.call(&race(), &candidates(3), &scripts);
    assert_snapshot!(world.trace);
}

#[test]
fn an_open_breaker_keeps_its_provider_out_of_the_race() {
    let mut world = World::new(exact());
    world.call(&race(), &candidates(2), &[&[fails(5, Fault::OutOfCredit)], &[ok(20)]]);
    world.call(&race(), &candidates(3), &[&[ok(5)], &[ok(20)], &[ok(30)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_probe_that_loses_a_race_gives_its_place_back() {
    let mut world = World::new(exact());
    world.call(&Policy::new(), &candidates(1), &[&[fails(5, Fault::OutOfCredit)]]);
    world.pass(31 * SECOND);
    for _ in 0..2 {
        world.call(&race(), &candidates(2), &[&[hangs()], &[ok(20)]]);
        world.state(0);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn the_deadline_ends_all_that_are_in_flight_and_blames_them() {
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    world.call(&race().deadline(2 * SECOND), &candidates(3), &[[hangs()].as_slice(); 3]);
    for slot in 0..3 {
        world.state(slot);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn an_abandoned_race_blames_only_who_was_silent_too_long() {
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    let limit = |slot, seconds: u32| {
        let limits = Limits::NONE.with_silence(seconds * SECOND);
        Candidate::new(ProviderId::new(slot)).limits(limits)
    };
    world.quits = Some(3 * SECOND);
    world.call(&race(), &[limit(0, 2), limit(1, 3), limit(2, 4)], &[[hangs()].as_slice(); 3]);
    for slot in 0..3 {
        world.state(slot);
    }
    assert_snapshot!(world.trace);
}
