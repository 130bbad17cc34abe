//! The healthiest provider first. After three failures one is unhealthy for 300 s and skipped; if none is healthy, all are
//! tried; a success heals.

use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use failover_reqwest::calls::{Breaker, Calls, CircuitState, Health, LastResort};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let calls = Calls::builder()
        .by_health(Health::new())
        .breaker(Breaker::new().pause(Duration::from_secs(300)).jitter_percent(0))
        .last_resort(LastResort::Everyone)
        .build()?;
    let all_down = AtomicBool::new(true);
    let ask = || {
        let all_down = &all_down;
        let providers = [("one", true), ("two", false), ("three", false)].map(|(name, down)| {
            let ask = move || async move {
                if down || all_down.load(Ordering::Relaxed) {
                    Err(io::Error::other("down"))
                } else {
                    Ok(name)
                }
            };
            (name, ask)
        });
        calls.call(providers)
    };

    for round in 1..=4 {
        let failed = ask().await.expect_err("all are down");
        println!("round {round}: {failed}\n");
    }
    let is_open = |name| matches!(calls.state(name), CircuitState::Open(_));
    assert!(["one", "two", "three"].into_iter().all(is_open));

    all_down.store(false, Ordering::Relaxed);
    let got = ask().await?;
    println!("none was healthy, so all were tried: {}\n{}\n", got.value, got.report);
    assert_eq!(calls.state(&got.provider), CircuitState::Closed, "success heals");
    assert_eq!(ask().await?.provider, got.provider);
    Ok(())
}
