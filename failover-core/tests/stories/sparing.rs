//! The retry budget: what it refuses, what is free, and how it recovers.

use std::time::Duration;

use failover_core::{Backoff, Breaker, Fault, Fleet, Hedge, Policy, RetryBudget};
use insta::assert_snapshot;

use crate::world::{World, candidates, fails, ok};
use crate::{SECOND, exact};

const NOTHING: RetryBudget = RetryBudget::new().share_percent(0).reserve_per_second(0).burst(0);

fn with(budget: RetryBudget) -> World {
    let breaker: Breaker = exact().failures(core::num::NonZeroU8::new(32).expect("not zero"));
    World::of(Fleet::new(8, breaker).with_budget(budget))
}

fn stubborn() -> Policy {
    Policy::new().retries(3).patience(SECOND).backoff(Backoff::constant(Duration::from_millis(100)))
}

#[test]
fn an_empty_budget_suppresses_the_retry_and_the_call_goes_on() {
    let mut world = with(NOTHING);
    world.call(&stubborn(), &candidates(2), &[&[fails(5, Fault::Broken)], &[ok(20)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn an_empty_budget_suppresses_the_hedge_and_the_call_goes_on() {
    let mut world = with(NOTHING);
    let hedged = Policy::new().hedge(Hedge::after(SECOND));
    world.call(&hedged, &candidates(2), &[&[ok(3_000)], &[ok(20)]]);
    world.call(&hedged, &candidates(2), &[&[fails(3_000, Fault::Broken)], &[ok(20)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn the_burst_is_spent_once() {
    let mut world = with(NOTHING.burst(2));
    world.call(&stubborn(), &candidates(2), &[&[fails(5, Fault::Broken)], &[ok(20)]]);
    world.call(&stubborn(), &candidates(2), &[&[fails(5, Fault::Broken)], &[ok(20)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn first_attempts_are_free_however_many_fail() {
    let mut world = with(NOTHING);
    let bad: &[_] = &[fails(5, Fault::Overloaded)];
    world.call(&stubborn(), &candidates(5), &[bad, bad, bad, bad, &[ok(20)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_probe_is_free() {
    let mut world = World::of(Fleet::new(8, exact()).with_budget(NOTHING));
    world.call(&stubborn(), &candidates(2), &[&[fails(5, Fault::OutOfCredit)], &[ok(20)]]);
    world.pass(31 * SECOND);
    world.call(&stubborn(), &candidates(2), &[&[ok(5)], &[ok(20)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn time_refills_the_budget() {
    let mut world = with(NOTHING.burst(1).reserve_per_second(2));
    let scripts: [&[_]; 2] = [&[fails(0, Fault::Broken)], &[ok(0)]];
    let once = stubborn().retries(1).backoff(Backoff::constant(Duration::ZERO));
    world.call(&once, &candidates(2), &scripts);
    world.pass(Duration::from_millis(499));
    world.call(&once, &candidates(2), &scripts);
    world.pass(Duration::from_millis(1));
    world.call(&once, &candidates(2), &scripts);
    assert_snapshot!(world.trace);
}

#[test]
fn requests_refill_the_budget() {
    let mut world = with(NOTHING.burst(1).share_percent(20));
    let scripts: [&[_]; 2] = [&[fails(0, Fault::Broken)], &[ok(0)]];
    let once = stubborn().retries(1).backoff(Backoff::constant(Duration::ZERO));
    let mut retried = String::new();
    for _ in 0..16 {
        world.trace.clear();
        world.call(&once, &candidates(2), &scripts);
        retried.push(if world.trace.contains("alpha: 2 attempts") { 'x' } else { '.' });
    }
    // The first takes the burst; then every fifth request pays for one.
    assert_eq!(retried, "x....x....x....x");
}

#[test]
fn after_an_outage_of_requests_the_budget_is_full_again_and_no_fuller() {
    let mut world = with(NOTHING.burst(3).reserve_per_second(1));
    let scripts: [&[_]; 2] = [&[fails(0, Fault::Broken)], &[ok(0)]];
    let zeal = stubborn().retries(9).backoff(Backoff::constant(Duration::ZERO));
    world.call(&zeal, &candidates(2), &scripts);
    world.pass(3_600 * SECOND);
    world.call(&zeal, &candidates(2), &scripts);
    assert_snapshot!(world.trace);
}
