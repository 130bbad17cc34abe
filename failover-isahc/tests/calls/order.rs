//! Providers in order, their retries and waits, and batches.

use failover_isahc::calls::{Backoff, Breaker, Calls, CircuitState, Fault, Feed, Jitter, Skip};

use crate::scene::{SECOND, Script, Time, bad, good, millis, waits};

#[test]
fn the_first_valid_value_wins() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    let (primary, zero, backup) = (bad("primary"), Script::new("zero", &[Ok(0)]), good("backup"));
    let never = good("never");
    let providers = [primary.provider(), zero.provider(), backup.provider(), never.provider()];
    let got = time.run(calls.ask(providers).is_valid(|value| *value > 0).run()).unwrap();
    assert_eq!((got.value, got.provider.as_str(), never.asked()), (1, "backup", 0));
    assert_eq!(got.report.tried().collect::<Vec<_>>(), ["primary", "zero", "backup"]);
}

#[test]
fn retries_wait_linearly_and_not_after_the_last() {
    let time = Time::default();
    let backoff = Backoff::linear(millis(100)).jitter(Jitter::None);
    let calls = time.calls(Calls::builder().retries(2).backoff(backoff));
    let (primary, backup) = (bad("primary"), good("backup"));
    let got = time.run(calls.call([primary.provider(), backup.provider()])).unwrap();
    assert_eq!((got.provider.as_str(), primary.asked(), backup.asked()), ("backup", 3, 1));
    assert_eq!(waits(&got.report), [millis(100), millis(200)]);
}

#[test]
fn a_retry_after_is_waited_for_if_it_is_short_and_kept_if_it_is_long() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(1));
    let (primary, backup) = (Script::new("primary", &[Err("busy"), Ok(3)]), good("backup"));
    let short = calls.ask([primary.provider(), backup.provider()]).classify(|_| (Fault::Throttled, SECOND));
    let got = time.run(short.run()).unwrap();
    assert_eq!((got.provider.as_str(), got.report.took), ("primary", SECOND));
    let primary = Script::new("primary", &[Err("busy"), Ok(3)]);
    let ask = || {
        let ask = calls.ask([primary.provider(), backup.provider()]);
        time.run(ask.classify(|_| (Fault::Throttled, 60 * SECOND)).run()).unwrap()
    };
    assert_eq!((ask().provider.as_str(), ask().report.skipped[0].why), ("backup", Skip::CircuitOpen));
    assert_eq!(primary.asked(), 1);
    time.pass(60 * SECOND);
    assert_eq!(ask().provider, "primary");
}

#[test]
fn three_failures_open_the_breaker_and_one_success_closes_it() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().breaker(Breaker::new().pause(60 * SECOND).jitter_percent(0)));
    let (primary, backup) = (Script::new("primary", &[Err("1"), Err("2"), Err("3"), Ok(4)]), good("backup"));
    let ask = || time.run(calls.call([primary.provider(), backup.provider()])).unwrap().value;
    assert_eq!((ask(), ask(), ask()), (1, 1, 1));
    assert!(matches!(calls.state("primary"), CircuitState::Open(_)));
    assert_eq!((ask(), primary.asked()), (1, 3));
    time.pass(60 * SECOND);
    assert_eq!(calls.state("primary"), CircuitState::HalfOpen);
    assert_eq!((ask(), calls.state("primary")), (4, CircuitState::Closed));
    calls.force_open("primary").unwrap();
    assert_eq!(ask(), 1);
    calls.release("primary");
    assert_eq!(ask(), 4);
}

#[test]
fn each_feed_is_asked_only_for_the_keys_that_are_missing() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    let feed = |name: &'static str, digit: u32| {
        Feed::new(name, move |missing: Vec<u32>| async move {
            assert!(digit == 0 || !missing.contains(&0), "what was served is not asked for again");
            Ok::<_, &str>(missing.into_iter().filter(move |key| key % 3 == digit).map(|key| (key, key * 2)))
        })
    };
    let got = time.run(calls.items(0..9, [feed("zero", 0), feed("one", 1)])).unwrap();
    assert_eq!((got.values[&4], got.provider_of(&4), got.provider_of(&3)), (8, Some("one"), Some("zero")));
    assert_eq!(got.missing, [2, 5, 8]);
    let unfilled = time.run(calls.ask_items(0..9, [feed("zero", 0)]).require_all(true).run()).unwrap_err();
    assert_eq!((unfilled.values.len(), unfilled.missing.len()), (3, 6));
}

#[test]
fn every_root_cause_is_kept() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    let failed = time.run(calls.call([
        time.takes::<u32>("one", millis(5), Err("no route to host")),
        time.takes("two", millis(7), Err("quota exceeded")),
    ]));
    insta::assert_snapshot!(failed.unwrap_err(), @r"
    no provider served: every provider was tried or skipped
      +0 ms     one  broken, 5 ms: no route to host
      +5 ms     two  broken, 7 ms: quota exceeded
    after 12 ms
    ");
}
