//! The second provider is asked when the first takes long, and not before: a slow tail is cut off at the price of a few more
//! requests. A provider that hangs is given up, and the next one is asked.

use std::error::Error;
use std::io;
use std::thread;
use std::time::Duration;

use failover_ureq::calls::{Calls, Hedge, ThreadProvider};

const LONG: Duration = Duration::from_secs(1);

fn slow() -> io::Result<&'static str> {
    thread::sleep(LONG);
    Ok("slow")
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // In place of a fixed time, `Hedge::after_percentile(95)` follows what each provider usually takes.
    let hedged = Calls::builder().hedge(Hedge::after(LONG / 5)).build()?;
    let quick = || ThreadProvider::new("quick", || Ok("quick"));

    let got = hedged.ask_threads([ThreadProvider::new("slow", slow), quick()]).run()?;
    println!("{}\n{}\n", got.value, got.report);
    assert_eq!(got.provider, "quick");

    let got = hedged.ask_threads([quick(), ThreadProvider::new("slow", slow)]).run()?;
    println!("{}\n{}\n", got.value, got.report);
    assert_eq!(got.report.attempts.len(), 1, "nobody had to be asked beside the quick one");

    let impatient = Calls::builder().timeout(LONG / 2).build()?;
    let got = impatient.ask_threads([ThreadProvider::new("slow", slow), quick()]).run()?;
    println!("{}\n{}", got.value, got.report);
    assert!(got.report.attempts[0].goes_on);
    Ok(())
}
