//! The promises of the drop-in, over real sockets; what every server saw is counted.

use std::time::Duration;

use crate::scene::{FAL_KEY, FLUX_DEV, FLUX_SCHNELL, NEXA_KEY, REPLICATE_KEY, Scene, Way};
use crate::scene::{json_of, post, prompt, provenance, served_by, text_of, to};
use failover_isahc::{Provenance, ProviderName};
use failover_testkit::{Provider, Reply, Seen, refused};
use isahc::HttpClient;
use isahc::config::Configurable;
use isahc::error::ErrorKind;
use isahc::http::Method;
use serde_json::{Value, json};

/// Everything of a request that a server can see, with the order of its headers left open.
pub(crate) fn wire(mut seen: Seen) -> (String, String, Vec<(String, String)>, Vec<u8>) {
    for (name, _) in &mut seen.headers {
        name.make_ascii_lowercase();
    }
    seen.headers.sort();
    (seen.method, seen.path, seen.headers, seen.body)
}

#[test]
fn a_healthy_primary_is_untouched() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::json(200, "{ \"images\" : [],\r\n\t\"odd\": 1e0 }").header("X-Own", "kept"));
        let mut answers = Vec::new();
        for caller in [scene.bare(), scene.caller()] {
            let response = scene.ask_fal(&caller, &prompt()).unwrap();
            assert!(response.extensions().get::<Provenance>().is_none());
            let (status, headers) = (response.status(), response.headers().clone());
            answers.push((status, headers, response.body().len(), text_of(response)));
        }
        assert_eq!(answers[0], answers[1]);
        let [direct, through] = <[Seen; 2]>::try_from(scene.fal.seen()).expect("one request each");
        assert_eq!(wire(direct), wire(through));
        assert_eq!(scene.counts(), [2, 0, 0]);
        assert!(scene.seen.lock().unwrap().is_empty(), "the observer was called");
    }
}

#[test]
fn every_trigger_is_answered_by_nexa_in_the_asked_shape() {
    for (way, status) in [429, 500, 502, 503, 504].into_iter().flat_map(|s| Way::BOTH.map(|way| (way, s))) {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(status));
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert_eq!(provenance(&response).maybe_billed, matches!(status, 502 | 504), "{status}");
        let answer = json_of(response);
        assert!(answer["images"][0]["url"].is_string(), "{answer}");
        assert!(answer["timings"].is_object() && answer["seed"].is_i64() && answer["prompt"].is_string());
        assert_eq!(answer["has_nsfw_concepts"], json!([false]));
        assert_eq!(scene.counts(), [1, 0, 1]);
        assert_eq!(scene.seen.lock().unwrap().len(), 1);
    }
}

#[test]
fn a_status_that_is_no_trigger_is_the_callers() {
    for way in Way::BOTH {
        for status in [400, 401, 402, 403, 404, 422, 501] {
            let scene = Scene::new(way);
            scene.fal.always(Reply::status(status));
            let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(served_by(&response), None);
            assert_eq!(scene.counts(), [1, 0, 0]);
        }
    }
}

#[test]
fn a_timeout_that_the_caller_asked_fal_for_is_the_callers() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(504).header("X-Fal-Request-Timeout-Type", "user"));
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), scene.counts()), (504, [1, 0, 0]));
    }
}

#[test]
fn no_connection_a_reset_and_silence_are_triggers() {
    for way in Way::BOTH {
        let dead = Scene::new(way);
        let nowhere = refused();
        let caller = dead.caller_of(dead.builder().provider_url(ProviderName::Fal, &*nowhere));
        let response = caller.send(post(&format!("{nowhere}{FLUX_DEV}")), prompt().to_string()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert!(!provenance(&response).maybe_billed, "what was never sent is not billed");

        let scene = Scene::new(way);
        scene.fal.always(Reply::reset());
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert!(provenance(&response).maybe_billed);
        assert_eq!(scene.counts(), [1, 0, 1]);

        let scene = Scene::new(way);
        scene.fal.always(Reply::silence());
        let limited = scene.builder().primary_limit(Duration::from_millis(50));
        let response = scene.ask_fal(&scene.caller_of(limited), &prompt()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert!(provenance(&response).maybe_billed);
        assert_eq!(scene.counts(), [1, 0, 1]);
    }
}

#[test]
fn the_callers_own_timeout_is_a_trigger_too() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::silence());
        let hasty = HttpClient::builder().timeout(Duration::from_millis(50)).build().unwrap();
        let response = scene.ask_fal(&scene.caller_by(hasty, scene.builder()), &prompt()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert!(provenance(&response).maybe_billed, "it was sent");
        let hasty = scene.to_fal().timeout(Duration::from_millis(50));
        let response = scene.caller().send(hasty, prompt().to_string()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"), "one that the request itself says");
    }
}

#[test]
fn when_nexa_fails_too_the_own_answer_comes_back_and_every_attempt_is_named() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::json(503, r#"{"detail":"the very own words"}"#).header("x-own", "kept"));
        scene.nexa.always(Reply::status(500));
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(response.headers()["x-own"], "kept");
        let attempts = response.headers()["x-failover-attempts"].to_str().unwrap().to_owned();
        assert!(attempts.contains("503") && attempts.matches("500").count() == 2, "{attempts}");
        assert_eq!(json_of(response), json!({ "detail": "the very own words" }));
        assert_eq!(scene.counts(), [1, 0, 2]);
    }
}

#[test]
fn an_error_is_isahcs_own() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::reset());
        scene.nexa.always(Reply::status(401));
        let error = scene.ask_fal(&scene.caller(), &prompt()).unwrap_err();
        let bare = scene.ask_fal(&scene.bare(), &prompt()).unwrap_err();
        assert_eq!(error.kind(), bare.kind());
        assert_eq!((error.to_string(), error.remote_addr()), (bare.to_string(), bare.remote_addr()));
        assert!(failover_isahc::unanswered(&error).is_none());
        assert_eq!(scene.counts(), [2, 0, 1]);
        assert_eq!(scene.seen.lock().unwrap().len(), 1, "its report goes to the observer");

        let nowhere = refused();
        let caller = scene.caller_of(scene.builder().provider_url(ProviderName::Fal, &*nowhere));
        let error = caller.send(post(&format!("{nowhere}{FLUX_DEV}")), prompt().to_string()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionFailed);
    }
}

#[test]
fn what_is_not_ours_passes_through() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(503));
        scene.queue.always(Reply::status(503));
        scene.replicate.always(Reply::status(503));
        let caller = scene.caller();
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
            let response = caller.send(post(url).header("Prefer", "wait"), prompt().to_string()).unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (503, None), "{url}");
            assert!(response.extensions().get::<Provenance>().is_none());
        }
        let hash = json!({ "version": "0".repeat(64) });
        assert_eq!(served_by(&scene.ask_replicate(&caller, "/v1/predictions", &hash)), None);
        for url in [
            format!("{fal}{FLUX_DEV}"),
            format!("{replicate}/v1/predictions"),
            format!("{replicate}/v1/account"),
        ] {
            let response = caller.send(to(Method::GET, &url), "").unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (503, None), "{url}");
        }
        assert_eq!(scene.counts(), [7, 5, 0], "each was sent once");
        assert_eq!(scene.queue.count(), 2);
    }
}

#[test]
fn a_look_alike_host_gets_no_failover_and_no_key() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let evil = Provider::fal();
        evil.always(Reply::status(429));
        let by_name = scene.fal.url().replace("127.0.0.1", "localhost");
        let with_user = scene.fal.url().replace("http://", "http://fal.run@");
        let caller = scene.caller();
        scene.fal.always(Reply::status(429));
        for base in [evil.url(), by_name, with_user] {
            let response = caller.send(post(&format!("{base}{FLUX_DEV}")), prompt().to_string()).unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (429, None), "{base}");
        }
        assert_eq!(scene.nexa.count(), 0);
        assert!(evil.seen().iter().all(|seen| !seen.mentions(NEXA_KEY)));
    }
}

#[test]
fn sizes_by_name_by_object_and_by_fals_own_default() {
    let scene = Scene::new(Way::Future);
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
        assert_eq!(served_by(&scene.ask_fal(&scene.caller(), &body).unwrap()), Some("nexaapi"));
        let asked = scene.nexa_body();
        assert_eq!((&asked["width"], &asked["height"]), (&json!(width), &json!(height)), "{body}");
        assert_eq!((&asked["model"], &asked["prompt"]), (&json!("flux-dev"), &body["prompt"]));
    }
}

#[test]
fn replicates_input_is_unwrapped_and_its_outputs_are_lists_or_strings() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.replicate.always(Reply::status(500));
        let caller = scene.caller();
        let input = json!({ "prompt": "a lighthouse", "aspect_ratio": "16:9", "num_outputs": 2 });
        let response = scene.ask_replicate(&caller, FLUX_SCHNELL, &json!({ "input": input }));
        assert_eq!((response.status().as_u16(), served_by(&response)), (201, Some("nexaapi")));
        let prediction = json_of(response);
        assert_eq!(prediction["status"], "succeeded");
        assert_eq!(prediction["input"], input);
        assert_eq!(prediction["version"], "hidden");
        assert_eq!(prediction["output"].as_array().expect("a list").len(), 2);
        let get = prediction["urls"]["get"].as_str().unwrap();
        assert!(get.starts_with(&scene.replicate.url()), "the base that the caller used: {get}");
        let asked = scene.nexa_body();
        let size = (&asked["width"], &asked["height"], &asked["n"]);
        assert_eq!(size, (&json!(1344), &json!(768), &json!(2)));
        assert_eq!(asked["prompt"], "a lighthouse");

        let pro =
            json!({ "version": "black-forest-labs/flux-1.1-pro", "input": { "prompt": "a lighthouse" } });
        let prediction = json_of(scene.ask_replicate(&caller, "/v1/predictions", &pro));
        assert!(prediction["output"].is_string(), "{prediction}");
        assert_eq!(scene.nexa_body()["model"], "flux-pro-1.1");
    }
}

#[test]
fn every_server_sees_its_own_key_only() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(429));
        scene.replicate.always(Reply::status(500));
        let own = HttpClient::builder().default_header("X-Api-Key", "caller-secret").build().unwrap();
        let caller = scene.caller_by(own, scene.builder());
        let private = [
            ("Cookie", "sid=caller-secret"),
            ("X-Internal", "caller-secret"),
            ("X-Fal-Queue-Priority", "low"),
        ];
        let request =
            private.iter().fold(scene.to_fal(), |request, (name, value)| request.header(*name, *value));
        let response = caller.send(request, prompt().to_string()).unwrap();
        assert!(!format!("{:?}", provenance(&response)).contains("secret"));
        assert!(!format!("{:?}", caller.us()).contains("secret"));
        scene.ask_replicate(&caller, FLUX_SCHNELL, &json!({ "input": prompt() }));
        let servers = [(&scene.fal, FAL_KEY), (&scene.replicate, REPLICATE_KEY), (&scene.nexa, NEXA_KEY)];
        for (server, own) in servers {
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
}

#[test]
fn fal_is_told_not_to_repeat_only_if_the_user_says_so() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let told = scene.caller_of(scene.builder().fal_no_retry(true));
        scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        scene.ask_fal(&told, &prompt()).unwrap();
        told.send(scene.to_fal().header("X-Fal-No-Retry", "0"), prompt().to_string()).unwrap();
        scene.ask_replicate(&told, FLUX_SCHNELL, &json!({ "input": prompt() }));
        let said = |seen: &Seen| seen.header("x-fal-no-retry").map(str::to_owned);
        let said: Vec<_> = scene.fal.seen().iter().chain(&scene.replicate.seen()).map(said).collect();
        assert_eq!(said, [None, Some("1".to_owned()), Some("0".to_owned()), None]);
    }
}
