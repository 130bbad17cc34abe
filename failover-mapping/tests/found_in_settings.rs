//! What was wrong with refusals, with a preset and with who is told when. Each of these failed before.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::{Action, Call};
use failover_mapping::{Builder, Config, Flight, Moment, PerRequest, Preset, ProviderName, Target};
use http::{HeaderMap, Method, Uri};
use stage::{builder, fal, fleet};

const SECRET: &str = "sk-Secret0123456789";

#[test]
fn a_refusal_of_data_repeats_no_value() {
    let files = [
        format!("[host]\nbase-url = \"https://a.example\"\nauthentication = \"Key {SECRET}\"\n"),
        format!("[host]\nbase-url = \"https://a.example\"\nauthentication = {{ \"{SECRET}\" = 1 }}\n"),
        format!("[host]\n{SECRET} = 1\n"),
        format!("endpoints = \"{SECRET}\"\n"),
        format!("[[models]]\nid = \"a\"\ntask = \"{SECRET}\"\n"),
    ];
    for file in files {
        let refused = builder().data(ProviderName::Nexa, "a.toml", &file).build().unwrap_err().to_string();
        assert!(!refused.contains(SECRET), "{refused}");
        assert!(refused.contains("a.toml"), "{refused}");
    }
}

#[test]
fn a_deployment_that_looks_like_a_key_is_not_repeated() {
    let none = |_: &str| None;
    let read = |_: &std::path::Path| Err(std::io::Error::other("there is no other file"));
    for name in [SECRET, "a\\nERROR forged line"] {
        let file = format!("[deployment]\n\"{name}\" = \"stability-ai/sdxl\"\n");
        let built = Builder::<Config>::from_toml("f.toml", &file, none, read).nexa_api_key("k").build();
        let refused = built.unwrap_err().to_string();
        assert!(!refused.contains(SECRET) && refused.lines().count() == 1, "{refused}");
        assert!(refused.contains("deployment"), "{refused}");
    }
}

#[test]
fn a_presets_limit_gives_way_to_the_deadline_of_one_request() {
    let url: Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let total = |builder: Builder<Config>| {
        let config = builder.build().unwrap();
        let target = Target::of_uri(&Method::POST, &url).unwrap();
        let wishes = PerRequest::new().deadline(Duration::from_secs(8));
        let route = config.route(&target, &HeaderMap::new()).unwrap().with_wishes(&wishes).unwrap();
        let exchange = route.exchange(b"{}", Moment::EPOCH).unwrap();
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
        let Action::Launch(own) = call.poll(&fleet(&config), Moment::EPOCH) else {
            panic!("nobody is asked")
        };
        own.limits.total().unwrap()
    };
    let seconds = Duration::from_secs;
    assert_eq!(total(builder().preset(Preset::Interactive)), seconds(4), "half, as for whoever stands in");
    assert_eq!(total(builder().preset(Preset::Batch)), seconds(4));
    assert_eq!(total(builder().primary_limit(seconds(7))), seconds(7), "what the user says, stands");
}

#[test]
fn a_question_for_a_job_that_is_dropped_is_no_call() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let config =
        builder().on_event(move |event| hears.lock().unwrap().push(event.to_string())).build().unwrap();
    let fleet = fleet(&config);
    let body = br#"{"prompt":"a cat"}"#;
    let queue = stage::queue("fal-ai/flux/dev");
    let request = (&queue[..], &HeaderMap::new(), &body[..]);
    let job = stage::ok(r#"{"id":"job-1","status":"processing"}"#);
    let submitted = stage::play(&config, &fleet, request, &[stage::status(503)], &[job]).unwrap();
    let id = submitted.json()["request_id"].as_str().unwrap().to_owned();
    told.lock().unwrap().clear();
    let url: Uri = format!("https://queue.fal.run/fal-ai/flux/requests/{id}").parse().unwrap();
    let route = config.route(&Target::of_uri(&Method::GET, &url).unwrap(), &HeaderMap::new()).unwrap();
    assert!(!format!("{route:?}").contains(&id), "an id can hold the result");
    let mut exchange = route.exchange(b"", Moment::EPOCH).unwrap();
    let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
    let Action::Launch(launch) = call.poll(&fleet, Moment::EPOCH) else { panic!("nobody is asked") };
    let _: Flight = exchange.launched(launch, Moment::EPOCH);
    drop(exchange);
    call.abandon(&fleet, Moment::EPOCH);
    let told = told.lock().unwrap();
    assert!(told.len() == 1 && told[0].contains("attempt 1"), "{told:?}");
}
