//! What can be seen of a failover: the log of `tracing`, events, the timeline of one call, and counters of `metrics`. Needs the
//! features `metrics` and `tracing`, and neither keys nor a network: the providers are the testkit's.

use std::error::Error;
use std::num::NonZeroU8;

use failover_testkit::{Provider, Reply};
use failover_ureq::observe::{Event, describe_metrics};
use failover_ureq::{Breaker, Failover, Provenance, ProviderName};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::json;
use tracing_subscriber::util::SubscriberInitExt;
use ureq::Agent;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let (fal, nexa) = (Provider::fal(), Provider::nexa());

    // For this thread only, as this is an example. A program installs a subscriber and a recorder for all of them.
    let _log = tracing_subscriber::fmt().without_time().with_ansi(false).finish().set_default();
    let recorder = DebuggingRecorder::new();
    let counters = recorder.snapshotter();
    let _counted = metrics::set_default_local_recorder(&recorder);
    describe_metrics();

    let failover = Failover::builder()
        .nexa_api_key("any")
        .nexa_base_url(nexa.url())
        .provider_url(ProviderName::Fal, fal.url())
        .breaker(Breaker::new().failures(NonZeroU8::MIN))
        .on_event(|event| match event {
            Event::Breaker { domain, change, .. } => {
                println!("page somebody: {domain} is {}", change.state())
            }
            event => println!("event: {event}"),
        })
        .build()?;
    let agent: Agent = Agent::config_builder().middleware(failover.clone()).build().into();

    for (title, reply) in [("a good day", Reply::healthy()), ("FAL is overloaded", Reply::status(503))] {
        println!("\n== {title}");
        fal.script([reply]);
        let url = format!("{}/fal-ai/flux/dev", fal.url());
        let answer = agent.post(url).send_json(json!({ "prompt": "a lighthouse at dusk" }))?;
        if let Some(provenance) = answer.extensions().get::<Provenance>() {
            println!("{provenance}");
        }
    }
    println!("\n== the kill switch");
    failover.switch_off();

    println!("\n== counted");
    let counted = shown(&counters);
    println!("{}", counted.join("\n"));
    assert!(counted.contains(&"failover_calls_total asked=fal served_by=nexaapi: 1".to_owned()));
    Ok(())
}

fn shown(counters: &Snapshotter) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, _, _, value) in counters.snapshot().into_vec() {
        let labels = key.key().labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(times) => format!("{} times", times.len()),
        };
        lines.push(format!("{}{}: {value}", key.key().name(), labels.collect::<String>()));
    }
    lines.sort();
    lines
}
