//! Fresh, stale, of no use; and what is kept at all.

use std::time::Duration;

use failover_core::Fault;
use failover_mapping::cache::{Cache, Freshness, Turn};
use failover_mapping::calls::Why;

use crate::scene::{Prices, at, buy, called, down, good, prices};

fn seconds(age: u64) -> Duration {
    Duration::from_secs(age)
}

#[test]
fn a_fresh_value_is_served_and_nobody_is_asked() {
    let prices = prices();
    let (first, asked) = buy(&prices, 100, || good(7));
    assert!(asked && first.unwrap().cached().is_none());
    let (again, asked) = buy(&prices, 109, || good(8));
    let again = again.unwrap();
    let cached = again.cached().unwrap();
    assert_eq!((again.value, again.provider.as_str(), asked), (7, "primary", false));
    assert_eq!((cached.age, cached.stale), (seconds(9), false));
    assert_eq!(again.report.attempts, []);
}

#[test]
fn after_its_time_the_providers_are_asked_again() {
    let prices = prices();
    buy(&prices, 100, || good(7)).0.unwrap();
    let (second, asked) = buy(&prices, 110, || good(8));
    assert!(asked && second.unwrap().value == 8);
    assert_eq!(buy(&prices, 111, down).0.unwrap().value, 8, "the new one is kept");
}

#[test]
fn when_every_provider_has_failed_an_old_value_serves_with_its_age() {
    let prices = prices();
    buy(&prices, 100, || good(7)).0.unwrap();
    let (stale, asked) = buy(&prices, 129, down);
    let stale = stale.unwrap();
    let cached = stale.cached().unwrap();
    assert!(asked);
    assert_eq!((stale.value, cached.age, cached.stale), (7, seconds(29), true));
    assert_eq!(stale.report.attempts.len(), 1, "the failure is told");
    assert!(buy(&prices, 130, down).0.is_err(), "too old for anything");
}

#[test]
fn errors_are_never_kept() {
    let prices = prices();
    assert!(buy(&prices, 100, down).0.is_err());
    assert!(prices.is_empty());
    let (next, asked) = buy(&prices, 100, || good(7));
    assert!(asked && next.is_ok());
}

#[test]
fn a_stale_value_does_not_become_younger_by_being_served() {
    let prices = prices();
    buy(&prices, 100, || good(7)).0.unwrap();
    for now in [110, 120, 129] {
        let age = buy(&prices, now, down).0.unwrap().cached().unwrap().age;
        assert_eq!(age, seconds(now - 100));
    }
    assert!(buy(&prices, 130, down).0.is_err());
}

#[test]
fn a_request_that_nobody_could_serve_is_not_answered_by_an_old_value() {
    let prices = prices();
    buy(&prices, 100, || good(7)).0.unwrap();
    let (refused, _) = buy(&prices, 115, || called(Err(Fault::InvalidRequest)));
    assert_eq!(refused.unwrap_err().why(), &Why::Refused);
    assert!(buy(&prices, 115, down).0.is_ok(), "and it is kept for those whom it can serve");
}

#[test]
fn without_leave_to_be_stale_an_old_value_is_of_no_use() {
    let prices = Cache::new(Freshness::new(seconds(10)));
    buy(&prices, 100, || good(7)).0.unwrap();
    assert!(buy(&prices, 110, down).0.is_err());
}

#[test]
fn what_is_forgotten_is_asked_for() {
    let prices = prices();
    for forget in [|it: &Prices| it.remove(&"BTC"), |it: &Prices| it.clear()] {
        buy(&prices, 100, || good(7)).0.unwrap();
        assert_eq!(prices.len(), 1);
        forget(&prices);
        assert!(prices.is_empty());
        assert!(buy(&prices, 100, || good(7)).1);
    }
}

#[test]
fn there_is_an_end_to_what_is_kept() {
    for room in [0, 1, 3, 100] {
        let cache = Cache::new(Freshness::new(seconds(10))).capacity(room);
        for key in 0..1_000_u32 {
            match cache.visit(key, None, at(0)).next(at(0)) {
                Turn::Ask(seat) => drop(seat.conclude(good(key), at(0)).unwrap()),
                other => panic!("{other:?}"),
            }
            assert!(cache.len() <= room, "{} of {room}", cache.len());
        }
    }
}

#[test]
fn a_clone_is_the_same_cache() {
    let prices = prices();
    buy(&prices.clone(), 100, || good(7)).0.unwrap();
    assert!(!buy(&prices, 101, down).1);
}

#[test]
fn the_timeline_tells_where_the_value_lay() {
    let prices = prices();
    buy(&prices, 100, || good(7)).0.unwrap();
    let told = |now, answer: fn() -> _| buy(&prices, now, answer).0.unwrap().report.to_string();
    insta::assert_snapshot!(told(104, down), @"served from the cache, 4 s old, after 0 ms");
    insta::assert_snapshot!(told(125, down), @r"
      +0 ms     primary  broken, 0 ms
    served from the cache, stale, 25 s old, as every provider failed, after 0 ms
    ");
}

#[test]
fn an_age_is_told_in_its_largest_unit() {
    let lasting = Cache::new(Freshness::new(Duration::MAX));
    buy(&lasting, 0, || good(7)).0.unwrap();
    let told = [0, 99, 100, 5_999, 6_000, 172_799, 172_800, 900_000].map(|age| {
        let served = buy(&lasting, age, down).0.unwrap();
        served.cached().unwrap().to_string()
    });
    insta::assert_snapshot!(told.join("\n"), @r"
    from the cache, 0 s old
    from the cache, 99 s old
    from the cache, 1 min old
    from the cache, 99 min old
    from the cache, 1 h old
    from the cache, 47 h old
    from the cache, 2 days old
    from the cache, 10 days old
    ");
}
