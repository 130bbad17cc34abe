//! A clock of your own: a job that takes NexaAPI an hour, and an outage that the circuit breaker sits out, rehearsed in a moment
//! over real sockets. Whoever sleeps turns the hands.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use failover_testkit::{Provider, Reply};
use failover_ureq::{Clock, Failover, Provenance, ProviderName};
use ureq::Agent;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let hands = Arc::new(AtomicU64::new(0));
    let (read, turned) = (Arc::clone(&hands), Arc::clone(&hands));
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let clock = Clock::new(
        move || Duration::from_millis(read.load(Ordering::Relaxed)),
        move |time| {
            turned.fetch_add(millis(time), Ordering::Relaxed);
        },
    );

    let (fal, nexa) = (Provider::fal(), Provider::nexa());
    let failover = Failover::builder()
        .nexa_api_key("any")
        .nexa_base_url(nexa.url())
        .provider_url(ProviderName::Fal, fal.url())
        .stand_in_limit(Duration::from_secs(7_200))
        .poll_interval(Duration::from_secs(60))
        .build()?
        .with_clock(clock);
    let agent: Agent = Agent::config_builder().middleware(failover.clone()).build().into();
    let ask = || agent.post(format!("{}/fal-ai/flux/dev", fal.url())).send(r#"{"prompt": "a lighthouse"}"#);

    fal.always(Reply::status(503));
    nexa.jobs(60);
    let answer = ask()?;
    println!("{}\n", answer.extensions().get::<Provenance>().expect("somebody stood in"));
    assert!(hands.load(Ordering::Relaxed) >= 3_500_000, "an hour has passed, for us");

    nexa.jobs(0);
    let domain = "fal/fal-ai/flux/dev";
    while failover.state(domain) == Some(failover_ureq::CircuitState::Closed) {
        ask()?;
    }
    println!("{domain}: {} after {} requests", failover.state(domain).expect("it is known"), fal.count());
    fal.heal();
    hands.fetch_add(60_000, Ordering::Relaxed);
    assert!(ask()?.headers().get("x-failover-served-by").is_none(), "FAL is asked again, and answers");
    Ok(())
}
