//! Jobs of FAL's queue that were failed over: every route of such a job answers as FAL would, and none of them starts
//! anything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use std::time::Duration;

use failover_mapping::{Config, Fault, ProviderName};
use http::{HeaderMap, Method};
use stage::{Played, Says, builder, config, fleet, local, ok, play, queue, status};
use strict::{Detail, Flux, QueueStatus, Submitted, read};

const BODY: &str = r#"{"prompt":"a cat","num_images":2,"seed":7}"#;
const PENDING: &str = r#"{"id":"job-7","status":"pending"}"#;
const PROCESSING: &str = r#"{"id":"job-7","status":"processing"}"#;
const DONE: &str = r#"{"id":"job-7","status":"completed","result":{"images":["https://n.example/a","https://n.example/b"]}}"#;
const FAILED: &str = r#"{"id":"job-7","status":"failed","error":"out of memory"}"#;

fn submit_at(config: &Config, url: &str, stand_in: &str) -> Played {
    let request = (url, &HeaderMap::new(), BODY.as_bytes());
    play(config, &fleet(config), request, &[status(503)], &[ok(stand_in)]).unwrap()
}

fn submit(config: &Config, stand_in: &str) -> Submitted {
    read(submit_at(config, &queue("fal-ai/flux/dev"), stand_in).answer.as_ref().unwrap())
}

fn ask(config: &Config, url: &str, stand_in: &[Says]) -> Played {
    local(config, &Method::GET, url, stand_in)
}

#[test]
fn a_submit_is_answered_by_exactly_200_and_all_that_any_client_needs() {
    for host in ["https://queue.fal.run", "https://queue.falrun.com"] {
        for (model, app) in [
            ("fal-ai/flux/dev", "fal-ai/flux"),
            ("fal-ai/flux-pro/v1.1-ultra", "fal-ai/flux-pro"),
            ("fal-ai/fast-sdxl", "fal-ai/fast-sdxl"),
        ] {
            for says in [PENDING, PROCESSING, DONE] {
                let played = submit_at(&config(), &format!("{host}/{model}"), says);
                let answer = played.answer.as_ref().unwrap();
                assert_eq!((answer.status().as_u16(), played.posts()), (200, 1));
                let submitted: Submitted = read(answer);
                let id = &submitted.request_id;
                assert_eq!((&*submitted.status, submitted.queue_position), ("IN_QUEUE", 0));
                assert_eq!(submitted.response_url, format!("{host}/{app}/requests/{id}"));
                assert_eq!(submitted.status_url, format!("{host}/{app}/requests/{id}/status"));
                assert_eq!(submitted.cancel_url, format!("{host}/{app}/requests/{id}/cancel"));
                assert_eq!(answer.headers()["x-fal-request-id"], **id);
                assert_eq!(answer.headers()["x-failover-served-by"], "nexaapi");
            }
        }
    }
}

#[test]
fn the_urls_are_on_the_base_that_the_caller_used() {
    let config = builder().fal_queue_url("http://127.0.0.1:9001").build().unwrap();
    let played = submit_at(&config, "http://127.0.0.1:9001/fal-ai/flux/dev?fal_max_queue_length=5", PENDING);
    let submitted: Submitted = read(played.answer.as_ref().unwrap());
    assert!(submitted.status_url.starts_with("http://127.0.0.1:9001/fal-ai/flux/requests/nx_"));
    let state = ask(&config, &submitted.status_url, &[ok(PROCESSING)]);
    assert_eq!((state.status(), &state.json()["cancel_url"]), (202, &submitted.cancel_url.into()));
}

#[test]
fn a_namespace_moves_owner_and_app_by_one_segment() {
    for (model, app) in [
        ("workflows/acme/painter/fast", "workflows/acme/painter"),
        ("comfy/acme/painter", "comfy/acme/painter"),
        ("acme/painter/deep/path", "acme/painter"),
    ] {
        let row = format!(
            "[[models]]\nid = \"{model}\"\nmodel = \"flux-dev\"\ntask = \"image\"\ninputs = \"flux\"\nanswer = \"flux\""
        );
        let config = builder().data(ProviderName::Fal, "acme.toml", row).build().unwrap();
        let submitted: Submitted = read(submit_at(&config, &queue(model), PENDING).answer.as_ref().unwrap());
        let url = format!("https://queue.fal.run/{app}/requests/{}", submitted.request_id);
        assert_eq!(submitted.response_url, url);
        assert_eq!(ask(&config, &url, &[ok(DONE)]).status(), 200);
    }
}

#[test]
fn legacy_ids_are_those_of_their_app() {
    let row = "[[models]]\nid = \"110602490/painter\"\nmodel = \"flux-dev\"\ntask = \"image\"\ninputs = \"flux\"\nanswer = \"flux\"";
    let config = builder().data(ProviderName::Fal, "acme.toml", row).build().unwrap();
    for url in ["https://queue.fal.run/110602490-painter", "https://queue.fal.run/110602490/painter"] {
        let submitted: Submitted = read(submit_at(&config, url, PENDING).answer.as_ref().unwrap());
        assert!(submitted.status_url.starts_with("https://queue.fal.run/110602490/painter/requests/nx_"));
    }
}

#[test]
fn a_status_is_202_until_the_job_ends() {
    let config = config();
    let submitted = submit(&config, PENDING);
    for (says, code, word, failed) in [
        (PENDING, 202, "IN_QUEUE", false),
        (PROCESSING, 202, "IN_PROGRESS", false),
        (DONE, 200, "COMPLETED", false),
        (FAILED, 200, "COMPLETED", true),
    ] {
        for (query, logs) in
            [("", false), ("?logs=1", true), ("?logs=true", true), ("?logs=0", false), ("?logs=false", false)]
        {
            let played = ask(&config, &format!("{}{query}", submitted.status_url), &[ok(says)]);
            assert_eq!(played.asked(), ["GET https://api.nexa-api.com/v1/jobs/job-7"]);
            assert_eq!(played.status(), code, "{says}");
            let state: QueueStatus = read(played.answer.as_ref().unwrap());
            assert_eq!(state.said(), (word, failed), "{says}");
            let body = played.json();
            assert_eq!(body["logs"].is_array(), logs, "{query}");
            for (key, value) in [
                ("request_id", &submitted.request_id),
                ("response_url", &submitted.response_url),
                ("status_url", &submitted.status_url),
                ("cancel_url", &submitted.cancel_url),
            ] {
                assert_eq!(body[key], **value, "the same names for as long as it lives");
            }
            assert!(!body.to_string().contains("out of memory"), "the stand-in's words are its own");
        }
    }
}

#[test]
fn a_result_is_the_models_own_answer_or_says_why_there_is_none() {
    let config = config();
    let submitted = submit(&config, PENDING);
    let done = ask(&config, &submitted.response_url, &[ok(DONE)]);
    let flux: Flux = read(done.answer.as_ref().unwrap());
    let urls: Vec<_> = flux.images.iter().map(|image| &*image.url).collect();
    assert_eq!((done.status(), urls), (200, vec!["https://n.example/a", "https://n.example/b"]));
    assert_eq!((flux.seed, &*flux.prompt), (7, "a cat"));
    assert_eq!((flux.images[0].width, flux.images[0].height), (1024, 768), "as was asked for");
    assert_eq!(done.answer.unwrap().headers()["x-fal-request-id"], *submitted.request_id);

    for (says, code) in [(PENDING, 400), (PROCESSING, 400), (FAILED, 500)] {
        let played = ask(&config, &submitted.response_url, &[ok(says)]);
        let detail: Detail = read(played.answer.as_ref().unwrap());
        assert_eq!((played.status(), detail.error_type.is_some()), (code, code == 500), "{says}");
    }
}

#[test]
fn more_images_than_were_asked_for_stay_with_the_job() {
    let config = config();
    let request = (&*queue("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let played = play(&config, &fleet(&config), request, &[status(503)], &[ok(PENDING)]).unwrap();
    let submitted: Submitted = read(played.answer.as_ref().unwrap());
    let flux: Flux = read(ask(&config, &submitted.response_url, &[ok(DONE)]).answer.as_ref().unwrap());
    assert_eq!(flux.images.len(), 1);
}

#[test]
fn a_stream_tells_the_states_until_the_job_ends() {
    let config = config();
    let submitted = submit(&config, PENDING);
    let stream = |says: &[Says]| {
        let played = ask(&config, &format!("{}/stream?logs=1", submitted.status_url), says);
        let answer = played.answer.as_ref().unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        let text = String::from_utf8(answer.body().clone()).unwrap();
        let events = text.strip_suffix("\n\n").unwrap().split("\n\n");
        let states: Vec<_> = events
            .map(|event| {
                let data = event.strip_prefix("data: ").unwrap();
                serde_json::from_str::<QueueStatus>(data).unwrap().said()
            })
            .collect();
        (states, played)
    };
    let (states, played) = stream(&[ok(PENDING), ok(PROCESSING), ok(PROCESSING), ok(DONE)]);
    assert_eq!(states, [("IN_QUEUE", false), ("IN_PROGRESS", false), ("COMPLETED", false)]);
    assert_eq!((played.sent.len(), played.posts()), (4, 0));
    assert_eq!(played.pauses, [Duration::from_secs(2); 3]);
    assert_eq!(stream(&[ok(PROCESSING), ok(FAILED)]).0, [("IN_PROGRESS", false), ("COMPLETED", true)]);
    assert_eq!(stream(&[ok(DONE)]).0.last(), Some(&("COMPLETED", false)));
}

/// Nobody is kept waiting for ever, and what cannot be asked for at the moment may go on.
#[test]
fn a_stream_ends_with_the_state_that_it_has_come_to() {
    let config = config();
    let url = format!("{}/stream", submit(&config, PENDING).status_url);
    for (says, last) in [
        (&[ok(PENDING), ok(PROCESSING)][..], "IN_PROGRESS"),
        (&[ok(PROCESSING), status(503)], "IN_PROGRESS"),
        (&[ok(PENDING), Says::Nothing(Fault::Timeout)], "IN_QUEUE"),
    ] {
        let played = ask(&config, &url, says);
        let answer = played.answer.as_ref().unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let text = String::from_utf8(answer.body().clone()).unwrap();
        let event = text.trim_end().rsplit("data: ").next().unwrap();
        assert_eq!(serde_json::from_str::<QueueStatus>(event).unwrap().said(), (last, false));
        assert!(played.pauses.iter().sum::<Duration>() <= Duration::from_secs(600) && played.posts() == 0);
    }
}

#[test]
fn what_a_result_lacks_is_reported_with_it() {
    let config = config();
    let submitted = submit(&config, PENDING);
    let one = r#"{"status":"completed","url":"https://n.example/a","nsfw":false}"#;
    let played = ask(&config, &submitted.response_url, &[ok(one)]);
    assert_eq!(played.losses(), ["num_images short"]);
    assert_eq!(played.answer.unwrap().headers()["x-failover-lossy"], "num_images short");
    assert!(ask(&config, &submitted.status_url, &[ok(PROCESSING)]).losses().is_empty());
}

#[test]
fn a_cancel_comes_too_late_and_asks_nobody() {
    let config = config();
    for says in [PENDING, DONE] {
        let submitted = submit(&config, says);
        let played = local(&config, &Method::PUT, &submitted.cancel_url, &[]);
        assert_eq!(played.json(), serde_json::json!({"status": "ALREADY_COMPLETED"}));
        assert_eq!((played.status(), played.sent.len()), (400, 0));
    }
}

#[test]
fn what_is_known_already_is_asked_of_nobody() {
    let config = config();
    let submitted = submit(&config, DONE);
    for (url, code) in [
        (submitted.status_url.clone(), 200),
        (format!("{}/stream", submitted.status_url), 200),
        (submitted.response_url.clone(), 200),
    ] {
        let played = ask(&config, &url, &[]);
        assert_eq!((played.status(), played.sent.len()), (code, 0), "{url}");
    }
}

/// The clients build a job's URLs from the model's id, as far as owner and app.
#[test]
fn ids_that_are_not_of_this_app_or_not_ours_to_read_are_unknown_here() {
    let config = config();
    let id = submit(&config, PENDING).request_id;
    let short = &id[..id.len() - 3];
    for (method, url) in [
        (Method::GET, format!("https://queue.fal.run/fal-ai/flux-pro/requests/{id}")),
        (Method::GET, format!("https://queue.fal.run/fal-ai/flux/dev/requests/{id}/status")),
        (Method::GET, format!("https://queue.fal.run/fal-ai/flux/requests/{id}/")),
        (Method::GET, format!("https://queue.fal.run/fal-ai/flux/requests/{id}/logs")),
        (Method::DELETE, format!("https://queue.fal.run/fal-ai/flux/requests/{id}")),
        (Method::POST, format!("https://queue.fal.run/fal-ai/flux/requests/{id}")),
        (Method::GET, format!("https://queue.fal.run/fal-ai/flux/requests/{short}/status")),
        (Method::GET, format!("https://queue.fal.run/fal-ai/flux/requests/{id}AAAA")),
        (Method::PUT, format!("https://queue.fal.run/fal-ai/flux/requests/{short}/cancel")),
        (Method::GET, "https://queue.fal.run/fal-ai/flux/requests/nx_".to_owned()),
        (Method::GET, "https://queue.fal.run/fal-ai/flux/requests/nx_bm8/status/stream".to_owned()),
    ] {
        let played = local(&config, &method, &url, &[]);
        assert_eq!((played.status(), played.sent.len()), (404, 0), "{method} {url}");
        let _: Detail = read(played.answer.as_ref().unwrap());
    }
}

#[test]
fn the_ids_of_others_pass() {
    let config = config();
    for (method, url) in [
        (Method::GET, "https://queue.fal.run/fal-ai/flux/requests/764cabcf-b745-4b3e-ae38-1200304cf45b"),
        (
            Method::GET,
            "https://queue.fal.run/fal-ai/flux/requests/764cabcf-b745-4b3e-ae38-1200304cf45b/status",
        ),
        (
            Method::PUT,
            "https://queue.fal.run/fal-ai/flux/requests/764cabcf-b745-4b3e-ae38-1200304cf45b/cancel",
        ),
        (Method::GET, "https://queue.fal.run/fal-ai/flux/requests/nx"),
        (Method::GET, "https://queue.fal.run/fal-ai/flux/dev"),
    ] {
        let request = (&method, url, &HeaderMap::new(), &b""[..]);
        assert!(stage::send(&config, &fleet(&config), request, &[], &[]).is_none(), "{method} {url}");
    }
}

#[test]
fn a_submit_with_a_webhook_is_not_failed_over_and_the_note_says_why() {
    let config = config();
    for query in ["fal_webhook=https%3A%2F%2Fme.example%2Fhook", "fal_max_queue_length=3&fal_webhook=x"] {
        let url = format!("{}?{query}", queue("fal-ai/flux/dev"));
        let played = submit_at(&config, &url, DONE);
        assert!(played.answer.is_none() && played.sent.is_empty());
        let provenance = played.provenance.as_ref().unwrap();
        assert!(played.note().contains("fal_webhook") && !format!("{provenance:?}").contains("me.example"));
        assert_eq!((provenance.served.as_ref(), provenance.status), (None, Some(503)));
    }
}

#[test]
fn a_submit_that_nobody_takes_is_fals_own_refusal() {
    for says in [r#"{"error":"no"}"#, "{}", "<html>", r#"{"status":"pending"}"#] {
        let played = submit_at(&config(), &queue("fal-ai/flux/dev"), says);
        assert!(played.answer.is_none(), "{says}");
        assert_eq!(played.faults()[0], Some(Fault::Overloaded));
    }
    let unnamed = submit_at(&config(), &queue("fal-ai/flux/dev"), r#"{"status":"pending"}"#);
    assert!(unnamed.note().contains("did not name it"));
}
