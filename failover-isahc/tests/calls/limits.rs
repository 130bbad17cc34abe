//! Time limits that are kept: an attempt, or the whole call, is dropped when its time is up.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};

use failover_isahc::calls::{Calls, CircuitState, End, Fault, Provider, RootCause, Why};

use crate::scene::{Alive, SECOND, Time, good, hangs};

#[test]
fn an_attempt_is_dropped_at_its_limit_and_the_next_provider_is_asked() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().timeout(SECOND).retries(3));
    let alive = AtomicU32::new(0);
    let hung = Provider::new("hung", || async {
        let _alive = Alive::new(&alive);
        pending().await
    });
    let backup = Provider::new("backup", || async {
        assert_eq!(alive.load(Ordering::Relaxed), 0, "the first was dropped before the second began");
        Ok::<_, &str>(4)
    });
    let got = time.run(calls.call([hung, backup])).unwrap();
    assert_eq!((got.value, got.provider.as_str(), got.report.took), (4, "backup", SECOND));
    let hung = &got.report.attempts[0];
    assert_eq!((hung.end, got.report.attempts.len()), (End::Failed(Fault::Timeout), 2), "and not repeated");
    assert!(hung.maybe_billed && !hung.goes_on, "{hung}");
}

#[test]
fn the_deadline_ends_the_call_and_names_whom_it_cut_off() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().deadline(30 * SECOND).timeout(20 * SECOND));
    let never = good("never");
    let error = time.run(calls.call([hangs("one"), hangs("two"), never.provider()])).unwrap_err();
    assert_eq!((time.now(), error.why(), never.asked()), (30 * SECOND, &Why::Deadline, 0));
    let took: Vec<_> = error.report().attempts.iter().map(|attempt| attempt.took).collect();
    assert_eq!(took, [20 * SECOND, 10 * SECOND], "the second had what was left");
    assert!(error.failures().iter().all(|failure| failure.cause == RootCause::TimedOut));
    let ask = calls.ask([hangs::<u32>("one")]).deadline(2 * SECOND);
    assert_eq!((time.run(ask.run()).unwrap_err().why(), time.now()), (&Why::Deadline, 32 * SECOND));
}

#[test]
fn three_silences_open_the_breaker() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().timeout(SECOND));
    let backup = good("backup");
    for _ in 0..10 {
        time.run(calls.call([hangs("hung"), backup.provider()])).unwrap();
    }
    assert!(matches!(calls.state("hung"), CircuitState::Open(_)));
    assert_eq!(time.now(), 3 * SECOND, "then it is not waited for any more");
}
