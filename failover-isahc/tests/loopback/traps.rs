//! What isahc does that a failover must not: each of its traps, closed where it is ours to close.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::raw::Raw;
use crate::scene::{FAL_KEY, FLUX_DEV, NEXA_KEY, REPLICATE_KEY, Scene, Way};
use crate::scene::{post, prompt, provenance, served_by, text_of};
use failover_isahc::{Client, Fault, ProviderName, unanswered};
use failover_testkit::{Provider, Reply, blackholed};
use futures_lite::future::{block_on, poll_once};
use isahc::HttpClient;
use isahc::config::{Configurable, RedirectPolicy};
use isahc::error::ErrorKind;
use isahc::http::HeaderValue;
use serde_json::json;

/// What NexaAPI says of an image, as short as it gets.
const IMAGE: &str = r#"{"url":"https://media.nexa-api.example/a.png"}"#;

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}")
}

/// Answers the first request and keeps the connection; takes all others, and hangs up.
fn dying() -> Raw {
    Raw::new(|number, stream| {
        let answer = ok(&format!("content-length: {}\r\n", IMAGE.len()), IMAGE);
        number == 0 && stream.write_all(answer.as_bytes()).is_ok()
    })
}

#[test]
fn a_stand_in_is_never_sent_a_request_twice() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(429));
        let nexa = dying();
        let caller = scene.caller_of(scene.builder().nexa_base_url(nexa.url.as_str()));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nobody"));
        assert_eq!(nexa.seen().len(), 2, "on a connection that is used again, libcurl sends it twice");
    }
}

#[test]
fn the_callers_client_sends_a_request_twice_unless_it_keeps_no_connection() {
    for way in Way::BOTH {
        for (kept, sent) in [(true, 3), (false, 2)] {
            let scene = Scene::new(way);
            let fal = dying();
            let http = HttpClient::builder();
            let http = if kept { http } else { http.connection_cache_size(0) };
            let builder = scene.builder().provider_url(ProviderName::Fal, fal.url.as_str());
            let caller = scene.caller_by(http.build().unwrap(), builder);
            let ask = || {
                let request = post(&format!("{}{FLUX_DEV}", fal.url));
                caller.send(request, prompt().to_string()).unwrap()
            };
            assert_eq!(text_of(ask()), IMAGE);
            let response = ask();
            assert_eq!(served_by(&response), Some("nexaapi"));
            assert!(provenance(&response).maybe_billed);
            assert_eq!(fal.seen().len(), sent, "the documentation says otherwise");
        }
    }
}

#[test]
fn a_header_that_makes_isahc_panic_is_an_invalid_request() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let odd = || HeaderValue::from_bytes(b"caf\xe9").unwrap();
        let bare = scene.bare();
        let panicked =
            catch_unwind(AssertUnwindSafe(|| bare.send(scene.to_fal().header("X-Odd", odd()), "x")));
        assert!(panicked.is_err(), "isahc does not panic any more: there is nothing left to check");
        let caller = scene.caller();
        let elsewhere = post(&format!("{}/of/others", scene.fal.url()));
        for request in [scene.to_fal(), elsewhere] {
            let error = caller.send(request.header("X-Odd", odd()), prompt().to_string()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(unanswered(&error).is_none());
        }
        assert_eq!(scene.counts(), [0, 0, 0]);
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), None, "FAL was blamed");
    }
}

/// Answers that isahc takes for whole.
fn broken_off() -> Vec<(String, &'static str)> {
    vec![
        ("HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B".to_owned(), "a head that breaks off"),
        ("HTTP/1.1 200 OK\r\nX-A: 1\r\n".to_owned(), "a head without its end"),
        (ok("content-length: 99999999999999999999999\r\n", IMAGE), "a length beyond all numbers"),
        (ok("", &IMAGE[..20]), "a body cut off, of no declared length"),
        (ok("content-length: 20\r\n", IMAGE), "a body longer than declared"),
    ]
}

#[test]
fn an_answer_that_is_whole_for_isahc_only_is_none_of_a_stand_ins() {
    for way in Way::BOTH {
        for (said, what) in broken_off() {
            let scene = Scene::new(way);
            scene.fal.always(Reply::status(429));
            let nexa = Raw::saying(said);
            let builder = scene.builder().nexa_base_url(nexa.url.as_str());
            let response = scene.ask_fal(&scene.caller_of(builder), &prompt()).unwrap();
            assert_eq!((response.status().as_u16(), served_by(&response)), (429, Some("nobody")), "{what}");
            assert_eq!(nexa.seen().len(), 1, "{what}: it was done, and is not bought again");
        }
    }
}

#[test]
fn an_answer_that_is_whole_for_isahc_only_is_none_where_answers_are_checked() {
    for way in Way::BOTH {
        for (said, what) in broken_off() {
            for check in [false, true] {
                let scene = Scene::new(way);
                let fal = Raw::saying(said.as_str());
                let builder = scene.builder().provider_url(ProviderName::Fal, fal.url.as_str());
                let caller = scene.caller_of(builder.check_answers(check));
                let request = post(&format!("{}{FLUX_DEV}", fal.url));
                let response = caller.send(request, prompt().to_string()).unwrap();
                assert_eq!(served_by(&response), check.then_some("nexaapi"), "{what}");
                assert_eq!(fal.seen().len(), 1, "{what}");
            }
        }
    }
}

#[test]
fn a_checked_answer_is_handed_on_as_it_came() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        for caller in [scene.caller(), scene.caller_of(scene.builder().check_answers(true))] {
            let response = scene.ask_fal(&caller, &prompt()).unwrap();
            assert_eq!(served_by(&response), None);
            let length = response.body().len().expect("the declared one");
            let text = text_of(response);
            assert!(text.contains("images") && text.len() as u64 == length, "{text}");
        }
        let long = format!("{{\"images\":[\"{}\"]}}", "x".repeat(100_000));
        scene.fal.always(Reply::json(200, long.as_str()));
        let caller = scene.caller_of(scene.builder().check_answers(true).answer_limit(4_096));
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!(served_by(&response), None, "it is too long to be checked");
        assert!(text_of(response) == long);
        assert_eq!(scene.counts(), [3, 0, 0]);
    }
}

#[test]
fn nothing_is_decompressed_without_a_bound() {
    // One stored block, with its checksum: isahc would unpack it.
    let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01".to_vec();
    let length = u16::try_from(IMAGE.len()).unwrap();
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(&(!length).to_le_bytes());
    packed.extend_from_slice(IMAGE.as_bytes());
    packed.extend_from_slice(&CHECKSUM.to_le_bytes());
    packed.extend_from_slice(&u32::from(length).to_le_bytes());
    let head = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", packed.len());
    let said: Vec<u8> = ok(&head, "").into_bytes().into_iter().chain(packed).collect();
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(429));
        let nexa = Raw::saying(said.as_slice());
        let unpacked = scene.bare().send(post(&nexa.url), "x").unwrap();
        assert_eq!(text_of(unpacked), IMAGE, "this proves nothing: isahc cannot unpack it");
        let builder = || scene.builder().nexa_base_url(nexa.url.as_str());
        let own = scene.failover(builder()).with_stand_in_client(HttpClient::new().unwrap());
        for failover in [scene.failover(builder()), own] {
            let caller = scene.caller_with(HttpClient::new().unwrap(), failover);
            assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nobody"));
            let asked = nexa.seen().pop().unwrap().to_ascii_lowercase();
            assert!(asked.contains("authorization") && !asked.contains("accept-encoding"), "{asked}");
        }
    }
}

/// CRC-32 of [`IMAGE`].
const CHECKSUM: u32 = 0xe35f683e;

#[test]
fn a_stand_ins_redirect_is_not_followed_whatever_client_asks_it() {
    for way in Way::BOTH {
        for status in [301, 302, 303, 307, 308] {
            let scene = Scene::new(way);
            let elsewhere = Provider::nexa();
            scene.fal.always(Reply::status(429));
            let away = format!("{}/v1/images/generate", elsewhere.url());
            scene.nexa.always(Reply::status(status).header("Location", &away));
            let eager = HttpClient::builder().redirect_policy(RedirectPolicy::Follow).build().unwrap();
            let failover = scene.failover(scene.builder()).with_stand_in_client(eager);
            let caller = scene.caller_with(HttpClient::new().unwrap(), failover);
            assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nobody"));
            assert_eq!((scene.nexa.count(), elsewhere.count()), (1, 0), "{status}: the key went along");
        }
    }
}

#[test]
fn a_limit_is_never_taken_for_none_nor_for_an_error() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(429));
        let builder = scene.builder().stand_in_limit(Duration::MAX).primary_limit(Duration::MAX);
        let caller = scene.caller_of(builder.deadline(Duration::MAX));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nexaapi"));

        scene.nexa.always(Reply::silence());
        let caller = scene.caller_of(scene.builder().stand_in_limit(Duration::from_nanos(1)));
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!(served_by(&response), Some("nobody"));
        assert_eq!(provenance(&response).attempts[1].fault, Some(Fault::Timeout));
    }
}

#[test]
fn an_answer_that_stops_in_the_middle_or_never_begins_ends_at_the_limit() {
    let stopping: [fn(&mut std::net::TcpStream); 2] = [
        |stream| {
            let _ = stream.write_all(ok("content-length: 1000\r\n", "{").as_bytes());
            let _ = stream.read(&mut [0]);
        },
        |stream| while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() {},
    ];
    for (way, stop) in stopping.into_iter().flat_map(|stop| Way::BOTH.map(|way| (way, stop))) {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(429));
        let nexa = Raw::new(move |_, stream| {
            stop(stream);
            false
        });
        let builder = scene.builder().nexa_base_url(nexa.url.as_str());
        let caller = scene.caller_of(builder.stand_in_limit(Duration::from_millis(200)));
        assert_eq!(served_by(&scene.ask_fal(&caller, &prompt()).unwrap()), Some("nobody"));
        assert_eq!(nexa.seen().len(), 1);
    }
}

#[test]
fn a_stand_in_that_nobody_waits_for_any_more_is_left_at_its_limit() {
    let scene = Scene::new(Way::Future);
    scene.fal.always(Reply::status(429));
    let (began, begun) = mpsc::channel();
    let (left, leaving) = mpsc::channel();
    let (began, left) = (Mutex::new(began), Mutex::new(left));
    let nexa = Raw::new(move |_, stream| {
        began.lock().unwrap().send(()).unwrap();
        // Only its client ends this.
        let _ = stream.read(&mut [0]);
        left.lock().unwrap().send(()).unwrap();
        false
    });
    let builder = scene.builder().nexa_base_url(nexa.url.as_str()).stand_in_limit(Duration::from_secs(1));
    let caller = scene.caller_of(builder);
    let body = prompt().to_string();
    let mut call = caller.us().send_async(scene.to_fal().body(body).unwrap());
    block_on(async {
        while begun.try_recv().is_err() {
            assert!(poll_once(&mut call).await.is_none(), "it was answered");
            futures_lite::future::yield_now().await;
        }
    });
    drop(call);
    leaving.recv_timeout(Duration::from_secs(30)).expect("isahc goes on with what was dropped, for ever");
}

#[test]
fn a_request_that_found_no_connection_is_not_billed_and_one_on_a_used_connection_may_be() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let hasty = || HttpClient::builder().timeout(Duration::from_millis(300)).build().unwrap();
        let nowhere = blackholed();
        let builder = scene.builder().provider_url(ProviderName::Fal, nowhere.as_str());
        let request = post(&format!("{nowhere}{FLUX_DEV}"));
        let response = scene.caller_by(hasty(), builder).send(request, prompt().to_string()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert!(!provenance(&response).maybe_billed, "{}", provenance(&response));

        scene.fal.script([Reply::healthy(), Reply::silence()]);
        let caller = scene.caller_by(hasty(), scene.builder());
        assert!(text_of(scene.ask_fal(&caller, &prompt()).unwrap()).contains("images"));
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert!(provenance(&response).maybe_billed, "{}", provenance(&response));
    }
}

#[test]
fn a_long_request_is_not_held_back_for_a_word_that_never_comes() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(429));
        let long = json!({ "prompt": "x".repeat(2_000_000) });
        assert_eq!(served_by(&scene.ask_fal(&scene.caller(), &long).unwrap()), Some("nexaapi"));
        let asked = scene.nexa.seen().pop().unwrap();
        assert!(asked.body.len() > 2_000_000 && asked.header("expect").is_none());
    }
}

#[test]
fn no_key_shows_in_anything_that_is_printed() {
    let scene = Scene::new(Way::Future);
    scene.fal.always(Reply::reset());
    scene.replicate.always(Reply::status(503));
    scene.nexa.always(Reply::status(503));
    let seen = Arc::clone(&scene.seen);
    let failover = scene.failover(scene.builder());
    let client = Client::new(HttpClient::new().unwrap(), failover.clone());
    let call = client.send_async(scene.to_fal().body(prompt().to_string()).unwrap());
    let mut shown = format!("{failover:?} {client:?} {call:?}");
    let error = block_on(call).unwrap_err();
    shown += &format!("{error:?} {error} {:?}", seen.lock().unwrap());
    for key in [FAL_KEY, REPLICATE_KEY, NEXA_KEY, "lighthouse"] {
        assert!(!shown.contains(key.rsplit(' ').next().unwrap()), "{shown}");
    }
    assert!(shown.contains("Failover"), "{shown}");
}
