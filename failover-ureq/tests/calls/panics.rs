//! A panic of the user's goes on to the user, and leaves breakers, probes and locks as they were.

use std::panic::{AssertUnwindSafe, catch_unwind};

use failover_ureq::calls::{Calls, CircuitState, Feed, Provider};

use crate::scene::{SECOND, Time, bad, good, plain};

/// Runs it to its panic, and returns what that says.
fn panic_of<R>(run: impl FnOnce() -> R) -> &'static str {
    let panic = catch_unwind(AssertUnwindSafe(run)).err().expect("a panic");
    panic.downcast_ref::<&str>().copied().expect("a message")
}

#[test]
fn in_a_callable() {
    let (_, calls) = plain();
    for _ in 0..10 {
        let bang = || -> Result<u32, &str> { panic!("bang") };
        assert_eq!(panic_of(|| calls.call([("primary", bang)])), "bang");
        let bang = || -> Result<u32, &str> { panic!("bang in a thread") };
        assert_eq!(panic_of(|| calls.race([("primary", bang)])), "bang in a thread");
        let bang = |_: &[u8]| -> Result<Vec<(u8, u8)>, &str> { panic!("bang in a feed") };
        assert_eq!(panic_of(|| calls.items([1], [("primary", bang)])), "bang in a feed");
    }
    assert_eq!(calls.state("primary"), CircuitState::Closed);
    assert_eq!(calls.call([good("primary").provider()]).unwrap().value, 1);
}

#[test]
fn in_a_judge() {
    let (_, calls) = plain();
    for _ in 0..10 {
        let valid = |_: &u32| -> bool { panic!("validity") };
        assert_eq!(panic_of(|| calls.ask([good("primary").provider()]).is_valid(valid).run()), "validity");
        let classify = |_: &&str| -> failover_ureq::calls::Fault { panic!("class") };
        assert_eq!(panic_of(|| calls.ask([bad("primary").provider()]).classify(classify).run()), "class");
        let feed = Feed::new("primary", |_: &[u8]| Ok::<_, String>([(1, 2)]));
        let ask = calls.ask_items([1], [feed]).is_valid(|_, _| panic!("items"));
        assert_eq!(panic_of(|| ask.run()), "items");
    }
    assert_eq!(calls.state("primary"), CircuitState::Closed);
    assert_eq!(calls.call([good("primary").provider()]).unwrap().value, 1);
}

#[test]
fn in_a_probe_it_gives_the_place_back() {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    for _ in 0..3 {
        calls.call([bad("primary").provider()]).unwrap_err();
    }
    time.pass(40 * SECOND);
    assert_eq!(calls.state("primary"), CircuitState::HalfOpen);
    let bang = Provider::new("primary", || -> Result<u32, &str> { panic!("bang") });
    assert_eq!(panic_of(|| calls.call([bang, good("backup").provider()])), "bang");
    let got = calls.call([good("primary").provider(), good("backup").provider()]).unwrap();
    assert_eq!((got.provider.as_str(), got.report.skipped.len()), ("primary", 0));
    assert_eq!(calls.state("primary"), CircuitState::Closed);
}
