//! The promises of the drop-in, over real sockets; what every server saw is counted.

use std::time::Duration;

use crate::scene::{FAL_KEY, FLUX_DEV, FLUX_SCHNELL, NEXA_KEY, REPLICATE_KEY, Scene};
use crate::scene::{client, json_of, prompt, provenance, served_by};
use failover_testkit::{Provider, Reply, Seen, refused};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error};
use serde_json::{Value, json};

pub(crate) fn bare() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).build()
}

/// Everything of a request that a server can see, with the order of its headers left open.
pub(crate) fn wire(mut seen: Seen) -> (String, String, Vec<(String, String)>, Vec<u8>) {
    for (name, _) in &mut seen.headers {
        name.make_ascii_lowercase();
    }
    seen.headers.sort();
    (seen.method, seen.path, seen.headers, seen.body)
}

#[tokio::test]
async fn a_healthy_primary_is_untouched() {
    let scene = Scene::new();
    scene.fal.always(Reply::json(200, "{ \"images\" : [],\r\n\t\"odd\": 1e0 }").header("X-Own", "kept"));
    let mut answers = Vec::new();
    for client in [bare(), scene.client()] {
        let response = scene.ask_fal(&client, &prompt()).await.unwrap();
        assert!(response.extensions().get::<failover_reqwest::Provenance>().is_none());
        answers.push((response.status(), response.headers().clone(), response.bytes().await.unwrap()));
    }
    assert_eq!(answers[0], answers[1]);
    let [direct, through] = <[Seen; 2]>::try_from(scene.fal.seen()).expect("one request each");
    assert_eq!(wire(direct), wire(through));
    assert_eq!(scene.counts(), [2, 0, 0]);
    assert!(scene.seen.lock().unwrap().is_empty(), "the observer was called");
}

#[tokio::test]
async fn every_trigger_is_answered_by_nexa_in_the_asked_shape() {
    for status in [429, 500, 502, 503, 504] {
        let scene = Scene::new();
        scene.fal.always(Reply::status(status));
        let response = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert_eq!(provenance(&response).maybe_billed, matches!(status, 502 | 504), "{status}");
        assert_eq!(response.url().path(), FLUX_DEV, "it says where it was asked");
        let answer = json_of(response).await;
        assert!(answer["images"][0]["url"].is_string(), "{answer}");
        assert!(answer["timings"].is_object() && answer["seed"].is_i64() && answer["prompt"].is_string());
        assert_eq!(answer["has_nsfw_concepts"], json!([false]));
        assert_eq!(scene.counts(), [1, 0, 1]);
        assert_eq!(scene.seen.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_status_that_is_no_trigger_is_the_callers() {
    for status in [400, 401, 402, 403, 404, 422, 501] {
        let scene = Scene::new();
        scene.fal.always(Reply::status(status));
        let response = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(served_by(&response), None);
        assert_eq!(scene.counts(), [1, 0, 0]);
    }
}

#[tokio::test]
async fn a_timeout_that_the_caller_asked_fal_for_is_the_callers() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(504).header("X-Fal-Request-Timeout-Type", "user"));
    let response = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
    assert_eq!((response.status().as_u16(), scene.counts()), (504, [1, 0, 0]));
}

#[tokio::test]
async fn no_connection_a_reset_and_silence_are_triggers() {
    let dead = Scene::new();
    let nowhere = refused();
    let failover =
        dead.builder().provider_url(failover_reqwest::ProviderName::Fal, &*nowhere).build().unwrap();
    let response =
        client(failover).post(format!("{nowhere}{FLUX_DEV}")).json(&prompt()).send().await.unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
    assert!(!provenance(&response).maybe_billed, "what was never sent is not billed");

    let scene = Scene::new();
    scene.fal.always(Reply::reset());
    let response = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
    assert!(provenance(&response).maybe_billed);
    assert_eq!(scene.counts(), [1, 0, 1]);

    let scene = Scene::new();
    scene.fal.always(Reply::silence());
    let limited = scene.builder().primary_limit(Duration::from_millis(50)).build().unwrap();
    let response = scene.ask_fal(&client(limited), &prompt()).await.unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
    assert!(provenance(&response).maybe_billed);
    assert_eq!(scene.counts(), [1, 0, 1]);
}

#[tokio::test]
async fn the_callers_own_timeout_is_a_trigger_too() {
    let scene = Scene::new();
    scene.fal.always(Reply::silence());
    let hasty = reqwest::Client::builder().timeout(Duration::from_millis(50)).build().unwrap();
    let client = ClientBuilder::new(hasty).with(scene.builder().build().unwrap()).build();
    let response = scene.ask_fal(&client, &prompt()).await.unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
}

#[tokio::test]
async fn when_nexa_fails_too_the_own_answer_comes_back_and_every_attempt_is_named() {
    let scene = Scene::new();
    scene.fal.always(Reply::json(503, r#"{"detail":"the very own words"}"#).header("x-own", "kept"));
    scene.nexa.always(Reply::status(500));
    let response = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
    assert_eq!(response.headers()["x-own"], "kept");
    let attempts = response.headers()["x-failover-attempts"].to_str().unwrap().to_owned();
    assert!(attempts.contains("503") && attempts.matches("500").count() == 2, "{attempts}");
    assert_eq!(json_of(response).await, json!({ "detail": "the very own words" }));
    assert_eq!(scene.counts(), [1, 0, 2]);
}

#[tokio::test]
async fn an_error_keeps_its_type() {
    let scene = Scene::new();
    scene.fal.always(Reply::reset());
    scene.nexa.always(Reply::status(401));
    let error = scene.ask_fal(&scene.client(), &prompt()).await.unwrap_err();
    assert!(matches!(&error, Error::Reqwest(own) if own.is_request() && !own.is_connect()), "{error:?}");
    assert_eq!(scene.counts(), [1, 0, 1]);
    assert_eq!(scene.seen.lock().unwrap().len(), 1, "its report goes to the observer");
}

#[tokio::test]
async fn what_is_not_ours_passes_through() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.queue.always(Reply::status(503));
    scene.replicate.always(Reply::status(503));
    let client = scene.client();
    let (fal, queue, replicate) = (scene.fal.url(), scene.queue.url(), scene.replicate.url());
    let others = [
        format!("{fal}/fal-ai/flux-pro/kontext"),
        format!("{fal}/fal-ai/flux/dev/stream"),
        format!("{fal}/fal-ai/flux/dev/"),
        format!("{fal}/fal-ai/flux/dev?fal_webhook=https://hook.example"),
        format!("{fal}/fal-ai/flux"),
        format!("{fal}/fal-ai/kling-video/v9/standard/text-to-video"),
        format!("{queue}/fal-ai/flux-pro/kontext"),
        format!("{queue}/fal-ai/flux/dev?unknown=1"),
        format!("{replicate}/v1/models/black-forest-labs/flux-dev-lora/predictions"),
        format!("{replicate}/v1/deployments/acme/flux/predictions"),
    ];
    for url in &others {
        let response = client.post(url).header("Prefer", "wait").json(&prompt()).send().await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, None), "{url}");
        assert!(response.extensions().get::<failover_reqwest::Provenance>().is_none());
    }
    let hash = json!({ "version": "0".repeat(64) });
    assert_eq!(served_by(&scene.ask_replicate(&client, "/v1/predictions", &hash).await), None);
    for url in
        [format!("{fal}{FLUX_DEV}"), format!("{replicate}/v1/predictions"), format!("{replicate}/v1/account")]
    {
        let response = client.get(&url).send().await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, None), "{url}");
    }
    assert_eq!(scene.counts(), [7, 5, 0], "each was sent once");
    assert_eq!(scene.queue.count(), 2);
}

#[tokio::test]
async fn a_look_alike_host_gets_no_failover_and_no_key() {
    let scene = Scene::new();
    let evil = Provider::fal();
    evil.always(Reply::status(429));
    let by_name = scene.fal.url().replace("127.0.0.1", "localhost");
    let client = scene.client();
    scene.fal.always(Reply::status(429));
    for base in [evil.url(), by_name] {
        let response = client.post(format!("{base}{FLUX_DEV}")).json(&prompt()).send().await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (429, None), "{base}");
    }
    assert_eq!(scene.nexa.count(), 0);
    assert!(evil.seen().iter().all(|seen| !seen.mentions(NEXA_KEY)));
}

#[tokio::test]
async fn sizes_by_name_by_object_and_by_fals_own_default() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(429));
    for (size, width, height) in [
        (Value::Null, 1024, 768),
        (json!("square_hd"), 1024, 1024),
        (json!("portrait_16_9"), 576, 1024),
        (json!({ "width": 640, "height": 384 }), 640, 384),
    ] {
        let mut body = prompt();
        if !size.is_null() {
            body["image_size"] = size;
        }
        let failover = scene.builder().build().unwrap();
        assert_eq!(served_by(&scene.ask_fal(&client(failover), &body).await.unwrap()), Some("nexaapi"));
        let asked = scene.nexa_body();
        assert_eq!((&asked["width"], &asked["height"]), (&json!(width), &json!(height)), "{body}");
        assert_eq!((&asked["model"], &asked["prompt"]), (&json!("flux-dev"), &body["prompt"]));
    }
}

#[tokio::test]
async fn replicates_input_is_unwrapped_and_its_outputs_are_lists_or_strings() {
    let scene = Scene::new();
    scene.replicate.always(Reply::status(500));
    let client = scene.client();
    let input = json!({ "prompt": "a lighthouse", "aspect_ratio": "16:9", "num_outputs": 2 });
    let response = scene.ask_replicate(&client, FLUX_SCHNELL, &json!({ "input": input })).await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (201, Some("nexaapi")));
    let prediction = json_of(response).await;
    assert_eq!(prediction["status"], "succeeded");
    assert_eq!(prediction["input"], input);
    assert_eq!(prediction["version"], "hidden");
    assert_eq!(prediction["output"].as_array().expect("a list").len(), 2);
    let get = prediction["urls"]["get"].as_str().unwrap();
    assert!(get.starts_with(&scene.replicate.url()), "the base that the caller used: {get}");
    let asked = scene.nexa_body();
    assert_eq!((&asked["width"], &asked["height"], &asked["n"]), (&json!(1344), &json!(768), &json!(2)));
    assert_eq!(asked["prompt"], "a lighthouse");

    let pro = json!({ "version": "black-forest-labs/flux-1.1-pro", "input": { "prompt": "a lighthouse" } });
    let prediction = json_of(scene.ask_replicate(&client, "/v1/predictions", &pro).await).await;
    assert!(prediction["output"].is_string(), "{prediction}");
    assert_eq!(scene.nexa_body()["model"], "flux-pro-1.1");
}

#[tokio::test]
async fn every_server_sees_its_own_key_only() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(429));
    scene.replicate.always(Reply::status(500));
    let client = scene.client();
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let private =
        [("Cookie", "sid=caller-secret"), ("X-Internal", "caller-secret"), ("X-Fal-Queue-Priority", "low")];
    let mut request = client.post(url).header("Authorization", FAL_KEY);
    for (name, value) in private {
        request = request.header(name, value);
    }
    let response = request.json(&prompt()).send().await.unwrap();
    assert!(!format!("{:?}", provenance(&response)).contains("secret"));
    scene.ask_replicate(&client, FLUX_SCHNELL, &json!({ "input": prompt() })).await;
    for (server, own) in [(&scene.fal, FAL_KEY), (&scene.replicate, REPLICATE_KEY), (&scene.nexa, NEXA_KEY)] {
        for seen in server.seen() {
            assert!(seen.header("authorization").expect("a key").ends_with(own));
            for foreign in [FAL_KEY, REPLICATE_KEY, NEXA_KEY].into_iter().filter(|key| *key != own) {
                let secret = foreign.rsplit(' ').next().unwrap();
                assert!(!seen.mentions(secret), "{secret} reached {}", server.url());
            }
        }
    }
    for seen in scene.nexa.seen() {
        assert!(!seen.mentions("caller-secret") && seen.header("x-fal-queue-priority").is_none());
    }
}

#[tokio::test]
async fn fal_is_told_not_to_repeat_only_if_the_user_says_so() {
    let scene = Scene::new();
    let told = client(scene.builder().fal_no_retry(true).build().unwrap());
    scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
    scene.ask_fal(&told, &prompt()).await.unwrap();
    let own_word = told.post(format!("{}{FLUX_DEV}", scene.fal.url())).header("X-Fal-No-Retry", "0");
    own_word.json(&prompt()).send().await.unwrap();
    scene.ask_replicate(&told, FLUX_SCHNELL, &json!({ "input": prompt() })).await;
    let said = |seen: &Seen| seen.header("x-fal-no-retry").map(str::to_owned);
    let said: Vec<_> = scene.fal.seen().iter().chain(&scene.replicate.seen()).map(said).collect();
    assert_eq!(said, [None, Some("1".to_owned()), Some("0".to_owned()), None]);
}
