//! The healthiest first; and who is asked when nobody could serve.

use core::num::NonZeroU8;

use failover_core::{Breaker, Fault, Fleet, Health, LastResort, Policy};
use insta::assert_snapshot;

use crate::world::{World, candidates, fails, ok};
use crate::{SECOND, exact};

/// A breaker that stays out of the way.
fn healthy() -> World {
    let breaker: Breaker = exact().failures(NonZeroU8::new(32).expect("not zero"));
    World::of(Fleet::new(8, breaker).with_health(Health::new()))
}

fn ranked() -> Policy {
    Policy::new().by_health(true)
}

#[test]
fn who_is_alike_is_asked_in_the_given_order_and_the_unknown_are_tried_first() {
    let mut world = healthy();
    for _ in 0..5 {
        world.call(&ranked(), &candidates(3), &[&[ok(20)], &[ok(20)], &[ok(20)]]);
    }
    let mut turned = candidates(3);
    turned.reverse();
    let mut unknown = healthy();
    unknown.call(&ranked(), &turned, &[&[ok(20)], &[ok(20)], &[ok(20)]]);
    world.trace.push_str(&unknown.trace);
    assert_snapshot!(world.trace);
}

#[test]
fn who_fails_is_asked_last() {
    let mut world = healthy();
    let scripts: [&[_]; 3] = [&[fails(5, Fault::Overloaded)], &[fails(5, Fault::Broken)], &[ok(20)]];
    for _ in 0..2 {
        world.call(&ranked(), &candidates(3), &scripts);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn who_is_much_slower_is_asked_later() {
    let mut world = healthy();
    world.meanwhile("both have answered, alpha after 800 ms, beta after 90 ms", |world| {
        world.call(&Policy::new(), &candidates(1), &[&[ok(800)]]);
        world.call(&Policy::new(), &candidates(2)[1..], &[&[ok(90)]]);
    });
    world.call(&ranked(), &candidates(2), &[&[ok(800)], &[ok(90)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn a_refused_request_says_nothing_about_health() {
    let mut world = healthy();
    for _ in 0..3 {
        world.call(&ranked(), &candidates(2), &[&[fails(5, Fault::ContentPolicy)], &[ok(20)]]);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn bad_news_grows_old_and_nobody_starves() {
    let mut world = healthy();
    world.meanwhile("alpha fails 20 times", |world| {
        for _ in 0..20 {
            world.call(&Policy::new(), &candidates(1), &[&[fails(5, Fault::Broken)]]);
        }
    });
    let mut first = None;
    for minute in 0..10 {
        let told = world.trace.len();
        world.call(&ranked(), &candidates(2), &[&[ok(20)], &[ok(20)]]);
        let asks_alpha = world.trace[told..].contains("launch 0 on alpha");
        world.trace.truncate(told);
        if asks_alpha {
            first.get_or_insert(minute);
        }
        world.line(if asks_alpha { "alpha is asked" } else { "beta is asked" });
        world.pass(20 * SECOND);
    }
    assert!(first.is_some(), "starved:\n{}", world.trace);
    assert_snapshot!(world.trace);
}

#[test]
fn a_slow_provider_is_tried_again_as_well() {
    let mut world = healthy();
    world.meanwhile("both have answered, alpha after 3 s, beta after 20 ms", |world| {
        world.call(&Policy::new(), &candidates(1), &[&[ok(3_000)]]);
        world.call(&Policy::new(), &candidates(2)[1..], &[&[ok(20)]]);
    });
    let mut comes_back = 0;
    for second in 0..600 {
        let told = world.trace.len();
        world.call(&ranked(), &candidates(2), &[&[ok(20)], &[ok(20)]]);
        if world.trace[told..].contains("launch 0 on alpha") && comes_back == 0 {
            comes_back = second;
        }
        world.trace.truncate(told);
        world.pass(SECOND);
    }
    assert!((1..=300).contains(&comes_back), "alpha is asked again after {comes_back} s");
}

#[test]
fn without_a_record_the_given_order_stands() {
    let mut world = World::new(exact());
    for _ in 0..2 {
        world.call(&ranked(), &candidates(2), &[&[fails(5, Fault::Broken)], &[ok(20)]]);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn more_candidates_than_lie_inline_are_ranked_as_well() {
    let mut world = healthy();
    let bad: &[_] = &[fails(5, Fault::Broken)];
    let scripts: [&[_]; 6] = [bad, bad, bad, bad, bad, &[ok(20)]];
    for _ in 0..2 {
        world.call(&ranked(), &candidates(6), &scripts);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn the_last_resort_is_the_primary_and_not_the_healthiest() {
    let mut world = healthy();
    world.fleet = Fleet::new(8, exact().failures(NonZeroU8::MIN)).with_health(Health::new());
    let dead: [&[_]; 2] =
        [&[fails(5, Fault::Connect), fails(5, Fault::Connect)], &[fails(5, Fault::Connect)]];
    for _ in 0..2 {
        world.call(&ranked(), &candidates(2), &dead);
    }
    assert_snapshot!(world.trace);
}

#[test]
fn everyone_may_be_the_last_resort_each_once() {
    let mut world = World::new(exact().failures(NonZeroU8::MIN));
    let policy = Policy::new().retries(2).patience(SECOND).last_resort(LastResort::Everyone);
    let dead = fails(5, Fault::Connect);
    world.call(&policy, &candidates(3), &[&[dead], &[dead], &[dead]]);
    world.call(&policy, &candidates(3), &[&[dead], &[dead], &[dead]]);
    world.call(&policy, &candidates(3), &[&[dead], &[ok(20)], &[dead]]);
    world.state(1);
    assert_snapshot!(world.trace);
}

#[test]
fn the_last_resort_comes_after_those_who_can_be_asked() {
    let mut world = World::new(exact());
    world.call(&Policy::new(), &candidates(1), &[&[fails(5, Fault::Unauthenticated)]]);
    world.call(
        &Policy::new(),
        &candidates(3),
        &[&[ok(5)], &[fails(5, Fault::Broken)], &[fails(5, Fault::Broken)]],
    );
    assert_snapshot!(world.trace);
}
