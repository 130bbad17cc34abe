//! The limits of each attempt, and what they come from.

use std::time::Duration;

use failover_core::{Backoff, Candidate, Fault, Hedge, Limits, Policy, ProviderId};
use insta::assert_snapshot;

use crate::world::{World, candidates, fails, hangs, ok};
use crate::{SECOND, exact};

fn bounded() -> World {
    World { bounds: true, ..World::new(exact()) }
}

fn all_limits() -> Limits {
    Limits::NONE
        .with_connect(2 * SECOND)
        .with_first_answer(5 * SECOND)
        .with_idle(3 * SECOND)
        .with_total(20 * SECOND)
}

#[test]
fn without_limits_nothing_bounds_an_attempt() {
    let mut world = bounded();
    world.call(&Policy::new(), &candidates(1), &[&[ok(60_000)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn the_limits_of_the_attempt_bound_it_while_there_is_time() {
    let mut world = bounded();
    world.call(&Policy::new().limits(all_limits()).deadline(60 * SECOND), &candidates(1), &[&[ok(5)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn what_remains_cuts_each_limit() {
    let mut world = bounded();
    let policy = Policy::new().limits(all_limits()).deadline(11 * SECOND);
    let scripts: [&[_]; 3] = [&[fails(4_000, Fault::Cut)], &[fails(4_500, Fault::Cut)], &[hangs()]];
    world.call(&policy, &candidates(3), &scripts);
    assert_snapshot!(world.trace);
}

#[test]
fn the_deadline_bounds_an_attempt_without_a_limit_of_its_own() {
    let mut world = bounded();
    let policy = Policy::new().deadline(2 * SECOND).limits(Limits::NONE.with_connect(SECOND));
    world.call(&policy, &candidates(2), &[&[fails(1_500, Fault::Broken)], &[hangs()]]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_hedge_has_what_remains() {
    let mut world = bounded();
    let policy = Policy::new().limits(all_limits()).deadline(6 * SECOND).hedge(Hedge::after(2 * SECOND));
    world.call(&policy, &candidates(2), &[&[hangs()], &[hangs()]]);
    assert_snapshot!(world.trace);
}

#[test]
fn each_in_flight_ends_at_its_own_limit() {
    let mut world = bounded();
    let limit = |slot, seconds: u32| {
        Candidate::new(ProviderId::new(slot)).limits(Limits::NONE.with_total(seconds * SECOND))
    };
    let policy = Policy::new().hedge(Hedge::race());
    world.call(&policy, &[limit(0, 5), limit(1, 3), limit(2, 4)], &[[hangs()].as_slice(); 3]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_wait_equal_to_the_patience_is_waited_for_and_a_longer_one_is_not() {
    let mut world = World::new(exact());
    world.pass(Duration::from_nanos(123_456));
    let policy = Policy::new().retries(1).patience(Duration::from_millis(100));
    let scripts: [&[_]; 2] = [&[fails(5, Fault::Broken)], &[ok(20)]];
    for wait in [Duration::from_millis(100), Duration::from_nanos(100_000_001)] {
        world.call(&policy.backoff(Backoff::constant(wait)), &candidates(2), &scripts);
    }
    assert_snapshot!(world.trace);
}
