//! Cached answers: fresh, stale, of no use; and one who fetches while the others wait.

use std::time::Duration;

use failover_core::{Freshness, Moment, SingleFlight};

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

#[test]
fn one_leads_and_the_others_follow_until_its_lease_ends() {
    let join = |leader, now| SingleFlight::join(leader, 10 * SECOND, at(now));
    assert_eq!(join(None, 5), SingleFlight::Lead);
    assert_eq!(join(Some(at(5)), 5), SingleFlight::Follow(at(15)));
    assert_eq!(join(Some(at(5)), 14), SingleFlight::Follow(at(15)));
    assert_eq!(join(Some(at(5)), 15), SingleFlight::Lead);
}
