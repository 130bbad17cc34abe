//! The answer that the caller gets, in the shape of the provider that was asked, and what of NexaAPI counts as an answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::fmt::Write as _;

use failover_core::{Action, Call, Fault, Finish, Moment};
use failover_mapping::{Conclusion, Flight};
use http::StatusCode;
use serde_json::{Value, json};
use stage::{Played, fal, headers, ok, pretty, replicate, wait};

fn show(played: &Played) -> String {
    let answer = played.answer.as_ref().unwrap();
    let mut shown = format!("{}\n", answer.status());
    for (name, value) in answer.headers() {
        writeln!(shown, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    // The text as it is: the order of the keys is part of what is shown.
    let raw = String::from_utf8(answer.body().clone()).unwrap();
    let _: Value = serde_json::from_str(&raw).unwrap();
    shown.push('\n');
    shown.push_str(&raw.replace(",\"", ",\n \""));
    shown
}

const TWO: &str = r#"{"images":[{"url":"https://cdn.nexa.example/a.webp","width":832,"height":1216},
    {"url":"https://cdn.nexa.example/b","content_type":"image/png","nsfw":true}],"seed":99}"#;

#[test]
fn fal_flux() {
    let body = r#"{"prompt":"a cat","num_images":2,"image_size":"square"}"#;
    insta::assert_snapshot!(show(&stage::failed_over(
        (&fal("fal-ai/flux/schnell"), &headers(&[]), body),
        &[ok(TWO)]
    )));
}

#[test]
fn fal_flux_without_a_seed() {
    let body = r#"{"prompt":"a \"cat\""}"#;
    let says = [ok(r#"{"url":"https://cdn.nexa.example/a"}"#)];
    insta::assert_snapshot!(show(&stage::failed_over((&fal("fal-ai/flux/dev"), &headers(&[]), body), &says)));
}

#[test]
fn fal_other_families() {
    let mut all = String::new();
    for model in ["fal-ai/stable-diffusion-v3-medium", "fal-ai/ideogram/v2", "fal-ai/recraft-v3"] {
        let body = r#"{"prompt":"a cat","seed":5}"#;
        let says = [ok(r#"{"output":["https://cdn.nexa.example/x/a.png?sig=1"]}"#)];
        let played = stage::failed_over((&fal(model), &headers(&[]), body), &says);
        writeln!(all, "{model}\n{}\n", show(&played)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn replicate_list() {
    let body = r#"{"input":{"seed":5,"prompt":"a cat","num_outputs":2},"other":true}"#;
    let uri = replicate("black-forest-labs/flux-schnell");
    insta::assert_snapshot!(show(&stage::failed_over((&uri, &wait(), body), &[ok(TWO)])));
}

#[test]
fn replicate_string() {
    let uri = replicate("black-forest-labs/flux-1.1-pro");
    let headers = headers(&[("prefer", "wait=10")]);
    let body = r#"{"input":{"prompt":"a cat"}}"#;
    insta::assert_snapshot!(show(&stage::failed_over((&uri, &headers, body), &[ok(TWO)])));
}

#[test]
fn replicate_version_is_echoed_on_the_callers_base() {
    let config = stage::builder()
        .provider_url(failover_mapping::ProviderName::Replicate, "http://127.0.0.1:8080")
        .build()
        .unwrap();
    let hash = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc";
    let body = format!(r#"{{"version":"stability-ai/sdxl:{hash}","input":{{"prompt":"a cat"}}}}"#);
    let request = ("http://127.0.0.1:8080/v1/predictions", &wait(), body.as_bytes());
    let played =
        stage::play(&config, &stage::fleet(&config), request, &[stage::status(503)], &[ok(stage::GOOD)])
            .unwrap();
    let answer: Value = serde_json::from_slice(played.answer.unwrap().body()).unwrap();
    assert_eq!(answer["version"], hash);
    let id = answer["id"].as_str().unwrap();
    assert!(id.len() <= 1000 && id.starts_with("nx_"), "{id}");
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')), "{id}");
    assert_eq!(answer["urls"]["get"], format!("http://127.0.0.1:8080/v1/predictions/{id}"));
    assert_eq!(answer["urls"]["cancel"], format!("http://127.0.0.1:8080/v1/predictions/{id}/cancel"));
    assert_eq!(answer["urls"]["web"], format!("https://replicate.com/p/{id}"));
    assert!(answer["urls"].get("stream").is_none());
    assert_eq!(answer["output"], json!(["https://cdn.nexa.example/a.png"]));
}

/// The URLs that a FAL caller gets out of what NexaAPI said.
fn urls(body: &str) -> Vec<String> {
    let asks = r#"{"prompt":"a cat"}"#;
    let played = stage::failed_over((&fal("fal-ai/flux/dev"), &headers(&[]), asks), &[ok(body)]);
    let answer: Value =
        serde_json::from_slice(played.answer.unwrap_or_else(|| panic!("no answer of {body}")).body())
            .unwrap();
    answer["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["url"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn urls_are_found_wherever_they_stand() {
    let one = ["https://n.example/a"];
    for body in [
        r#"{"url":"https://n.example/a"}"#,
        r#"{"output_url":"https://n.example/a"}"#,
        r#"{"image_url":"https://n.example/a"}"#,
        r#"{"result_url":"https://n.example/a"}"#,
        r#"{"output":"https://n.example/a"}"#,
        r#"{"output":["https://n.example/a"]}"#,
        r#"{"output":[{"url":"https://n.example/a"}]}"#,
        r#"{"result":{"url":"https://n.example/a"}}"#,
        r#"{"result":{"images":[{"url":"https://n.example/a"}]}}"#,
        r#"{"images":["https://n.example/a"]}"#,
        r#"{"data":[{"url":"https://n.example/a"}]}"#,
        r#"{"data":{"url":"https://n.example/a"}}"#,
        r#"{"status":"completed","error":null,"url":"https://n.example/a"}"#,
        r#"{"url":"https://n.example/a","images":["https://n.example/a"],"output":["https://n.example/a"]}"#,
        r#"{"url":"","images":[null,3,"https://n.example/a","http://n.example/b","ftp://n.example/c"]}"#,
        r#"{"images":["https://user:pw@n.example/b","javascript:alert(1)","data:text/html,x","https://n.example/a"]}"#,
    ] {
        assert_eq!(urls(body), one, "{body}");
    }
    assert_eq!(urls(r#"{"url":"data:image/png;base64,AAAA"}"#), ["data:image/png;base64,AAAA"]);
    assert_eq!(urls(r#"{"url":"https://N.example/a b"}"#), ["https://n.example/a%20b"], "as it was checked");
}

#[test]
fn a_success_without_a_result_is_a_failure() {
    let unnamed = "NexaAPI accepted the request as a job and did not name it";
    let unfinished = "NexaAPI accepted the request and was not done in time";
    for (body, fault, note) in [
        ("", Fault::Malformed, ""),
        ("<html>", Fault::Malformed, ""),
        ("[]", Fault::Malformed, ""),
        (r#""https://n.example/a""#, Fault::Malformed, ""),
        (r#"{"url":"https://n.example/a""#, Fault::Malformed, ""),
        ("{}", Fault::Empty, ""),
        (r#"{"url":""}"#, Fault::Empty, ""),
        (r#"{"images":[]}"#, Fault::Empty, ""),
        (r#"{"url":"http://n.example/a"}"#, Fault::Empty, ""),
        (r#"{"url":"/a.png"}"#, Fault::Empty, ""),
        (r#"{"status":"processing"}"#, Fault::Empty, unnamed),
        (r#"{"id":"../j1","status":"Queued"}"#, Fault::Empty, unnamed),
        (r#"{"id":"j1","status":"processing"}"#, Fault::Timeout, unfinished),
        (r#"{"job_id":"j1","status":"Queued"}"#, Fault::Timeout, unfinished),
        (r#"{"status":"failed","url":"https://n.example/a"}"#, Fault::ErrorInSuccess, ""),
        (r#"{"status":"cancelled"}"#, Fault::ErrorInSuccess, ""),
        (r#"{"error":{"message":"no"},"url":"https://n.example/a"}"#, Fault::ErrorInSuccess, ""),
        (r#"{"error":"no"}"#, Fault::ErrorInSuccess, ""),
    ] {
        let asks = r#"{"prompt":"a cat"}"#;
        let played = stage::failed_over((&fal("fal-ai/flux/dev"), &headers(&[]), asks), &[ok(body)]);
        let provenance = played.provenance.unwrap();
        assert_eq!(provenance.attempts[1].fault, Some(fault), "{body}");
        assert_eq!(provenance.note.unwrap_or_default(), note, "{body}");
        assert!(provenance.maybe_billed, "{body}: it may have been done");
        assert!(played.answer.is_none() && matches!(played.finish, Finish::Failed(_)), "{body}");
    }
}

/// Of flux/dev's defaults, those that NexaAPI cannot be told.
const DEFAULTED: [&str; 2] = ["output_format defaulted", "enable_safety_checker defaulted"];

#[test]
fn seeds_that_do_not_fit_are_not_handed_on() {
    let asks = r#"{"prompt":"a cat","seed":3}"#;
    for (seed, value, lost) in [
        ("9223372036854775808", 0, true),
        ("1.5", 0, true),
        ("\"x\"", 0, true),
        ("null", 3, false),
        ("9223372036854775807", i64::MAX, false),
    ] {
        let says = [ok(&format!(r#"{{"url":"https://n.example/a","nsfw":false,"seed":{seed}}}"#))];
        let played = stage::failed_over((&fal("fal-ai/flux/dev"), &headers(&[]), asks), &says);
        assert_eq!(played.json()["seed"], value, "{seed}");
        let invented = &["seed invented"][..usize::from(lost)];
        assert_eq!(played.losses(), [&DEFAULTED, invented].concat(), "{seed}");
    }
}

#[test]
fn a_seed_is_known_wherever_it_stands() {
    for (says, seed) in [
        (r#"{"url":"https://n.example/a","seed":77}"#, 77),
        (r#"{"url":"https://n.example/a","result":{"seed":77}}"#, 77),
        (r#"{"url":"https://n.example/a","seed":null,"result":{"seed":77}}"#, 77),
        (r#"{"data":[{"url":"https://n.example/a","seed":77},{"seed":78}]}"#, 77),
        (r#"{"data":[{"url":"https://n.example/a","seed":77}],"seed":5}"#, 5),
        (r#"{"data":[{"url":"https://n.example/a","seed":77}],"seed":18446744073709551615}"#, 77),
    ] {
        let asks = r#"{"prompt":"a cat","seed":3}"#;
        let played = stage::failed_over((&fal("fal-ai/flux/dev"), &headers(&[]), asks), &[ok(says)]);
        let answer: Value = serde_json::from_slice(played.answer.unwrap().body()).unwrap();
        assert_eq!(answer["seed"], seed, "{says}");
    }
}

#[test]
fn fewer_images_than_asked_for_are_reported() {
    let body = r#"{"prompt":"a cat","num_images":3,"seed":1}"#;
    let played = stage::failed_over((&fal("fal-ai/flux/dev"), &headers(&[]), body), &[ok(TWO)]);
    let short = ["has_nsfw_concepts invented", "num_images short"];
    assert_eq!(played.losses(), [DEFAULTED, short].concat());
    assert!(pretty(played.answer.unwrap().body()).contains("b\""));
}

/// FAL's clients read the id of a request from this header. Ours looks like theirs, and is another one each time.
#[test]
fn fal_answers_carry_a_request_id() {
    let ids = [1, 2].map(|seed| {
        let config = stage::config();
        let uri = fal("fal-ai/flux/dev").parse().unwrap();
        let target = failover_mapping::Target::of_uri(&http::Method::POST, &uri).unwrap();
        let route = config.route(&target, &headers(&[])).unwrap();
        let fleet = stage::fleet(&config);
        let mut exchange = route.exchange(br#"{"prompt":"a cat"}"#, Moment::EPOCH).unwrap();
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
        let Action::Launch(first) = call.poll(&fleet, Moment::EPOCH) else { panic!("nobody is asked") };
        let down = exchange.own_failed(&Flight::new(first, Moment::EPOCH), Fault::Reset, Moment::EPOCH);
        call.settle(first.attempt, down, &fleet, Moment::EPOCH);
        let Action::Launch(launch) = call.poll(&fleet, Moment::EPOCH) else { panic!("nobody stands in") };
        let flight = Flight::new(launch, Moment::EPOCH);
        let _ = exchange.ask(&flight, Moment::EPOCH);
        let answer = (StatusCode::OK, &headers(&[]), stage::GOOD.as_bytes());
        let _ = exchange.answered(&flight, answer, Moment::EPOCH, stage::wall);
        match exchange.conclude([], Moment::EPOCH, stage::wall, seed) {
            Conclusion::StandIn(made) => made.headers()["x-fal-request-id"].to_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    });
    assert_ne!(ids[0], ids[1]);
    for id in ids {
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert!(id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{id}");
        assert!(id[14..].starts_with('4') && id[19..].starts_with(['8', '9', 'a', 'b']), "{id}");
    }
}
