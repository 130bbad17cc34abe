//! Questions for a job at a stand-in: what its words mean, which failures are asked again, and who can answer them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use failover_mapping::{Builder, Config, Fault, Store};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use stage::{Played, Says, builder, config, fleet, hinting, local, ok, play, queue, replicate, status};
use strict::{Detail, Flux, Prediction, Problem, QueueStatus, Submitted, read};

const PENDING: &str = r#"{"id":"job-7","status":"pending"}"#;
const DONE: &str = r#"{"status":"completed","output_url":"https://n.example/a"}"#;

fn submit_body(config: &Config, stand_in: &str, body: &str) -> Submitted {
    let request = (&*queue("fal-ai/flux/dev"), &HeaderMap::new(), body.as_bytes());
    let played = play(config, &fleet(config), request, &[status(503)], &[ok(stand_in)]).unwrap();
    read(played.answer.as_ref().unwrap())
}

fn submit(config: &Config, stand_in: &str) -> Submitted {
    submit_body(config, stand_in, r#"{"prompt":"a secret cat","seed":7}"#)
}

fn create(config: &Config, stand_in: &str) -> Prediction<Value> {
    let body = br#"{"input":{"prompt":"a secret cat","seed":7}}"#;
    let request = (&*replicate("black-forest-labs/flux-dev"), &HeaderMap::new(), &body[..]);
    let played = play(config, &fleet(config), request, &[status(503)], &[ok(stand_in)]).unwrap();
    read(played.answer.as_ref().unwrap())
}

fn ask(config: &Config, url: &str, stand_in: &[Says]) -> Played {
    local(config, &Method::GET, url, stand_in)
}

#[test]
fn a_jobs_words() {
    let config = config();
    let (submitted, prediction) = (submit(&config, PENDING), create(&config, PENDING));
    for (says, fal, replicate) in [
        (r#"{"status":"pending"}"#, "IN_QUEUE", "starting"),
        (r#"{"id":"job-7","status":"QUEUED"}"#, "IN_QUEUE", "starting"),
        (r#"{"status":"processing"}"#, "IN_PROGRESS", "processing"),
        (r#"{"data":{"id":"job-7","status":"processing"}}"#, "IN_PROGRESS", "processing"),
        (r#"{"status":"processing","url":"https://n.example/preview"}"#, "IN_PROGRESS", "processing"),
        // a word that nobody knows is no end
        (r#"{"id":"job-7","status":"baking"}"#, "IN_PROGRESS", "processing"),
        (r#"{"status":"baking"}"#, "IN_PROGRESS", "processing"),
        (r#"{"data":{"status":"baking"}}"#, "IN_PROGRESS", "processing"),
        (r#"{"status":"completed","url":"https://n.example/a"}"#, "COMPLETED", "succeeded"),
        (r#"{"status":"completed","result":{"image_url":"https://n.example/a"}}"#, "COMPLETED", "succeeded"),
        (r#"{"url":"https://n.example/a"}"#, "COMPLETED", "succeeded"),
        (r#"{"status":"failed"}"#, "COMPLETED failed", "failed"),
        (r#"{"status":"failed","error":"nsfw"}"#, "COMPLETED failed", "failed"),
        (r#"{"job":{"status":"failed"}}"#, "COMPLETED failed", "failed"),
        (r#"{"status":"cancelled"}"#, "COMPLETED failed", "failed"),
        (r#"{"status":"Canceled"}"#, "COMPLETED failed", "failed"),
        (r#"{"error":{"message":"gone"}}"#, "COMPLETED failed", "failed"),
        // the end, without a result
        (r#"{"status":"completed"}"#, "COMPLETED failed", "failed"),
        // no end, as far as it says
        (r#"{"id":"job-7"}"#, "IN_PROGRESS", "processing"),
    ] {
        let played = ask(&config, &submitted.status_url, &[ok(says)]);
        let state: QueueStatus = read(played.answer.as_ref().unwrap());
        let (word, failed) = state.said();
        assert_eq!(format!("{word}{}", if failed { " failed" } else { "" }), fal, "{says}");
        assert_eq!(played.sent.len(), 1, "asked once: {says}");

        let played = ask(&config, &prediction.urls.get, &[ok(says)]);
        assert_eq!((played.status(), &played.json()["status"]), (200, &json!(replicate)), "{says}");
        let state: Prediction<Value> = read(played.answer.as_ref().unwrap());
        assert_eq!(state.error.is_some(), replicate == "failed", "{says}");
        assert_eq!(state.output.is_some(), replicate == "succeeded", "{says}");
        assert_eq!(played.posts(), 0);
    }
}

#[test]
fn a_job_that_the_stand_in_has_forgotten_has_failed() {
    let config = config();
    for code in [404, 410] {
        // A job that was accepted a moment ago need not be known everywhere.
        let state = ask(&config, &submit(&config, PENDING).status_url, &[status(code)]);
        assert_eq!((state.status(), state.sent.len()), (503, 3));
        let state = ask(&config, &older(&submit(&config, PENDING).status_url), &[status(code)]);
        let said: QueueStatus = read(state.answer.as_ref().unwrap());
        assert_eq!((state.status(), said.said(), state.sent.len()), (200, ("COMPLETED", true), 1));
        assert!(state.note().contains("does not know its own job"));
        let result = ask(&config, &older(&submit(&config, PENDING).response_url), &[status(code)]);
        assert_eq!(result.status(), 500);
        let state = ask(&config, &older(&create(&config, PENDING).urls.get), &[status(code)]);
        assert_eq!((state.status(), &state.json()["status"]), (200, &json!("failed")));
    }
}

/// The same URL with an id that was handed out so many seconds before.
fn aged(url: &str, seconds: u64) -> String {
    let (before, rest) = url.split_once("nx_").unwrap();
    let (id, after) =
        rest.split_once('/').map_or((rest, String::new()), |(id, after)| (id, format!("/{after}")));
    let mut ticket: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(id).unwrap()).unwrap();
    ticket["c"] = json!(ticket["c"].as_u64().unwrap() - seconds * 1000);
    format!("{before}nx_{}{after}", URL_SAFE_NO_PAD.encode(ticket.to_string()))
}

fn older(url: &str) -> String {
    aged(url, 120)
}

/// Whoever says for a day that it is not finished never will.
#[test]
fn a_job_that_never_ends_has_failed_after_a_day() {
    let config = config();
    let day = 24 * 60 * 60;
    for (age, said) in [(day - 60, "IN_QUEUE"), (day + 60, "COMPLETED")] {
        let state = ask(&config, &aged(&submit(&config, PENDING).status_url, age), &[ok(PENDING)]);
        assert_eq!(state.json()["status"], said, "{age}");
    }
}

/// It costs nothing to ask again, and a job is not lost because one question was.
#[test]
fn a_question_that_fails_is_asked_again() {
    let config = config();
    for trouble in [
        status(500),
        status(502),
        status(503),
        status(504),
        status(429),
        hinting(429, ("retry-after", "1")),
        Says::Nothing(Fault::Timeout),
        Says::Nothing(Fault::Reset),
        Says::Nothing(Fault::Connect),
        Says::Hangs,
    ] {
        let played = ask(&config, &submit(&config, PENDING).response_url, &[trouble.clone(), ok(DONE)]);
        assert_eq!((played.status(), played.sent.len()), (200, 2), "{trouble:?}");
        assert!(played.limits.iter().all(|limit| limit.unwrap() <= Duration::from_secs(30)));
    }
}

#[test]
fn a_job_that_cannot_be_asked_for_is_neither_finished_nor_failed() {
    let config = config();
    for trouble in [status(503), status(401), hinting(429, ("retry-after", "30")), Says::Hangs] {
        for url in [submit(&config, PENDING).status_url, submit(&config, PENDING).response_url] {
            let played = ask(&config, &url, std::slice::from_ref(&trouble));
            let detail: Detail = read(played.answer.as_ref().unwrap());
            assert_eq!((played.status(), detail.error_type.is_some()), (503, true), "{trouble:?}");
            assert_eq!(played.posts(), 0);
        }
        let played = ask(&config, &create(&config, PENDING).urls.get, std::slice::from_ref(&trouble));
        let problem: Problem = read(played.answer.as_ref().unwrap());
        assert_eq!((played.status(), problem.status, played.posts()), (503, 503, 0), "{trouble:?}");
    }
}

/// The adapters' own limits do not end the asking: the breaker's last resort is to ask.
#[test]
fn however_often_it_could_not_be_asked_for_it_can_be_again() {
    let config = config();
    let (submitted, fleet) = (submit(&config, PENDING), fleet(&config));
    let poll = |says: Says| {
        let request = (&Method::GET, &*submitted.status_url, &HeaderMap::new(), &b""[..]);
        stage::send(&config, &fleet, request, &[], &[says]).unwrap().status()
    };
    for _ in 0..5 {
        assert_eq!(poll(status(503)), 503);
    }
    assert_eq!((poll(ok(PENDING)), poll(ok(DONE))), (202, 200));
}

/// Nothing is kept in between: neither a job at the stand-in nor a result that fits into the id needs this process.
#[test]
fn another_process_answers_for_jobs_and_for_small_results() {
    let (mine, other) = (config(), config());
    let submitted = submit(&mine, PENDING);
    let flux: Flux = read(ask(&other, &submitted.response_url, &[ok(DONE)]).answer.as_ref().unwrap());
    assert_eq!((&*flux.images[0].url, flux.seed), ("https://n.example/a", 7));
    assert_eq!((flux.images[0].width, flux.images[0].height), (1024, 768));
    assert_eq!(flux.prompt, "", "what was asked is not in the id");

    let small = submit(&mine, DONE);
    let result = ask(&other, &small.response_url, &[]);
    let flux: Flux = read(result.answer.as_ref().unwrap());
    assert_eq!((&*flux.images[0].url, result.sent.len()), ("https://n.example/a", 0));

    let prediction = create(&mine, DONE);
    let again: Prediction<Vec<String>> =
        read(ask(&other, &prediction.urls.get, &[]).answer.as_ref().unwrap());
    assert_eq!((again.id, again.output), (prediction.id, Some(vec!["https://n.example/a".to_owned()])));
    assert!(again.input.is_empty() && again.created_at == prediction.created_at);
}

fn long() -> String {
    json!({"url": format!("https://n.example/{}", "a".repeat(1200))}).to_string()
}

#[test]
fn a_large_result_lies_in_the_store_and_is_a_failed_job_when_it_is_gone() {
    let (mine, other) = (config(), config());
    let submitted = submit(&mine, &long());
    let flux: Flux = read(ask(&mine, &submitted.response_url, &[]).answer.as_ref().unwrap());
    assert_eq!((flux.images[0].url.len(), &*flux.prompt), (1218, "a secret cat"));

    let state = ask(&other, &submitted.status_url, &[]);
    let said: QueueStatus = read(state.answer.as_ref().unwrap());
    assert_eq!((state.status(), said.said()), (200, ("COMPLETED", true)));
    let result = ask(&other, &submitted.response_url, &[]);
    let detail: Detail = read(result.answer.as_ref().unwrap());
    assert_eq!((result.status(), result.sent.len()), (500, 0));
    assert!(detail.detail.contains("not kept"));
    let stream = ask(&other, &format!("{}/stream", submitted.status_url), &[]);
    assert!(String::from_utf8_lossy(stream.answer.unwrap().body()).contains("COMPLETED"));
    assert_eq!(local(&other, &Method::PUT, &submitted.cancel_url, &[]).status(), 400);

    let prediction = create(&mine, &long());
    let state: Prediction<Value> = read(ask(&other, &prediction.urls.get, &[]).answer.as_ref().unwrap());
    assert_eq!((state.status, state.output), (strict::Status::Failed, None));
    assert!(state.error.unwrap().contains("not kept"));
    let state: Prediction<Vec<String>> = read(ask(&mine, &prediction.urls.get, &[]).answer.as_ref().unwrap());
    assert_eq!((state.status, state.output.unwrap().len()), (strict::Status::Succeeded, 1));
    assert_eq!(state.input["prompt"], "a secret cat", "echoed as long as it is known");
}

/// A picture as a data URI is megabytes, and must not be larger than what the memory has room for in one place.
#[test]
fn the_memory_keeps_pictures() {
    let config = config();
    let pictures: Vec<_> =
        (0..3).map(|n| format!("data:image/png;base64,{n}{}", "A".repeat(3 << 20))).collect();
    let urls: Vec<_> = pictures
        .iter()
        .zip(["1", "2", "3"])
        .map(|(picture, seed)| {
            let body = format!("{{\"prompt\":\"a cat\",\"seed\":{seed}}}");
            submit_body(&config, &json!({"url": picture}).to_string(), &body).response_url
        })
        .collect();
    for (url, picture) in urls.iter().zip(&pictures) {
        let flux: Flux = read(ask(&config, url, &[]).answer.as_ref().unwrap());
        assert!(flux.images[0].url == *picture, "gone or changed");
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<HashMap<String, Vec<u8>>>>);

impl Store for Shared {
    fn put(&self, id: &str, record: Vec<u8>) {
        self.0.lock().unwrap().insert(id.to_owned(), record);
    }

    fn get(&self, id: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(id).cloned()
    }
}

#[test]
fn processes_can_share_a_store() {
    let shared = Shared::default();
    let [mine, other] = [(); 2].map(|()| builder().store(shared.clone()).build().unwrap());
    let submitted = submit(&mine, &long());
    let flux: Flux = read(ask(&other, &submitted.response_url, &[]).answer.as_ref().unwrap());
    assert_eq!((flux.images[0].url.len(), &*flux.prompt), (1218, "a secret cat"));
    // What others have written there is trusted no more than an id.
    for record in [
        &b"\xff"[..],
        b"[]",
        b"{\"r\":5}",
        b"{}",
        b"{\"r\":{\"f\":[{\"u\":\"https://169.254.169.254/latest\"}]}}",
        b"{\"r\":{\"f\":[{\"u\":\"https://n.example/a\",\"c\":\"text/html\"}]}}",
        b"{\"r\":{\"f\":[{\"u\":\"javascript:alert(1)\"}]}}",
    ] {
        shared.0.lock().unwrap().insert(submitted.request_id.clone(), record.to_vec());
        let played = ask(&other, &submitted.response_url, &[]);
        assert_eq!((played.status(), played.sent.len()), (500, 0), "{}", String::from_utf8_lossy(record));
    }
}

struct Broken;

impl Store for Broken {
    fn put(&self, _: &str, _: Vec<u8>) {
        panic!("the disk is full");
    }

    fn get(&self, _: &str) -> Option<Vec<u8>> {
        panic!("the disk is gone");
    }
}

#[test]
fn a_store_that_panics_keeps_nothing_and_breaks_nothing() {
    let config = builder().store(Broken).build().unwrap();
    assert_eq!(ask(&config, &submit(&config, &long()).response_url, &[]).status(), 500);
    assert_eq!(ask(&config, &submit(&config, DONE).response_url, &[]).status(), 200);
}

#[test]
fn ids_are_short_and_plain_and_hold_no_secrets() {
    use base64::Engine as _;
    let config = config();
    for says in [PENDING, DONE, &long(), &json!({"id": "j".repeat(200), "status": "queued"}).to_string()] {
        for id in [submit(&config, says).request_id, create(&config, says).id] {
            assert!(id.len() <= 1000, "{}", id.len());
            assert!(
                id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
                "{id}"
            );
            let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&id[3..]).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert!(!text.contains("secret cat") && !text.contains(stage::KEY), "{text}");
        }
    }
    let longest = json!({"id": "j".repeat(201), "status": "queued"}).to_string();
    let request = (&*queue("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let played = play(&config, &fleet(&config), request, &[status(503)], &[ok(&longest)]).unwrap();
    assert!(played.answer.is_none(), "no such id can be handed on");
}

/// A stand-in that this configuration does not have is not asked, whatever an id says.
#[test]
fn a_job_of_a_stand_in_that_is_not_configured_any_more_has_failed() {
    let mine = config();
    let submitted = submit(&mine, PENDING);
    let fal = failover_mapping::ProviderName::Replicate;
    let other: Builder<Config> = builder().stand_ins([fal]).key(fal, "r8-key");
    let other = other.build().unwrap();
    let state = ask(&other, &submitted.status_url, &[]);
    let said: QueueStatus = read(state.answer.as_ref().unwrap());
    assert_eq!((state.status(), said.said()), (200, ("COMPLETED", true)));
    let finished = submit(&mine, stage::GOOD);
    assert_eq!(ask(&other, &finished.response_url, &[]).status(), 200, "its id holds the result");
}
