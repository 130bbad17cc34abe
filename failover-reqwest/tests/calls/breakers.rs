//! A provider that keeps failing is left alone, tried again, and taken back.

use std::num::NonZeroU8;

use failover_reqwest::calls::{Breaker, Calls, CircuitState, LastResort, Skip, Why};

use crate::scene::{SECOND, Script, bad, calls, good, is_about, names, pass};

#[tokio::test(start_paused = true)]
async fn three_failures_open_it_for_60_s_and_then_one_attempt_decides() {
    let calls = calls(Calls::builder().breaker(Breaker::new().pause(60 * SECOND).jitter_percent(0)));
    let primary = Script::new("primary", &[Err("1"), Err("2"), Err("3"), Err("4"), Ok(5)]);
    let backup = good("backup");
    let ask = async || calls.call([primary.provider(), backup.provider()]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(calls.state("primary"), CircuitState::Closed);
        ask().await;
    }
    assert!(matches!(calls.state("primary"), CircuitState::Open(_)));
    let skipped = ask().await;
    assert_eq!((primary.asked(), names(&skipped.report)), (3, (vec!["backup"], vec!["primary"])));
    assert_eq!(skipped.report.skipped[0].why.to_string(), "circuit open");
    pass(60 * SECOND).await;
    assert_eq!(calls.state("primary"), CircuitState::HalfOpen);
    assert_eq!((ask().await.provider.as_str(), primary.asked()), ("backup", 4));
    assert!(matches!(calls.state("primary"), CircuitState::Open(_)), "one failure opens it again");
    pass(60 * SECOND).await;
    assert_eq!((ask().await.value, calls.state("primary")), (5, CircuitState::Closed));
}

#[tokio::test(start_paused = true)]
async fn five_failures_if_so_set() {
    let calls = calls(Calls::builder().breaker(Breaker::new().failures(NonZeroU8::new(5).unwrap())));
    let primary = bad("primary");
    for _ in 0..8 {
        calls.call([primary.provider(), good("backup").provider()]).await.unwrap();
    }
    assert_eq!(primary.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_counts_retries_too() {
    let calls = calls(Calls::builder().retries(5));
    let primary = bad("primary");
    calls.call([primary.provider(), good("backup").provider()]).await.unwrap();
    assert_eq!(primary.asked(), 3);
    assert!(matches!(calls.state("primary"), CircuitState::Open(_)));
}

#[tokio::test(start_paused = true)]
async fn a_success_starts_the_count_over() {
    let calls = Calls::new();
    let primary = Script::new("primary", &[Err("1"), Err("2"), Ok(3), Err("4"), Err("5"), Ok(6)]);
    for _ in 0..6 {
        calls.call([primary.provider(), good("backup").provider()]).await.unwrap();
    }
    assert_eq!((primary.asked(), calls.state("primary")), (6, CircuitState::Closed));
}

#[tokio::test(start_paused = true)]
async fn the_primary_is_the_last_resort_unless_nobody_is() {
    let primary = bad("primary");
    let plain = Calls::new();
    for _ in 0..4 {
        plain.call([primary.provider()]).await.unwrap_err();
    }
    assert_eq!(primary.asked(), 4);
    let builder = Calls::builder().breaker(Breaker::new().jitter_percent(0));
    let calls = calls(builder.last_resort(LastResort::Nobody));
    let primary = bad("primary");
    for _ in 0..3 {
        calls.call([primary.provider()]).await.unwrap_err();
    }
    pass(10 * SECOND).await;
    let error = calls.call([primary.provider()]).await.unwrap_err();
    let Why::Unavailable(wait) = error.why() else { panic!("{error}") };
    assert!(is_about(*wait, 20 * SECOND) && primary.asked() == 3, "{error}");
    assert_eq!(error.report().skipped[0].until, Some(*wait));
}

#[tokio::test(start_paused = true)]
async fn forced_open_nobody_asks_it_and_forced_closed_it_is_asked_whatever_happens() {
    let calls = Calls::new();
    let (primary, backup) = (bad("primary"), good("backup"));
    calls.force_open("primary").unwrap();
    let got = calls.call([primary.provider(), backup.provider()]).await.unwrap();
    assert_eq!((got.report.skipped[0].why, primary.asked()), (Skip::ForcedOpen, 0));
    calls.call([primary.provider()]).await.unwrap_err();
    assert_eq!((calls.state("primary"), primary.asked()), (CircuitState::ForcedOpen, 0));
    calls.force_closed("primary").unwrap();
    for _ in 0..10 {
        calls.call([primary.provider(), backup.provider()]).await.unwrap();
    }
    assert_eq!((calls.state("primary"), primary.asked()), (CircuitState::ForcedClosed, 10));
    calls.release("primary");
    assert_eq!(calls.state("primary"), CircuitState::Closed);
    calls.release("unheard of");
    assert_eq!(calls.state("unheard of"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_257th_name_has_no_breaker_and_the_report_says_so() {
    let calls = Calls::new();
    for number in 0..256 {
        let ok = async || Ok::<_, &str>(number);
        assert!(!calls.call([(format!("p{number}"), ok)]).await.unwrap().report.attempts[0].unguarded);
    }
    let late = bad("one too many");
    for _ in 0..5 {
        let known = Script::new("p0", &[Ok(0)]);
        let got = calls.call([late.provider(), known.provider()]).await.unwrap();
        assert!(got.report.attempts[0].unguarded && !got.report.attempts[1].unguarded);
        assert!(got.report.to_string().contains("without a breaker"), "{}", got.report);
    }
    assert_eq!(late.asked(), 5);
    let refused = calls.force_open("one too many").unwrap_err();
    assert_eq!(refused.to_string(), "name has no breaker, as all 256 are taken: use fewer different names");
    calls.force_open("p7").unwrap();
}
