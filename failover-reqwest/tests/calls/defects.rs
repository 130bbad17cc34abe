//! The defects of apifailover 0.1.0, a to g, each reproduced there: none came along.

use std::collections::HashSet;
use std::num::NonZeroU8;
use std::sync::atomic::{AtomicU32, Ordering};

use failover_reqwest::calls::{Backoff, Breaker, Calls, CircuitState, Fault, Feed, Jitter, Provider, Why};
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinSet;

use crate::scene::{SECOND, Script, bad, calls, good, is_about, millis, pass, takes, waits};

#[tokio::test(start_paused = true)]
async fn a_no_work_is_finished_only_to_be_thrown_away_and_repeated() {
    let calls = calls(Calls::builder().timeout(SECOND).retries(2));
    let finished = AtomicU32::new(0);
    let slow = || async {
        tokio::time::sleep(5 * SECOND).await;
        finished.fetch_add(1, Ordering::Relaxed);
        Ok(8)
    };
    let backup = good("backup");
    let got = calls.call([Provider::new("slow", slow), backup.provider()]).await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.attempts.len()), ("backup", 2), "asked once");
    assert_eq!((got.report.took, finished.load(Ordering::Relaxed)), (SECOND, 0), "and not waited for");
    assert!(got.report.maybe_billed);
}

#[tokio::test(start_paused = true)]
async fn b_of_a_hundred_callers_one_probes() {
    let calls = Calls::new();
    for _ in 0..3 {
        calls.call([bad("primary").provider(), good("backup").provider()]).await.unwrap();
    }
    pass(40 * SECOND).await;
    assert_eq!(calls.state("primary"), CircuitState::HalfOpen);
    let (probes, served) = (AtomicU32::new(0), AtomicU32::new(0));
    let others = Notify::new();
    // The probe ends when the 99 others have been answered.
    let caller = async || {
        let primary = || async {
            probes.fetch_add(1, Ordering::Relaxed);
            others.notified().await;
            Ok::<_, &str>(1)
        };
        let got = calls.call([Provider::new("primary", primary), Provider::new("backup", async || Ok(2))]);
        let got = got.await.unwrap();
        if got.provider == "backup" && served.fetch_add(1, Ordering::Relaxed) == 98 {
            others.notify_one();
        }
    };
    all((0..100).map(|_| caller())).await;
    assert_eq!((probes.into_inner(), served.into_inner()), (1, 99));
    assert_eq!(calls.state("primary"), CircuitState::Closed);
}

/// All of these at once, within this task.
async fn all<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c_a_callers_error_opens_no_circuit() {
    let calls = Calls::new();
    let (primary, backup) = (bad("primary"), good("backup"));
    for _ in 0..20 {
        let ask = calls.ask([primary.provider(), backup.provider()]);
        let error = ask.classify(|_| Fault::InvalidRequest).run().await.unwrap_err();
        assert_eq!(error.why(), &Why::Refused);
    }
    assert_eq!((primary.asked(), backup.asked()), (20, 0));
    assert_eq!(calls.state("primary"), CircuitState::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_every_failure_is_counted_under_threads() {
    const CALLERS: u8 = 32;
    async fn fail_at_once(calls: &Calls, callers: u8) -> CircuitState {
        let together = std::sync::Arc::new(Barrier::new(callers.into()));
        let mut tasks = JoinSet::new();
        for _ in 0..callers {
            let (calls, together) = (calls.clone(), together.clone());
            tasks.spawn(async move {
                let fails = || async {
                    together.wait().await; // all are in flight, and end at once
                    Err::<u32, _>("no")
                };
                calls.call([("primary", fails)]).await.unwrap_err();
            });
        }
        tasks.join_all().await;
        let state = calls.state("primary");
        calls.release("primary");
        state
    }
    let breaker = Breaker::new().failures(NonZeroU8::new(CALLERS).unwrap());
    let calls = calls(Calls::builder().breaker(breaker));
    for _ in 0..20 {
        let state = fail_at_once(&calls, CALLERS - 1).await;
        assert_eq!(state, CircuitState::Closed, "one more was counted than there was");
        let state = fail_at_once(&calls, CALLERS).await;
        assert!(matches!(state, CircuitState::Open(_)), "one was lost");
    }
}

#[tokio::test(start_paused = true)]
async fn e_two_of_one_name_are_refused() {
    let (one, two) = (bad("twin"), good("twin"));
    let error = Calls::new().call([one.provider(), two.provider()]).await.unwrap_err();
    assert!(matches!(error.why(), Why::Unusable(_)), "{error}");
    assert_eq!((one.asked(), two.asked()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn f_an_answer_that_is_no_answer_to_the_question_serves_nothing() {
    let stranger = Feed::new("stranger", async |_: Vec<&str>| Ok::<_, String>([("not asked", 1)]));
    let got = Calls::new().items(["asked"], [stranger]).await.unwrap();
    assert_eq!((got.values.len(), got.missing.as_slice()), (0, &["asked"][..]));
}

#[tokio::test(start_paused = true)]
async fn g_waits_are_spread_unless_said() {
    let spread = calls(Calls::builder().retries(1).backoff(Backoff::linear(SECOND)));
    let even = calls(Calls::builder().retries(1).backoff(Backoff::linear(SECOND).jitter(Jitter::None)));
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let providers = || Script::new("primary", &[Err("once"), Ok(1)]);
        let got = spread.call([providers().provider()]).await.unwrap();
        assert!(got.report.took <= SECOND);
        seen.insert(got.report.took);
        assert_eq!(waits(&even.call([providers().provider()]).await.unwrap().report), [SECOND]);
    }
    assert!(seen.len() > 30, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn g_a_retry_after_is_respected() {
    let calls = calls(Calls::builder().retries(1).backoff(Backoff::constant(millis(1))));
    let primary = Script::new("primary", &[Err("busy"), Ok(1)]);
    let ask = calls.ask([primary.provider()]).classify(|_| (Fault::Throttled, 2 * SECOND));
    assert!(is_about(ask.run().await.unwrap().report.took, 2 * SECOND));
    let ask = calls.ask([takes::<u32>("other", SECOND, Err("busy"))]);
    let error = ask.classify(|_| (Fault::Throttled, 60 * SECOND)).run().await.unwrap_err();
    assert_eq!(error.report().took, SECOND, "and one beyond patience is not waited for");
}
