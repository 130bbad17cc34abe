//! Retries, waits, limits, and who comes next.

use std::num::NonZeroU32;
use std::time::Duration;

use failover_ureq::calls::{
    Backoff, Breaker, Calls, Fault, Health, Jitter, LastResort, Provider, RetryBudget, Skip, Why,
};

use crate::scene::{SECOND, Script, Time, bad, good, millis, names, plain};

#[test]
fn a_provider_is_not_retried_unless_said() {
    let (time, calls) = plain();
    let (primary, backup) = (bad("primary"), good("backup"));
    calls.call([primary.provider(), backup.provider()]).unwrap();
    assert_eq!(primary.asked(), 1);
    assert!(time.slept().is_empty());
}

#[test]
fn retries_wait_linearly_and_not_after_the_last() {
    let time = Time::default();
    let backoff = Backoff::linear(millis(100)).jitter(Jitter::None);
    let calls = time.calls(Calls::builder().retries(2).backoff(backoff));
    let (primary, backup) = (bad("primary"), good("backup"));
    let got = calls.call([primary.provider(), backup.provider()]).unwrap();
    assert_eq!((got.provider.as_str(), primary.asked(), backup.asked()), ("backup", 3, 1));
    assert_eq!(time.slept(), [millis(100), millis(200)]);
}

#[test]
fn a_retry_that_succeeds_ends_the_call() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(2));
    let (primary, backup) = (Script::new("primary", &[Err("once"), Ok(5)]), good("backup"));
    let got = calls.call([primary.provider(), backup.provider()]).unwrap();
    assert_eq!((got.value, got.provider.as_str(), backup.asked()), (5, "primary", 0));
    assert_eq!(names(&got.report), (vec!["primary"], vec![]));
    assert_eq!(got.report.attempts.len(), 2);
}

#[test]
fn exponential_backoff_with_additive_jitter_three_tries_from_one_second() {
    let time = Time::default();
    let backoff = Backoff::exponential(SECOND).jitter(Jitter::Additive);
    let calls = time.calls(Calls::builder().retries(2).backoff(backoff));
    calls.call([bad("primary").provider(), good("backup").provider()]).unwrap();
    let slept = time.slept();
    assert_eq!(slept.len(), 2);
    assert!((SECOND..=2 * SECOND).contains(&slept[0]), "{slept:?}");
    assert!((2 * SECOND..=3 * SECOND).contains(&slept[1]), "{slept:?}");
}

#[test]
fn a_wait_beyond_patience_is_not_waited() {
    let time = Time::default();
    let backoff = Backoff::constant(5 * SECOND);
    let calls = time.calls(Calls::builder().retries(2).backoff(backoff));
    let primary = bad("primary");
    calls.call([primary.provider(), good("backup").provider()]).unwrap();
    assert_eq!(primary.asked(), 1);
    assert!(time.slept().is_empty());
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(2).backoff(backoff).patience(5 * SECOND));
    calls.call([bad("primary").provider(), good("backup").provider()]).unwrap();
    assert_eq!(time.slept(), [5 * SECOND, 5 * SECOND]);
}

#[test]
fn a_short_retry_after_is_waited_for() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(1).backoff(Backoff::constant(millis(10))));
    let primary = Script::new("primary", &[Err("busy"), Ok(3)]);
    let got = calls
        .ask([primary.provider(), good("backup").provider()])
        .classify(|_| (Fault::Throttled, 2 * SECOND))
        .run()
        .unwrap();
    assert_eq!((got.value, got.provider.as_str()), (3, "primary"));
    assert_eq!(time.slept(), [2 * SECOND]);
}

#[test]
fn a_long_retry_after_is_answered_elsewhere_and_kept() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(1));
    let (primary, backup) = (Script::new("primary", &[Err("busy"), Ok(3)]), good("backup"));
    let ask = || {
        let ask = calls.ask([primary.provider(), backup.provider()]);
        ask.classify(|_| (Fault::Throttled, Some(60 * SECOND))).run().unwrap()
    };
    assert_eq!(ask().provider, "backup");
    time.pass(59 * SECOND);
    let second = ask();
    assert_eq!((second.provider.as_str(), primary.asked()), ("backup", 1));
    assert_eq!(
        (second.report.skipped[0].why, second.report.skipped[0].until),
        (Skip::CircuitOpen, Some(SECOND))
    );
    time.pass(SECOND);
    assert_eq!(ask().provider, "primary");
    assert!(time.slept().is_empty());
}

#[test]
fn an_unsupported_request_goes_to_the_next_and_blames_nobody() {
    let (_, calls) = plain();
    let (primary, backup) = (bad("primary"), good("backup"));
    for _ in 0..10 {
        let ask = calls.ask([primary.provider(), backup.provider()]);
        assert_eq!(ask.classify(|_| Fault::Unsupported).run().unwrap().provider, "backup");
    }
    assert_eq!(primary.asked(), 10);
}

/// Fails, or answers, after a while.
fn slow<'a>(
    name: &'static str,
    time: &'a Time,
    takes: Duration,
    result: Result<u32, &'static str>,
) -> Provider<'a, u32, &'static str> {
    Provider::new(name, move || {
        time.pass(takes);
        result
    })
}

#[test]
fn nobody_is_asked_after_the_deadline() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().deadline(30 * SECOND));
    let backup = good("backup");
    let error = calls.call([slow("slow", &time, 30 * SECOND, Err("no")), backup.provider()]).unwrap_err();
    assert_eq!((error.why(), backup.asked()), (&Why::Deadline, 0));
    let error = calls.ask([slow("slow", &time, SECOND, Err("no"))]).deadline(SECOND).run().unwrap_err();
    assert_eq!(error.why(), &Why::Deadline);
    let error = calls.ask([backup.provider()]).deadline(Duration::ZERO).run().unwrap_err();
    assert_eq!((error.why(), backup.asked(), error.report().attempts.len()), (&Why::Deadline, 0, 0));
}

#[test]
fn an_answer_after_the_deadline_is_used() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().deadline(SECOND));
    let got = calls.call([slow("slow", &time, 2 * SECOND, Ok(9))]).unwrap();
    assert_eq!(got.value, 9);
    assert!(got.report.attempts[0].late);
}

#[test]
fn no_wait_ends_after_the_deadline() {
    let time = Time::default();
    let builder = Calls::builder().deadline(SECOND).retries(3).backoff(Backoff::constant(SECOND));
    let calls = time.calls(builder);
    let got = calls.call([bad("primary").provider(), good("backup").provider()]).unwrap();
    assert_eq!(got.provider, "backup");
    assert!(time.slept().is_empty());
}

#[test]
fn attempts_are_limited_over_all_providers() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().attempts(NonZeroU32::new(2).unwrap()));
    let (one, two, three) = (bad("one"), bad("two"), good("three"));
    let error = calls.call([one.provider(), two.provider(), three.provider()]).unwrap_err();
    assert_eq!((error.why(), three.asked()), (&Why::Attempts, 0));
}

#[test]
fn the_budget_limits_retries_and_not_failover() {
    let time = Time::default();
    let budget = RetryBudget::new().burst(2).reserve_per_second(0).share_percent(0);
    let builder = Calls::builder().retries(10).backoff(Backoff::constant(millis(1))).budget(budget);
    let calls = time.calls(builder.breaker(Breaker::new().failures(32.try_into().unwrap())));
    let primary = bad("primary");
    assert_eq!(calls.call([primary.provider(), good("backup").provider()]).unwrap().provider, "backup");
    assert_eq!(primary.asked(), 3);
    assert_eq!(calls.call([primary.provider(), good("backup").provider()]).unwrap().provider, "backup");
    assert_eq!(primary.asked(), 4);
}

#[test]
fn by_health_the_one_that_has_not_failed_is_asked_first() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().by_health(Health::new()));
    let (flaky, steady) = (Script::new("flaky", &[Err("no"), Ok(1)]), good("steady"));
    let ask = || calls.call([flaky.provider(), steady.provider()]).unwrap().provider;
    assert_eq!((ask().as_str(), flaky.asked()), ("steady", 1));
    assert_eq!((ask().as_str(), flaky.asked()), ("steady", 1));
}

#[test]
fn health_aware_three_failures_skip_for_300_s_all_are_tried_if_none_is_healthy_and_success_heals() {
    let time = Time::default();
    let breaker = Breaker::new().pause(300 * SECOND).jitter_percent(0);
    let builder = Calls::builder().by_health(Health::new()).breaker(breaker);
    let calls = time.calls(builder.last_resort(LastResort::Everyone));
    let one = bad("one");
    let two = Script::new("two", &[Err("no"), Err("no"), Err("no"), Err("no"), Ok(2)]);
    let ask = || calls.call([one.provider(), two.provider()]);
    for _ in 0..3 {
        ask().unwrap_err();
    }
    let error = ask().unwrap_err();
    assert_eq!(error.report().skipped.len(), 2, "both are unhealthy");
    assert_eq!((one.asked(), two.asked()), (4, 4), "and both were tried");
    assert!(error.report().attempts.iter().all(|attempt| attempt.last_resort));
    assert_eq!(ask().unwrap().value, 2);
    let healed = ask().unwrap();
    assert_eq!(names(&healed.report).0.last(), Some(&"two"));
    assert!(!healed.report.attempts.last().unwrap().last_resort);
}
