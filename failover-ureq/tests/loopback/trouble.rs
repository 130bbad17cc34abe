//! Breakers, limits, bad requests and bad answers, over real sockets.

use std::num::NonZeroU8;
use std::panic;
use std::time::Duration;

use crate::scene::{FAL_KEY, FLUX_DEV, NEXA_KEY, Scene, agent, prompt, provenance, served_by};
use failover_testkit::Reply;
use failover_ureq::{Breaker, Failover, ProviderName, Triggers, Unanswered};
use serde_json::json;

#[test]
fn three_failures_open_the_breaker_and_it_comes_back() {
    let scene = Scene::new();
    let agent = scene.agent();
    scene.fal.always(Reply::status(503));
    for _ in 0..5 {
        assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), Some("nexaapi"));
    }
    assert_eq!(scene.counts(), [3, 0, 5], "after the third failure FAL is left alone");
    scene.fal.heal();
    scene.pass(Duration::from_secs(29));
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), Some("nexaapi"));
    scene.pass(Duration::from_secs(6));
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), None);
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), None);
    assert_eq!(scene.counts(), [5, 0, 6]);
}

#[test]
fn one_models_outage_is_not_the_providers() {
    let scene = Scene::new();
    let agent = scene.agent();
    scene.fal.always(Reply::status(503));
    for _ in 0..3 {
        scene.ask_fal(&agent, &prompt()).unwrap();
    }
    scene.fal.heal();
    let other = agent.post(format!("{}/fal-ai/flux/schnell", scene.fal.url())).send_json(prompt()).unwrap();
    assert_eq!(served_by(&other), None);
}

#[test]
fn a_hint_is_respected_until_its_moment() {
    let scene = Scene::new();
    let agent = scene.agent();
    scene.fal.script([Reply::status(429).header("Retry-After", "20")]);
    scene.ask_fal(&agent, &prompt()).unwrap();
    scene.pass(Duration::from_secs(19));
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), Some("nexaapi"));
    scene.pass(Duration::from_secs(2));
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), None);
    assert_eq!(scene.counts(), [2, 0, 2]);
}

#[test]
fn a_primary_that_was_skipped_is_the_last_resort() {
    let scene = Scene::new();
    let agent = scene.agent();
    scene.fal.always(Reply::status(503));
    for _ in 0..3 {
        scene.ask_fal(&agent, &prompt()).unwrap();
    }
    scene.nexa.always(Reply::status(402));
    let response = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
    assert_eq!(scene.counts(), [4, 0, 4], "asked once, after NexaAPI");
    assert!(provenance(&response).to_string().contains("last resort"), "{}", provenance(&response));
    scene.fal.heal();
    let response = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("fal")));
    let response = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!(served_by(&response), None, "its success has closed the breaker");
}

#[test]
fn a_body_that_cannot_be_translated_goes_to_its_provider_as_it_came() {
    let bodies: [&[u8]; 7] = [
        b"{not json",
        b"\xff\xfe",
        b"[1, 2]",
        b"",
        br#"{"prompt":"x","image_size":"axb"}"#,
        br#"{"prompt":"x","image_size":{"width":-1,"height":0}}"#,
        br#"{"prompt":"x","image_url":"https://media.example/in.png"}"#,
    ];
    for body in bodies {
        let scene = Scene::new();
        let agent = scene.agent();
        let ask = || {
            let request = agent.post(format!("{}{FLUX_DEV}", scene.fal.url()));
            request.header("Authorization", FAL_KEY).content_type("application/json").send(body).unwrap()
        };
        assert_eq!(served_by(&ask()), None);
        assert_eq!(scene.fal.seen()[0].body, body, "as it came");
        scene.fal.always(Reply::status(503));
        for _ in 0..5 {
            let response = ask();
            assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
            let note = response.headers()["x-failover-note"].to_str().unwrap();
            assert!(note.starts_with("no translation was possible"), "{note}");
        }
        assert_eq!(scene.counts(), [6, 0, 0], "whatever the breaker says");
    }
}

#[test]
fn a_body_longer_than_the_limit_goes_out_whole_without_failover() {
    let scene = Scene::new();
    let agent = agent(scene.failover(scene.builder().request_limit(64)));
    scene.fal.always(Reply::status(503));
    let long = json!({ "prompt": "x".repeat(100_000) });
    let response = scene.ask_fal(&agent, &long).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, None));
    let seen = scene.fal.seen().pop().unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&seen.body).unwrap(), long);
    assert_eq!(scene.counts(), [1, 0, 0]);
}

#[test]
fn an_answer_of_nexa_is_checked_bounded_and_never_redirected() {
    let elsewhere = failover_testkit::Provider::nexa();
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bad = [
        Reply::json(200, "<html>"),
        Reply::json(200, "{}"),
        Reply::json(200, ""),
        Reply::json(200, nested),
        Reply::json(200, r#"{"url":"javascript:alert(1)"}"#),
        Reply::json(200, r#"{"status":"failed","error":"no"}"#),
        Reply::json(200, r#"{"status":"processing","id":"job-1"}"#),
        Reply::json(200, format!(r#"{{"url":"https://m.example/{}"}}"#, "x".repeat(5_000))),
        Reply::healthy().cut_after(10),
        Reply::reset(),
        Reply::status(302).header("Location", &format!("{}/v1/images/generate", elsewhere.url())),
        Reply::status(307).header("Location", &format!("{}/v1/images/generate", elsewhere.url())),
        Reply::status(422),
    ];
    for (number, reply) in bad.into_iter().enumerate() {
        let scene = Scene::new();
        let agent = agent(scene.failover(scene.builder().answer_limit(4_096)));
        scene.fal.always(Reply::status(429));
        scene.nexa.always(reply);
        let response = scene.ask_fal(&agent, &prompt()).unwrap();
        assert_eq!(
            (response.status().as_u16(), served_by(&response)),
            (429, Some("nobody")),
            "case {number}"
        );
        // Neither what was declined nor what may have been done is asked again.
        assert_eq!((scene.fal.count(), scene.generations()), (1, 1), "case {number}");
    }
    assert_eq!(elsewhere.count(), 0, "a redirect was followed, with the key");
}

#[test]
fn a_silent_nexa_is_given_up_at_its_limit() {
    let scene = Scene::new();
    let agent = agent(scene.failover(scene.builder().stand_in_limit(Duration::from_millis(50))));
    scene.fal.always(Reply::status(429));
    scene.nexa.always(Reply::silence());
    let response = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (429, Some("nobody")));
    assert!(provenance(&response).maybe_billed);
    assert_eq!(scene.counts(), [1, 0, 1], "it may have been done: not repeated");
}

#[test]
fn a_deadline_that_leaves_nothing_to_hand_on_is_an_error_of_ours() {
    let scene = Scene::new();
    let agent = agent(scene.builder().deadline(Duration::from_secs(2)).build().unwrap());
    scene.fal.always(Reply::status(503));
    for _ in 0..3 {
        assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), Some("nexaapi"));
    }
    scene.nexa.always(Reply::silence());
    let error = scene.ask_fal(&agent, &prompt()).expect_err("an answer, though nobody gave one");
    let ureq::Error::Other(error) = error else { panic!("{error:?}") };
    let unanswered: &Unanswered = error.downcast_ref().expect("an error of ours");
    assert_eq!(unanswered.provenance().unwrap().attempts.len(), 1);
    let text = unanswered.to_string();
    assert!(text.contains("circuit open") && text.contains("timed out"), "{text}");
    assert_eq!(scene.counts(), [3, 0, 4], "no attempt starts at the deadline");
}

#[test]
fn a_hint_as_long_as_the_delay_is_waited_for() {
    let scene = Scene::new();
    let agent = agent(scene.builder().build().unwrap());
    scene.fal.always(Reply::status(429));
    scene.nexa.script([Reply::status(429).header("Retry-After", "1")]);
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), Some("nexaapi"));
    scene.nexa.script([Reply::status(429).header("Retry-After", "2")]);
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), Some("nobody"));
    assert_eq!(scene.counts(), [2, 0, 3]);
}

#[test]
fn a_provider_cannot_speak_for_us() {
    let scene = Scene::new();
    let forged =
        Reply::status(503).header("x-failover-served-by", "nexaapi").header("x-failover-model", "forged");
    scene.fal.always(forged);
    scene.nexa.always(Reply::status(402));
    let response = scene.ask_fal(&scene.agent(), &prompt()).unwrap();
    assert_eq!(served_by(&response), Some("nobody"));
    assert!(!response.headers().contains_key("x-failover-model"));
}

#[test]
fn a_callback_that_panics_fails_nothing() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(429));
    let failover = scene.builder().on_failover(|_| panic!("the user's own")).build().unwrap();
    let agent = agent(failover);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let response = scene.ask_fal(&agent, &prompt());
    panic::set_hook(hook);
    assert_eq!(served_by(&response.unwrap()), Some("nexaapi"));
}

#[test]
fn settings_change_what_they_say() {
    let scene = Scene::new();
    let two = NonZeroU8::new(2).unwrap();
    let failover = scene.failover(
        scene
            .builder()
            .triggers(Triggers::default().statuses([529]))
            .breaker(Breaker::new().failures(two))
            .stand_in_attempts(1),
    );
    let agent = agent(failover);
    scene.fal.script([Reply::status(429)]);
    assert_eq!(scene.ask_fal(&agent, &prompt()).unwrap().status(), 429);
    scene.fal.always(Reply::status(529));
    for _ in 0..4 {
        assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), Some("nexaapi"));
    }
    assert_eq!(scene.counts()[0], 3, "one that is no trigger, and two failures");
}

#[test]
fn a_bad_configuration_is_refused_by_name() {
    let good = || Failover::builder().nexa_api_key(NEXA_KEY);
    let refusals = [
        (Failover::builder().build(), "nexa_api_key"),
        (good().nexa_api_key("").build(), "nexa_api_key"),
        (good().nexa_api_key("schlüssel").build(), "nexa_api_key"),
        (good().stand_in_limit(Duration::ZERO).build(), "stand_in_limit"),
        (good().deadline(Duration::ZERO).build(), "deadline"),
        (good().primary_limit(Duration::ZERO).build(), "primary_limit"),
        (good().stand_in_attempts(0).build(), "stand_in_attempts"),
        (good().request_limit(0).build(), "request_limit"),
        (good().answer_limit(0).build(), "answer_limit"),
        (good().nexa_base_url("https://user:hunter2@nexa.example").build(), "nexa_base_url"),
        (good().nexa_base_url("http://nexa.example").build(), "nexa_base_url"),
        (good().nexa_base_url("nexa").build(), "nexa_base_url"),
        (good().provider_url(ProviderName::Fal, "https://fal.example/path").build(), "provider_url"),
        (good().data(ProviderName::Fal, "own.toml", "[[model]]\nid = 3").build(), "fal"),
        (good().triggers(Triggers::default().statuses([200])).build(), "triggers"),
    ];
    for (number, (result, field)) in refusals.into_iter().enumerate() {
        let message = result.map(drop).expect_err(&format!("case {number} was accepted")).to_string();
        assert!(message.contains(field), "case {number} does not name {field}: {message}");
        assert!(
            !message.contains("hunter2") && !message.contains("schl") && !message.contains(NEXA_KEY),
            "{message}"
        );
    }
}
