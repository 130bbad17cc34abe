//! A call that is dropped at any of its await points: what was in flight is dropped with it, and the breakers are as they
//! were.

use std::sync::atomic::{AtomicU32, Ordering};

use failover_reqwest::calls::{Backoff, Breaker, Calls, CircuitState, Feed, Hedge, Provider};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::scene::{Alive, SECOND, bad, calls, good, hangs, millis, pass, polled, takes};

/// More than any of these calls is polled.
const MANY: u32 = 100;

/// Answers, or fails, after several await points of different kinds.
fn steps<'a>(
    name: &'static str,
    alive: &'a AtomicU32,
    result: Result<u32, &'static str>,
) -> Provider<'a, u32, &'static str> {
    Provider::new(name, move || async move {
        let _alive = Alive::new(alive);
        yield_now().await;
        sleep(millis(5)).await;
        yield_now().await;
        result
    })
}

/// Drops it after every number of polls until it is polled to its end, and says how many polls that took.
async fn every_drop<F: Future>(
    alive: &AtomicU32,
    mut call: impl FnMut() -> F,
    healthy: impl AsyncFn(),
) -> u32 {
    for polls in 0..MANY {
        let done = polled(polls, call()).await.is_some();
        assert_eq!(
            alive.load(Ordering::Relaxed),
            0,
            "an attempt outlived its call, dropped after {polls} polls"
        );
        healthy().await;
        if done {
            return polls;
        }
    }
    panic!("it was not done after {MANY} polls");
}

#[tokio::test(start_paused = true)]
async fn a_call_in_order_with_retries() {
    let calls = calls(Calls::builder().retries(1).backoff(Backoff::constant(millis(10))).timeout(SECOND));
    let alive = AtomicU32::new(0);
    let call = || calls.call([steps("one", &alive, Err("no")), steps("two", &alive, Ok(2))]);
    // Its failures that came to an end count; those that were dropped do not.
    let healthy = async || {
        calls.release("one");
        assert_eq!(calls.state("two"), CircuitState::Closed);
    };
    let polls = every_drop(&alive, call, healthy).await;
    assert!(polls > 8, "dropped at {polls} points only");
}

#[tokio::test(start_paused = true)]
async fn a_race_a_hedge_and_a_batch() {
    let calls = calls(Calls::builder().hedge(Hedge::after(millis(2))));
    let alive = AtomicU32::new(0);
    let healthy = async || {
        assert_eq!(calls.state("one"), CircuitState::Closed);
        assert_eq!(calls.state("two"), CircuitState::Closed);
    };
    let providers = || [steps("one", &alive, Ok(1)), steps("two", &alive, Ok(2))];
    assert!(every_drop(&alive, || calls.race(providers()), healthy).await > 3);
    assert!(every_drop(&alive, || calls.call(providers()), healthy).await > 3);
    let alive = &alive;
    let feed = |name: &'static str, from: u32| {
        Feed::new(name, move |keys: Vec<u32>| async move {
            let _alive = Alive::new(alive);
            yield_now().await;
            sleep(millis(5)).await;
            Ok::<_, &str>(
                keys.into_iter().filter(|key| *key >= from).map(|key| (key, name)).collect::<Vec<_>>(),
            )
        })
    };
    let call = || calls.items(0..10, [feed("one", 5), feed("two", 0)]);
    assert!(every_drop(alive, call, healthy).await > 3);
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_given_back_wherever_its_call_is_dropped() {
    let calls = calls(Calls::builder().breaker(Breaker::new().jitter_percent(0)));
    let alive = AtomicU32::new(0);
    for _ in 0..3 {
        calls.call([bad("one").provider()]).await.unwrap_err();
    }
    pass(30 * SECOND).await;
    let mut dropped = 0;
    for polls in 0..MANY {
        assert_eq!(calls.state("one"), CircuitState::HalfOpen, "a dropped probe closes nothing");
        let backup = good("two");
        let providers = [steps("one", &alive, Ok(1)), backup.provider()];
        if let Some(got) = polled(polls, calls.call(providers)).await {
            // It is the probe again, every time: the place of the one before is free.
            assert_eq!(got.unwrap().provider, "one");
            break;
        }
        dropped += 1;
    }
    assert!(dropped > 3, "dropped {dropped} times only");
    assert_eq!(calls.state("one"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_dropped_probes_take_no_place() {
    let calls = Calls::new();
    for _ in 0..3 {
        calls.call([bad("one").provider()]).await.unwrap_err();
    }
    pass(40 * SECOND).await;
    for _ in 0..10_000 {
        assert!(polled(1, calls.call([hangs::<u32>("one")])).await.is_none());
    }
    let got = calls.call([good("one").provider(), good("two").provider()]).await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.skipped.len()), ("one", 0));
}

#[tokio::test(start_paused = true)]
async fn callers_who_give_up_early_blame_nobody_and_late_ones_do() {
    let calls = calls(Calls::builder().timeout(10 * SECOND));
    for _ in 0..10 {
        timeout(SECOND, calls.call([hangs::<u32>("hung")])).await.unwrap_err();
    }
    assert_eq!(calls.state("hung"), CircuitState::Closed);
    // Dropped at the very moment in which its time was up: its silence is evidence.
    for _ in 0..3 {
        let call = calls.call([hangs::<u32>("hung")]);
        let mut call = std::pin::pin!(call);
        assert!(polled(1, call.as_mut()).await.is_none());
        pass(10 * SECOND).await;
    }
    let state = calls.state("hung");
    assert!(matches!(state, CircuitState::Open(_)), "{state:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_aborted_drops_its_call() {
    let calls = Calls::new();
    let alive = std::sync::Arc::new(AtomicU32::new(0));
    let (task_calls, task_alive) = (calls.clone(), alive.clone());
    let task = tokio::spawn(async move {
        let hang = || async {
            let _alive = Alive::new(&task_alive);
            sleep(1000 * SECOND).await;
            Ok::<_, &str>(1)
        };
        task_calls.race([Provider::new("one", hang), Provider::new("two", hang)]).await.unwrap().value
    });
    while alive.load(Ordering::Relaxed) < 2 {
        yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert_eq!(calls.race([takes("one", SECOND, Ok(1)), hangs("two")]).await.unwrap().value, 1);
}
