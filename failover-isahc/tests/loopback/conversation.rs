//! Attempts on a stand-in that take more than one request, and answers whose body must be read to be judged.

use std::time::Duration;

use std::io::Write;
use std::sync::{Mutex, mpsc};

use crate::raw::Raw;
use crate::scene::{FLUX_SCHNELL, NEXA_KEY, REPLICATE_KEY, Scene, Way};
use crate::scene::{json_of, post, prompt, provenance, served_by, text_of};
use failover_isahc::{Fault, ProviderName, Triggers};
use failover_testkit::{JobEnd, Reply};
use isahc::ResponseExt;
use serde_json::json;

const THROTTLED: &str = r#"{"detail":"Request was throttled. Your rate limit resets in ~20s.","status":429}"#;

#[test]
fn fals_caller_waits_for_a_job_of_nexas() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(503));
        scene.nexa.jobs(3);
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nexaapi")));
        assert_eq!(provenance(&response).attempts.len(), 2, "the conversation is one attempt");
        assert!(json_of(response)["images"][0]["url"].is_string());
        assert_eq!(scene.counts(), [1, 0, 5]);
        let seen = scene.nexa.seen();
        assert_eq!(seen.iter().filter(|seen| seen.method == "POST").count(), 1);
        for question in seen.iter().filter(|seen| seen.method == "GET") {
            assert!(question.body.is_empty() && question.header("content-length").is_none(), "{question:?}");
        }
    }
}

#[test]
fn a_prediction_is_waited_for_as_long_as_the_caller_said() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.replicate.always(Reply::status(500));
        scene.nexa.jobs(2);
        let response = scene.ask_replicate(&scene.caller(), FLUX_SCHNELL, &json!({ "input": prompt() }));
        assert_eq!(json_of(response)["status"], "succeeded");
        assert_eq!(scene.counts(), [0, 1, 4]);

        let patient = scene.caller_of(scene.builder().poll_interval(Duration::from_secs(2)));
        let request = post(&format!("{}{FLUX_SCHNELL}", scene.replicate.url()))
            .header("Prefer", "wait=1")
            .header("Authorization", REPLICATE_KEY);
        let response = patient.send(request, json!({ "input": prompt() }).to_string()).unwrap();
        assert_eq!(response.headers()["preference-applied"], "wait=1");
        assert_eq!(json_of(response)["status"], "starting", "the next question would come too late");
        assert_eq!(scene.counts(), [0, 2, 5]);
    }
}

#[test]
fn a_job_that_fails_or_never_ends_leaves_the_own_answer() {
    for way in Way::BOTH {
        for (end, fault) in [(JobEnd::Failed, Fault::ErrorInSuccess), (JobEnd::Never, Fault::Timeout)] {
            let scene = Scene::new(way);
            scene.fal.always(Reply::json(503, r#"{"detail":"the very own words"}"#));
            scene.nexa.jobs(1);
            scene.nexa.jobs_end(end);
            let caller = scene.caller_of(scene.builder().stand_in_limit(Duration::from_millis(200)));
            let response = scene.ask_fal(&caller, &prompt()).unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
            assert_eq!(provenance(&response).attempts.last().unwrap().fault, Some(fault));
            assert!(provenance(&response).maybe_billed);
            assert_eq!(json_of(response), json!({ "detail": "the very own words" }));
            let posts = scene.nexa.seen().iter().filter(|seen| seen.method == "POST").count();
            assert_eq!(
                (posts, scene.fal.count()),
                (1, 1),
                "what was accepted is not asked for again: {end:?}"
            );
        }
    }
}

#[test]
fn files_that_are_wanted_as_data_are_fetched_without_a_key() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(503));
        scene.nexa.media_here(true);
        let caller = scene.caller_of(scene.builder().media_host(ProviderName::Nexa, scene.nexa.url()));
        let body = json!({ "prompt": "a lighthouse", "sync_mode": true, "num_images": 2 });
        let response = scene.ask_fal(&caller, &body).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        let answer = json_of(response);
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
}

#[test]
fn a_file_elsewhere_or_behind_a_redirect_is_not_fetched() {
    for way in Way::BOTH {
        let body = json!({ "prompt": "a lighthouse", "sync_mode": true });
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(503));
        scene.nexa.media_here(true);
        let response = scene.ask_fal(&scene.caller(), &body).unwrap();
        assert_eq!(
            (served_by(&response), scene.counts()),
            (Some("nobody"), [1, 0, 1]),
            "no host was declared"
        );

        let elsewhere = failover_testkit::Provider::nexa();
        let away = Reply::status(302).header("Location", &format!("{}/media/a.png", elsewhere.url()));
        scene.nexa.script([Reply::healthy(), away]);
        let caller = scene.caller_of(scene.builder().media_host(ProviderName::Nexa, scene.nexa.url()));
        let response = scene.ask_fal(&caller, &body).unwrap();
        assert_eq!((served_by(&response), elsewhere.count()), (Some("nobody"), 0));
    }
}

#[test]
fn a_hint_in_replicates_body_is_respected_until_its_moment() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        let body = json!({ "input": prompt() });
        scene.replicate.script([Reply::json(429, THROTTLED)]);
        let ask = || served_by(&scene.ask_replicate(&caller, FLUX_SCHNELL, &body)).map(str::to_owned);
        assert_eq!(ask().as_deref(), Some("nexaapi"));
        scene.pass(Duration::from_secs(18));
        assert_eq!(ask().as_deref(), Some("nexaapi"));
        scene.pass(Duration::from_secs(3));
        assert_eq!(ask(), None);
        assert_eq!(scene.counts(), [0, 2, 2]);
    }
}

#[test]
fn an_answer_that_was_read_to_be_judged_comes_back_byte_for_byte() {
    for way in Way::BOTH {
        let long = format!("{{\"detail\":\"{}\"}}", "x".repeat(3_000_000));
        for body in [THROTTLED, "", "{ \"odd\" :\r\n1e0 }", long.as_str()] {
            let scene = Scene::new(way);
            scene.fal.always(Reply::json(429, body).header("x-own", "kept"));
            scene.nexa.always(Reply::status(402));
            let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (429, Some("nobody")));
            assert_eq!(response.headers()["x-own"], "kept");
            assert!(response.effective_uri().unwrap().to_string().starts_with(&scene.fal.url()));
            assert_eq!(response.body().len(), Some(body.len() as u64));
            assert!(text_of(response) == body);
        }
    }
}

#[test]
fn an_answer_that_was_read_and_is_the_callers_is_untouched() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller_of(scene.builder().triggers(Triggers::default().out_of_credit(true)));
        scene.fal.script([Reply::json(403, r#"{"detail":"Not yours"}"#)]);
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (403, None));
        assert_eq!(text_of(response), r#"{"detail":"Not yours"}"#);
        scene.fal.script([Reply::status(403)]); // "Exhausted balance"
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        assert_eq!(scene.counts(), [2, 0, 1]);
    }
}

#[test]
fn a_body_that_halts_is_waited_for_no_longer_than_a_second() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let (send, go) = mpsc::channel();
        let go = Mutex::new(go);
        // The second half arrives when the test says so.
        let halting = Raw::new(move |_, stream| {
            stream.write_all(b"HTTP/1.1 429 Slow\r\ncontent-length: 10\r\n\r\nfirst").unwrap();
            go.lock().unwrap().recv().unwrap();
            stream.write_all(b" half").unwrap();
            false
        });
        scene.nexa.always(Reply::status(402));
        let caller = scene.caller_of(scene.builder().provider_url(ProviderName::Fal, halting.url.as_str()));
        let request = post(&format!("{}/fal-ai/flux/dev", halting.url));
        let response = caller.send(request, prompt().to_string()).unwrap();
        let said = (response.status().as_u16(), served_by(&response), scene.nexa.count());
        assert_eq!(said, (429, Some("nobody"), 1));
        send.send(()).unwrap();
        assert_eq!(text_of(response), "first half");
    }
}
