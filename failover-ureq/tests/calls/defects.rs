//! The defects of apifailover 0.1.0, a to g, each reproduced there: none came along.

use std::collections::HashSet;
use std::num::NonZeroU8;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;

use failover_ureq::calls::{Backoff, Breaker, Calls, CircuitState, Fault, Feed, Provider, Why};

use crate::scene::{SECOND, Script, Time, bad, good, millis, plain};

#[test]
fn a_finished_work_is_not_thrown_away_and_repeated() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().timeout(SECOND).retries(2));
    let asked = AtomicU32::new(0);
    let backup = good("backup");
    let slow = || {
        asked.fetch_add(1, Ordering::Relaxed);
        time.pass(5 * SECOND);
        Ok(8)
    };
    let ask = || calls.call([Provider::new("slow", slow), backup.provider()]).unwrap();
    let got = ask();
    assert_eq!((got.value, got.provider.as_str()), (8, "slow"));
    assert!(got.report.attempts[0].late && !got.report.maybe_billed);
    assert_eq!((asked.load(Ordering::Relaxed), backup.asked()), (1, 0), "one call, one bill");
    // And yet it counts as slow: after the third the next provider is asked.
    ask();
    ask();
    assert!(matches!(calls.state("slow"), CircuitState::Open(_)));
    assert_eq!((ask().provider.as_str(), asked.load(Ordering::Relaxed)), ("backup", 3));
}

#[test]
fn a_breaker_of_ones_own_may_allow_more_than_the_timeout() {
    let time = Time::default();
    let breaker = Breaker::new().slow(10 * SECOND);
    let calls = time.calls(Calls::builder().timeout(SECOND).breaker(breaker));
    for _ in 0..5 {
        let slow = || {
            time.pass(5 * SECOND);
            Ok::<_, &str>(8)
        };
        calls.call([("slow", slow)]).unwrap();
    }
    assert_eq!(calls.state("slow"), CircuitState::Closed);
}

#[test]
fn b_of_a_hundred_callers_one_probes() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    for _ in 0..3 {
        calls.call([bad("primary").provider(), good("backup").provider()]).unwrap();
    }
    time.pass(40 * SECOND);
    assert_eq!(calls.state("primary"), CircuitState::HalfOpen);
    let probes = AtomicU32::new(0);
    let (tell, heard) = mpsc::channel();
    // The probe ends when the 99 others have been answered.
    let heard = std::sync::Mutex::new(heard);
    let start = Barrier::new(100);
    thread::scope(|scope| {
        for _ in 0..100 {
            let (tell, calls) = (tell.clone(), calls.clone());
            let (heard, probes, start) = (&heard, &probes, &start);
            scope.spawn(move || {
                let primary = || {
                    probes.fetch_add(1, Ordering::Relaxed);
                    for _ in 0..99 {
                        heard.lock().unwrap().recv().unwrap();
                    }
                    Ok::<_, &str>(1)
                };
                start.wait();
                let got = calls.call([Provider::new("primary", primary), Provider::new("backup", || Ok(2))]);
                tell.send(got.unwrap().value).unwrap();
            });
        }
    });
    assert_eq!(probes.load(Ordering::Relaxed), 1);
    assert_eq!(calls.state("primary"), CircuitState::Closed);
}

#[test]
fn c_a_callers_error_opens_no_circuit() {
    let (_, calls) = plain();
    let (primary, backup) = (bad("primary"), good("backup"));
    for _ in 0..20 {
        let ask = calls.ask([primary.provider(), backup.provider()]);
        let error = ask.classify(|_| Fault::InvalidRequest).run().unwrap_err();
        assert_eq!(error.why(), &Why::Refused);
    }
    assert_eq!((primary.asked(), backup.asked()), (20, 0));
    assert_eq!(calls.state("primary"), CircuitState::Closed);
}

#[test]
fn d_every_failure_is_counted_under_threads() {
    const CALLERS: u8 = 32;
    let time = Time::default();
    let breaker = Breaker::new().failures(NonZeroU8::new(CALLERS).unwrap());
    let calls = time.calls(Calls::builder().breaker(breaker));
    let fail_at_once = |callers: u8| {
        let together = Barrier::new(callers.into());
        thread::scope(|scope| {
            for _ in 0..callers {
                let (calls, together) = (calls.clone(), &together);
                scope.spawn(move || {
                    let fails = || {
                        together.wait(); // all are in flight, and end at once
                        Err::<u32, _>("no")
                    };
                    calls.call([("primary", fails)]).unwrap_err();
                });
            }
        });
        let state = calls.state("primary");
        calls.release("primary");
        state
    };
    for _ in 0..20 {
        assert_eq!(fail_at_once(CALLERS - 1), CircuitState::Closed, "one more was counted than there was");
        assert!(matches!(fail_at_once(CALLERS), CircuitState::Open(_)), "one was lost");
    }
}

#[test]
fn d_a_crowd_asks_a_dead_provider_as_often_as_its_breaker_lets_it() {
    const CALLERS: u32 = 8;
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    let asked = AtomicU32::new(0);
    let crowd = || {
        thread::scope(|scope| {
            for _ in 0..CALLERS {
                let (calls, asked) = (calls.clone(), &asked);
                scope.spawn(move || {
                    for _ in 0..125 {
                        let dead = || {
                            asked.fetch_add(1, Ordering::Relaxed);
                            Err("no")
                        };
                        let got =
                            calls.call([Provider::new("dead", dead), Provider::new("backup", || Ok(1))]);
                        assert_eq!(got.unwrap().value, 1);
                    }
                });
            }
        });
        asked.swap(0, Ordering::Relaxed)
    };
    assert!((3..=2 + CALLERS).contains(&crowd()), "three, and those in flight beside the third");
    time.pass(40 * SECOND);
    assert_eq!(crowd(), 1, "one probe");
}

#[test]
fn e_two_of_one_name_are_refused() {
    let (_, calls) = plain();
    let (one, two) = (bad("twin"), good("twin"));
    let error = calls.call([one.provider(), two.provider()]).unwrap_err();
    let Why::Unusable(refused) = error.why() else { panic!("{error}") };
    assert_eq!(refused.to_string(), "providers has `twin` twice: give each a name of its own");
    assert_eq!((one.asked(), two.asked()), (0, 0));
}

#[test]
fn f_a_judge_that_panics_leaves_everything_healthy() {
    let (_, calls) = plain();
    for _ in 0..5 {
        let primary = good("primary");
        let ask = calls.ask([primary.provider()]).is_valid(|_| panic!("no opinion"));
        catch_unwind(AssertUnwindSafe(|| ask.run())).unwrap_err();
    }
    assert_eq!(calls.state("primary"), CircuitState::Closed);
    assert_eq!(calls.call([good("primary").provider()]).unwrap().value, 1);
}

#[test]
fn f_an_answer_that_is_no_answer_to_the_question_serves_nothing() {
    let (_, calls) = plain();
    let stranger = Feed::new("stranger", |_: &[&str]| Ok::<_, String>([("not asked", 1)]));
    let got = calls.items(["asked"], [stranger]).unwrap();
    assert_eq!((got.values.len(), got.missing.as_slice()), (0, &["asked"][..]));
}

#[test]
fn g_waits_are_spread() {
    let time = Time::default();
    let builder = Calls::builder().retries(1).backoff(Backoff::linear(SECOND));
    let calls = time.calls(builder);
    for _ in 0..50 {
        let primary = Script::new("primary", &[Err("once"), Ok(1)]);
        calls.call([primary.provider()]).unwrap();
    }
    let slept = time.slept();
    assert!(slept.iter().all(|wait| *wait <= SECOND));
    assert!(slept.iter().collect::<HashSet<_>>().len() > 40, "{slept:?}");
}

#[test]
fn g_a_retry_after_is_respected() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(1).backoff(Backoff::constant(millis(1))));
    let primary = Script::new("primary", &[Err("busy"), Ok(1)]);
    let ask = calls.ask([primary.provider()]).classify(|_| (Fault::Throttled, 2 * SECOND));
    ask.run().unwrap();
    assert_eq!(time.slept(), [2 * SECOND]);
}
