//! Time limits that are kept: an attempt, or the whole call, is dropped when its time is up.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use failover_reqwest::calls::{Backoff, Breaker, Calls, CircuitState, End, Fault, Provider, RootCause, Why};
use tokio::time::Instant;

use crate::scene::{Alive, SECOND, bad, calls, good, hangs, takes};

#[tokio::test(start_paused = true)]
async fn an_attempt_is_dropped_at_its_limit_and_the_next_provider_is_asked() {
    let calls = calls(Calls::builder().timeout(SECOND).retries(3));
    let alive = AtomicU32::new(0);
    let hung = Provider::new("hung", || async {
        let _alive = Alive::new(&alive);
        pending().await
    });
    let backup = Provider::new("backup", || async {
        assert_eq!(alive.load(Ordering::Relaxed), 0, "the first was dropped before the second began");
        Ok::<_, &str>(4)
    });
    let got = calls.call([hung, backup]).await.unwrap();
    assert_eq!((got.value, got.provider.as_str(), got.report.took), (4, "backup", SECOND));
    let hung = &got.report.attempts[0];
    assert_eq!((hung.end, got.report.attempts.len()), (End::Failed(Fault::Timeout), 2), "and not repeated");
    assert!(hung.maybe_billed && !hung.goes_on, "{hung}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_fate_is_repeated_only_where_that_is_allowed() {
    let builder = Calls::builder().timeout(SECOND).retries(1).backoff(Backoff::constant(SECOND));
    let calls = calls(builder.repeat_unknown(true));
    let asked = AtomicU32::new(0);
    let hangs_once = || async {
        if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            pending::<()>().await;
        }
        Ok::<_, &str>(7)
    };
    let got = calls.call([("primary", hangs_once)]).await.unwrap();
    assert_eq!((got.value, got.report.attempts.len()), (7, 2));
}

#[tokio::test(start_paused = true)]
async fn three_silences_open_the_breaker() {
    let calls = calls(Calls::builder().timeout(SECOND));
    for _ in 0..3 {
        calls.call([hangs("hung"), takes("backup", Duration::ZERO, Ok(1))]).await.unwrap();
    }
    assert!(matches!(calls.state("hung"), CircuitState::Open(_)));
    let began = Instant::now();
    assert_eq!(calls.call([hangs("hung"), takes("backup", Duration::ZERO, Ok(1))]).await.unwrap().value, 1);
    assert!(began.elapsed().is_zero(), "it is not waited for any more");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_call_and_names_whom_it_cut_off() {
    let calls = calls(Calls::builder().deadline(30 * SECOND).timeout(20 * SECOND));
    let never = good("never");
    let began = Instant::now();
    let error = calls.call([hangs("one"), hangs("two"), never.provider()]).await.unwrap_err();
    assert_eq!((began.elapsed(), error.why(), never.asked()), (30 * SECOND, &Why::Deadline, 0));
    let took: Vec<_> = error.report().attempts.iter().map(|attempt| attempt.took).collect();
    assert_eq!(took, [20 * SECOND, 10 * SECOND], "the second had what was left");
    assert!(error.failures().iter().all(|failure| failure.cause == RootCause::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_for_one_call_alone() {
    let calls = Calls::new();
    let began = Instant::now();
    let ask = calls.ask([hangs::<u32>("hung")]).deadline(2 * SECOND);
    assert_eq!((ask.run().await.unwrap_err().why(), began.elapsed()), (&Why::Deadline, 2 * SECOND));
    let backup = good("backup");
    let error = calls.ask([backup.provider()]).deadline(Duration::ZERO).run().await.unwrap_err();
    assert_eq!((error.why(), backup.asked(), error.report().attempts.len()), (&Why::Deadline, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_and_nobody_waits_beyond_the_deadline() {
    let slow = || takes("slow", 30 * SECOND, Err("no"));
    let strict = calls(Calls::builder().deadline(30 * SECOND));
    let backup = good("backup");
    let error = strict.call([slow(), backup.provider()]).await.unwrap_err();
    assert_eq!((error.why(), backup.asked()), (&Why::Deadline, 0));
    let builder = Calls::builder().deadline(SECOND).retries(3).backoff(Backoff::constant(SECOND));
    let calls = calls(builder);
    let got = calls.call([bad("primary").provider(), backup.provider()]).await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.took), ("backup", Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_of_ones_own_may_call_slow_what_is_within_the_limit() {
    let calls = calls(Calls::builder().timeout(10 * SECOND).breaker(Breaker::new().slow(SECOND)));
    for _ in 0..3 {
        let got = calls.call([takes("slow", 5 * SECOND, Ok(1))]).await.unwrap();
        assert!(!got.report.attempts[0].late);
    }
    assert!(matches!(calls.state("slow"), CircuitState::Open(_)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_the_very_last_moment_counts() {
    let calls = calls(Calls::builder().timeout(SECOND));
    let got = calls.call([takes("just", SECOND, Ok(1)), takes("backup", SECOND, Ok(2))]).await.unwrap();
    assert_eq!((got.value, got.report.attempts.len()), (1, 1));
}
