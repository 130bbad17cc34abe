//! Whom a call asks, how often, and when it stops.

use core::num::NonZeroU32;
use std::time::Duration;

use failover_core::{Call, Candidate, Fault, Limits, ModelId, Policy, ProviderId};
use insta::assert_snapshot;

use crate::world::{World, candidates, fails, hangs, ok, throttled};
use crate::{SECOND, exact, story, text};

#[test]
fn the_primary_answers() {
    assert_snapshot!(story(&Policy::new(), &[&[ok(20)], &[ok(1)]]));
}

#[test]
fn a_throttled_primary_is_replaced_at_once() {
    assert_snapshot!(story(&Policy::new(), &[&[fails(12, Fault::Throttled)], &[ok(30)]]));
}

#[test]
fn a_broken_provider_is_asked_again_then_the_next() {
    assert_snapshot!(story(&text(), &[&[fails(5, Fault::Broken)], &[ok(30)]]));
}

#[test]
fn one_quick_retry_is_enough() {
    assert_snapshot!(story(&text(), &[&[fails(5, Fault::Broken), ok(20)], &[ok(30)]]));
}

#[test]
fn a_short_hint_is_waited_for() {
    assert_snapshot!(story(&text(), &[&[throttled(5, 2 * SECOND), ok(20)], &[ok(30)]]));
}

#[test]
fn an_unknown_fate_is_not_repeated_on_the_same_provider() {
    assert_snapshot!(story(&text(), &[&[fails(5, Fault::Reset)], &[ok(30)]]));
}

#[test]
fn an_unknown_fate_is_repeated_where_the_plan_allows_it() {
    assert_snapshot!(story(&text().repeat_unknown(true), &[&[fails(5, Fault::Reset), ok(9)], &[ok(30)]]));
}

#[test]
fn a_malformed_success_is_never_repeated() {
    let policy = text().repeat_unknown(true);
    assert_snapshot!(story(&policy, &[&[fails(5, Fault::Malformed)], &[ok(30)]]));
}

#[test]
fn a_refusal_is_not_routed_around() {
    assert_snapshot!(story(&text(), &[&[fails(5, Fault::ContentPolicy)], &[ok(30)]]));
}

#[test]
fn a_request_too_long_goes_to_another_model() {
    let mut world = World::new(exact());
    let small = ModelId::new(1);
    let three = [
        Candidate::new(ProviderId::new(0)).model(small),
        Candidate::new(ProviderId::new(1)).model(small),
        Candidate::new(ProviderId::new(2)).model(ModelId::new(2)),
    ];
    world.call(&text(), &three, &[&[fails(5, Fault::ContextTooLong)], &[ok(1)], &[ok(30)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn everybody_fails_without_a_wait_after_the_last_attempt() {
    assert_snapshot!(story(&text(), &[&[fails(5, Fault::Broken)], &[fails(7, Fault::Overloaded)]]));
}

#[test]
fn an_attempt_that_hangs_is_cancelled_at_its_limit() {
    let policy = text().limits(Limits::NONE.with_total(10 * SECOND));
    assert_snapshot!(story(&policy, &[&[hangs()], &[ok(30)]]));
}

#[test]
fn the_deadline_cuts_the_attempts_and_blames_the_silent() {
    let mut world = World::new(exact());
    let policy = Policy::new().deadline(15 * SECOND).limits(Limits::NONE.with_total(10 * SECOND));
    for _ in 0..3 {
        world.call(&policy, &candidates(2), &[&[hangs()], &[hangs()]]);
    }
    world.state(0);
    world.state(1);
    assert_snapshot!(world.trace);
}

#[test]
fn no_wait_ends_after_the_deadline() {
    let policy = text().deadline(Duration::from_millis(80));
    assert_snapshot!(story(&policy, &[&[fails(5, Fault::Broken)], &[fails(5, Fault::Broken)]]));
}

#[test]
fn the_attempts_are_counted_over_all_candidates() {
    let policy = text().attempts(NonZeroU32::new(4).unwrap());
    let broken = fails(5, Fault::Broken);
    assert_snapshot!(story(&policy, &[&[broken], &[broken], &[ok(1)]]));
}

#[test]
fn a_candidate_may_have_terms_of_its_own() {
    let mut world = World::new(exact());
    let terms = [
        Candidate::new(ProviderId::new(0)).retries(0),
        Candidate::new(ProviderId::new(1)).retries(1).limits(Limits::NONE.with_total(SECOND)),
    ];
    world.call(&text(), &terms, &[&[fails(5, Fault::Broken)], &[fails(5, Fault::Broken), ok(9)]]);
    assert_snapshot!(world.trace);
}

#[test]
fn more_candidates_than_lie_inline() {
    let bad = fails(1, Fault::Overloaded);
    assert_snapshot!(story(&Policy::new(), &[&[bad], &[bad], &[bad], &[bad], &[bad], &[ok(1)]]));
}

#[test]
fn nobody_to_ask() {
    assert_snapshot!(story(&Policy::new(), &[]));
}

#[test]
fn a_call_in_flight_is_small() {
    assert!(size_of::<Call<'_>>() <= 320, "{} bytes", size_of::<Call<'_>>());
}
