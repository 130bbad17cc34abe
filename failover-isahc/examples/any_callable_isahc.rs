//! The temperature from whoever has it: async functions in order, retries, a breaker that leaves a dead one alone, and an
//! error that names every cause. No HTTP is needed; it would be in the functions.

use std::error::Error;
use std::io;
use std::time::Duration;

use async_io::Timer;
use failover_isahc::calls::{Backoff, Calls, CircuitState, Provider};
use futures_lite::future::block_on;

/// A function, as any program has them.
async fn station() -> Result<f64, io::Error> {
    Timer::after(Duration::from_millis(2)).await;
    Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the station does not answer"))
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    block_on(run()) // or within a future of any executor
}

async fn run() -> Result<(), Box<dyn Error>> {
    // One for the whole program: its clones share the breakers.
    let calls = Calls::builder()
        .retries(1)
        .backoff(Backoff::linear(Duration::from_millis(5)))
        .timeout(Duration::from_secs(2))
        .deadline(Duration::from_secs(10))
        .build()?;

    let yesterday = [20.5, 21.5];
    let almanac = || async { yesterday.last().copied().ok_or_else(|| io::Error::other("no data")) }; // may borrow
    for round in 1..=3 {
        let providers = [Provider::new("station", station), Provider::new("almanac", almanac)];
        let got = calls.call(providers).await?;
        println!("round {round}: {} degrees from the {}", got.value, got.provider);
        println!("{}\n", got.report);
        assert_eq!((got.value, got.provider.as_str()), (21.5, "almanac"));
    }
    assert!(matches!(calls.state("station"), CircuitState::Open(_)), "after three attempts it is left alone");

    let failed = calls.call([("station", station)]).await.expect_err("there is nobody else");
    println!("{failed}");
    assert!(failed.source().is_some_and(|cause| cause.to_string() == "the station does not answer"));
    Ok(())
}
