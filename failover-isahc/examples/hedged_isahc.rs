//! The second provider is asked when the first takes long, and not before: a slow tail is cut off at the price of a few more
//! requests. A provider that hangs is dropped, and the next one is asked.

use std::error::Error;
use std::io;
use std::time::Duration;

use async_io::Timer;
use failover_isahc::calls::{Calls, Hedge, Provider};
use futures_lite::future::block_on;

const LONG: Duration = Duration::from_secs(1);

async fn slow() -> io::Result<&'static str> {
    Timer::after(LONG).await;
    Ok("slow")
}

async fn quick() -> io::Result<&'static str> {
    Ok("quick")
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    block_on(run()) // or within a future of any executor
}

async fn run() -> Result<(), Box<dyn Error>> {
    // In place of a fixed time, `Hedge::after_percentile(95)` follows what each provider usually takes.
    let hedged = Calls::builder().hedge(Hedge::after(LONG / 5)).build()?;

    let got = hedged.call([Provider::new("slow", slow), Provider::new("quick", quick)]).await?;
    println!("{}\n{}\n", got.value, got.report);
    assert_eq!(got.provider, "quick");

    let got = hedged.call([Provider::new("quick", quick), Provider::new("slow", slow)]).await?;
    println!("{}\n{}\n", got.value, got.report);
    assert_eq!(got.report.attempts.len(), 1, "nobody had to be asked beside the quick one");

    let impatient = Calls::builder().timeout(LONG / 2).build()?;
    let got = impatient.call([Provider::new("slow", slow), Provider::new("quick", quick)]).await?;
    println!("{}\n{}", got.value, got.report);
    assert!(!got.report.attempts[0].goes_on, "it was dropped");
    Ok(())
}
