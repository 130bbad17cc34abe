//! All providers at once, each within 10 s and all within 30 s: the first success wins, a fast failure does not, and the
//! others are dropped.

use std::error::Error;
use std::io;
use std::time::Duration;

use async_io::Timer;
use failover_isahc::calls::{Calls, Provider};
use futures_lite::future::block_on;

async fn takes(time: Duration, answer: &'static str) -> io::Result<&'static str> {
    Timer::after(time).await;
    Ok(answer)
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    block_on(run()) // or within a future of any executor
}

async fn run() -> Result<(), Box<dyn Error>> {
    let seconds = Duration::from_secs;
    let calls = Calls::builder().timeout(seconds(10)).deadline(seconds(30)).build()?;
    let got = calls
        .race([
            Provider::new("fast but broken", async || Err(io::Error::other("out of order"))),
            Provider::new("slow", || takes(seconds(5), "the slow one's answer")),
            Provider::new("steady", || takes(Duration::from_millis(20), "the steady one's answer")),
        ])
        .await?;
    println!("{}\n{}", got.value, got.report);
    assert_eq!(got.provider, "steady");
    assert!(got.report.took < seconds(5), "nobody waits for the slow one");
    Ok(())
}
