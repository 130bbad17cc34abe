//! The healthiest provider first. After three failures one is unhealthy for 300 s and skipped; if none is healthy, all are
//! tried; a success heals.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::time::Duration;

use failover_ureq::calls::{Breaker, Calls, CircuitState, Health, LastResort, Provider};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let calls = Calls::builder()
        .by_health(Health::new())
        .breaker(Breaker::new().pause(Duration::from_secs(300)).jitter_percent(0))
        .last_resort(LastResort::Everyone)
        .build()?;
    let all_down = Cell::new(true);
    let ask = || {
        let provider = |name: &'static str, down: bool| {
            let down = down || all_down.get();
            Provider::new(name, move || if down { Err(io::Error::other("down")) } else { Ok(name) })
        };
        calls.call([provider("one", true), provider("two", false), provider("three", false)])
    };

    for round in 1..=4 {
        let failed = ask().expect_err("all are down");
        println!("round {round}: {failed}\n");
    }
    let is_open = |name| matches!(calls.state(name), CircuitState::Open(_));
    assert!(["one", "two", "three"].into_iter().all(is_open));

    all_down.set(false);
    let got = ask()?;
    println!("none was healthy, so all were tried: {}\n{}\n", got.value, got.report);
    assert_eq!(calls.state(&got.provider), CircuitState::Closed, "success heals");
    assert_eq!(ask()?.provider, got.provider);
    Ok(())
}
