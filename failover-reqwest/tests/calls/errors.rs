//! When nobody serves: every root cause, by name, in an error that can be handed on.

use std::error::Error;
use std::io;

use failover_reqwest::calls::{Calls, Fault, Provider, RootCause, Skip, Why};
use insta::assert_snapshot;

use crate::scene::{SECOND, Script, bad, calls, good, hangs, millis, takes};

#[tokio::test(start_paused = true)]
async fn every_root_cause_is_kept() {
    let calls = Calls::new();
    let timed_out = async || Err::<u32, _>(io::Error::new(io::ErrorKind::TimedOut, "took too long"));
    let one = Provider::new("one", timed_out);
    let two = Provider::new("two", async || Ok(0));
    let three = Provider::new("three", async || Err(io::Error::other("out of order")));
    let error = calls.ask([one, two, three]).is_valid(|value| *value > 0).run().await.unwrap_err();
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

#[tokio::test(start_paused = true)]
async fn its_display_is_a_timeline_with_every_cause() {
    let calls = calls(Calls::builder().timeout(3 * SECOND));
    calls.force_open("shut").unwrap();
    let error = calls
        .ask([
            takes("shut", SECOND, Ok(1)),
            takes("first", millis(12), Err("no route to host")),
            takes("second-one", 2 * SECOND, Ok(0)),
            hangs("third"),
            takes("fourth", millis(5), Err("quota exceeded")),
        ])
        .is_valid(|value| *value > 0)
        .run()
        .await
        .unwrap_err();
    assert_snapshot!(error, @r"
    no provider served: every provider was tried or skipped
      skipped   shut        circuit forced open
      +0 ms     first       broken, 12 ms: no route to host
      +12 ms    second-one  invalid answer, 2.0 s, maybe billed
      +2.0 s    third       timed out, 3.0 s, maybe billed
      +5.0 s    fourth      broken, 5 ms: quota exceeded
    after 5.0 s
    ");
    assert!(format!("{error:?}").contains(r#"broken, 5 ms: "quota exceeded""#), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_report_of_a_success_is_a_timeline_too() {
    let secret = takes("first", millis(0), Err("a secret that errors may hold"));
    let got = Calls::new().race([secret, hangs("second"), takes("third", millis(1500), Ok(1))]).await;
    assert_snapshot!(got.unwrap().report, @r"
      +0 ms     first   broken, 0 ms
      +0 ms     second  called off, 1.5 s, maybe billed
      +0 ms     third   answered, 1.5 s
    served by third, after 1.5 s
    ");
}

#[tokio::test(start_paused = true)]
async fn a_skipped_provider_says_why_and_until_when() {
    let calls = Calls::new();
    for _ in 0..3 {
        calls.call([bad("dead").provider()]).await.unwrap_err();
    }
    let error = calls.call([bad("other").provider(), bad("dead").provider()]).await.unwrap_err();
    let skipped = &error.report().skipped[0];
    assert_eq!((skipped.provider.as_str(), skipped.why), ("dead", Skip::CircuitOpen));
    assert!(skipped.until.unwrap() >= 30 * SECOND);
    assert!(error.to_string().contains("  skipped   dead   circuit open, until +3"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_call_and_is_the_callers() {
    let calls = Calls::new();
    let (primary, backup) = (bad("primary"), good("backup"));
    let ask = calls.ask([primary.provider(), backup.provider()]);
    let error = ask.classify(|_| Fault::InvalidRequest).run().await.unwrap_err();
    assert_eq!((error.why(), backup.asked()), (&Why::Refused, 0));
    assert_eq!(error.failures()[0].error(), Some(&"out of order"));
    assert!(error.to_string().starts_with("no provider served: the request was refused\n"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn errors_of_every_kind_can_be_handed_on() {
    async fn typed(calls: &Calls) -> Result<u32, Box<dyn Error>> {
        Ok(calls.call([("one", async || Err(io::Error::other("typed")))]).await?.value)
    }
    async fn string(calls: &Calls) -> Result<u32, Box<dyn Error + Send + Sync>> {
        let got = calls.call([("one", async || Err(String::from("string")))]).await;
        Ok(got.map_err(|error| error.boxed())?.value)
    }
    async fn any(calls: &Calls) -> anyhow::Result<u32> {
        let got = calls.call([("one", async || Err(anyhow::anyhow!("any")))]).await;
        Ok(got.map_err(|error| error.boxed())?.value)
    }
    async fn keyed(calls: &Calls) -> Result<u32, Box<dyn Error>> {
        let fails = async |_: Vec<u8>| Err::<Vec<(u8, u32)>, _>("keyed");
        Ok(calls.items([1], [("one", fails)]).await.map_err(|error| error.boxed())?.values[&1])
    }
    let calls = Calls::new();
    let chain = |error: &dyn Error| error.source().map(ToString::to_string);
    assert_eq!(chain(&*typed(&calls).await.unwrap_err()).as_deref(), Some("typed"));
    assert_eq!(chain(&*string(&calls).await.unwrap_err()).as_deref(), Some("string"));
    assert_eq!(any(&calls).await.unwrap_err().root_cause().to_string(), "any");
    assert_eq!(chain(&*keyed(&calls).await.unwrap_err()).as_deref(), Some("keyed"));
}

#[tokio::test(start_paused = true)]
async fn all_attempts_of_a_provider_are_in_it() {
    let calls = calls(Calls::builder().retries(1));
    let primary = Script::<u32>::new("primary", &[Err("first"), Err("second")]);
    let error = calls.call([primary.provider()]).await.unwrap_err();
    let errors: Vec<_> = error.failures().iter().filter_map(|failure| failure.error().copied()).collect();
    assert_eq!(errors, ["first", "second"]);
}
