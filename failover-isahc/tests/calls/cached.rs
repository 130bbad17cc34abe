//! With a cache: fresh in front, stale behind, and one who asks for all.

use failover_isahc::calls::{Cache, Calls, Freshness, Served, Why};
use futures_lite::future::zip;

use crate::scene::{SECOND, Script, Time, good, hangs, millis, polled};

type Numbers = Cache<&'static str, u32>;

fn numbers() -> Numbers {
    Cache::new(Freshness::new(10 * SECOND).stale_if_error(20 * SECOND))
}

/// The value, its age in seconds, and whether it is stale.
fn told(served: &Served<u32>) -> (u32, Option<(u64, bool)>) {
    (served.value, served.cached().map(|cached| (cached.age.as_secs(), cached.stale)))
}

#[test]
fn a_fresh_value_asks_nobody_and_an_old_one_serves_when_all_have_failed() {
    let (time, cache) = (Time::default(), numbers());
    let calls = time.calls(Calls::builder());
    let script = Script::new("one", &[Ok(7), Err("down"), Err("down")]);
    let ask = || time.run(calls.ask([script.provider()]).cached(&cache, "a").run());
    assert_eq!(told(&ask().unwrap()), (7, None));
    time.pass(9 * SECOND);
    assert_eq!((told(&ask().unwrap()), script.asked()), ((7, Some((9, false))), 1));
    time.pass(SECOND);
    assert_eq!((told(&ask().unwrap()), script.asked()), ((7, Some((10, true))), 2));
    time.pass(20 * SECOND);
    assert!(ask().is_err(), "too old");
}

#[test]
fn of_two_at_once_one_asks() {
    let (time, cache) = (Time::default(), numbers());
    let calls = time.calls(Calls::builder());
    let ask = |value| calls.ask([time.takes("one", SECOND, Ok(value))]).cached(&cache, "a").run();
    let (one, other) = time.run(zip(ask(1), ask(2)));
    assert_eq!((told(&one.unwrap()), told(&other.unwrap())), ((1, None), (1, Some((0, false)))));
    assert_eq!(time.now(), SECOND);
}

#[test]
fn a_leader_that_is_dropped_leaves_the_asking_to_another_at_once() {
    let (time, cache) = (Time::default(), numbers());
    let calls = time.calls(Calls::builder());
    let good = good("one");
    let leader = polled(2, async {
        let hung = calls.ask([hangs::<u32>("hung")]).cached(&cache, "a").run();
        zip(hung, std::future::ready(())).await
    });
    let follower = calls.ask([good.provider()]).cached(&cache, "a").run();
    let nudge = futures_lite::future::yield_now();
    let (led, (followed, ())) =
        time.run(zip(async { zip(leader, nudge).await.0 }, zip(follower, time.sleep(SECOND))));
    assert!(led.is_none());
    assert_eq!(told(&followed.unwrap()), (1, None));
    assert_eq!(time.now(), SECOND);
}

#[test]
fn a_leader_that_hangs_is_replaced_when_its_lease_ends_and_the_deadline_holds_for_the_waiting() {
    let (time, cache) = (Time::default(), numbers().lease(5 * SECOND));
    let calls = time.calls(Calls::builder());
    let mut hung = Box::pin(calls.ask([hangs::<u32>("hung")]).cached(&cache, "a").run());
    assert!(time.run(polled(1, &mut hung)).is_none());
    let good = good("one");
    let ask = || calls.ask([good.provider()]);
    let late = time.run(ask().deadline(millis(700)).cached(&cache, "a").run());
    assert_eq!((late.unwrap_err().why(), good.asked()), (&Why::Deadline, 0));
    assert_eq!(time.now(), millis(700));
    assert_eq!(told(&time.run(ask().cached(&cache, "a").run()).unwrap()), (1, None));
    assert_eq!(time.now(), 5 * SECOND);
}
