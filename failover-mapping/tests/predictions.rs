//! Replicate's predictions that were failed over: created by every route and way of waiting, looked up, cancelled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use std::time::Duration;

use failover_mapping::{Config, Fault};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use stage::{Played, Says, builder, config, fleet, headers, local, ok, play, replicate, send, status, wait};
use strict::{Prediction, Problem, Status, read};

const INPUT: &str = r#"{"input":{"prompt":"a cat"}}"#;
const PENDING: &str = r#"{"id":"job-7","status":"queued"}"#;
const PROCESSING: &str = r#"{"id":"job-7","status":"processing"}"#;
const DONE: &str = r#"{"id":"job-7","status":"completed","url":"https://n.example/a"}"#;
const FAILED: &str = r#"{"id":"job-7","status":"failed"}"#;
const SDXL: &str = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b";

fn create_at(config: &Config, url: &str, headers: &HeaderMap, body: &str, stand_in: &[Says]) -> Played {
    play(config, &fleet(config), (url, headers, body.as_bytes()), &[status(503)], stand_in).unwrap()
}

fn create(prefer: Option<&str>, stand_in: &[Says]) -> (Played, Prediction<Vec<String>>) {
    let headers = prefer.map_or_else(HeaderMap::new, |prefer| headers(&[("prefer", prefer)]));
    let url = replicate("black-forest-labs/flux-dev");
    let played = create_at(&config(), &url, &headers, INPUT, stand_in);
    let answer = played.answer.as_ref().unwrap();
    assert_eq!((answer.status().as_u16(), played.posts()), (201, 1));
    let applied = answer.headers().get("preference-applied").map(|applied| applied.to_str().unwrap());
    assert_eq!(applied, prefer);
    let prediction = read(answer);
    (played, prediction)
}

#[test]
fn whoever_waits_gets_the_result() {
    for prefer in ["wait", "wait=60", "wait=10"] {
        let (played, prediction) = create(Some(prefer), &[ok(PENDING), ok(PROCESSING), ok(DONE)]);
        assert_eq!(prediction.status, Status::Succeeded);
        assert_eq!(prediction.output, Some(vec!["https://n.example/a".to_owned()]));
        assert_eq!(
            played.asked(),
            [
                "POST https://api.nexa-api.com/v1/images/generate",
                "GET https://api.nexa-api.com/v1/jobs/job-7",
                "GET https://api.nexa-api.com/v1/jobs/job-7",
            ]
        );
        assert!(prediction.completed_at.is_some() && prediction.metrics.total_time.unwrap() > 4.0);
    }
}

#[test]
fn whoever_waits_for_some_seconds_gets_the_job_when_they_are_over() {
    let (played, prediction) = create(Some("wait=5"), &[ok(PENDING), ok(PROCESSING)]);
    assert_eq!((prediction.status, prediction.output), (Status::Processing, None));
    assert!(prediction.completed_at.is_none() && prediction.started_at.is_some());
    assert_eq!(played.pauses, [Duration::from_secs(2); 2], "not beyond the fifth second");

    let played = local(&config(), &Method::GET, &prediction.urls.get, &[ok(DONE)]);
    let later: Prediction<Vec<String>> = read(played.answer.as_ref().unwrap());
    assert_eq!((played.status(), later.status, later.id), (200, Status::Succeeded, prediction.id));
    assert_eq!((later.created_at, played.posts()), (prediction.created_at, 0));
}

/// What was accepted may be billed, so its id is worth more than a refusal.
#[test]
fn a_job_that_was_accepted_is_handed_out_when_it_cannot_be_waited_for() {
    for trouble in [status(503), status(429), Says::Hangs, Says::Nothing(Fault::Reset)] {
        let (played, prediction) = create(Some("wait"), &[ok(PENDING), trouble.clone()]);
        assert_eq!(prediction.status, Status::Starting, "{trouble:?}");
        assert!(played.sent.len() <= 6);
    }
    let url = replicate("black-forest-labs/flux-dev");
    for seconds in [10, 60] {
        let limit = Duration::from_secs(seconds);
        for config in [builder().stand_in_limit(limit), builder().deadline(limit)] {
            let config = config.build().unwrap();
            let played = create_at(&config, &url, &wait(), INPUT, &[ok(PENDING), ok(PROCESSING)]);
            let prediction: Prediction<Value> = read(played.answer.as_ref().unwrap());
            assert_eq!((played.status(), prediction.status, played.posts()), (201, Status::Processing, 1));
        }
    }
}

#[test]
fn whoever_does_not_wait_gets_the_state_at_once() {
    for (says, expected) in [
        (PENDING, Status::Starting),
        (PROCESSING, Status::Processing),
        (r#"{"id":"job-7","status":"baking"}"#, Status::Processing),
        (DONE, Status::Succeeded),
    ] {
        let (played, prediction) = create(None, &[ok(says)]);
        assert_eq!((prediction.status, played.sent.len()), (expected, 1), "{says}");
        assert_eq!(prediction.output.is_some(), expected == Status::Succeeded);
        assert_eq!(prediction.started_at.is_some(), expected != Status::Starting);
    }
}

/// Whatever else is preferred, Replicate answers at once.
#[test]
fn other_preferences_are_none() {
    let url = replicate("black-forest-labs/flux-dev");
    for prefer in ["wait=0", "wait=61", "wait=x", "respond-async", "wait=5, wait=6"] {
        let played =
            create_at(&config(), &url, &headers(&[("prefer", prefer)]), INPUT, &[ok(PENDING), ok(DONE)]);
        assert_eq!((played.status(), played.sent.len()), (201, 1), "{prefer}");
        assert!(!played.answer.unwrap().headers().contains_key("preference-applied"));
    }
}

#[test]
fn a_prediction_is_looked_up_and_cancelled_in_its_present_state() {
    let config = config();
    let (_, prediction) = create(None, &[ok(PENDING)]);
    for (says, expected) in [
        (PENDING, Status::Starting),
        (PROCESSING, Status::Processing),
        (DONE, Status::Succeeded),
        (FAILED, Status::Failed),
    ] {
        for (method, url) in [(Method::GET, &prediction.urls.get), (Method::POST, &prediction.urls.cancel)] {
            let played = local(&config, &method, url, &[ok(says)]);
            let state: Prediction<Vec<String>> = read(played.answer.as_ref().unwrap());
            assert_eq!((played.status(), state.status, &state.id), (200, expected, &prediction.id));
            assert_eq!(played.asked(), ["GET https://api.nexa-api.com/v1/jobs/job-7"], "{method}: no cancel");
            assert_eq!(state.urls.get, prediction.urls.get);
        }
    }
    let (_, done) = create(None, &[ok(DONE)]);
    let played = local(&config, &Method::POST, &done.urls.cancel, &[]);
    assert_eq!((played.status(), &played.json()["status"]), (200, &json!("succeeded")));
}

#[test]
fn ids_that_cannot_be_read_are_unknown_here() {
    let config = config();
    let (_, prediction) = create(None, &[ok(PENDING)]);
    let base = "https://api.replicate.com/v1/predictions";
    for (method, url) in [
        (Method::GET, format!("{base}/nx_")),
        (Method::GET, format!("{}x", prediction.urls.get)),
        (Method::POST, format!("{base}/nx_abc/cancel")),
        (Method::GET, prediction.urls.cancel.clone()),
        (Method::POST, prediction.urls.get.clone()),
        (Method::GET, format!("{}/", prediction.urls.get)),
    ] {
        let played = local(&config, &method, &url, &[]);
        let problem: Problem = read(played.answer.as_ref().unwrap());
        assert_eq!((played.status(), problem.status, played.sent.len()), (404, 404, 0), "{method} {url}");
    }
    // An id of FAL's queue is none of Replicate's.
    let request = (&*stage::queue("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let fal = play(&config, &fleet(&config), request, &[status(503)], &[ok(PENDING)]).unwrap();
    let url = format!("{base}/{}", fal.json()["request_id"].as_str().unwrap());
    assert_eq!(local(&config, &Method::GET, &url, &[]).status(), 404);
    for (method, url) in [
        (Method::GET, format!("{base}/gm3qorzdhgbfurvjtvhg6dckhu")),
        (Method::POST, format!("{base}/gm3qorzdhgbfurvjtvhg6dckhu/cancel")),
        (Method::GET, base.to_owned()),
    ] {
        let request = (&method, &*url, &HeaderMap::new(), &b""[..]);
        assert!(send(&config, &fleet(&config), request, &[], &[]).is_none(), "{method} {url}");
    }
}

#[test]
fn a_version_is_named_in_three_ways() {
    let config = config();
    for (version, echoed) in [
        ("stability-ai/sdxl".to_owned(), "hidden"),
        (format!("stability-ai/sdxl:{SDXL}"), SDXL),
        (SDXL.to_owned(), SDXL),
        // a hash that no table knows, of a model that one does
        (format!("stability-ai/sdxl:{}", "0".repeat(64)), &*"0".repeat(64)),
    ] {
        let body = json!({"version": version, "input": {"prompt": "a cat"}}).to_string();
        let url = "https://api.replicate.com/v1/predictions";
        let played = create_at(&config, url, &wait(), &body, &[ok(DONE)]);
        let prediction: Prediction<Vec<String>> = read(played.answer.as_ref().unwrap());
        assert_eq!((&*prediction.model, &*prediction.version), ("stability-ai/sdxl", echoed));
        let again = local(&config, &Method::GET, &prediction.urls.get, &[]).json();
        assert_eq!(again["version"], echoed, "also when it is looked up");
    }
    for version in
        ["0".repeat(64), "stability-ai/sdxl:latest".to_owned(), "stability-ai/sdxl-lightning".to_owned()]
    {
        let body = json!({"version": version, "input": {"prompt": "a cat"}}).to_string();
        let request = ("https://api.replicate.com/v1/predictions", &wait(), body.as_bytes());
        assert!(play(&config, &fleet(&config), request, &[], &[]).is_none(), "{version}");
    }
}

fn version_page(config: &Config, url: &str, says: &[Says]) -> Option<Played> {
    send(config, &fleet(config), (&Method::GET, url, &HeaderMap::new(), &b""[..]), says, &[])
}

#[test]
fn the_page_of_a_version_is_answered_in_an_outage_only() {
    let config = config();
    let url = format!("https://api.replicate.com/v1/models/stability-ai/sdxl/versions/{SDXL}");
    for outage in [status(503), status(429), status(500), Says::Nothing(Fault::Connect), Says::Hangs] {
        let played = version_page(&config, &url, &[outage]).unwrap();
        let page = played.json();
        assert_eq!((played.status(), &page["id"]), (200, &json!(SDXL)));
        assert!(page["created_at"].is_string() && page["cog_version"].is_string());
        assert_eq!(page["openapi_schema"], json!({}));
        let answer = played.answer.unwrap();
        assert_eq!(answer.headers()["x-failover-served-by"], "failover");
        assert!(played.sent.is_empty());
    }
    for says in [ok("{}"), status(404), status(401), status(422)] {
        let played = version_page(&config, &url, &[says]).unwrap();
        assert!(played.answer.is_none() && played.provenance.is_none());
    }
    for url in [
        format!("https://api.replicate.com/v1/models/acme/unknown/versions/{SDXL}"),
        "https://api.replicate.com/v1/models/stability-ai/sdxl/versions/latest".to_owned(),
        "https://api.replicate.com/v1/models/stability-ai/sdxl/versions".to_owned(),
        "https://api.replicate.com/v1/models/stability-ai/sdxl".to_owned(),
    ] {
        assert!(version_page(&config, &url, &[]).is_none(), "{url}");
    }
}

/// After a break of the breaker it is the last resort that asks, and what Replicate says then stands.
#[test]
fn a_404_for_a_version_is_replicates_own_also_as_a_last_resort() {
    let config = config();
    let fleet = fleet(&config);
    let url = format!("https://api.replicate.com/v1/models/stability-ai/sdxl/versions/{SDXL}");
    let ask = |says: Says| {
        send(&config, &fleet, (&Method::GET, &*url, &HeaderMap::new(), &b""[..]), &[says], &[]).unwrap()
    };
    for _ in 0..4 {
        assert_eq!(ask(status(503)).status(), 200);
    }
    let refused = ask(status(404));
    assert!(refused.provenance.is_some_and(|it| it.attempts[0].last_resort) && refused.answer.is_none());
}

#[test]
fn a_deployment_is_failed_over_where_its_model_was_said() {
    let url = "https://api.replicate.com/v1/deployments/acme/painter/predictions";
    let declared = builder().deployment("acme/painter", "stability-ai/sdxl").build().unwrap();
    let played = create_at(&declared, url, &wait(), INPUT, &[ok(DONE)]);
    let prediction: Prediction<Vec<String>> = read(played.answer.as_ref().unwrap());
    assert_eq!((&*prediction.model, &*prediction.version), ("stability-ai/sdxl", "hidden"));
    assert_eq!(
        played.provenance.unwrap().asked.url,
        "https://api.replicate.com/v1/deployments/acme/painter/predictions"
    );
    let request = (url, &wait(), INPUT.as_bytes());
    assert!(play(&config(), &fleet(&config()), request, &[], &[]).is_none(), "nobody has said it");
    for (deployment, model) in
        [("acme", "stability-ai/sdxl"), ("a/b/c", "stability-ai/sdxl"), ("acme/painter", "acme/unknown")]
    {
        let refused = builder().deployment(deployment, model).build().unwrap_err().to_string();
        assert!(refused.starts_with("deployment "), "{refused}");
    }
}

#[test]
fn a_webhook_is_not_failed_over_and_the_note_says_why() {
    for (key, value) in [
        ("webhook", json!("https://me.example/hook?token=s3cret")),
        ("webhook_completed", json!("https://me.example/hook?token=s3cret")),
        ("stream", json!(true)),
    ] {
        let body = json!({"input": {"prompt": "a cat"}, key: value}).to_string();
        let url = replicate("black-forest-labs/flux-dev");
        let played = create_at(&config(), &url, &HeaderMap::new(), &body, &[ok(DONE)]);
        assert!(played.answer.is_none() && played.sent.is_empty(), "{key}");
        let shown = format!("{:?} {}", played.provenance, played.provenance.as_ref().unwrap());
        assert!(played.note().contains(key) && !shown.contains("s3cret"), "{shown}");
    }
    let body =
        r#"{"input":{"prompt":"a cat"},"webhook":null,"webhook_events_filter":["completed"],"stream":false}"#;
    let url = replicate("black-forest-labs/flux-dev");
    let played = create_at(&config(), &url, &HeaderMap::new(), body, &[ok(DONE)]);
    let lost = played.losses();
    assert!(played.status() == 201 && !lost.iter().any(|loss| loss.contains("webhook")), "{lost:?}");
}

#[test]
fn the_callers_input_is_echoed_while_it_is_known() {
    let config = config();
    let body = r#"{"input":{"prompt":"a cat","go_fast":true,"x":[1,{"y":null}]}}"#;
    let played = create_at(&config, &replicate("black-forest-labs/flux-dev"), &wait(), body, &[ok(DONE)]);
    let expected = json!({"prompt": "a cat", "go_fast": true, "x": [1, {"y": null}]});
    let first = played.json();
    assert_eq!(first["input"], expected);
    let get = first["urls"]["get"].as_str().unwrap();
    assert_eq!(local(&config, &Method::GET, get, &[]).json()["input"], expected);
}
