//! FAL's own proxy protocol, as its client for browsers speaks it.

use failover_testkit::Reply;
use serde_json::{Value, json};

use crate::scene::{CALLERS_KEY, FAL_KEY, Running, Scene, json_of, served_by};

const TARGET: &str = "x-fal-target-url";

async fn ask(gateway: &Running, target: &str) -> reqwest::Response {
    let request = gateway.post("/api/fal/proxy", &json!({ "prompt": "a cat" })).header(TARGET, target);
    let request = request.header("x-fal-queue-priority", "normal").header("x-csrf-token", "the-pages-own");
    request.header("cookie", "session=1").send().await.unwrap()
}

#[tokio::test]
async fn the_gateways_key_is_added_and_nothing_of_the_page_goes_along() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let response = ask(&gateway, "https://fal.run/fal-ai/flux/dev").await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, None));
    let seen = scene.fal.seen().pop().unwrap();
    assert_eq!((seen.path.as_str(), seen.header(TARGET)), ("/fal-ai/flux/dev", None));
    assert_eq!(seen.header("authorization"), Some(format!("Key {FAL_KEY}").as_str()));
    assert_eq!(seen.header("x-fal-queue-priority"), Some("normal"));
    assert!(!seen.mentions("the-pages-own") && !seen.mentions("session=1"));
    // A caller that has a key is asked for with that.
    let request =
        gateway.post("/api/fal/proxy", &json!({})).header(TARGET, "https://fal.run/fal-ai/flux/dev");
    request.header("authorization", format!("Key {CALLERS_KEY}")).send().await.unwrap();
    let seen = scene.fal.seen().pop().unwrap();
    assert_eq!(seen.header("authorization"), Some(format!("Key {CALLERS_KEY}").as_str()));
    scene.fal.always(Reply::status(503));
    assert_eq!(served_by(&ask(&gateway, "https://fal.run/fal-ai/flux/dev").await), Some("nexaapi"));
    scene.assert_no_key_leaked();
}

#[tokio::test]
async fn a_job_is_asked_for_at_fals_own_host() {
    let scene = Scene::new();
    scene.queue.script([Reply::status(503)]);
    scene.nexa.jobs(1);
    let gateway = scene.gateway().await;
    let job = json_of(ask(&gateway, "https://queue.fal.run/fal-ai/flux/dev").await).await;
    let status = job["status_url"].as_str().unwrap();
    assert!(status.starts_with("https://queue.fal.run/fal-ai/flux/requests/nx_"), "{job}");
    let mut said = Value::Null;
    while said["status"] != "COMPLETED" {
        let request = gateway.get("/api/fal/proxy").header(TARGET, format!("{status}?logs=1"));
        said = json_of(request.send().await.unwrap()).await;
    }
    let request = gateway.get("/api/fal/proxy").header(TARGET, job["response_url"].as_str().unwrap());
    assert!(json_of(request.send().await.unwrap()).await["images"][0]["url"].is_string());
    assert_eq!(scene.queue.count(), 1);
}

#[tokio::test]
async fn only_fals_hosts_are_asked() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let odd = [
        "https://evil.example/fal-ai/flux/dev",
        "https://fal.run.evil.example/fal-ai/flux/dev",
        "https://evilfal.run/fal-ai/flux/dev",
        "https://evil.example/?fal.run",
        "http://fal.run/fal-ai/flux/dev",
        "https://fal.run:8443/fal-ai/flux/dev",
        "https://fal.run@evil.example/fal-ai/flux/dev",
        "https://user@fal.run/fal-ai/flux/dev",
        "https://evil.example\\@fal.run/fal-ai/flux/dev",
        "https://rest.fal.ai/tokens/",
        "https://rest.fal.ai/storage/upload/initiate/../../../tokens/",
        "file:///etc/passwd",
        "fal.run/fal-ai/flux/dev",
        "",
    ];
    for target in odd {
        let response = ask(&gateway, target).await;
        assert_eq!(response.status(), 412, "{target}");
        assert!(json_of(response).await["detail"].is_string());
    }
    let without = gateway.post("/api/fal/proxy", &json!({})).send().await.unwrap();
    assert_eq!(without.status(), 400);
    assert_eq!((scene.fal.count(), scene.queue.count(), scene.nexa.count()), (0, 0, 0));
}

#[tokio::test]
async fn without_any_key_nobody_is_asked() {
    let scene = Scene::new();
    let gateway = Running::new(scene.builder(), |settings| settings.fal_key = None).await;
    let response = ask(&gateway, "https://fal.run/fal-ai/flux/dev").await;
    assert_eq!((response.status().as_u16(), scene.fal.count()), (401, 0));
}
