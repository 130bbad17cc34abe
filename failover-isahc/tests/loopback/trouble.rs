//! Breakers, limits, bad requests and bad answers, over real sockets.

use std::io::{Read, Write};
use std::num::NonZeroU8;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::raw::Raw;
use crate::scene::{NEXA_KEY, Scene, Way, post, prompt, provenance, served_by, text_of};
use failover_isahc::{Breaker, Failover, ProviderName, Triggers, unanswered};
use failover_testkit::Reply;
use isahc::config::Configurable;
use isahc::error::ErrorKind;
use isahc::{HttpClient, ReadResponseExt, ResponseExt};
use serde_json::json;

#[test]
fn three_failures_open_the_breaker_and_it_comes_back() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        scene.fal.always(Reply::status(503));
        for _ in 0..5 {
            assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        }
        assert_eq!(scene.counts(), [3, 0, 5], "after the third failure FAL is left alone");
        scene.fal.heal();
        scene.pass(Duration::from_secs(29));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        scene.pass(Duration::from_secs(6));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), None);
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), None);
        assert_eq!(scene.counts(), [5, 0, 6]);
    }
}

#[test]
fn one_models_outage_is_not_the_providers() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        scene.fal.always(Reply::status(503));
        for _ in 0..3 {
            scene.ask_fal(&caller, &prompt()).unwrap();
        }
        scene.fal.heal();
        let other = post(&format!("{}/fal-ai/flux/schnell", scene.fal.url()));
        assert_eq!(served_by(&caller.send(other, prompt().to_string()).unwrap()), None);
    }
}

#[test]
fn a_hint_is_respected_until_its_moment() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        scene.fal.script([Reply::status(429).header("Retry-After", "20")]);
        scene.ask_fal(&caller, &prompt()).unwrap();
        scene.pass(Duration::from_secs(19));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        scene.pass(Duration::from_secs(2));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), None);
        assert_eq!(scene.counts(), [2, 0, 2]);
    }
}

#[test]
fn a_primary_that_was_skipped_is_the_last_resort() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        scene.fal.always(Reply::status(503));
        for _ in 0..3 {
            scene.ask_fal(&caller, &prompt()).unwrap();
        }
        scene.nexa.always(Reply::status(402));
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(scene.counts(), [4, 0, 4], "asked once, after NexaAPI");
        assert!(provenance(&response).to_string().contains("last resort"), "{}", provenance(&response));
        scene.fal.heal();
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("fal")));
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!(served_by(&response), None, "its success has closed the breaker");
    }
}

#[test]
fn a_body_that_cannot_be_translated_goes_to_its_provider_as_it_came() {
    for way in Way::BOTH {
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
            let scene = Scene::new(way);
            let caller = scene.caller();
            let ask = || caller.send(scene.to_fal(), body).unwrap();
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
}

#[test]
fn a_body_longer_than_the_limit_goes_out_whole_without_failover() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller_of(scene.builder().request_limit(64));
        scene.fal.always(Reply::status(503));
        let long = json!({ "prompt": "x".repeat(100_000) });
        let response = scene.ask_fal(&caller, &long).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, None));
        let seen = scene.fal.seen().pop().unwrap();
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&seen.body).unwrap(), long);
        assert_eq!(scene.counts(), [1, 0, 0]);
    }
}

#[test]
fn an_answer_of_nexa_is_checked_bounded_and_never_redirected() {
    for way in Way::BOTH {
        let elsewhere = failover_testkit::Provider::nexa();
        let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let bad = [
            Reply::json(200, "<html>"),
            Reply::json(200, "{}"),
            Reply::json(200, ""),
            Reply::json(200, nested),
            Reply::json(200, r#"{"url":"javascript:alert(1)"}"#),
            Reply::json(200, r#"{"status":"failed","error":"no"}"#),
            Reply::json(200, r#"{"status":"processing"}"#),
            Reply::json(200, format!(r#"{{"url":"https://m.example/{}"}}"#, "x".repeat(5_000))),
            Reply::healthy().cut_after(10),
            Reply::reset(),
            Reply::status(302).header("Location", &format!("{}/v1/images/generate", elsewhere.url())),
            Reply::status(307).header("Location", &format!("{}/v1/images/generate", elsewhere.url())),
            Reply::status(422),
        ];
        for (number, reply) in bad.into_iter().enumerate() {
            let scene = Scene::new(way);
            let caller = scene.caller_of(scene.builder().answer_limit(4_096));
            scene.fal.always(Reply::status(429));
            scene.nexa.always(reply);
            let response = scene.ask_fal(&caller, &prompt()).unwrap();
            assert_eq!(
                (response.status().as_u16(), served_by(&response)),
                (429, Some("nobody")),
                "case {number}"
            );
            // Neither what was declined nor what may have been done is asked again.
            assert_eq!(scene.counts(), [1, 0, 1], "case {number}");
        }
        assert_eq!(elsewhere.count(), 0, "a redirect was followed, with the key");
    }
}

#[test]
fn a_silent_nexa_is_given_up_at_its_limit() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller_of(scene.builder().stand_in_limit(Duration::from_millis(50)));
        scene.fal.always(Reply::status(429));
        scene.nexa.always(Reply::silence());
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (429, Some("nobody")));
        assert!(provenance(&response).maybe_billed);
        assert_eq!(scene.counts(), [1, 0, 1], "it may have been done: not repeated");
    }
}

#[test]
fn a_deadline_that_leaves_nothing_to_hand_on_is_an_error_of_ours() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller_of(scene.builder().deadline(Duration::from_secs(2)));
        scene.fal.always(Reply::status(503));
        for _ in 0..3 {
            assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        }
        scene.nexa.always(Reply::silence());
        let error = scene.ask_fal(&caller, &prompt()).expect_err("an answer, though nobody gave one");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let unanswered = unanswered(&error).expect("an error of ours");
        assert_eq!(unanswered.provenance().unwrap().attempts.len(), 1);
        let text = unanswered.to_string();
        assert!(text.contains("circuit open") && text.contains("timed out"), "{text}");
        assert_eq!(scene.counts(), [3, 0, 4], "no attempt starts at the deadline");
    }
}

#[test]
fn a_hint_as_long_as_the_delay_is_waited_for() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller_of(scene.builder().stand_in_delay(Duration::from_secs(1)));
        scene.fal.always(Reply::status(429));
        scene.nexa.script([Reply::status(429).header("Retry-After", "1")]);
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        scene.nexa.script([Reply::status(429).header("Retry-After", "2")]);
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nobody"));
        assert_eq!(scene.counts(), [2, 0, 3]);
    }
}

#[test]
fn a_provider_cannot_speak_for_us() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let forged =
            Reply::status(503).header("x-failover-served-by", "nexaapi").header("x-failover-model", "forged");
        scene.fal.always(forged);
        scene.nexa.always(Reply::status(402));
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!(served_by(&response), Some("nobody"));
        assert!(!response.headers().contains_key("x-failover-model"));
    }
}

#[test]
fn the_own_answer_outlives_the_clients_timeout() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let big = format!("{{\"detail\":\"{}\"}}", "x".repeat(3_000_000));
        for body in ["{\"detail\":\"own\"}", big.as_str()] {
            scene.fal.always(Reply::json(503, body));
            scene.nexa.always(Reply::status(402).delay(Duration::from_millis(1_300)));
            let hasty = HttpClient::builder().timeout(Duration::from_millis(1_000)).build().unwrap();
            let mut response = scene.ask_fal(&scene.caller_by(hasty, scene.builder()), &prompt()).unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
            assert!(response.effective_uri().unwrap().to_string().starts_with(&scene.fal.url()));
            if body.len() < 64 * 1024 {
                assert_eq!(text_of(response), body);
            } else {
                // More than is read ahead is the caller's to wait for, and its timeout has passed.
                assert!(response.consume().is_err());
            }
        }
    }
}

#[test]
fn an_own_answer_in_many_pieces_outlives_the_clients_timeout() {
    let wait = Duration::from_millis(1_300);
    for slow in [true, false] {
        let scene = Scene::new(Way::Future);
        let (send, go) = mpsc::channel();
        let (send, go) = (Mutex::new(send), Mutex::new(go));
        // isahc holds four pieces by itself. They come while NexaAPI is asked, or is waited with.
        let fal = Raw::new(move |_, stream| {
            stream.write_all(b"HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n1\r\n0\r\n").unwrap();
            go.lock().unwrap().recv().unwrap();
            for piece in 1..10 {
                stream.write_all(format!("1\r\n{piece}\r\n").as_bytes()).unwrap();
            }
            stream.write_all(b"0\r\n\r\n").is_ok()
        });
        let nexa = Raw::new(move |number, stream| {
            let told = slow && send.lock().unwrap().send(()).is_ok();
            if told {
                // As long as its client waits.
                return stream.read(&mut [0]).is_err();
            }
            stream.write_all(b"HTTP/1.1 500 Broken\r\ncontent-length: 2\r\n\r\n{}").unwrap();
            number == 0 && send.lock().unwrap().send(()).is_err()
        });
        let builder = scene.builder().provider_url(ProviderName::Fal, fal.url.as_str());
        let builder = builder.nexa_base_url(nexa.url.as_str()).stand_in_limit(wait).stand_in_delay(wait);
        let hasty = HttpClient::builder().timeout(Duration::from_millis(1_000)).build().unwrap();
        let request = post(&format!("{}/fal-ai/flux/dev", fal.url));
        let response = scene.caller_by(hasty, builder).send(request, prompt().to_string()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(nexa.seen().len(), if slow { 1 } else { 2 });
        assert_eq!(text_of(response), "0123456789");
    }
}

#[test]
fn a_long_answer_of_its_own_comes_back_whole() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let big = format!("{{\"detail\":\"{}\"}}", "x".repeat(3_000_000));
        scene.fal.always(Reply::json(503, big.as_str()));
        scene.nexa.always(Reply::status(402));
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert!(text_of(response) == big);
    }
}

#[test]
fn a_callback_that_panics_fails_nothing() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(429));
        let caller = scene.caller_of(scene.builder().on_failover(|_| panic!("the user's own")));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
    }
}

#[test]
fn settings_change_what_they_say() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let two = NonZeroU8::new(2).unwrap();
        let builder = scene.builder().triggers(Triggers::default().statuses([529]));
        let builder = builder.breaker(Breaker::new().failures(two)).stand_in_attempts(1);
        let caller = scene.caller_of(builder);
        scene.fal.script([Reply::status(429)]);
        assert_eq!(scene.ask_fal(&caller, &prompt()).unwrap().status(), 429);
        scene.fal.always(Reply::status(529));
        for _ in 0..4 {
            assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        }
        assert_eq!(scene.counts()[0], 3, "one that is no trigger, and two failures");
    }
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
