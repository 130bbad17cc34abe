//! The system's clock, in plain threads.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use failover_isahc::calls::{Backoff, Calls, End, Fault, Provider};
use futures_lite::future::block_on;

use crate::scene::{Script, good, hangs, millis};

#[test]
fn its_timers_go_off_in_a_thread_that_blocks_on_the_call() {
    let calls = Calls::builder().timeout(millis(20)).build().unwrap();
    let backup = good("backup");
    let got = block_on(calls.call([hangs("hung"), backup.provider()])).unwrap();
    assert_eq!((got.provider.as_str(), got.report.attempts[0].end), ("backup", End::Failed(Fault::Timeout)));
    assert!(got.report.took >= millis(20));
    let calls = Calls::builder().retries(1).backoff(Backoff::constant(millis(5))).build().unwrap();
    let once = Script::new("once", &[Err("not yet"), Ok(2)]);
    assert_eq!(block_on(calls.call([once.provider()])).unwrap().value, 2);
}

#[test]
fn a_thousand_callers_in_threads_share_one_breaker() {
    let calls = Calls::new();
    let asked = AtomicU32::new(0);
    let dead = || async {
        asked.fetch_add(1, Ordering::Relaxed);
        Err("no")
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..125 {
                    let call =
                        calls.call([Provider::new("dead", dead), Provider::new("backup", async || Ok(1))]);
                    assert_eq!(block_on(call).unwrap().value, 1);
                }
            });
        }
    });
    let asked = asked.load(Ordering::Relaxed);
    assert!((3..=2 + 8).contains(&asked), "three, and those in flight beside the third, not {asked}");
}
