//! A panic of the user's goes on to the user, and leaves breakers, probes and locks as they were.

use std::panic::{AssertUnwindSafe, catch_unwind};

use failover_isahc::calls::{Calls, CircuitState, Fault, Feed, Provider};

use crate::scene::{SECOND, Time, bad, good, millis};

/// Runs it to its panic, and returns what that says.
fn panic_of<F: Future>(time: &Time, future: F) -> &'static str {
    let panic = catch_unwind(AssertUnwindSafe(|| time.run(future))).err().expect("a panic");
    panic.downcast_ref::<&str>().copied().expect("a message")
}

#[test]
fn in_a_callable_or_a_judge() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    for _ in 0..10 {
        let bang = || -> std::future::Ready<Result<u32, &str>> { panic!("at once") };
        assert_eq!(panic_of(&time, calls.call([("primary", bang)])), "at once");
        let bang = async || -> Result<u32, &str> {
            time.sleep(SECOND).await;
            panic!("later")
        };
        assert_eq!(panic_of(&time, calls.race([("primary", bang)])), "later");
        let bang = async |_: Vec<u8>| -> Result<Vec<(u8, u8)>, &str> { panic!("in a feed") };
        assert_eq!(panic_of(&time, calls.items([1], [("primary", bang)])), "in a feed");
        let ask = calls.ask([time.takes("primary", millis(1), Ok(1))]).is_valid(|_| panic!("validity"));
        assert_eq!(panic_of(&time, ask.run()), "validity");
        let ask = calls.ask([time.takes::<u32>("primary", millis(1), Err("no"))]);
        let ask = ask.classify(|_| -> Fault { panic!("class") });
        assert_eq!(panic_of(&time, ask.run()), "class");
        let feed = Feed::new("primary", async |_: Vec<u8>| Ok::<_, String>([(1, 2)]));
        let ask = calls.ask_items([1], [feed]).is_valid(|_, _| panic!("items"));
        assert_eq!(panic_of(&time, ask.run()), "items");
    }
    assert_eq!(calls.state("primary"), CircuitState::Closed);
    let got = time.run(calls.call([good("primary").provider()])).unwrap();
    assert_eq!((got.value, got.report.attempts[0].last_resort), (1, false));
}

#[test]
fn in_a_probe_it_gives_the_place_back() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    for _ in 0..3 {
        time.run(calls.call([bad("primary").provider()])).unwrap_err();
    }
    time.pass(40 * SECOND);
    let backup = good("backup");
    for _ in 0..10 {
        assert_eq!(calls.state("primary"), CircuitState::HalfOpen);
        let bang = Provider::new("primary", async || -> Result<u32, &str> { panic!("bang") });
        assert_eq!(panic_of(&time, calls.call([bang, backup.provider()])), "bang");
    }
    let got = time.run(calls.call([good("primary").provider(), backup.provider()])).unwrap();
    assert_eq!((got.provider.as_str(), got.report.skipped.len()), ("primary", 0));
    assert_eq!(calls.state("primary"), CircuitState::Closed);
}
