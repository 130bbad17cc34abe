//! A thread for each attempt: races, hedges, and limits that are kept.
//!
//! A provider that hangs waits for a channel: it hangs until the test lets go of the other end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_ureq::calls::{
    Backoff, Calls, CircuitState, End, Fault, Hedge, Provider, RootCause, ThreadFeed, ThreadProvider, Why,
};

use crate::scene::{Time, millis};

/// Long enough for a provider that answers at once, on a busy machine too.
const LIMIT: Duration = millis(250);

const SERVED: End = End::Served { asked: 1, served: 1 };

/// A provider that hangs until the sender is dropped.
fn hangs(name: &'static str) -> (Sender<()>, ThreadProvider<u32, &'static str>) {
    let (hold, held) = mpsc::channel();
    let held: Mutex<Receiver<()>> = Mutex::new(held);
    let hang = move || {
        let _ = held.lock().unwrap().recv();
        Ok(0)
    };
    (hold, ThreadProvider::new(name, hang))
}

fn answers(name: &'static str, value: u32) -> ThreadProvider<u32, &'static str> {
    ThreadProvider::new(name, move || Ok(value))
}

fn fails(name: &'static str) -> ThreadProvider<u32, &'static str> {
    ThreadProvider::new(name, || Err("out of order"))
}

#[test]
fn the_first_success_wins_a_race_and_a_fast_failure_does_not() {
    let calls = Calls::new();
    let (_hold, hung) = hangs("hung");
    let got = calls.race([fails("quick"), hung, answers("steady", 3)]).unwrap();
    assert_eq!((got.value, got.provider.as_str()), (3, "steady"));
    let ends: Vec<_> = got.report.attempts.iter().map(|it| (it.provider.as_str(), it.end)).collect();
    assert!(ends.contains(&("hung", End::CalledOff)) && ends.contains(&("steady", SERVED)), "{ends:?}");
}

#[test]
fn all_are_asked_at_once() {
    let everybody = Arc::new(std::sync::Barrier::new(3));
    let meets = |name| {
        let everybody = Arc::clone(&everybody);
        ThreadProvider::new(name, move || {
            everybody.wait();
            Ok::<_, &str>(name)
        })
    };
    let got = Calls::new().race([meets("one"), meets("two"), meets("three")]).unwrap();
    assert_eq!(got.report.attempts.len(), 3);
}

#[test]
fn a_loser_goes_on_may_be_billed_and_proves_nothing() {
    let calls = Calls::new();
    for _ in 0..5 {
        let (_hold, hung) = hangs("hung");
        let got = calls.race([hung, answers("steady", 3)]).unwrap();
        let hung = got.report.attempts.iter().find(|attempt| attempt.provider == "hung").unwrap();
        assert!(hung.goes_on && hung.maybe_billed && got.report.maybe_billed);
        assert!(hung.to_string().contains("called off"), "{hung}");
        assert!(hung.to_string().ends_with("abandoned, may still complete, maybe billed"), "{hung}");
    }
    assert_eq!(calls.state("hung"), CircuitState::Closed);
}

#[test]
fn a_race_in_which_all_fail_names_every_cause() {
    let error = Calls::new().race([fails("one"), fails("two"), fails("three")]).unwrap_err();
    let mut names: Vec<_> = error.failures().iter().map(|failure| failure.provider.as_str()).collect();
    names.sort_unstable();
    assert_eq!((names, error.why()), (vec!["one", "three", "two"], &Why::Exhausted));
}

#[test]
fn in_a_race_each_has_its_limit_and_all_have_a_deadline() {
    let calls = Calls::builder().timeout(millis(10)).deadline(Duration::from_secs(30)).build().unwrap();
    let ((_one, one), (_two, two)) = (hangs("one"), hangs("two"));
    let error = calls.race([one, two]).unwrap_err();
    assert_eq!(error.failures().len(), 2);
    assert!(error.failures().iter().all(|failure| failure.cause == RootCause::TimedOut));
    let calls = Calls::builder().timeout(Duration::from_secs(10)).deadline(LIMIT).build().unwrap();
    let ((_one, one), (_two, two)) = (hangs("one"), hangs("two"));
    let error = calls.race([one, two]).unwrap_err();
    assert_eq!((error.why(), error.failures().len()), (&Why::Deadline, 2));
}

#[test]
fn a_hedge_asks_the_second_provider_when_the_first_takes_long() {
    let calls = Calls::builder().hedge(Hedge::after(millis(2))).build().unwrap();
    let (_hold, hung) = hangs("hung");
    let never = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&never);
    let third = ThreadProvider::new("third", move || Ok(count.fetch_add(1, Ordering::Relaxed)));
    let got = calls.ask_threads([hung, answers("second", 2), third]).run().unwrap();
    assert_eq!((got.value, got.provider.as_str()), (2, "second"));
    assert_eq!((got.report.attempts[0].end, got.report.attempts[1].end), (End::CalledOff, SERVED));
    assert!(got.report.attempts[1].at >= millis(2));
    assert_eq!(never.load(Ordering::Relaxed), 0);
}

#[test]
fn a_hedge_for_one_call_alone() {
    let calls = Calls::new();
    let (_hold, hung) = hangs("hung");
    let ask = calls.ask_threads([hung, answers("second", 2)]).hedge(Hedge::after(millis(2)));
    assert_eq!(ask.run().unwrap().provider, "second");
    let got = calls.ask_threads([answers("first", 1), answers("second", 2)]).run().unwrap();
    assert_eq!((got.provider.as_str(), got.report.attempts.len()), ("first", 1), "in order unless said");
}

#[test]
fn a_hung_primary_trips_its_breaker_by_its_silence() {
    let calls = Calls::builder().hedge(Hedge::after(millis(2))).build().unwrap();
    let mut holds = Vec::new();
    for _ in 0..4 {
        let (hold, hung) = hangs("hung");
        holds.push(hold);
        calls.ask_threads([hung, answers("second", 2)]).run().unwrap();
    }
    assert!(matches!(calls.state("hung"), CircuitState::Open(_)));
}

#[test]
fn a_limit_that_passes_is_kept_and_the_next_provider_is_asked() {
    let calls = Calls::builder().timeout(LIMIT).retries(3).build().unwrap();
    let (_hold, hung) = hangs("hung");
    let got = calls.ask_threads([hung, answers("backup", 4)]).run().unwrap();
    assert_eq!((got.value, got.provider.as_str()), (4, "backup"));
    let hung = &got.report.attempts[0];
    assert_eq!((hung.end, got.report.attempts.len()), (End::Failed(Fault::Timeout), 2), "and not repeated");
    assert!(hung.goes_on && hung.maybe_billed);
    assert!(hung.to_string().contains("abandoned, may still complete, maybe billed"), "{hung}");
}

#[test]
fn an_unknown_fate_is_repeated_only_where_that_is_allowed() {
    let builder = Calls::builder().timeout(LIMIT).retries(1).backoff(Backoff::constant(millis(1)));
    let calls = builder.repeat_unknown(true).build().unwrap();
    let (_hold, held) = mpsc::channel::<()>();
    let (held, asked) = (Mutex::new(held), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&asked);
    let hangs_once = move || {
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            let _ = held.lock().unwrap().recv();
        }
        Ok::<_, &str>(7)
    };
    let got = calls.ask_threads([("primary", hangs_once)]).run().unwrap();
    assert_eq!((got.value, got.report.attempts.len()), (7, 2));
}

#[test]
fn retries_and_waits_are_as_within_one_thread() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(2).backoff(Backoff::constant(Duration::from_secs(2))));
    let got = calls.ask_threads([fails("primary"), answers("backup", 4)]).run().unwrap();
    assert_eq!((got.provider.as_str(), got.report.attempts.len()), ("backup", 4));
    assert_eq!(time.slept(), [Duration::from_secs(2); 2], "a time that only sleep moves");
}

#[test]
fn a_time_that_only_sleep_moves_passes_for_limits_too() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().timeout(LIMIT));
    let (_hold, hung) = hangs("hung");
    let got = calls.ask_threads([hung, answers("backup", 4)]).run().unwrap();
    assert_eq!((got.provider.as_str(), got.report.took), ("backup", LIMIT));
}

#[test]
fn what_comes_after_it_was_called_off_changes_nothing() {
    let calls = Calls::builder().timeout(LIMIT).build().unwrap();
    let (hold, hung) = hangs("hung");
    let release = Mutex::new(Some(hold));
    // The backup lets the first one go, and answers only then.
    let backup = ThreadProvider::new("backup", move || {
        drop(release.lock().unwrap().take());
        Ok(4)
    });
    let got = calls.ask_threads([hung, backup]).run().unwrap();
    assert_eq!((got.value, got.report.attempts[0].end), (4, End::Failed(Fault::Timeout)));
}

#[test]
fn items_race_too_and_each_counts_once() {
    let calls = Calls::builder().hedge(Hedge::race()).build().unwrap();
    let everybody = Arc::new(std::sync::Barrier::new(2));
    let feed = |name: &'static str, from: u32| {
        let everybody = Arc::clone(&everybody);
        ThreadFeed::new(name, move |keys: &[u32]| {
            everybody.wait();
            Ok::<_, &str>(keys.iter().filter(|key| **key >= from).map(|key| (*key, name)).collect::<Vec<_>>())
        })
    };
    let got = calls.ask_items_threads(0..10, [feed("all", 0), feed("half", 5)]).run().unwrap();
    assert_eq!((got.values.len(), got.missing.len()), (10, 0));
    assert!((0..5).all(|key| got.provider_of(&key) == Some("all")));
    assert!((0..10).all(|key| got.provider_of(&key) == Some(got.values[&key])));
}

#[test]
fn within_one_thread_there_is_no_hedge() {
    let calls = Calls::builder().hedge(Hedge::race()).build().unwrap();
    let got = calls.call([Provider::new("one", || Ok::<_, &str>(1)), Provider::new("two", || Ok(2))]);
    assert_eq!(got.unwrap().report.attempts.len(), 1);
}

#[test]
fn a_hedge_after_a_percentile_follows_what_answers_take() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().hedge(Hedge::after_percentile(95)));
    for _ in 0..20 {
        let time = time.clone();
        let takes_8_ms = move || {
            time.pass(millis(8));
            Ok::<_, &str>(1)
        };
        let primary = ThreadProvider::new("primary", takes_8_ms);
        let got = calls.ask_threads([primary, answers("backup", 2)]).run().unwrap();
        assert_eq!(got.report.attempts.len(), 1, "too few answers to say anything");
    }
    let (_hold, hung) = hangs("primary");
    let got = calls.ask_threads([hung, answers("backup", 2)]).run().unwrap();
    assert_eq!(got.provider, "backup");
    assert!((millis(8)..=millis(10)).contains(&got.report.attempts[1].at), "{}", got.report);
}

#[test]
fn two_without_a_breaker_can_be_in_flight_together() {
    let calls = Calls::builder().timeout(LIMIT).build().unwrap();
    for number in 0..256 {
        calls.call([(format!("p{number}"), || Ok::<_, &str>(1))]).unwrap();
    }
    let (_hold, hung) = hangs("257th");
    let got = calls.race([hung, answers("258th", 2)]).unwrap();
    assert_eq!((got.value, got.report.attempts[0].end), (2, End::CalledOff));
}
