//! A call that is dropped at any of its await points: what was in flight is dropped with it, and the breakers are as they
//! were.

use std::sync::atomic::{AtomicU32, Ordering};

use failover_isahc::calls::{Backoff, Calls, CircuitState, Hedge, Provider};
use futures_lite::future::yield_now;

use crate::scene::{Alive, SECOND, Time, bad, good, hangs, millis, polled};

/// More than any of these calls is polled.
const MANY: u32 = 100;

/// Answers, or fails, after several await points of different kinds.
fn steps<'a>(
    time: &'a Time,
    name: &'static str,
    alive: &'a AtomicU32,
    result: Result<u32, &'static str>,
) -> Provider<'a, u32, &'static str> {
    Provider::new(name, move || async move {
        let _alive = Alive::new(alive);
        yield_now().await;
        time.sleep(millis(5)).await;
        yield_now().await;
        result
    })
}

#[test]
fn every_attempt_goes_with_its_call_and_blames_nobody() {
    let time = Time::default();
    let builder = Calls::builder().retries(1).backoff(Backoff::constant(millis(10)));
    let calls = time.calls(builder.hedge(Hedge::after(millis(2))).timeout(SECOND));
    let alive = AtomicU32::new(0);
    for is_race in [false, true] {
        let mut polls = 0;
        loop {
            let providers = [steps(&time, "one", &alive, Ok(1)), steps(&time, "two", &alive, Ok(2))];
            let done = if is_race {
                time.run(polled(polls, calls.race(providers))).is_some()
            } else {
                time.run(polled(polls, calls.call(providers))).is_some()
            };
            assert_eq!(alive.load(Ordering::Relaxed), 0, "dropped after {polls} polls");
            assert_eq!(calls.state("one"), CircuitState::Closed);
            assert_eq!(calls.state("two"), CircuitState::Closed);
            if done {
                break;
            }
            polls += 1;
        }
        assert!((3..MANY).contains(&polls), "{polls}");
    }
}

#[test]
fn a_probe_is_given_back_wherever_its_call_is_dropped() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    let alive = AtomicU32::new(0);
    for _ in 0..3 {
        time.run(calls.call([bad("one").provider()])).unwrap_err();
    }
    time.pass(40 * SECOND);
    let backup = good("two");
    for polls in 0..MANY {
        assert_eq!(calls.state("one"), CircuitState::HalfOpen, "a dropped probe closes nothing");
        let call = calls.call([steps(&time, "one", &alive, Ok(1)), backup.provider()]);
        if let Some(got) = time.run(polled(polls, call)) {
            // It is the probe again, every time: the place of the one before is free.
            assert_eq!(got.unwrap().provider, "one");
            assert!(polls > 3, "dropped {polls} times only");
            break;
        }
    }
    assert_eq!(calls.state("one"), CircuitState::Closed);
}

#[test]
fn callers_who_give_up_early_blame_nobody_and_late_ones_do() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().timeout(10 * SECOND));
    let gives_up_after = |limit| {
        let call = calls.call([hangs::<u32>("hung")]);
        let mut call = std::pin::pin!(call);
        assert!(time.run(polled(1, call.as_mut())).is_none());
        time.pass(limit);
    };
    for _ in 0..10 {
        gives_up_after(9 * SECOND);
    }
    assert_eq!(calls.state("hung"), CircuitState::Closed);
    for _ in 0..3 {
        gives_up_after(10 * SECOND);
    }
    assert!(matches!(calls.state("hung"), CircuitState::Open(_)));
}
