//! Jobs that were failed over: submitted, asked for, fetched and cancelled as the asked provider's own, in any process.

use crate::drop_in::{bare, wire};
use crate::scene::{FAL_KEY, FLUX_SCHNELL, NEXA_KEY, REPLICATE_KEY, Scene};
use crate::scene::{client, json_of, prompt, provenance, served_by};
use failover_testkit::{JobEnd, Provider, Reply, Seen};
use http::Method;
use reqwest::Response;
use reqwest_middleware::ClientWithMiddleware;
use serde_json::{Value, json};

const SDXL: &str = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc";

async fn ask(client: &ClientWithMiddleware, method: Method, url: &str, key: &str) -> Response {
    client.request(method, url).header("Authorization", key).send().await.unwrap()
}

async fn get(client: &ClientWithMiddleware, url: &Value) -> Response {
    ask(client, Method::GET, url.as_str().expect("a URL"), FAL_KEY).await
}

/// As a client does that polls by itself: without `Prefer`.
async fn create(scene: &Scene, client: &ClientWithMiddleware, body: &Value) -> Response {
    let url = format!("{}{FLUX_SCHNELL}", scene.replicate.url());
    client.post(url).header("Authorization", REPLICATE_KEY).json(body).send().await.unwrap()
}

fn methods(provider: &Provider) -> Vec<String> {
    provider.seen().into_iter().map(|seen| seen.method).collect()
}

/// FAL's queue refuses the submit, and NexaAPI takes the job.
async fn submitted(scene: &Scene, client: &ClientWithMiddleware) -> Value {
    scene.queue.script([Reply::status(503)]);
    let response = scene.submit(client, &prompt()).await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nexaapi")));
    json_of(response).await
}

#[tokio::test]
async fn a_queue_job_is_polled_to_its_end_and_fetched() {
    let scene = Scene::new();
    scene.nexa.jobs(2);
    let client = scene.client();
    let job = submitted(&scene, &client).await;
    assert_eq!(job["status"], "IN_QUEUE");
    let home = format!("{}/fal-ai/flux/requests/{}", scene.queue.url(), job["request_id"].as_str().unwrap());
    assert_eq!((&job["response_url"], &job["status_url"]), (&json!(home), &json!(format!("{home}/status"))));

    for expected in [(202, "IN_QUEUE"), (202, "IN_PROGRESS"), (200, "COMPLETED")] {
        let response = get(&client, &json!(format!("{home}/status?logs=1"))).await;
        assert_eq!(response.url().as_str(), format!("{home}/status?logs=1"), "it says where it was asked");
        let code = response.status().as_u16();
        let status = json_of(response).await;
        assert_eq!((code, status["status"].as_str().unwrap()), expected);
        assert_eq!((&status["request_id"], &status["logs"]), (&job["request_id"], &json!([])));
    }
    let result = get(&client, &job["response_url"]).await;
    assert_eq!((result.status().as_u16(), served_by(&result)), (200, Some("nexaapi")));
    let result = json_of(result).await;
    assert!(result["images"][0]["url"].is_string() && result["timings"].is_object(), "{result}");
    assert_eq!(result["prompt"], prompt()["prompt"]);

    assert_eq!(methods(&scene.nexa), ["POST", "GET", "GET", "GET", "GET"], "one generation");
    assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 5]), "FAL saw the submit only");
    assert_eq!(scene.seen.lock().unwrap().len(), 1, "the submit was failed over, not the questions");
}

#[tokio::test]
async fn a_job_is_known_in_every_process() {
    let scene = Scene::new();
    scene.nexa.jobs(3);
    let job = submitted(&scene, &scene.client()).await;
    let asked = [("status_url", 202), ("response_url", 400), ("status_url", 202), ("status_url", 200)];
    for (url, code) in asked {
        assert_eq!(get(&scene.client(), &job[url]).await.status(), code, "{url}");
    }
    let result = json_of(get(&scene.client(), &job["response_url"]).await).await;
    assert!(result["images"][0]["url"].is_string(), "{result}");
    assert_eq!(methods(&scene.nexa), ["POST", "GET", "GET", "GET", "GET", "GET"]);
    assert_eq!((scene.queue.count(), scene.fal.count()), (1, 0));
}

#[tokio::test]
async fn a_result_that_is_there_at_once_is_in_the_id_and_asks_nobody() {
    let scene = Scene::new();
    let job = submitted(&scene, &scene.client()).await;
    let other = scene.client();
    scene.nexa.always(Reply::status(500));
    let status = get(&other, &job["status_url"]).await;
    assert_eq!((status.status().as_u16(), served_by(&status)), (200, Some("nexaapi")));
    let events = get(&other, &json!(format!("{}/stream", job["status_url"].as_str().unwrap()))).await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert!(events.text().await.unwrap().contains("COMPLETED"));
    let result = json_of(get(&other, &job["response_url"]).await).await;
    assert!(result["images"][0]["url"].is_string(), "{result}");
    assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 1]));
}

#[tokio::test]
async fn a_status_stream_lasts_until_the_job_is_done() {
    let scene = Scene::new();
    scene.nexa.jobs(3);
    let client = scene.client();
    let job = submitted(&scene, &client).await;
    let events = get(&client, &json!(format!("{}/stream?logs=1", job["status_url"].as_str().unwrap()))).await;
    let events = events.text().await.unwrap();
    let states = events.split("\n\n").filter_map(|event| {
        let status: Value = serde_json::from_str(event.strip_prefix("data: ")?).expect("JSON");
        Some(status["status"].as_str().expect("a word").to_owned())
    });
    assert_eq!(states.collect::<Vec<_>>(), ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
    assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 5]));
}

#[tokio::test]
async fn a_cancel_comes_too_late_for_fal_and_shows_replicate_how_it_stands() {
    let scene = Scene::new();
    scene.nexa.jobs(5);
    let client = scene.client();
    let job = submitted(&scene, &client).await;
    let cancel = ask(&client, Method::PUT, job["cancel_url"].as_str().unwrap(), FAL_KEY).await;
    assert_eq!(cancel.status(), 400);
    assert_eq!(json_of(cancel).await, json!({ "status": "ALREADY_COMPLETED" }));
    assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 1]), "nobody was told");

    scene.replicate.script([Reply::status(503)]);
    let job = json_of(create(&scene, &client, &json!({ "input": prompt() })).await).await;
    let url = job["urls"]["cancel"].as_str().unwrap();
    let cancel = ask(&client, Method::POST, url, REPLICATE_KEY).await;
    assert_eq!(cancel.status(), 200);
    assert_eq!(json_of(cancel).await["status"], "starting");
    assert_eq!(scene.counts(), [0, 1, 3]);
    assert_eq!(methods(&scene.nexa).pop().unwrap(), "GET");
}

#[tokio::test]
async fn a_job_that_fails_or_is_lost_fails_in_fals_words_and_starts_nothing() {
    for end in [JobEnd::Failed, JobEnd::Cancelled] {
        let scene = Scene::new();
        scene.nexa.jobs(1);
        scene.nexa.jobs_end(end);
        let client = scene.client();
        let job = submitted(&scene, &client).await;
        assert_eq!(get(&client, &job["status_url"]).await.status(), 202);
        let status = get(&client, &job["status_url"]).await;
        assert_eq!(status.status(), 200);
        let status = json_of(status).await;
        assert!(status["status"] == "COMPLETED" && status["error"].is_string(), "{end:?}: {status}");
        let result = get(&client, &job["response_url"]).await;
        assert_eq!(result.status(), 500, "{end:?}");
        assert!(json_of(result).await["detail"].is_string());
        assert_eq!(methods(&scene.nexa), ["POST", "GET", "GET", "GET"], "{end:?}");
        assert_eq!(scene.queue.count(), 1);
    }
}

#[tokio::test]
async fn a_job_that_cannot_be_asked_for_right_now_can_be_asked_for_later() {
    let scene = Scene::new();
    scene.nexa.jobs(1);
    let client = scene.client();
    let job = submitted(&scene, &client).await;
    scene.nexa.script([Reply::reset()]);
    assert_eq!(get(&client, &job["status_url"]).await.status(), 202, "one lost question is asked again");
    scene.nexa.always(Reply::status(503));
    let status = get(&client, &job["status_url"]).await;
    assert_eq!((status.status().as_u16(), scene.queue.count()), (503, 1));
    scene.nexa.heal();
    assert_eq!(get(&client, &job["status_url"]).await.status(), 200, "whatever the breaker says");
    assert_eq!(methods(&scene.nexa).iter().filter(|method| *method == "POST").count(), 1);
}

#[tokio::test]
async fn an_id_that_looks_like_ours_is_asked_of_nobody() {
    let scene = Scene::new();
    let client = scene.client();
    let (queue, replicate) = (scene.queue.url(), scene.replicate.url());
    for id in ["nx_", "nx_garbage", "nx_eyJhIjoiZmFsIn0", "nx_..%2f..%2fadmin"] {
        for end in ["", "/status", "/status/stream", "/unknown"] {
            let url = format!("{queue}/fal-ai/flux/requests/{id}{end}");
            assert_eq!(ask(&client, Method::GET, &url, FAL_KEY).await.status(), 404, "{url}");
        }
        let url = format!("{replicate}/v1/predictions/{id}");
        assert_eq!(ask(&client, Method::GET, &url, REPLICATE_KEY).await.status(), 404, "{url}");
    }
    assert_eq!((scene.queue.count(), scene.counts()), (0, [0, 0, 0]));
}

#[tokio::test]
async fn a_prediction_that_is_not_waited_for_is_polled_to_its_end() {
    let scene = Scene::new();
    scene.replicate.script([Reply::status(503)]);
    scene.nexa.jobs(2);
    let client = scene.client();
    let input = json!({ "prompt": "a lighthouse", "num_outputs": 2 });
    let response = create(&scene, &client, &json!({ "input": input })).await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (201, Some("nexaapi")));
    let created = json_of(response).await;
    assert_eq!((&created["status"], &created["input"]), (&json!("starting"), &input));
    let url = created["urls"]["get"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/v1/predictions/nx_", scene.replicate.url())), "{url}");
    let mut last = Value::Null;
    for status in ["starting", "processing", "succeeded"] {
        let response = ask(&client, Method::GET, url, REPLICATE_KEY).await;
        assert_eq!(response.status(), 200);
        last = json_of(response).await;
        assert_eq!((&last["status"], &last["id"], &last["input"]), (&json!(status), &created["id"], &input));
    }
    assert_eq!(last["output"].as_array().expect("a list").len(), 2);
    let elsewhere = json_of(ask(&scene.client(), Method::GET, url, REPLICATE_KEY).await).await;
    assert_eq!((&elsewhere["status"], &elsewhere["output"]), (&last["status"], &last["output"]));
    assert_eq!(scene.counts(), [0, 1, 5]);
    assert_eq!(methods(&scene.nexa).iter().filter(|method| *method == "POST").count(), 1);
}

#[tokio::test]
async fn a_versions_page_is_answered_out_of_the_tables_in_an_outage_only() {
    let scene = Scene::new();
    let client = scene.client();
    let page = format!("{}/v1/models/stability-ai/sdxl/versions/{SDXL}", scene.replicate.url());
    assert_eq!(served_by(&ask(&client, Method::GET, &page, REPLICATE_KEY).await), None);
    scene.replicate.always(Reply::status(404));
    assert_eq!(ask(&client, Method::GET, &page, REPLICATE_KEY).await.status(), 404);
    scene.replicate.always(Reply::status(503));
    let response = ask(&client, Method::GET, &page, REPLICATE_KEY).await;
    assert_eq!(response.status(), 200);
    assert!(provenance(&response).served.is_some());
    let version = json_of(response).await;
    assert_eq!((&version["id"], &version["openapi_schema"]), (&json!(SDXL), &json!({})));
    assert_eq!(scene.counts(), [0, 3, 0]);
}

#[tokio::test]
async fn a_healthy_queue_is_untouched() {
    let scene = Scene::new();
    scene.queue.always(Reply::json(200, "{ \"status\" : [],\r\n\t\"odd\": 1e0 }").header("X-Own", "kept"));
    let home = format!("{}/fal-ai/flux/requests/3d5a9c2e-0000-4000-8000-000000000001", scene.queue.url());
    let asked = [
        (Method::POST, format!("{}/fal-ai/flux/dev", scene.queue.url())),
        (Method::GET, format!("{home}/status?logs=1")),
        (Method::GET, format!("{home}/status/stream")),
        (Method::GET, home.clone()),
        (Method::PUT, format!("{home}/cancel")),
    ];
    for (method, url) in &asked {
        let mut answers = Vec::new();
        for client in [bare(), scene.client()] {
            let mut request = client.request(method.clone(), url).header("Authorization", FAL_KEY);
            if method == Method::POST {
                request = request.json(&prompt());
            }
            let response = request.send().await.unwrap();
            assert!(response.extensions().get::<failover_reqwest::Provenance>().is_none());
            answers.push((response.status(), response.headers().clone(), response.bytes().await.unwrap()));
        }
        assert_eq!(answers[0], answers[1], "{url}");
        let [direct, through] = <[Seen; 2]>::try_from(scene.queue.seen()).expect("one request each");
        assert_eq!(wire(direct), wire(through), "{url}");
        scene.queue.forget();
    }
    // In an outage, whoever knows the job is the one to ask for it.
    scene.queue.always(Reply::status(503));
    let client = scene.client();
    for (method, url) in asked.into_iter().skip(1) {
        let response = ask(&client, method, &url, FAL_KEY).await;
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, None), "{url}");
    }
    assert_eq!((scene.queue.count(), scene.counts()), (4, [0, 0, 0]));
}

#[tokio::test]
async fn a_result_that_is_wanted_by_webhook_is_not_failed_over() {
    let scene = Scene::new();
    scene.queue.always(Reply::status(503));
    let client = scene.client();
    let url = format!("{}/fal-ai/flux/dev?fal_webhook=https://hook.example", scene.queue.url());
    let response = client.post(url).json(&prompt()).send().await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
    assert!(response.headers()["x-failover-note"].to_str().unwrap().contains("webhook"));
    scene.replicate.always(Reply::status(503));
    let body = json!({ "input": prompt(), "webhook": "https://hook.example" });
    let response = create(&scene, &client, &body).await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
    assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 1, 0]));
}

#[tokio::test]
async fn every_server_sees_its_own_key_only_whatever_is_asked_of_a_job() {
    let scene = Scene::new();
    scene.nexa.jobs(1);
    scene.nexa.media_here(true);
    let failover = scene
        .builder()
        .outputs_as_data(true)
        .media_host(failover_reqwest::ProviderName::Nexa, scene.nexa.url());
    let client = client(failover.build().unwrap());
    let job = submitted(&scene, &client).await;
    for url in ["status_url", "status_url", "response_url"] {
        get(&client, &job[url]).await;
    }
    scene.replicate.script([Reply::status(503)]);
    let job = json_of(create(&scene, &client, &json!({ "input": prompt() })).await).await;
    for status in ["starting", "succeeded"] {
        let prediction = ask(&client, Method::GET, job["urls"]["get"].as_str().unwrap(), REPLICATE_KEY).await;
        assert_eq!(json_of(prediction).await["status"], status);
    }
    let servers = [(&scene.queue, FAL_KEY), (&scene.replicate, REPLICATE_KEY), (&scene.nexa, NEXA_KEY)];
    for (server, own) in servers {
        for seen in server.seen() {
            let file = seen.path.starts_with("/media/");
            let shown = seen.header("authorization").map(|value| value.ends_with(own));
            assert_eq!(shown, (!file).then_some(true), "{}", seen.path);
            for foreign in [FAL_KEY, REPLICATE_KEY, NEXA_KEY].into_iter().filter(|key| file || *key != own) {
                let secret = foreign.rsplit(' ').next().unwrap();
                assert!(!seen.mentions(secret), "{secret} reached {}", server.url());
            }
            if seen.method == "GET" {
                assert!(seen.body.is_empty() && seen.header("content-length").is_none(), "{seen:?}");
            }
        }
    }
    assert!(scene.nexa.seen().iter().any(|seen| seen.path.starts_with("/media/")), "no file was fetched");
}
