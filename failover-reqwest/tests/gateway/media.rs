//! Replicate and FAL, with jobs that are asked for at the gateway.

use failover_testkit::Reply;
use serde_json::{Value, json};

use crate::scene::{CALLERS_KEY, NEXA_KEY, Running, Scene, json_of, served_by};

const SCHNELL: &str = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions";

fn prompt() -> Value {
    json!({ "prompt": "a lighthouse at dusk" })
}

async fn create(gateway: &Running) -> Value {
    let request = gateway.post(SCHNELL, &json!({ "input": prompt() })).bearer_auth(CALLERS_KEY);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    json_of(response).await
}

/// Follows a URL out of an answer, as a client does: with its key, wherever it leads.
async fn follow(gateway: &Running, url: &Value) -> reqwest::Response {
    let url = url.as_str().expect("a URL");
    assert!(url.starts_with(&gateway.base), "{url} leads around the gateway");
    gateway.client.get(url).header("authorization", format!("Key {CALLERS_KEY}")).send().await.unwrap()
}

#[tokio::test]
async fn a_prediction_is_polled_through_the_gateway_whoever_makes_it() {
    for down in [false, true] {
        let scene = Scene::new();
        if down {
            scene.replicate.script([Reply::status(503)]);
        }
        scene.nexa.jobs(1);
        let gateway = scene.gateway().await;
        let mut prediction = create(&gateway).await;
        let home = format!("{}/replicate/v1/predictions/", gateway.base);
        assert!(prediction["urls"]["get"].as_str().unwrap().starts_with(&home), "{prediction}");
        assert!(prediction["urls"]["cancel"].as_str().unwrap().starts_with(&home), "{prediction}");
        while prediction["status"] != "succeeded" {
            prediction = json_of(follow(&gateway, &prediction["urls"]["get"]).await).await;
        }
        assert!(prediction["output"][0].is_string() && prediction["input"] == prompt(), "{prediction}");
        let (asked, made) = (scene.replicate.count(), scene.nexa.count() > 0);
        assert_eq!((asked == 1, made), (down, down), "who does not know the job is not asked for it");
        scene.assert_no_key_leaked();
    }
}

#[tokio::test]
async fn only_the_urls_of_an_answer_are_changed() {
    let scene = Scene::new();
    let own = scene.replicate.url();
    let said = format!(
        r#"{{ "id": "p1","input":{{"prompt":"{own}/v1/x"}},  "odd":1.50e0, "logs":"\u00e9 {own}/v1",
        "urls":{{"get":"{own}/v1/predictions/p1","web":"https://replicate.com/p/p1",
        "cancel":"https:\/\/api.replicate.com/v1/predictions/p1/cancel"}},"next":null,"output":["{own}/v1/f"]}}"#
    );
    scene.replicate.always(Reply::json(200, &said));
    let gateway = scene.gateway().await;
    let response = gateway.get("/replicate/v1/predictions/p1").bearer_auth(CALLERS_KEY).send().await.unwrap();
    let base = format!("{}/replicate", gateway.base);
    let expected = said
        .replace(&format!("\"get\":\"{own}"), &format!("\"get\":\"{base}"))
        .replace("https:\\/\\/api.replicate.com", &base);
    assert_eq!(response.text().await.unwrap(), expected);
    // A page of predictions has each of them, and its neighbours.
    let page =
        format!(r#"{{"previous":null,"next":"{own}/v1/predictions?cursor=2","results":[{said},{said}]}}"#);
    scene.replicate.always(Reply::json(200, &page));
    let response = gateway.get("/replicate/v1/predictions").bearer_auth(CALLERS_KEY).send().await.unwrap();
    let page = format!(
        r#"{{"previous":null,"next":"{base}/v1/predictions?cursor=2","results":[{expected},{expected}]}}"#
    );
    assert_eq!(response.text().await.unwrap(), page);
}

#[tokio::test]
async fn an_answer_whose_urls_are_of_an_odd_kind_is_handed_on() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    for said in [r#"{"urls":[1],"results":{"a":1},"next":5}"#, "[]", "no JSON", r#"{"urls":"#, ""] {
        scene.replicate.always(Reply::json(200, said));
        let response = gateway.get("/replicate/v1/predictions/p1").bearer_auth(CALLERS_KEY).send().await;
        assert_eq!(response.unwrap().text().await.unwrap(), said);
    }
}

#[tokio::test]
async fn fal_is_answered_for_at_once() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let ask = || {
        let request = gateway.post("/fal/fal-ai/flux/dev", &prompt());
        request.header("authorization", format!("Key {CALLERS_KEY}")).send()
    };
    let healthy = ask().await.unwrap();
    assert_eq!((healthy.status().as_u16(), served_by(&healthy)), (200, None));
    assert_eq!(scene.fal.seen()[0].path, "/fal-ai/flux/dev");
    scene.fal.always(Reply::status(429));
    let rescued = ask().await.unwrap();
    assert_eq!((rescued.status().as_u16(), served_by(&rescued)), (200, Some("nexaapi")));
    assert!(json_of(rescued).await["images"][0]["url"].is_string());
    assert!(scene.nexa.seen()[0].header("authorization").unwrap().ends_with(NEXA_KEY));
    scene.assert_no_key_leaked();
}

#[tokio::test]
async fn a_job_in_fals_queue_is_followed_through_the_gateway_whoever_does_it() {
    for down in [false, true] {
        let scene = Scene::new();
        if down {
            scene.queue.script([Reply::status(503)]);
        }
        scene.nexa.jobs(2);
        let gateway = scene.gateway().await;
        let request = gateway.post("/queue/fal-ai/flux/dev", &prompt());
        let response = request.header("authorization", format!("Key {CALLERS_KEY}")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let job = json_of(response).await;
        for url in ["status_url", "response_url", "cancel_url"] {
            let home = format!("{}/queue/fal-ai/flux/requests/", gateway.base);
            assert!(job[url].as_str().unwrap().starts_with(&home), "{job}");
        }
        loop {
            let status = json_of(follow(&gateway, &job["status_url"]).await).await;
            assert!(status["response_url"].as_str().unwrap().starts_with(&gateway.base), "{status}");
            if status["status"] == "COMPLETED" {
                break;
            }
        }
        let result = json_of(follow(&gateway, &job["response_url"]).await).await;
        assert!(result["images"][0]["url"].is_string(), "{result}");
        assert_eq!((scene.queue.count() == 1, scene.nexa.count() > 0), (down, down));
        scene.assert_no_key_leaked();
    }
}

#[tokio::test]
async fn the_events_of_a_job_lead_to_the_gateway_too() {
    for down in [false, true] {
        let scene = Scene::new();
        if down {
            scene.queue.script([Reply::status(503)]);
        } else {
            // As the events may arrive: in pieces that are no lines.
            scene.queue.script([Reply::healthy(), Reply::healthy().chunks_of(7)]);
        }
        let gateway = scene.gateway().await;
        let request = gateway.post("/queue/fal-ai/flux/dev", &prompt());
        let job = json_of(request.send().await.unwrap()).await;
        let stream = json!(format!("{}/stream", job["status_url"].as_str().unwrap()));
        let events = follow(&gateway, &stream).await;
        assert_eq!(events.headers()["content-type"], "text/event-stream");
        let events = events.text().await.unwrap();
        let mut last = Value::Null;
        for event in events.split("\n\n").filter_map(|event| event.strip_prefix("data: ")) {
            last = serde_json::from_str(event).expect("JSON");
            assert_eq!(last["status_url"], job["status_url"], "{events}");
        }
        assert_eq!(last["status"], "COMPLETED", "{events}");
    }
}

#[tokio::test]
async fn the_caller_may_know_the_gateway_by_another_name() {
    let scene = Scene::new();
    let change =
        |it: &mut crate::app::Settings| it.public_url = Some("https://gateway.example/ai".to_owned());
    let gateway = Running::new(scene.builder(), change).await;
    let prediction = create(&gateway).await;
    let url = prediction["urls"]["get"].as_str().unwrap();
    assert!(url.starts_with("https://gateway.example/ai/replicate/v1/predictions/"), "{url}");
    let gateway = scene.gateway().await;
    let named = gateway.base.replace("127.0.0.1", "localhost");
    let request = gateway.post(SCHNELL, &json!({ "input": prompt() })).bearer_auth(CALLERS_KEY);
    let request = request.header("host", named.trim_start_matches("http://"));
    let url = json_of(request.send().await.unwrap()).await["urls"]["get"].clone();
    assert!(url.as_str().unwrap().starts_with(&named), "{url}");
}
