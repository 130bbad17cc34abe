//! A second provider is asked although the first has not failed: when, and who is blamed.

use std::time::Duration;

use failover_core::{Backoff, Fault, Fleet, Hedge, Latency, Limits, Policy};
use insta::assert_snapshot;

use crate::world::{World, candidates, fails, hangs, ok};
use crate::{SECOND, exact, story};

fn hedged() -> Policy {
    Policy::new().hedge(Hedge::after(SECOND))
}

fn with_latency() -> World {
    World::of(Fleet::new(8, exact()).with_latency(Latency::new()))
}

#[test]
fn a_quick_answer_needs_no_hedge() {
    assert_snapshot!(story(&hedged(), &[&[ok(999)], &[ok(30)]]));
}

#[test]
fn a_slow_primary_is_hedged_after_the_delay() {
    assert_snapshot!(story(&hedged(), &[&[ok(5_000)], &[ok(30)]]));
}

#[test]
fn a_primary_that_is_still_faster_wins_and_the_hedge_is_not_blamed() {
    let mut world = World::new(exact());
    for _ in 0..3 {
        world.call(&hedged(), &candidates(2), &[&[ok(1_200)], &[ok(900)]]);
    }
    world.state(1);
    assert_snapshot!(world.trace);
}

#[test]
fn a_hung_primary_opens_its_breaker_although_the_hedge_always_answers() {
    let mut world = World::new(exact());
    for _ in 0..4 {
        world.call(&hedged(), &candidates(2), &[&[hangs()], &[ok(30)]]);
        world.state(0);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn a_failure_starts_the_next_at_once() {
    assert_snapshot!(story(&hedged(), &[&[fails(200, Fault::Broken)], &[ok(30)]]));
}

#[test]
fn a_failure_of_the_hedge_starts_the_third_at_once() {
    assert_snapshot!(story(&hedged(), &[&[hangs()], &[fails(50, Fault::Broken)], &[ok(30)]]));
}

#[test]
fn the_third_waits_although_its_time_has_come_while_two_are_in_flight() {
    assert_snapshot!(story(&hedged(), &[&[ok(4_000)], &[ok(4_000)], &[ok(30)]]));
}

#[test]
fn a_retry_goes_on_beside_the_next_candidate() {
    let policy = hedged().retries(1).patience(SECOND).backoff(Backoff::constant(Duration::from_millis(100)));
    assert_snapshot!(story(&policy, &[&[fails(5, Fault::Broken), ok(20)], &[ok(500)]]));
}

#[test]
fn an_attempt_that_reaches_its_limit_starts_the_next_at_once() {
    let policy = hedged().limits(Limits::NONE.with_total(Duration::from_millis(400)));
    assert_snapshot!(story(&policy, &[&[hangs()], &[ok(30)]]));
}

#[test]
fn no_hedge_starts_at_the_deadline() {
    assert_snapshot!(story(&hedged().deadline(SECOND), &[&[hangs()], &[ok(30)]]));
}

#[test]
fn a_hedge_counts_among_the_attempts() {
    let policy = hedged().attempts(core::num::NonZeroU32::MIN);
    assert_snapshot!(story(&policy, &[&[ok(3_000)], &[ok(30)]]));
}

#[test]
fn without_enough_answers_there_is_no_percentile_and_no_hedge() {
    let mut world = with_latency();
    let policy = Policy::new().hedge(Hedge::after_percentile(95));
    world.meanwhile("19 answers of alpha after 100 ms", |world| {
        for _ in 0..19 {
            world.call(&Policy::new(), &candidates(1), &[&[ok(100)]]);
        }
    });
    world.call(&policy, &candidates(2), &[&[ok(5_000)], &[ok(30)]]);
    world.line("the 20th answer is known");
    world.call(&policy, &candidates(2), &[&[ok(5_000)], &[ok(30)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn the_hedge_comes_after_the_percentile_of_whom_it_doubts() {
    let mut world = with_latency();
    world.meanwhile("alpha answers within 100 ms, of 20 times 3 within 800 ms; beta at once", |world| {
        for n in 0..20 {
            let took = if n < 3 { 800 } else { 100 };
            world.call(&Policy::new(), &candidates(1), &[&[ok(took)]]);
            world.call(&Policy::new(), &candidates(2)[1..], &[&[ok(1)]]);
        }
    });
    for percent in [50, 85, 90] {
        let policy = Policy::new().hedge(Hedge::after_percentile(percent));
        world.call(&policy, &candidates(2), &[&[hangs()], &[ok(30)]]);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn a_loser_with_a_head_start_is_on_record() {
    let mut world = with_latency();
    world.meanwhile("20 answers of alpha after 100 ms", |world| {
        for _ in 0..20 {
            world.call(&Policy::new(), &candidates(1), &[&[ok(100)]]);
        }
    });
    let tell = |world: &mut World| {
        let time = world.fleet.latency(candidates(1)[0].provider(), 95, world.now);
        world.line(&format!("= 95 % of alpha's answers came within {time:?}"));
    };
    tell(&mut world);
    world.meanwhile("two hedged after 1 s, and overtaken by beta", |world| {
        for _ in 0..2 {
            world.call(&hedged(), &candidates(2), &[&[hangs()], &[ok(30)]]);
        }
    });
    tell(&mut world);
    assert_snapshot!(world.trace);
}

#[test]
fn what_is_on_record_is_forgotten_after_two_windows() {
    let mut world = with_latency();
    let tell = |world: &mut World| {
        let time = world.fleet.latency(candidates(1)[0].provider(), 95, world.now);
        world.line(&format!("= 95 % of alpha's answers came within {time:?}"));
    };
    world.meanwhile("20 answers of alpha after 100 ms", |world| {
        for _ in 0..20 {
            world.call(&Policy::new(), &candidates(1), &[&[ok(100)]]);
        }
    });
    tell(&mut world);
    world.pass(50 * SECOND);
    tell(&mut world);
    world.pass(10 * SECOND);
    tell(&mut world);
    assert_snapshot!(world.trace);
}

#[test]
fn an_abandoned_call_with_two_in_flight_leaves_nothing_behind() {
    let mut world = World::new(exact());
    world.quits = Some(2 * SECOND);
    for _ in 0..3 {
        world.call(&hedged(), &candidates(3), &[&[hangs()], &[hangs()], &[ok(1)]]);
    }
    world.state(0);
    world.state(1);
    assert_snapshot!(world.trace);
}
