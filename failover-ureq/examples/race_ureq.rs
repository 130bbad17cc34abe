//! All providers at once, each within 10 s and all within 30 s: the first success wins, a fast failure does not.

use std::error::Error;
use std::io;
use std::thread;
use std::time::Duration;

use failover_ureq::calls::{Calls, ThreadProvider};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let seconds = Duration::from_secs;
    let calls = Calls::builder().timeout(seconds(10)).deadline(seconds(30)).build()?;
    let takes = |millis, answer: &'static str| {
        move || {
            thread::sleep(Duration::from_millis(millis));
            Ok(answer)
        }
    };
    let got = calls.race([
        ThreadProvider::new("fast but broken", || Err(io::Error::other("out of order"))),
        ThreadProvider::new("slow", takes(500, "the slow one's answer")),
        ThreadProvider::new("steady", takes(20, "the steady one's answer")),
    ])?;
    println!("{}\n{}", got.value, got.report);
    assert_eq!(got.provider, "steady");
    assert!(got.report.maybe_billed, "the slow one goes on: a thread cannot be stopped");
    Ok(())
}
