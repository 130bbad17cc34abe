//! The next provider is asked before the present one has failed.

use failover_reqwest::calls::{Calls, CircuitState, End, Hedge, RetryBudget};

use crate::scene::{SECOND, calls, good, hangs, millis, takes};

const SERVED: End = End::Served { asked: 1, served: 1 };

#[tokio::test(start_paused = true)]
async fn the_second_is_asked_when_the_first_takes_long() {
    let calls = calls(Calls::builder().hedge(Hedge::after(millis(200))));
    let third = good("third");
    let providers = [hangs("hung"), takes("second", millis(50), Ok(2)), third.provider()];
    let got = calls.call(providers).await.unwrap();
    assert_eq!((got.value, got.provider.as_str()), (2, "second"));
    assert_eq!((got.report.attempts[0].end, got.report.attempts[1].end), (End::CalledOff, SERVED));
    assert_eq!((got.report.attempts[1].at, got.report.took), (millis(200), millis(250)));
    assert_eq!(third.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_first_may_win_after_all() {
    let calls = calls(Calls::builder().hedge(Hedge::after(millis(200))));
    let got = calls.call([takes("first", millis(210), Ok(1)), takes("second", SECOND, Ok(2))]).await.unwrap();
    assert_eq!((got.value, got.report.attempts.len(), got.report.took), (1, 2, millis(210)));
}

#[tokio::test(start_paused = true)]
async fn a_failure_starts_the_next_at_once() {
    let calls = calls(Calls::builder().hedge(Hedge::after(10 * SECOND)));
    let got = calls.call([takes("first", millis(5), Err("no")), takes("second", millis(5), Ok(2))]).await;
    assert_eq!(got.unwrap().report.took, millis(10));
}

#[tokio::test(start_paused = true)]
async fn for_one_call_alone() {
    let calls = Calls::new();
    let slow = || [takes("slow", SECOND, Ok(1)), takes("second", millis(0), Ok(2))];
    let got = calls.ask(slow()).hedge(Hedge::after(millis(200))).run().await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.took), ("second", millis(200)));
    let got = calls.ask(slow()).run().await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.attempts.len()), ("slow", 1), "in order unless said");
}

#[tokio::test(start_paused = true)]
async fn a_hung_primary_trips_its_breaker_by_its_silence() {
    let calls = calls(Calls::builder().hedge(Hedge::after(SECOND)));
    let mut delayed = 0;
    for _ in 0..100 {
        let got = calls.call([hangs("hung"), takes("second", millis(1), Ok(2))]).await.unwrap();
        delayed += u32::from(got.report.took >= SECOND);
    }
    assert!(matches!(calls.state("hung"), CircuitState::Open(_)));
    assert_eq!(delayed, 3, "and not every call is late for it");
}

#[tokio::test(start_paused = true)]
async fn after_a_percentile_it_follows_what_answers_take() {
    let calls = calls(Calls::builder().hedge(Hedge::after_percentile(95)));
    for _ in 0..20 {
        let got = calls.call([takes("primary", millis(8), Ok(1)), takes("backup", millis(8), Ok(2))]).await;
        assert_eq!(got.unwrap().report.attempts.len(), 1, "too few answers to say anything");
    }
    let got = calls.call([hangs("primary"), takes("backup", millis(8), Ok(2))]).await.unwrap();
    assert_eq!(got.provider, "backup");
    assert!((millis(8)..=millis(10)).contains(&got.report.attempts[1].at), "{}", got.report);
}

#[tokio::test(start_paused = true)]
async fn an_empty_budget_takes_the_hedge_and_not_the_call() {
    let budget = RetryBudget::new().burst(1).reserve_per_second(0).share_percent(0);
    let calls = calls(Calls::builder().hedge(Hedge::after(millis(200))).budget(budget));
    let slow = || [takes("slow", SECOND, Ok(1)), takes("second", millis(1), Ok(2))];
    assert_eq!(calls.call(slow()).await.unwrap().provider, "second");
    let got = calls.call(slow()).await.unwrap();
    assert_eq!((got.provider.as_str(), got.report.attempts.len()), ("slow", 1));
}
