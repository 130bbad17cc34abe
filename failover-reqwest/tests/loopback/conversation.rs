//! Attempts on a stand-in that take more than one request, and answers whose body must be read to be judged.

use std::time::Duration;

use crate::scene::{FLUX_SCHNELL, NEXA_KEY, REPLICATE_KEY, Scene};
use crate::scene::{client, json_of, pass, prompt, provenance, served_by};
use failover_reqwest::{Fault, ProviderName, Triggers};
use failover_testkit::{JobEnd, Reply};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const THROTTLED: &str = r#"{"detail":"Request was throttled. Your rate limit resets in ~20s.","status":429}"#;

#[tokio::test]
async fn fals_caller_waits_for_a_job_of_nexas() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.nexa.jobs(3);
    let response = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nexaapi")));
    assert_eq!(provenance(&response).attempts.len(), 2, "the conversation is one attempt");
    assert!(json_of(response).await["images"][0]["url"].is_string());
    assert_eq!(scene.counts(), [1, 0, 5]);
    let seen = scene.nexa.seen();
    assert_eq!(seen.iter().filter(|seen| seen.method == "POST").count(), 1);
    for question in seen.iter().filter(|seen| seen.method == "GET") {
        assert!(question.body.is_empty() && question.header("content-length").is_none(), "{question:?}");
    }
}

#[tokio::test]
async fn a_prediction_is_waited_for_as_long_as_the_caller_said() {
    let scene = Scene::new();
    scene.replicate.always(Reply::status(500));
    scene.nexa.jobs(2);
    let response = scene.ask_replicate(&scene.client(), FLUX_SCHNELL, &json!({ "input": prompt() })).await;
    assert_eq!(json_of(response).await["status"], "succeeded");
    assert_eq!(scene.counts(), [0, 1, 4]);

    let patient = client(scene.builder().poll_interval(Duration::from_secs(2)).build().unwrap());
    let request = patient.post(format!("{}{FLUX_SCHNELL}", scene.replicate.url()));
    let request = request.header("Prefer", "wait=1").header("Authorization", REPLICATE_KEY);
    let response = request.json(&json!({ "input": prompt() })).send().await.unwrap();
    assert_eq!(response.headers()["preference-applied"], "wait=1");
    assert_eq!(json_of(response).await["status"], "starting", "the next question would come too late");
    assert_eq!(scene.counts(), [0, 2, 5]);
}

#[tokio::test]
async fn a_job_that_fails_or_never_ends_leaves_the_own_answer() {
    for (end, fault) in [(JobEnd::Failed, Fault::ErrorInSuccess), (JobEnd::Never, Fault::Timeout)] {
        let scene = Scene::new();
        scene.fal.always(Reply::json(503, r#"{"detail":"the very own words"}"#));
        scene.nexa.jobs(1);
        scene.nexa.jobs_end(end);
        let client = client(scene.builder().stand_in_limit(Duration::from_millis(200)).build().unwrap());
        let response = scene.ask_fal(&client, &prompt()).await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(provenance(&response).attempts.last().unwrap().fault, Some(fault));
        assert!(provenance(&response).maybe_billed);
        assert_eq!(json_of(response).await, json!({ "detail": "the very own words" }));
        let posts = scene.nexa.seen().iter().filter(|seen| seen.method == "POST").count();
        assert_eq!((posts, scene.fal.count()), (1, 1), "what was accepted is not asked for again: {end:?}");
    }
}

#[tokio::test]
async fn files_that_are_wanted_as_data_are_fetched_without_a_key() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.nexa.media_here(true);
    let failover = scene.builder().media_host(ProviderName::Nexa, scene.nexa.url()).build().unwrap();
    let body = json!({ "prompt": "a lighthouse", "sync_mode": true, "num_images": 2 });
    let response = scene.ask_fal(&client(failover), &body).await.unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
    let answer = json_of(response).await;
    for image in answer["images"].as_array().expect("a list") {
        assert!(image["url"].as_str().unwrap().starts_with("data:image/png;base64,"), "{image}");
    }
    assert_eq!(scene.counts(), [1, 0, 3]);
    for file in &scene.nexa.seen()[1..] {
        assert!(file.method == "GET" && file.path.starts_with("/media/"), "{file:?}");
        assert!(file.header("authorization").is_none() && !file.mentions(NEXA_KEY));
        assert!(file.body.is_empty() && file.header("content-length").is_none(), "{file:?}");
    }
}

#[tokio::test]
async fn a_file_elsewhere_or_behind_a_redirect_is_not_fetched() {
    let body = json!({ "prompt": "a lighthouse", "sync_mode": true });
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.nexa.media_here(true);
    let response = scene.ask_fal(&scene.client(), &body).await.unwrap();
    assert_eq!((served_by(&response), scene.counts()), (Some("nobody"), [1, 0, 1]), "no host was declared");

    let elsewhere = failover_testkit::Provider::nexa();
    let away = Reply::status(302).header("Location", &format!("{}/media/a.png", elsewhere.url()));
    scene.nexa.script([Reply::healthy(), away]);
    let failover = scene.builder().media_host(ProviderName::Nexa, scene.nexa.url()).build().unwrap();
    let response = scene.ask_fal(&client(failover), &body).await.unwrap();
    assert_eq!((served_by(&response), elsewhere.count()), (Some("nobody"), 0));
}

#[tokio::test]
async fn a_hint_in_replicates_body_is_respected_until_its_moment() {
    let scene = Scene::new();
    let client = scene.client();
    let body = json!({ "input": prompt() });
    scene.replicate.script([Reply::json(429, THROTTLED)]);
    let ask = async || served_by(&scene.ask_replicate(&client, FLUX_SCHNELL, &body).await).map(str::to_owned);
    assert_eq!(ask().await.as_deref(), Some("nexaapi"));
    pass(Duration::from_secs(18)).await;
    assert_eq!(ask().await.as_deref(), Some("nexaapi"));
    pass(Duration::from_secs(3)).await;
    assert_eq!(ask().await, None);
    assert_eq!(scene.counts(), [0, 2, 2]);
}

#[tokio::test]
async fn an_answer_that_was_read_to_be_judged_comes_back_byte_for_byte() {
    let long = format!("{{\"detail\":\"{}\"}}", "x".repeat(3_000_000));
    for body in [THROTTLED, "", "{ \"odd\" :\r\n1e0 }", long.as_str()] {
        let scene = Scene::new();
        scene.fal.always(Reply::json(429, body).header("x-own", "kept"));
        scene.nexa.always(Reply::status(402));
        let response = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (429, Some("nobody")));
        assert_eq!(response.headers()["x-own"], "kept");
        assert!(response.url().as_str().starts_with(&scene.fal.url()));
        assert_eq!(response.content_length(), Some(body.len() as u64));
        assert!(response.text().await.unwrap() == body);
    }
}

#[tokio::test]
async fn an_answer_that_was_read_and_is_the_callers_is_untouched() {
    let scene = Scene::new();
    let failover = scene.builder().triggers(Triggers::default().out_of_credit(true)).build().unwrap();
    let client = client(failover);
    scene.fal.script([Reply::json(403, r#"{"detail":"Not yours"}"#)]);
    let response = scene.ask_fal(&client, &prompt()).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (403, None));
    assert_eq!(response.text().await.unwrap(), r#"{"detail":"Not yours"}"#);
    scene.fal.script([Reply::status(403)]); // "Exhausted balance"
    assert_eq!(served_by(&scene.ask_fal(&client, &prompt()).await.unwrap()), Some("nexaapi"));
    assert_eq!(scene.counts(), [2, 0, 1]);
}

/// A FAL of which the second half of an answer arrives when `go` says so.
async fn halting(go: tokio::sync::oneshot::Receiver<()>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 429 Slow\r\ncontent-length: 10\r\n\r\nfirst").await.unwrap();
        go.await.unwrap();
        stream.write_all(b" half").await.unwrap();
    });
    url
}

#[tokio::test]
async fn a_body_that_halts_is_waited_for_no_longer_than_a_second() {
    let scene = Scene::new();
    let (send, go) = tokio::sync::oneshot::channel();
    let halting = halting(go).await;
    scene.nexa.always(Reply::status(402));
    let failover = scene.builder().provider_url(ProviderName::Fal, halting.as_str()).build().unwrap();
    let request = client(failover).post(format!("{halting}/fal-ai/flux/dev")).json(&prompt());
    let response = request.send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), served_by(&response), scene.nexa.count()),
        (429, Some("nobody"), 1)
    );
    send.send(()).unwrap();
    assert_eq!(response.text().await.unwrap(), "first half");
}

/// Runs `call` until NexaAPI has seen so many requests, and drops it then.
async fn drop_at(
    scene: &Scene,
    count: usize,
    call: impl Future<Output = reqwest_middleware::Result<reqwest::Response>>,
) {
    let watch = async {
        while scene.nexa.count() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = call => panic!("it was answered"),
        () = watch => {}
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_at_any_point_of_a_conversation_leaves_the_breakers_in_order() {
    let scene = Scene::new();
    let client = scene.client();
    scene.nexa.jobs_end(JobEnd::Never);
    scene.nexa.jobs(1);
    let body = prompt();
    // In the middle of a submit, of questions, and of the pauses between them.
    scene.fal.always(Reply::status(503));
    for count in 1..=12 {
        scene.nexa.forget();
        drop_at(&scene, count, scene.ask_fal(&client, &body)).await;
    }
    scene.nexa.jobs_end(JobEnd::Completed);
    let response = scene.ask_fal(&client, &body).await.unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"), "nobody's breaker but FAL's is open");
    assert!(provenance(&response).skipped.iter().all(|passed| passed.provider == ProviderName::Fal));
}

#[tokio::test]
async fn a_probe_that_is_dropped_in_a_conversation_is_given_back() {
    for (interval, requests) in [(Duration::from_secs(20), 1), (Duration::from_millis(1), 2)] {
        let scene = Scene::new();
        let client = client(scene.builder().poll_interval(interval).build().unwrap());
        scene.fal.always(Reply::status(503));
        scene.nexa.always(Reply::status(500));
        for _ in 0..3 {
            assert_eq!(served_by(&scene.ask_fal(&client, &prompt()).await.unwrap()), Some("nobody"));
        }
        assert_eq!(scene.nexa.count(), 3, "the third failure has opened its breaker");
        pass(Duration::from_secs(40)).await;
        scene.nexa.heal();
        scene.nexa.forget();
        scene.nexa.jobs(1);
        // It hangs in its pause after the submit, or in the question after that.
        scene.nexa.script([Reply::healthy(), Reply::silence()]);
        let body = prompt();
        let probe = tokio::time::timeout(Duration::from_millis(100), scene.ask_fal(&client, &body));
        assert!(probe.await.is_err(), "the probe was answered");
        assert_eq!(scene.nexa.count(), requests);
        scene.nexa.heal();
        scene.nexa.jobs(0);
        let next = scene.ask_fal(&client, &body).await.unwrap();
        assert_eq!(served_by(&next), Some("nexaapi"), "the next call probes");
    }
}
