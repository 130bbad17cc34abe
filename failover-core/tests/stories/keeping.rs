//! Cached answers: fresh, stale, of no use; and one who fetches while the others wait.

use std::time::Duration;

use failover_core::{Freshness, Moment, Role, SingleFlight};

use crate::SECOND;

fn at(seconds: u32) -> Moment {
    Moment::after_epoch(seconds * SECOND)
}

#[test]
fn an_answer_is_fresh_then_stale_then_of_no_use() {
    let freshness = Freshness::new(10 * SECOND).stale_if_error(20 * SECOND);
    let stored = at(100);
    let judged = |now| (freshness.fresh(stored, at(now)), freshness.stale(stored, at(now)));
    assert_eq!(judged(100), (Some(Duration::ZERO), Some(Duration::ZERO)));
    assert_eq!(judged(109), (Some(9 * SECOND), Some(9 * SECOND)));
    assert_eq!(judged(110), (None, Some(10 * SECOND)));
    assert_eq!(judged(129), (None, Some(29 * SECOND)));
    assert_eq!(judged(130), (None, None));
    assert_eq!(freshness.expiry(stored), at(130));
}

#[test]
fn without_leave_to_be_stale_old_answers_are_of_no_use() {
    let freshness = Freshness::new(10 * SECOND);
    assert_eq!(freshness.stale(at(0), at(10)), None);
    assert_eq!(Freshness::new(Duration::ZERO).fresh(at(5), at(5)), None);
}

#[test]
fn an_answer_from_the_future_is_new() {
    let freshness = Freshness::new(10 * SECOND);
    assert_eq!(freshness.fresh(at(50), at(40)), Some(Duration::ZERO));
}

#[test]
fn endless_freshness_does_not_overflow() {
    let freshness = Freshness::new(Duration::MAX).stale_if_error(Duration::MAX);
    assert_eq!(freshness.stale(at(0), at(u32::MAX)), Some(u32::MAX * SECOND));
    assert!(freshness.expiry(at(1)) > at(u32::MAX));
}

fn join(flight: SingleFlight, leader: Option<Moment>, now: u32) -> Role {
    flight.join(leader, 10 * SECOND, at(now))
}

#[test]
fn one_leads_and_the_others_follow_until_its_lease_ends() {
    let new = SingleFlight::new();
    assert_eq!(join(new, None, 5), Role::Lead);
    assert_eq!(join(new, Some(at(5)), 5), Role::Follow(at(15)));
    assert_eq!(join(new, Some(at(5)), 14), Role::Follow(at(15)));
    assert_eq!(join(new, Some(at(5)), 15), Role::Lead);
}

#[test]
fn after_a_leader_that_failed_each_asks_for_itself() {
    let follower = SingleFlight::new().failed();
    assert_eq!(join(follower, Some(at(5)), 6), Role::Alone, "another leads already");
    assert_eq!(join(follower, None, 6), Role::Lead);
}

#[test]
fn after_a_leader_that_left_one_more_is_followed_and_no_third() {
    let once = SingleFlight::new().left();
    assert_eq!(join(once, Some(at(5)), 6), Role::Follow(at(15)));
    assert_eq!(join(once.left(), Some(at(20)), 21), Role::Alone);
    let patient = (0..1_000).fold(once, |flight, _| flight.left());
    assert_eq!(join(patient, Some(at(20)), 21), Role::Alone);
    assert_eq!(join(patient, None, 21), Role::Lead);
}
