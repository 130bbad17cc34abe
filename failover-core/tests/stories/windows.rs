//! What opens a breaker besides failures in a row, how long it stays open, and what a person may force.

use core::num::NonZeroU8;
use std::time::Duration;

use failover_core::{Breaker, CircuitState, Ending, Fault, LastResort, Outcome, Policy, ProviderId};
use insta::assert_snapshot;

use crate::world::{Take, World, candidates, fails, ok, throttled};
use crate::{SECOND, exact};

const fn number(n: u8) -> NonZeroU8 {
    NonZeroU8::new(n).expect("not zero")
}

/// Calls on one provider, a second apart; of each only what it did to the breaker.
fn history(world: &mut World, takes: impl IntoIterator<Item = Take>) {
    for take in takes {
        let told = world.trace.len();
        let word = if matches!(take.1, Outcome::Answered) { "success" } else { "failure" };
        world.call(&Policy::new(), &candidates(1), &[&[take]]);
        let events: Vec<_> = world.trace[told..].lines().filter_map(|line| line.split(" !").nth(1)).collect();
        let story = format!("{word}{}", events.join(","));
        world.trace.truncate(told);
        world.line(&story);
        world.pass(SECOND);
    }
}

const BAD: Take = Take(0, Outcome::Failed { fault: Fault::Broken, retry_after: None }, &[]);
const GOOD: Take = Take(0, Outcome::Answered, &[]);

#[test]
fn three_failures_among_the_last_five_open_it() {
    let mut world = World::new(exact().among(number(5)));
    history(&mut world, [BAD, GOOD, BAD, GOOD, BAD]);
    assert_snapshot!(world.trace);
}

#[test]
fn what_has_slid_out_of_the_window_does_not_count() {
    let mut world = World::new(exact().among(number(5)));
    history(&mut world, [BAD, BAD, GOOD, GOOD, GOOD, BAD, GOOD, GOOD, BAD]);
    world.state(0);
    history(&mut world, [BAD]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_healed_window_counts_as_successes() {
    let mut world = World::new(exact().among(number(5)));
    history(&mut world, [BAD, BAD, BAD]);
    world.pass(30 * SECOND);
    history(&mut world, [GOOD, BAD, BAD]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn slow_answers_are_used_and_counted_as_failures() {
    let mut world = World::new(exact().slow(2 * SECOND));
    world.call(&Policy::new(), &candidates(2), &[&[ok(2_001)], &[ok(5)]]);
    history(&mut world, [ok(2_000), ok(2_001), ok(2_001)]);
    world.state(0);
    history(&mut world, [ok(5_000)]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn without_a_limit_no_answer_is_slow() {
    let mut world = World::new(exact());
    history(&mut world, [ok(600_000), ok(600_000), ok(600_000)]);
    world.state(0);
    assert_snapshot!(world.trace);
}

fn growing() -> Breaker {
    exact().pause(10 * SECOND).growing_to(60 * SECOND)
}

#[test]
fn each_break_is_twice_as_long_up_to_the_longest() {
    let mut world = World::new(growing());
    history(&mut world, [BAD, BAD, BAD]);
    for wait in [10, 20, 40, 60, 60] {
        world.pass(wait * SECOND);
        history(&mut world, [BAD]);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn a_break_soon_after_the_healing_grows_on() {
    let mut world = World::new(growing());
    history(&mut world, [BAD, BAD, BAD]);
    world.pass(10 * SECOND);
    history(&mut world, [GOOD]);
    world.pass(50 * SECOND);
    history(&mut world, [BAD, BAD, BAD]);
    assert_snapshot!(world.trace);
}

#[test]
fn breaks_start_over_after_a_stable_time() {
    let mut world = World::new(growing());
    history(&mut world, [BAD, BAD, BAD]);
    world.pass(10 * SECOND);
    history(&mut world, [BAD]);
    world.pass(20 * SECOND);
    history(&mut world, [GOOD]);
    world.pass(60 * SECOND);
    history(&mut world, [BAD, BAD, BAD]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_moment_that_the_provider_named_does_not_grow() {
    let mut world = World::new(growing());
    for _ in 0..3 {
        history(&mut world, [throttled(0, 5 * SECOND)]);
        world.pass(5 * SECOND);
    }
    history(&mut world, [GOOD, BAD, BAD, BAD]);
    assert_snapshot!(world.trace);
}

#[test]
fn the_jitter_only_lengthens_a_break() {
    let mut world = World::new(Breaker::new().jitter_percent(50).failures(number(1)));
    let mut ends = Vec::new();
    for seed in 0..100 {
        world.seed = seed;
        world.fleet.release(ProviderId::new(0));
        world.call(&Policy::new(), &candidates(1), &[&[BAD]]);
        let CircuitState::Open(until) = world.fleet.state(ProviderId::new(0), world.now) else {
            panic!("not open")
        };
        ends.push(until.since(world.now));
    }
    assert!(ends.iter().all(|end| (30 * SECOND..=45 * SECOND).contains(end)), "{ends:?}");
    ends.sort_unstable();
    ends.dedup();
    assert!(ends.len() > 90, "hardly spread: {ends:?}");
    assert!(ends[0] < 32 * SECOND && ends[ends.len() - 1] > 43 * SECOND, "not spread over the whole share");
}

#[test]
fn forced_open_nothing_goes_through_not_even_as_the_last_resort() {
    let mut world = World::new(exact());
    let both = candidates(2);
    world.fleet.force_open(ProviderId::new(0));
    world.state(0);
    world.call(&Policy::new(), &both, &[&[ok(5)], &[fails(5, Fault::Broken)]]);
    world.fleet.force_open(ProviderId::new(1));
    for who in [LastResort::Primary, LastResort::Everyone, LastResort::Nobody] {
        world.call(&Policy::new().last_resort(who), &both, &[&[ok(5)], &[ok(5)]]);
    }
    world.pass(86_400 * SECOND);
    world.state(0);
    world.fleet.release(ProviderId::new(0));
    world.state(0);
    world.call(&Policy::new(), &both, &[&[ok(5)], &[ok(5)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn forced_closed_everything_goes_through_however_it_fails() {
    let mut world = World::new(exact());
    world.fleet.force_closed(ProviderId::new(0));
    history(&mut world, [BAD, BAD, BAD, BAD, throttled(0, 60 * SECOND), fails(0, Fault::OutOfCredit), BAD]);
    world.state(0);
    world.fleet.release(ProviderId::new(0));
    history(&mut world, [BAD, BAD]);
    world.state(0);
    history(&mut world, [BAD]);
    world.state(0);
    assert_snapshot!(world.trace);
}

#[test]
fn a_result_from_before_the_forcing_changes_nothing_after_it() {
    let world = World::new(exact().failures(number(1)));
    let (alpha, lease) = (ProviderId::new(0), Duration::from_secs(1));
    let before = world.fleet.admit(alpha, lease, world.now).unwrap();
    world.fleet.force_closed(alpha);
    let during = world.fleet.admit(alpha, lease, world.now).unwrap();
    world.fleet.release(alpha);
    for permit in [before, during] {
        assert_eq!(world.fleet.end(permit, Ending::Failure, 0, world.now), None);
    }
    assert_eq!(world.fleet.state(alpha, world.now), CircuitState::Closed);
}
