//! Several at once: the first success wins, and the others are dropped.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};

use failover_isahc::calls::{Calls, CircuitState, Hedge, Provider, Why};

use crate::scene::{Alive, SECOND, Time, hangs, millis};

#[test]
fn the_first_success_wins_and_a_fast_failure_does_not() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    let (begun, alive) = (AtomicU32::new(0), AtomicU32::new(0));
    let loser = Provider::new("loser", || async {
        begun.fetch_add(1, Ordering::Relaxed);
        let _alive = Alive::new(&alive);
        pending().await
    });
    let quick = time.takes("quick", millis(0), Err("out of order"));
    let got = time.run(calls.race([quick, loser, time.takes("steady", SECOND, Ok(3))])).unwrap();
    assert_eq!((got.value, got.provider.as_str(), got.report.took), (3, "steady", SECOND));
    assert_eq!((begun.load(Ordering::Relaxed), alive.load(Ordering::Relaxed)), (1, 0));
    assert_eq!(calls.state("loser"), CircuitState::Closed, "it proves nothing");
}

#[test]
fn each_has_10_s_and_all_have_30() {
    let time = Time::default();
    let race = time.calls(Calls::builder().timeout(10 * SECOND).deadline(30 * SECOND));
    let error = time.run(race.race([hangs::<u32>("one"), hangs("two")])).unwrap_err();
    assert_eq!((time.now(), error.failures().len()), (10 * SECOND, 2));
    let race = time.calls(Calls::builder().timeout(60 * SECOND).deadline(30 * SECOND));
    let error = time.run(race.race([hangs::<u32>("one"), hangs("two")])).unwrap_err();
    assert_eq!((time.now(), error.why()), (40 * SECOND, &Why::Deadline));
}

#[test]
fn a_hedge_is_asked_when_the_first_takes_long() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().hedge(Hedge::after(millis(200))));
    let got = time.run(calls.call([hangs("hung"), time.takes("second", millis(50), Ok(2))])).unwrap();
    assert_eq!((got.value, got.report.attempts[1].at, got.report.took), (2, millis(200), millis(250)));
    let first = time.takes("first", millis(210), Ok(1));
    let got = time.run(calls.call([first, time.takes("second", SECOND, Ok(2))])).unwrap();
    assert_eq!((got.value, got.report.attempts.len()), (1, 2), "the first may win after all");
}

#[test]
fn a_hung_primary_trips_its_breaker_by_its_silence() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().hedge(Hedge::after(SECOND)));
    for _ in 0..100 {
        time.run(calls.call([hangs("hung"), time.takes("second", millis(0), Ok(2))])).unwrap();
    }
    assert!(matches!(calls.state("hung"), CircuitState::Open(_)));
    assert_eq!(time.now(), 3 * SECOND, "and not every call is late for it");
}
