//! The plan, as a person reads it; and what the presets make of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_core::{Action, Call, Fault, Moment};
use failover_mapping::{Builder, Config, Preset, ProviderName, Target};
use http::{HeaderMap, Method};
use stage::{builder, fal, fleet};

const FILE: &str = r#"
preset = "interactive"
stand_ins = ["nexaapi", "replicate", "acme"]
provider = "acme.toml"
nexa_base_url = "https://nexa.example:8443/hidden"
poll_interval = "3s"

[key]
nexaapi = { env = "NEXA_API_KEY" }
acme = "acme-key-that-is-hidden"

[media_host]
nexaapi = ["https://cdn.example", "https://*.files.example"]

[breaker]
failures = 5
among = 10
"#;
const ACME: &str = r#"
[host]
name = "acme"
base-url = "https://api.acme.example/hidden"
authentication = "bearer"
[endpoints]
image = "/images"
[answer]
url = ["url"]
nested = []
failed = []
pending = []
[inputs]
image = [{ field = "prompt", key = "text", codec = "text" }]
[[models]]
model = "flux-dev"
id = "flux"
task = "image"
"#;

#[test]
fn a_plan_says_who_is_asked_and_what_was_set_by_whom() {
    let read = |path: &std::path::Path| Ok(if path.ends_with("acme.toml") { ACME } else { FILE }.to_owned());
    let variable = |name: &str| match name {
        "FAILOVER_STAND_IN_LIMIT" => Some("12s".to_owned()),
        "NEXA_API_KEY" => Some("nexa-key-that-is-hidden".to_owned()),
        _ => None,
    };
    let config: Config = Builder::from_file("conf/failover.toml", variable, read)
        .key_from(ProviderName::Replicate, || "replicate-key-that-is-hidden".to_owned())
        .provider_url(ProviderName::Fal, "http://127.0.0.1:9000")
        .deployment("acme/mine", "stability-ai/sdxl")
        .check_answers(true)
        .on_failover(|_| {})
        .build()
        .unwrap();
    let told = config.to_string();
    assert!(!told.contains("hidden"), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn a_plan_of_defaults_is_short_of_opinions() {
    insta::assert_snapshot!(builder().build().unwrap().to_string());
}

fn limits(builder: Builder<Config>) -> (Option<Duration>, Option<Duration>) {
    let config = builder.build().unwrap();
    let uri = fal("fal-ai/flux/dev").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let route = config.route(&target, &HeaderMap::new()).unwrap();
    let exchange = route.exchange(b"{}", Moment::EPOCH).unwrap();
    let fleet = fleet(&config);
    let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
    let first = match call.poll(&fleet, Moment::EPOCH) {
        Action::Launch(launch) => launch,
        other => panic!("{other:?}"),
    };
    call.settle(first.attempt, Fault::Connect.into(), &fleet, Moment::EPOCH);
    match call.poll(&fleet, Moment::EPOCH) {
        Action::Launch(launch) => (first.limits.total(), launch.limits.total()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn presets_are_what_a_call_gets() {
    let (short, long) = (Some(Duration::from_secs(10)), Some(Duration::from_secs(600)));
    assert_eq!(limits(builder().preset(Preset::Interactive)), (short, short));
    assert_eq!(limits(builder().preset(Preset::Batch)), (long, long));
    // Of a deadline that leaves nothing of itself, the asked provider gets half.
    let minute = Duration::from_secs(60);
    assert_eq!(limits(builder().preset(Preset::Batch).deadline(minute)), (Some(minute / 2), Some(minute)));
    let asked = builder().preset(Preset::Batch).deadline(minute).primary_limit(minute * 2);
    assert_eq!(limits(asked).0, Some(minute), "as the user says, cut to the deadline");
}

/// The asked provider and a stand-in can use their limits up before the deadline, with all waits in between.
#[test]
fn a_preset_leaves_time_for_what_it_allows() {
    for preset in Preset::ALL {
        let config = builder().preset(preset).build().unwrap().to_string();
        let time = |name: &str| {
            let text = config.lines().find_map(|line| line.strip_prefix(&format!("{name} = \""))).unwrap();
            humantime::parse_duration(text.split('"').next().unwrap()).unwrap()
        };
        let attempts = config.lines().find_map(|line| line.strip_prefix("stand_in_attempts = ")).unwrap();
        let attempts: u32 = attempts.split_whitespace().next().unwrap().parse().unwrap();
        let all = time("primary_limit")
            + time("stand_in_limit") * attempts
            + time("stand_in_delay") * (attempts - 1)
            + time("stand_in_limit");
        assert!(all <= time("deadline"), "{preset}: {all:?}, a second stand-in included");
    }
}

/// What the builder says is noted under the name that the plan knows it by.
#[test]
fn every_method_of_the_builder_is_named_in_the_plan() {
    let (long, fal) = (Duration::from_secs(7), ProviderName::Fal);
    let replicate = "[[models]]\nid = \"acme/sdxl\"\nmodel = \"sdxl\"\ntask = \"image\"\nanswer = \"flux\"";
    let config = Config::builder()
        .preset(Preset::Batch)
        .off(true)
        .stand_ins([ProviderName::Nexa, ProviderName::other("acme").unwrap()])
        .deadline(long)
        .primary_limit(long)
        .stand_in_limit(long)
        .stand_in_attempts(7)
        .stand_in_delay(long)
        .poll_interval(long)
        .variants(false)
        .losses(false)
        .check_answers(true)
        .request_limit(7)
        .answer_limit(7)
        .outputs_as_data(true)
        .fal_no_retry(true)
        .nexa_dialect(failover_mapping::Dialect::Http)
        .nexa_base_url("https://nexa.example")
        .nexa_rapidapi_host("nexa-api.p.rapidapi.com")
        .nexa_api_key("any")
        .key(ProviderName::other("acme").unwrap(), "any")
        .fal_queue_url("https://queue.example")
        .stand_in_url(fal, "https://fal.example")
        .provider_url(fal, "https://fal.example")
        .media_host(fal, "https://cdn.example")
        .deployment("acme/mine", "stability-ai/sdxl")
        .data(fal, "rows.toml", replicate)
        .provider("acme.toml", ACME)
        .cache(failover_core::Freshness::new(long).stale_if_error(long))
        .cache_capacity(1 << 20)
        .key(ProviderName::OpenAi, "any")
        .key(ProviderName::Anthropic, "any")
        .text_stand_ins([ProviderName::Anthropic])
        .text_retries(7)
        .text_patience(long)
        .first_token_limit(long)
        .idle_limit(long)
        .stream_limit(long)
        .stream_policy(failover_mapping::StreamPolicy::Restart)
        .stream_buffer(7)
        .text_provider(ProviderName::other("vllm").unwrap(), "http://127.0.0.1:8000/v1")
        .fallbacks("gpt-4o", ["gpt-4o-mini"])
        .triggers(failover_mapping::Triggers::default())
        .breaker(failover_core::Breaker::new())
        .build()
        .unwrap();
    let told = config.to_string();
    for setting in Config::settings().filter(|setting| setting.name != "nexa_api_key") {
        let name = if setting.name.starts_with("breaker.") { "breaker" } else { setting.name };
        let about = |line: &&str| {
            let rest = line.trim_start_matches("# ").strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with([' ', ':', '.'])) && line.ends_with("# builder")
        };
        assert!(told.lines().any(|line| about(&line)), "{name} is not said by the builder in\n{told}");
    }
}
