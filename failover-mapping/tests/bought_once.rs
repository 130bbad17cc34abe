//! What may have been carried out is not asked for twice, and is reported. Each of these once bought something again, or threw away
//! what had been paid for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_mapping::{Config, ProviderName};
use http::{HeaderMap, Method};
use serde_json::json;
use stage::{GOOD, Played, Says, builder, fal, fleet, hinting, local, ok, play, replicate, status, wait};

const PENDING: &str = r#"{"id":"job-7","status":"pending"}"#;

/// NexaAPI first, then Replicate.
fn two() -> Config {
    let builder = builder().key(ProviderName::Replicate, "r8-key");
    builder.stand_ins([ProviderName::Nexa, ProviderName::Replicate]).build().unwrap()
}

fn flux(config: &Config, stand_in: &[Says]) -> Played {
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    play(config, &fleet(config), request, &[status(503)], stand_in).unwrap()
}

/// A proxy's own 5xx says nothing of whether the provider behind it was asked.
#[test]
fn a_gateway_of_any_number_is_not_asked_again() {
    for code in [408, 520, 522, 524, 598] {
        let played = flux(&stage::config(), &[status(code)]);
        assert_eq!(played.posts(), 1, "{code}");
        assert!(played.provenance.unwrap().maybe_billed, "{code}");
    }
    for code in [301, 302, 307, 308] {
        assert_eq!(flux(&stage::config(), &[status(code)]).posts(), 1, "{code}");
    }
}

#[test]
fn a_job_that_was_accepted_without_a_word_is_waited_for() {
    for accepted in [
        Says::Answer(202, HeaderMap::new(), br#"{"id":"job-7"}"#.to_vec()),
        ok(r#"{"id":"job-7"}"#),
        ok(r#"{"job_id":"job-7","state":"queued"}"#),
    ] {
        let played = flux(&two(), &[accepted, ok(GOOD)]);
        assert_eq!((played.status(), played.posts(), played.sent.len()), (200, 1, 2));
    }
    let played = flux(&two(), &[ok(r#"{"url":"https://n.example/a.png","error":0}"#)]);
    assert_eq!((played.status(), played.posts()), (200, 1), "no error is none");
}

#[test]
fn a_job_that_is_not_known_everywhere_yet_is_asked_for_again() {
    let played = flux(&two(), &[ok(PENDING), status(404), ok(GOOD)]);
    assert_eq!((played.status(), played.posts(), played.sent.len()), (200, 1, 3));
}

/// A page of somebody between says nothing of the job behind it.
#[test]
fn a_question_that_is_answered_with_junk_is_asked_again() {
    for junk in ["<html>", "", "[]"] {
        let played = flux(&two(), &[ok(PENDING), ok(junk), ok(GOOD)]);
        assert_eq!((played.status(), played.posts(), played.sent.len()), (200, 1, 3), "{junk}");
    }
}

/// A file that does not arrive before the time is up opens no circuit either.
#[test]
fn a_file_that_takes_too_long_blames_nobody() {
    let config = builder().stand_in_limit(Duration::from_millis(150)).build().unwrap();
    let body = br#"{"prompt":"a cat","sync_mode":true,"num_images":2}"#;
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &body[..]);
    let made = ok(r#"{"images":["https://cdn.nexa-api.com/a.png","https://cdn.nexa-api.com/b.png"]}"#);
    let file = stage::file("image/png", b"png");
    let played = play(&config, &fleet(&config), request, &[status(503)], &[made, file]).unwrap();
    assert_eq!(played.faults().last(), Some(&Some(failover_mapping::Fault::Unsupported)));
    assert!(played.note().contains("could not be fetched") && played.provenance.unwrap().maybe_billed);
}

/// Where a file is kept is no news of the models of whoever made it.
#[test]
fn a_host_that_is_not_declared_opens_no_circuit() {
    let (config, body) = (stage::config(), br#"{"prompt":"a cat","sync_mode":true}"#);
    let (fleet, uri) = (fleet(&config), fal("fal-ai/flux/dev"));
    let outside = [ok(r#"{"url":"https://cdn.elsewhere.example/a.png"}"#)];
    for _ in 0..5 {
        let request = (&*uri, &HeaderMap::new(), &body[..]);
        let played = play(&config, &fleet, request, &[status(429)], &outside).unwrap();
        assert!(played.answer.is_none() && played.provenance.unwrap().maybe_billed);
    }
    let request = (&*uri, &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let played = play(&config, &fleet, request, &[status(429)], &[ok(GOOD)]).unwrap();
    assert_eq!(played.status(), 200);
}

/// The first of several pictures may be there while the others are made.
#[test]
fn a_part_of_a_result_is_waited_for() {
    let builder = builder().key(ProviderName::Replicate, "r8-key");
    let config = builder.stand_ins([ProviderName::Replicate]).build().unwrap();
    let part = r#"{"id":"p1","status":"processing","output":["https://replicate.delivery/1.webp"]}"#;
    let whole = r#"{"id":"p1","status":"processing","output":["https://replicate.delivery/1.webp","https://replicate.delivery/2.webp"]}"#;
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat","num_images":2}"#[..]);
    let played = play(&config, &fleet(&config), request, &[status(503)], &[ok(part), ok(whole)]).unwrap();
    assert_eq!(played.json()["images"].as_array().unwrap().len(), 2);
}

/// A transcript of hours has a value for each word.
#[test]
fn a_long_transcript_is_read() {
    let tokens = vec!["50364"; 25].join(",");
    let part = format!(r#"{{"start":0.0,"end":1.0,"text":"a","tokens":[{tokens}]}}"#);
    let parts = vec![part; 6_000].join(",");
    let body = br#"{"audio_url":"https://a.example/a.mp3"}"#;
    let config = stage::config();
    let request = (&*fal("fal-ai/whisper"), &HeaderMap::new(), &body[..]);
    let says = ok(&format!(r#"{{"text":"a","segments":[{parts}]}}"#));
    let played = play(&config, &fleet(&config), request, &[status(503)], &[says]).unwrap();
    assert_eq!(played.json()["chunks"].as_array().unwrap().len(), 6_000);
}

/// A deadline holds for questions too, and nobody who waits for five seconds is kept for minutes.
#[test]
fn questions_keep_to_the_callers_time() {
    let config = builder().deadline(Duration::from_secs(5)).build().unwrap();
    let request = (&*stage::queue("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let submitted = play(&config, &fleet(&config), request, &[status(503)], &[ok(PENDING)]).unwrap().json();
    for url in ["status_url", "response_url"].map(|key| submitted[key].as_str().unwrap().to_owned()) {
        for url in [url.clone(), format!("{url}/stream")] {
            let played = local(&config, &Method::GET, &url, &[Says::Hangs]);
            let took = played.provenance.map(|provenance| provenance.took).unwrap_or_default();
            assert!(took <= Duration::from_millis(5_100), "{url}: {took:?}");
        }
    }
    let prefer = stage::headers(&[("prefer", "wait=5")]);
    for trouble in [hinting(429, ("retry-after", "500")), Says::Hangs] {
        let request =
            (&*replicate("black-forest-labs/flux-dev"), &prefer, &br#"{"input":{"prompt":"a cat"}}"#[..]);
        let config = stage::config();
        let played =
            play(&config, &fleet(&config), request, &[status(503)], &[ok(PENDING), trouble]).unwrap();
        assert_eq!((played.status(), &played.json()["status"]), (201, &json!("starting")));
        assert!(played.provenance.unwrap().took <= Duration::from_secs(7));
    }
}

/// A client that hides the headers of a 504 hides whose deadline has passed. Whoever set one knows.
#[test]
fn the_callers_own_deadline_is_known_without_headers() {
    let (config, body) = (stage::config(), br#"{"prompt":"a cat"}"#);
    for (headers, answered) in
        [(stage::headers(&[("x-fal-request-timeout", "5")]), false), (HeaderMap::new(), true)]
    {
        let request = (&*fal("fal-ai/flux/dev"), &headers, &body[..]);
        let hidden = [Says::Answer(504, HeaderMap::new(), Vec::new())];
        let played = play(&config, &fleet(&config), request, &hidden, &[ok(GOOD)]).unwrap();
        assert_eq!(played.answer.is_some(), answered);
    }
}

/// A token of the caller's is neither echoed nor kept.
#[test]
fn a_token_in_the_input_is_not_echoed() {
    let body = br#"{"input":{"audio":"https://a.example/a.mp3","hf_token":"hf_SECRET"}}"#;
    let request = (&*replicate("vaibhavs10/incredibly-fast-whisper"), &wait(), &body[..]);
    let config = stage::config();
    let played = play(&config, &fleet(&config), request, &[status(503)], &[ok(r#"{"text":"Hi."}"#)]).unwrap();
    let answer = String::from_utf8(played.answer.unwrap().into_body()).unwrap();
    assert!(answer.contains("a.mp3") && !answer.contains("SECRET"), "{answer}");
}

/// A translation is where openai/whisper has it, and what it lacks is said.
#[test]
fn a_translation_is_called_one() {
    let builder = builder().key(ProviderName::Fal, "fal-key");
    let config = builder.stand_ins([ProviderName::Fal]).build().unwrap();
    let body = br#"{"input":{"audio":"https://a.example/a.mp3","translate":true}}"#;
    let request = (&*replicate("openai/whisper"), &wait(), &body[..]);
    let says = ok(r#"{"text":"Hello.","chunks":[],"inferred_languages":["de"]}"#);
    let played = play(&config, &fleet(&config), request, &[status(503)], &[says]).unwrap();
    let output = &played.json()["output"];
    assert_eq!((&output["translation"], &output["transcription"]), (&json!("Hello."), &json!("")));
    assert!(played.losses().iter().any(|loss| loss == "transcription short"));
}

/// By hand, the same policies hold.
#[test]
fn policies_hold_by_hand() {
    let url = fal("fal-ai/flux-pro");
    let strict = builder().variants(false).build().unwrap();
    let declined = strict.build_request(&url, br#"{"prompt":"a cat"}"#, ProviderName::Nexa).unwrap_err();
    assert!(declined.reason.contains("variants are refused"), "{declined}");
    let strict = builder().losses(false).build().unwrap();
    let body = br#"{"prompt":"a cat","acceleration":"high"}"#;
    assert!(strict.build_request(&fal("fal-ai/flux/dev"), body, ProviderName::Nexa).is_err());
}
