//! Retries, waits, and who comes next.

use std::num::NonZeroU32;

use failover_reqwest::calls::{
    Backoff, Breaker, Calls, Fault, Health, Jitter, LastResort, RetryBudget, Skip, Why,
};

use crate::scene::{SECOND, Script, bad, calls, good, is_about, millis, names, pass, waits};

#[tokio::test(start_paused = true)]
async fn a_provider_is_not_retried_unless_said() {
    let (primary, backup) = (bad("primary"), good("backup"));
    let got = Calls::new().call([primary.provider(), backup.provider()]).await.unwrap();
    assert_eq!(primary.asked(), 1);
    assert!(got.report.took.is_zero());
}

#[tokio::test(start_paused = true)]
async fn retries_wait_linearly_and_not_after_the_last() {
    let backoff = Backoff::linear(millis(100)).jitter(Jitter::None);
    let calls = calls(Calls::builder().retries(2).backoff(backoff));
    let (primary, backup) = (bad("primary"), good("backup"));
    let got = calls.call([primary.provider(), backup.provider()]).await.unwrap();
    assert_eq!((got.provider.as_str(), primary.asked(), backup.asked()), ("backup", 3, 1));
    assert_eq!(waits(&got.report), [millis(100), millis(200)]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_succeeds_ends_the_call() {
    let calls = calls(Calls::builder().retries(2));
    let (primary, backup) = (Script::new("primary", &[Err("once"), Ok(5)]), good("backup"));
    let got = calls.call([primary.provider(), backup.provider()]).await.unwrap();
    assert_eq!((got.value, got.provider.as_str(), backup.asked()), (5, "primary", 0));
    assert_eq!(names(&got.report), (vec!["primary"], vec![]));
    assert_eq!(got.report.attempts.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn exponential_backoff_with_additive_jitter_three_tries_from_one_second() {
    let backoff = Backoff::exponential(SECOND).jitter(Jitter::Additive);
    let calls = calls(Calls::builder().retries(2).backoff(backoff));
    let got = calls.call([bad("primary").provider(), good("backup").provider()]).await.unwrap();
    let waits = waits(&got.report);
    assert_eq!(waits.len(), 2);
    // Tokio's timer counts in milliseconds, rounded up.
    assert!((SECOND..=2 * SECOND + millis(1)).contains(&waits[0]), "{waits:?}");
    assert!((2 * SECOND..=3 * SECOND + millis(1)).contains(&waits[1]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_patience_is_not_waited() {
    let backoff = Backoff::constant(5 * SECOND);
    let impatient = calls(Calls::builder().retries(2).backoff(backoff));
    let primary = bad("primary");
    let got = impatient.call([primary.provider(), good("backup").provider()]).await.unwrap();
    assert_eq!((primary.asked(), waits(&got.report).len()), (1, 0));
    let patient = calls(Calls::builder().retries(2).backoff(backoff).patience(5 * SECOND));
    let got = patient.call([bad("primary").provider(), good("backup").provider()]).await.unwrap();
    assert_eq!(waits(&got.report), [5 * SECOND, 5 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_short_retry_after_is_waited_for() {
    let calls = calls(Calls::builder().retries(1).backoff(Backoff::constant(millis(10))));
    let primary = Script::new("primary", &[Err("busy"), Ok(3)]);
    let backup = good("backup");
    let ask = calls.ask([primary.provider(), backup.provider()]);
    let got = ask.classify(|_| (Fault::Throttled, 2 * SECOND)).run().await.unwrap();
    assert_eq!((got.value, got.provider.as_str()), (3, "primary"));
    assert!(matches!(waits(&got.report)[..], [wait] if is_about(wait, 2 * SECOND)), "{}", got.report);
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_is_answered_elsewhere_and_kept() {
    let calls = calls(Calls::builder().retries(1));
    let (primary, backup) = (Script::new("primary", &[Err("busy"), Ok(3)]), good("backup"));
    let ask = async || {
        let ask = calls.ask([primary.provider(), backup.provider()]);
        ask.classify(|_| (Fault::Throttled, Some(60 * SECOND))).run().await.unwrap()
    };
    assert_eq!(ask().await.provider, "backup");
    pass(59 * SECOND).await;
    let second = ask().await;
    assert_eq!((second.provider.as_str(), primary.asked()), ("backup", 1));
    let skipped = &second.report.skipped[0];
    assert_eq!(skipped.why, Skip::CircuitOpen);
    assert!(is_about(skipped.until.unwrap(), SECOND), "{}", second.report);
    pass(SECOND).await;
    assert_eq!(ask().await.provider, "primary");
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_request_goes_to_the_next_and_blames_nobody() {
    let calls = Calls::new();
    let (primary, backup) = (bad("primary"), good("backup"));
    for _ in 0..10 {
        let ask = calls.ask([primary.provider(), backup.provider()]);
        assert_eq!(ask.classify(|_| Fault::Unsupported).run().await.unwrap().provider, "backup");
    }
    assert_eq!(primary.asked(), 10);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_over_all_providers() {
    let calls = calls(Calls::builder().attempts(NonZeroU32::new(2).unwrap()));
    let (one, two, three) = (bad("one"), bad("two"), good("three"));
    let error = calls.call([one.provider(), two.provider(), three.provider()]).await.unwrap_err();
    assert_eq!((error.why(), three.asked()), (&Why::Attempts, 0));
}

#[tokio::test(start_paused = true)]
async fn the_budget_limits_retries_and_not_failover() {
    let budget = RetryBudget::new().burst(2).reserve_per_second(0).share_percent(0);
    let builder = Calls::builder().retries(10).backoff(Backoff::constant(millis(1))).budget(budget);
    let calls = calls(builder.breaker(Breaker::new().failures(32.try_into().unwrap())));
    let (primary, backup) = (bad("primary"), good("backup"));
    assert_eq!(calls.call([primary.provider(), backup.provider()]).await.unwrap().provider, "backup");
    assert_eq!(primary.asked(), 3);
    assert_eq!(calls.call([primary.provider(), backup.provider()]).await.unwrap().provider, "backup");
    assert_eq!(primary.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn by_health_the_one_that_has_not_failed_is_asked_first() {
    let calls = calls(Calls::builder().by_health(Health::new()));
    let (flaky, steady) = (Script::new("flaky", &[Err("no"), Ok(1)]), good("steady"));
    for _ in 0..2 {
        let got = calls.call([flaky.provider(), steady.provider()]).await.unwrap();
        assert_eq!((got.provider.as_str(), flaky.asked()), ("steady", 1));
    }
}

#[tokio::test(start_paused = true)]
async fn health_aware_three_failures_skip_for_300_s_all_are_tried_if_none_is_healthy_and_success_heals() {
    let breaker = Breaker::new().pause(300 * SECOND).jitter_percent(0);
    let builder = Calls::builder().by_health(Health::new()).breaker(breaker);
    let calls = calls(builder.last_resort(LastResort::Everyone));
    let one = bad("one");
    let two = Script::new("two", &[Err("no"), Err("no"), Err("no"), Err("no"), Ok(2)]);
    let ask = async || calls.call([one.provider(), two.provider()]).await;
    for _ in 0..3 {
        ask().await.unwrap_err();
    }
    let error = ask().await.unwrap_err();
    assert_eq!(error.report().skipped.len(), 2, "both are unhealthy");
    assert_eq!((one.asked(), two.asked()), (4, 4), "and both were tried");
    assert!(error.report().attempts.iter().all(|attempt| attempt.last_resort));
    assert_eq!(ask().await.unwrap().value, 2);
    let healed = ask().await.unwrap();
    assert_eq!(names(&healed.report).0.last(), Some(&"two"));
    assert!(!healed.report.attempts.last().unwrap().last_resort);
}
