//! A panic of the user's goes on to the user, and leaves breakers, probes and locks as they were.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use failover_reqwest::calls::{Calls, CircuitState, Fault, Feed, Provider};

use crate::scene::{Alive, SECOND, bad, good, millis, pass, takes};

/// Polls it to its panic, and returns what that says.
async fn panic_of<F: Future>(future: F) -> &'static str {
    let mut future = Box::pin(future);
    let polled = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(_)) => Poll::Ready(None),
        Err(panic) => Poll::Ready(Some(panic)),
    });
    let panic = polled.await.expect("a panic");
    panic.downcast_ref::<&str>().copied().expect("a message")
}

/// Whoever panicked is as it was.
async fn is_healthy(calls: &Calls) {
    assert_eq!(calls.state("primary"), CircuitState::Closed);
    let got = calls.call([good("primary").provider()]).await.unwrap();
    assert_eq!((got.value, got.report.attempts[0].last_resort), (1, false));
}

#[tokio::test(start_paused = true)]
async fn in_a_callable() {
    let calls = Calls::new();
    for _ in 0..10 {
        let bang = || -> std::future::Ready<Result<u32, &str>> { panic!("bang at once") };
        assert_eq!(panic_of(calls.call([("primary", bang)])).await, "bang at once");
        let bang = async || -> Result<u32, &str> { panic!("bang at the first poll") };
        assert_eq!(panic_of(calls.call([("primary", bang)])).await, "bang at the first poll");
        let bang = async || -> Result<u32, &str> {
            tokio::time::sleep(SECOND).await;
            panic!("bang later")
        };
        assert_eq!(panic_of(calls.call([("primary", bang)])).await, "bang later");
        let bang = async |_: Vec<u8>| -> Result<Vec<(u8, u8)>, &str> { panic!("bang in a feed") };
        assert_eq!(panic_of(calls.items([1], [("primary", bang)])).await, "bang in a feed");
    }
    is_healthy(&calls).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_race_it_takes_the_others_along() {
    let calls = Calls::new();
    let alive = AtomicU32::new(0);
    for _ in 0..10 {
        let other = Provider::new("other", || async {
            let _alive = Alive::new(&alive);
            std::future::pending().await
        });
        let bang = Provider::new("primary", async || -> Result<u32, &str> {
            tokio::time::sleep(millis(5)).await;
            panic!("bang")
        });
        assert_eq!(panic_of(calls.race([other, bang])).await, "bang");
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    }
    assert_eq!(calls.state("other"), CircuitState::Closed);
    is_healthy(&calls).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_judge() {
    let calls = Calls::new();
    for _ in 0..10 {
        let valid = |_: &u32| -> bool { panic!("validity") };
        let ask = calls.ask([takes("primary", millis(1), Ok(1))]).is_valid(valid);
        assert_eq!(panic_of(ask.run()).await, "validity");
        let classify = |_: &&str| -> Fault { panic!("class") };
        let ask = calls.ask([takes::<u32>("primary", millis(1), Err("no"))]).classify(classify);
        assert_eq!(panic_of(ask.run()).await, "class");
        let feed = Feed::new("primary", async |_: Vec<u8>| Ok::<_, String>([(1, 2)]));
        let ask = calls.ask_items([1], [feed]).is_valid(|_, _| panic!("items"));
        assert_eq!(panic_of(ask.run()).await, "items");
    }
    is_healthy(&calls).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_probe_it_gives_the_place_back() {
    let calls = Calls::new();
    for _ in 0..3 {
        calls.call([bad("primary").provider()]).await.unwrap_err();
    }
    pass(40 * SECOND).await;
    for _ in 0..10 {
        assert_eq!(calls.state("primary"), CircuitState::HalfOpen);
        let bang = Provider::new("primary", async || -> Result<u32, &str> { panic!("bang") });
        assert_eq!(panic_of(calls.call([bang, good("backup").provider()])).await, "bang");
    }
    let got = calls.call([good("primary").provider(), good("backup").provider()]).await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.skipped.len()), ("primary", 0));
    is_healthy(&calls).await;
}

#[tokio::test(start_paused = true)]
async fn in_the_drop_of_a_loser() {
    struct Bang;
    impl Drop for Bang {
        fn drop(&mut self) {
            panic!("bang on the way out");
        }
    }
    let calls = Calls::new();
    let loser = Provider::new("primary", async || {
        let _bang = Bang;
        std::future::pending::<Result<u32, &str>>().await
    });
    let race = calls.race([loser, takes("steady", millis(1), Ok(1))]);
    assert_eq!(panic_of(race).await, "bang on the way out");
    is_healthy(&calls).await;
}
