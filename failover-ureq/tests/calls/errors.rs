//! When nobody serves: every root cause, by name, in an error that can be handed on.

use std::error::Error;
use std::io;

use failover_ureq::calls::{Calls, Fault, Provider, RootCause, Skip, Why};
use insta::assert_snapshot;

use crate::scene::{SECOND, Script, Time, bad, good, plain};

#[test]
fn every_root_cause_is_kept() {
    let (_, calls) = plain();
    let one =
        Provider::new("one", || Err::<u32, _>(io::Error::new(io::ErrorKind::TimedOut, "took too long")));
    let two = Provider::new("two", || Ok(0));
    let three = Provider::new("three", || Err(io::Error::other("out of order")));
    let error = calls.ask([one, two, three]).is_valid(|value| *value > 0).run().unwrap_err();
    let causes: Vec<_> = error
        .failures()
        .iter()
        .map(|failure| (failure.provider.as_str(), failure.fault, failure.error().map(io::Error::kind)))
        .collect();
    let expected = [
        ("one", Fault::Broken, Some(io::ErrorKind::TimedOut)),
        ("two", Fault::Empty, None),
        ("three", Fault::Broken, Some(io::ErrorKind::Other)),
    ];
    assert_eq!(causes, expected);
    assert_eq!(error.why(), &Why::Exhausted);
    assert_eq!(error.source().unwrap().to_string(), "out of order");
    let Some(RootCause::Error(last)) = error.into_failures().pop().map(|failure| failure.cause) else {
        panic!("the last error was not kept")
    };
    assert_eq!(last.to_string(), "out of order");
}

#[test]
fn its_display_is_a_timeline_with_every_cause() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    let takes = |millis: u64, message: &'static str| {
        time.pass(crate::scene::millis(millis));
        Err::<u32, _>(message)
    };
    calls.force_open("shut").unwrap();
    let error = calls
        .ask([
            Provider::new("shut", || Ok(1)),
            Provider::new("first", || takes(12, "no route to host")),
            Provider::new("second-one", || {
                time.pass(2 * SECOND);
                Ok(0)
            }),
            Provider::new("third", || takes(5, "quota exceeded")),
        ])
        .is_valid(|value| *value > 0)
        .run()
        .unwrap_err();
    assert_snapshot!(error, @r"
    no provider served: every provider was tried or skipped
      skipped   shut        circuit forced open
      +0 ms     first       broken, 12 ms: no route to host
      +12 ms    second-one  invalid answer, 2.0 s, maybe billed
      +2.0 s    third       broken, 5 ms: quota exceeded
    after 2.0 s
    ");
    assert!(format!("{error:?}").contains(r#"broken, 5 ms: "quota exceeded""#), "{error:?}");
}

#[test]
fn the_report_of_a_success_is_a_timeline_too() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().timeout(SECOND));
    let got = calls
        .call([
            Provider::new("first", || Err("a secret that errors may hold")),
            Provider::new("second", || {
                time.pass(1500 * crate::scene::millis(1));
                Ok(1)
            }),
        ])
        .unwrap();
    assert_snapshot!(got.report, @r"
      +0 ms     first   broken, 0 ms
      +0 ms     second  answered, 1.5 s, later than allowed
    served by second, after 1.5 s
    ");
}

#[test]
fn a_skipped_provider_says_why_and_until_when() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    for _ in 0..3 {
        calls.call([bad("dead").provider()]).unwrap_err();
    }
    let error = calls.call([bad("other").provider(), bad("dead").provider()]).unwrap_err();
    let skipped = &error.report().skipped[0];
    assert_eq!((skipped.provider.as_str(), skipped.why), ("dead", Skip::CircuitOpen));
    assert!(skipped.until.unwrap() >= 30 * SECOND);
    assert!(error.to_string().contains("  skipped   dead   circuit open, until +3"), "{error}");
}

#[test]
fn a_refusal_ends_the_call_and_is_the_callers() {
    let (_, calls) = plain();
    let (primary, backup) = (bad("primary"), good("backup"));
    let ask = calls.ask([primary.provider(), backup.provider()]);
    let error = ask.classify(|_| Fault::InvalidRequest).run().unwrap_err();
    assert_eq!((error.why(), backup.asked()), (&Why::Refused, 0));
    assert_eq!(error.failures()[0].error(), Some(&"out of order"));
    assert!(error.to_string().starts_with("no provider served: the request was refused\n"), "{error}");
}

#[test]
fn errors_of_every_kind_can_be_handed_on() {
    fn typed(calls: &Calls) -> Result<u32, Box<dyn Error>> {
        Ok(calls.call([("one", || Err(io::Error::other("typed")))])?.value)
    }
    fn string(calls: &Calls) -> Result<u32, Box<dyn Error + Send + Sync>> {
        let got = calls.call([("one", || Err(String::from("string")))]).map_err(|error| error.boxed())?;
        Ok(got.value)
    }
    fn boxed(calls: &Calls) -> Result<u32, Box<dyn Error>> {
        let fails = || Err::<u32, Box<dyn Error + Send + Sync>>(Box::new(io::Error::other("boxed")));
        Ok(calls.call([("one", fails)]).map_err(|error| error.boxed())?.value)
    }
    fn keyed(calls: &Calls) -> Result<u32, Box<dyn Error>> {
        let fails = |_: &[u8]| Err::<Vec<(u8, u32)>, _>("keyed");
        Ok(calls.items([1], [("one", fails)]).map_err(|error| error.boxed())?.values[&1])
    }
    let (_, calls) = plain();
    let chain = |error: &dyn Error| error.source().map(ToString::to_string);
    assert_eq!(chain(&*typed(&calls).unwrap_err()).as_deref(), Some("typed"));
    assert_eq!(chain(&*string(&calls).unwrap_err()).as_deref(), Some("string"));
    assert_eq!(chain(&*boxed(&calls).unwrap_err()).as_deref(), Some("boxed"));
    assert_eq!(chain(&*keyed(&calls).unwrap_err()).as_deref(), Some("keyed"));
}

#[test]
fn a_boxed_error_can_be_taken_apart_again() {
    let (_, calls) = plain();
    let failed = calls.call([("one", || Err::<u32, _>(io::Error::other("inner")))]).unwrap_err().boxed();
    let Some(RootCause::Error(any)) = failed.into_failures().pop().map(|failure| failure.cause) else {
        panic!("the error was not kept")
    };
    assert_eq!(any.into_inner().downcast::<io::Error>().unwrap().to_string(), "inner");
}

#[test]
fn all_attempts_of_a_provider_are_in_it() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().retries(1));
    let primary = Script::<u32>::new("primary", &[Err("first"), Err("second")]);
    let error = calls.call([primary.provider()]).unwrap_err();
    let errors: Vec<_> = error.failures().iter().filter_map(|failure| failure.error().copied()).collect();
    assert_eq!(errors, ["first", "second"]);
}
