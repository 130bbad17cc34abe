//! Jobs that were failed over: submitted, asked for, fetched and cancelled as the asked provider's own, in any process.

use crate::drop_in::wire;
use crate::scene::{Caller, FAL_KEY, FLUX_SCHNELL, NEXA_KEY, REPLICATE_KEY, Scene, Way};
use crate::scene::{json_of, post, prompt, provenance, served_by, text_of, to};
use failover_testkit::{JobEnd, Provider, Reply, Seen};
use isahc::Body;
use isahc::http::{Method, Response};
use serde_json::{Value, json};

const SDXL: &str = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc";

fn ask(caller: &Caller, method: Method, url: &str, key: &str) -> Response<Body> {
    caller.send(to(method, url).header("Authorization", key), "").unwrap()
}

fn get(caller: &Caller, url: &Value) -> Response<Body> {
    ask(caller, Method::GET, url.as_str().expect("a URL"), FAL_KEY)
}

/// As a client does that polls by itself: without `Prefer`.
fn create(scene: &Scene, caller: &Caller, body: &Value) -> Response<Body> {
    let url = format!("{}{FLUX_SCHNELL}", scene.replicate.url());
    caller.send(post(&url).header("Authorization", REPLICATE_KEY), body.to_string()).unwrap()
}

fn methods(provider: &Provider) -> Vec<String> {
    provider.seen().into_iter().map(|seen| seen.method).collect()
}

/// FAL's queue refuses the submit, and NexaAPI takes the job.
fn submitted(scene: &Scene, caller: &Caller) -> Value {
    scene.queue.script([Reply::status(503)]);
    let response = scene.submit(caller, &prompt());
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nexaapi")));
    json_of(response)
}

#[test]
fn a_queue_job_is_polled_to_its_end_and_fetched() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.nexa.jobs(2);
        let caller = scene.caller();
        let job = submitted(&scene, &caller);
        assert_eq!(job["status"], "IN_QUEUE");
        let home =
            format!("{}/fal-ai/flux/requests/{}", scene.queue.url(), job["request_id"].as_str().unwrap());
        assert_eq!(
            (&job["response_url"], &job["status_url"]),
            (&json!(home), &json!(format!("{home}/status")))
        );

        for expected in [(202, "IN_QUEUE"), (202, "IN_PROGRESS"), (200, "COMPLETED")] {
            let response = get(&caller, &json!(format!("{home}/status?logs=1")));
            let code = response.status().as_u16();
            let status = json_of(response);
            assert_eq!((code, status["status"].as_str().unwrap()), expected);
            assert_eq!((&status["request_id"], &status["logs"]), (&job["request_id"], &json!([])));
        }
        let result = get(&caller, &job["response_url"]);
        assert_eq!((result.status().as_u16(), served_by(&result)), (200, Some("nexaapi")));
        let result = json_of(result);
        assert!(result["images"][0]["url"].is_string() && result["timings"].is_object(), "{result}");
        assert_eq!(result["prompt"], prompt()["prompt"]);

        assert_eq!(methods(&scene.nexa), ["POST", "GET", "GET", "GET", "GET"], "one generation");
        assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 5]), "FAL saw the submit only");
        assert_eq!(scene.seen.lock().unwrap().len(), 1, "the submit was failed over, not the questions");
    }
}

#[test]
fn a_job_is_known_in_every_process() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.nexa.jobs(3);
        let job = submitted(&scene, &scene.caller());
        let asked = [("status_url", 202), ("response_url", 400), ("status_url", 202), ("status_url", 200)];
        for (url, code) in asked {
            assert_eq!(get(&scene.caller(), &job[url]).status(), code, "{url}");
        }
        let result = json_of(get(&scene.caller(), &job["response_url"]));
        assert!(result["images"][0]["url"].is_string(), "{result}");
        assert_eq!(methods(&scene.nexa), ["POST", "GET", "GET", "GET", "GET", "GET"]);
        assert_eq!((scene.queue.count(), scene.fal.count()), (1, 0));
    }
}

#[test]
fn a_result_that_is_there_at_once_is_in_the_id_and_asks_nobody() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let job = submitted(&scene, &scene.caller());
        let other = scene.caller();
        scene.nexa.always(Reply::status(500));
        let status = get(&other, &job["status_url"]);
        assert_eq!((status.status().as_u16(), served_by(&status)), (200, Some("nexaapi")));
        let events = get(&other, &json!(format!("{}/stream", job["status_url"].as_str().unwrap())));
        assert_eq!(events.headers()["content-type"], "text/event-stream");
        assert!(text_of(events).contains("COMPLETED"));
        let result = json_of(get(&other, &job["response_url"]));
        assert!(result["images"][0]["url"].is_string(), "{result}");
        assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 1]));
    }
}

#[test]
fn a_status_stream_lasts_until_the_job_is_done() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.nexa.jobs(3);
        let caller = scene.caller();
        let job = submitted(&scene, &caller);
        let events = get(&caller, &json!(format!("{}/stream?logs=1", job["status_url"].as_str().unwrap())));
        let events = text_of(events);
        let states = events.split("\n\n").filter_map(|event| {
            let status: Value = serde_json::from_str(event.strip_prefix("data: ")?).expect("JSON");
            Some(status["status"].as_str().expect("a word").to_owned())
        });
        assert_eq!(states.collect::<Vec<_>>(), ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
        assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 5]));
    }
}

#[test]
fn a_cancel_comes_too_late_for_fal_and_shows_replicate_how_it_stands() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.nexa.jobs(5);
        let caller = scene.caller();
        let job = submitted(&scene, &caller);
        let cancel = ask(&caller, Method::PUT, job["cancel_url"].as_str().unwrap(), FAL_KEY);
        assert_eq!(cancel.status(), 400);
        assert_eq!(json_of(cancel), json!({ "status": "ALREADY_COMPLETED" }));
        assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 0, 1]), "nobody was told");

        scene.replicate.script([Reply::status(503)]);
        let job = json_of(create(&scene, &caller, &json!({ "input": prompt() })));
        let url = job["urls"]["cancel"].as_str().unwrap();
        let cancel = ask(&caller, Method::POST, url, REPLICATE_KEY);
        assert_eq!(cancel.status(), 200);
        assert_eq!(json_of(cancel)["status"], "starting");
        assert_eq!(scene.counts(), [0, 1, 3]);
        assert_eq!(methods(&scene.nexa).pop().unwrap(), "GET");
    }
}

#[test]
fn a_job_that_fails_or_is_lost_fails_in_fals_words_and_starts_nothing() {
    for way in Way::BOTH {
        for end in [JobEnd::Failed, JobEnd::Cancelled] {
            let scene = Scene::new(way);
            scene.nexa.jobs(1);
            scene.nexa.jobs_end(end);
            let caller = scene.caller();
            let job = submitted(&scene, &caller);
            assert_eq!(get(&caller, &job["status_url"]).status(), 202);
            let status = get(&caller, &job["status_url"]);
            assert_eq!(status.status(), 200);
            let status = json_of(status);
            assert!(status["status"] == "COMPLETED" && status["error"].is_string(), "{end:?}: {status}");
            let result = get(&caller, &job["response_url"]);
            assert_eq!(result.status(), 500, "{end:?}");
            assert!(json_of(result)["detail"].is_string());
            assert_eq!(methods(&scene.nexa), ["POST", "GET", "GET", "GET"], "{end:?}");
            assert_eq!(scene.queue.count(), 1);
        }
    }
}

#[test]
fn a_job_that_cannot_be_asked_for_right_now_can_be_asked_for_later() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.nexa.jobs(1);
        let caller = scene.caller();
        let job = submitted(&scene, &caller);
        scene.nexa.script([Reply::reset()]);
        assert_eq!(get(&caller, &job["status_url"]).status(), 202, "one lost question is asked again");
        scene.nexa.always(Reply::status(503));
        let status = get(&caller, &job["status_url"]);
        assert_eq!((status.status().as_u16(), scene.queue.count()), (503, 1));
        scene.nexa.heal();
        assert_eq!(get(&caller, &job["status_url"]).status(), 200, "whatever the breaker says");
        assert_eq!(methods(&scene.nexa).iter().filter(|method| *method == "POST").count(), 1);
    }
}

#[test]
fn an_id_that_looks_like_ours_is_asked_of_nobody() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        let (queue, replicate) = (scene.queue.url(), scene.replicate.url());
        for id in ["nx_", "nx_garbage", "nx_eyJhIjoiZmFsIn0", "nx_..%2f..%2fadmin"] {
            for end in ["", "/status", "/status/stream", "/unknown"] {
                let url = format!("{queue}/fal-ai/flux/requests/{id}{end}");
                assert_eq!(ask(&caller, Method::GET, &url, FAL_KEY).status(), 404, "{url}");
            }
            let url = format!("{replicate}/v1/predictions/{id}");
            assert_eq!(ask(&caller, Method::GET, &url, REPLICATE_KEY).status(), 404, "{url}");
        }
        assert_eq!((scene.queue.count(), scene.counts()), (0, [0, 0, 0]));
    }
}

#[test]
fn a_prediction_that_is_not_waited_for_is_polled_to_its_end() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.replicate.script([Reply::status(503)]);
        scene.nexa.jobs(2);
        let caller = scene.caller();
        let input = json!({ "prompt": "a lighthouse", "num_outputs": 2 });
        let response = create(&scene, &caller, &json!({ "input": input }));
        assert_eq!((response.status().as_u16(), served_by(&response)), (201, Some("nexaapi")));
        let created = json_of(response);
        assert_eq!((&created["status"], &created["input"]), (&json!("starting"), &input));
        let url = created["urls"]["get"].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/v1/predictions/nx_", scene.replicate.url())), "{url}");
        let mut last = Value::Null;
        for status in ["starting", "processing", "succeeded"] {
            let response = ask(&caller, Method::GET, url, REPLICATE_KEY);
            assert_eq!(response.status(), 200);
            last = json_of(response);
            assert_eq!(
                (&last["status"], &last["id"], &last["input"]),
                (&json!(status), &created["id"], &input)
            );
        }
        assert_eq!(last["output"].as_array().expect("a list").len(), 2);
        let elsewhere = json_of(ask(&scene.caller(), Method::GET, url, REPLICATE_KEY));
        assert_eq!((&elsewhere["status"], &elsewhere["output"]), (&last["status"], &last["output"]));
        assert_eq!(scene.counts(), [0, 1, 5]);
        assert_eq!(methods(&scene.nexa).iter().filter(|method| *method == "POST").count(), 1);
    }
}

#[test]
fn a_versions_page_is_answered_out_of_the_tables_in_an_outage_only() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        let page = format!("{}/v1/models/stability-ai/sdxl/versions/{SDXL}", scene.replicate.url());
        assert_eq!(served_by(&ask(&caller, Method::GET, &page, REPLICATE_KEY)), None);
        scene.replicate.always(Reply::status(404));
        assert_eq!(ask(&caller, Method::GET, &page, REPLICATE_KEY).status(), 404);
        scene.replicate.always(Reply::status(503));
        let response = ask(&caller, Method::GET, &page, REPLICATE_KEY);
        assert_eq!(response.status(), 200);
        assert!(provenance(&response).served.is_some());
        let version = json_of(response);
        assert_eq!((&version["id"], &version["openapi_schema"]), (&json!(SDXL), &json!({})));
        assert_eq!(scene.counts(), [0, 3, 0]);
    }
}

#[test]
fn a_healthy_queue_is_untouched() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene
            .queue
            .always(Reply::json(200, "{ \"status\" : [],\r\n\t\"odd\": 1e0 }").header("X-Own", "kept"));
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
            for caller in [scene.bare(), scene.caller()] {
                let body = if method == Method::POST { prompt().to_string() } else { String::new() };
                let request = to(method.clone(), url).header("Authorization", FAL_KEY);
                let response = caller.send(request, body).unwrap();
                assert!(response.extensions().get::<failover_isahc::Provenance>().is_none());
                answers.push((response.status(), response.headers().clone(), text_of(response)));
            }
            assert_eq!(answers[0], answers[1], "{url}");
            let [direct, through] = <[Seen; 2]>::try_from(scene.queue.seen()).expect("one request each");
            assert_eq!(wire(direct), wire(through), "{url}");
            scene.queue.forget();
        }
        // In an outage, whoever knows the job is the one to ask for it.
        scene.queue.always(Reply::status(503));
        let caller = scene.caller();
        for (method, url) in asked.into_iter().skip(1) {
            let response = ask(&caller, method, &url, FAL_KEY);
            assert_eq!((response.status().as_u16(), served_by(&response)), (503, None), "{url}");
        }
        assert_eq!((scene.queue.count(), scene.counts()), (4, [0, 0, 0]));
    }
}

#[test]
fn a_result_that_is_wanted_by_webhook_is_not_failed_over() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.queue.always(Reply::status(503));
        let caller = scene.caller();
        let url = format!("{}/fal-ai/flux/dev?fal_webhook=https://hook.example", scene.queue.url());
        let response = caller.send(post(&url), prompt().to_string()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert!(response.headers()["x-failover-note"].to_str().unwrap().contains("webhook"));
        scene.replicate.always(Reply::status(503));
        let body = json!({ "input": prompt(), "webhook": "https://hook.example" });
        let response = create(&scene, &caller, &body);
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!((scene.queue.count(), scene.counts()), (1, [0, 1, 0]));
    }
}

#[test]
fn every_server_sees_its_own_key_only_whatever_is_asked_of_a_job() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.nexa.jobs(1);
        scene.nexa.media_here(true);
        let builder = scene
            .builder()
            .outputs_as_data(true)
            .media_host(failover_isahc::ProviderName::Nexa, scene.nexa.url());
        let caller = scene.caller_of(builder);
        let job = submitted(&scene, &caller);
        for url in ["status_url", "status_url", "response_url"] {
            get(&caller, &job[url]);
        }
        scene.replicate.script([Reply::status(503)]);
        let job = json_of(create(&scene, &caller, &json!({ "input": prompt() })));
        for status in ["starting", "succeeded"] {
            let prediction = ask(&caller, Method::GET, job["urls"]["get"].as_str().unwrap(), REPLICATE_KEY);
            assert_eq!(json_of(prediction)["status"], status);
        }
        let servers = [(&scene.queue, FAL_KEY), (&scene.replicate, REPLICATE_KEY), (&scene.nexa, NEXA_KEY)];
        for (server, own) in servers {
            for seen in server.seen() {
                let file = seen.path.starts_with("/media/");
                let shown = seen.header("authorization").map(|value| value.ends_with(own));
                assert_eq!(shown, (!file).then_some(true), "{}", seen.path);
                for foreign in
                    [FAL_KEY, REPLICATE_KEY, NEXA_KEY].into_iter().filter(|key| file || *key != own)
                {
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
}
