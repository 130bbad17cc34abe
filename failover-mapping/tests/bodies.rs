//! What bodies say: which refusal it is, when to come back, and where NexaAPI's answer holds its result.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_core::Outcome;
use failover_mapping::{Config, Fault, Moment, Read, Target, Triggers};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use stage::{
    GOOD, Played, Says, builder, config, fal, fleet, headers, ok, play, queue, replicate, status, wait, wall,
};

const LOCKED: &str = r#"{"detail":"User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."}"#;

fn refuses(status: u16, body: &str) -> Says {
    Says::Answer(status, HeaderMap::new(), body.as_bytes().to_vec())
}

fn asks(config: &Config, url: &str, body: &str, own: Says) -> Played {
    play(config, &fleet(config), (url, &wait(), body.as_bytes()), &[own], &[ok(GOOD)]).unwrap()
}

fn fal_says(config: &Config, own: Says) -> Played {
    asks(config, &fal("fal-ai/flux/dev"), r#"{"prompt":"a cat"}"#, own)
}

fn replicate_says(config: &Config, own: Says) -> Played {
    asks(config, &replicate("black-forest-labs/flux-dev"), r#"{"input":{"prompt":"a cat"}}"#, own)
}

fn with_credit() -> Config {
    builder().triggers(Triggers::default().out_of_credit(true)).build().unwrap()
}

/// A bill that was not paid should be seen, unless the user says otherwise.
#[test]
fn out_of_credit_is_a_trigger_only_when_asked() {
    for own in [refuses(402, "{}"), refuses(403, LOCKED)] {
        let handed_on = fal_says(&config(), own.clone());
        assert!(handed_on.answer.is_none() && handed_on.provenance.is_none() && handed_on.sent.is_empty());
        let failed_over = fal_says(&with_credit(), own.clone());
        assert_eq!(failed_over.faults()[0], Some(Fault::OutOfCredit), "{own:?}");
        assert_eq!(failed_over.status(), 200);
    }
    let own = refuses(402, r#"{"title":"Insufficient credit","detail":"x","status":402}"#);
    assert!(replicate_says(&config(), own.clone()).answer.is_none());
    assert_eq!(replicate_says(&with_credit(), own).status(), 201);
    let submit =
        asks(&with_credit(), &queue("fal-ai/flux/dev"), r#"{"prompt":"a cat"}"#, refuses(403, LOCKED));
    assert_eq!(submit.status(), 200);
}

/// Other locks are no lack of credit, and another provider's words mean nothing at this one.
#[test]
fn other_refusals_are_the_callers_own() {
    for own in [
        refuses(403, r#"{"detail":"User is locked. Reason: Terms of service."}"#),
        refuses(403, ""),
        refuses(401, LOCKED),
        refuses(404, LOCKED),
        refuses(422, LOCKED),
        refuses(400, "{}"),
    ] {
        let played = fal_says(&with_credit(), own.clone());
        assert!(played.answer.is_none() && played.sent.is_empty() && played.provenance.is_none(), "{own:?}");
    }
    assert!(replicate_says(&with_credit(), refuses(403, LOCKED)).answer.is_none());
}

#[test]
fn a_refused_prompt_is_not_tried_elsewhere() {
    let config = builder().triggers(Triggers::default().statuses([422, 503])).build().unwrap();
    let unsafe_prompt =
        r#"{"detail":[{"loc":["body","prompt"],"msg":"x","type":"content_policy_violation"}]}"#;
    let played = fal_says(&config, refuses(422, unsafe_prompt));
    assert!(played.answer.is_none() && played.sent.is_empty());
    assert_eq!(played.judged, [Outcome::from(Fault::ContentPolicy)]);
}

/// What `wants_body` says of an answer of FAL's, and of Replicate's.
fn wants(config: &Config, status: u16, answer: &HeaderMap) -> (bool, bool) {
    let ask = |url: String, body: &[u8]| {
        let uri: Uri = url.parse().unwrap();
        let route = config.route(&Target::of_uri(&Method::POST, &uri).unwrap(), &wait()).unwrap();
        let exchange = route.exchange(body, Moment::EPOCH).unwrap();
        exchange.wants_body(StatusCode::from_u16(status).unwrap(), answer, wall) == Read::Beginning
    };
    (ask(fal("fal-ai/flux/dev"), b"{}"), ask(replicate("black-forest-labs/flux-dev"), b"{}"))
}

#[test]
fn a_body_is_read_only_where_it_decides_something() {
    let (none, hint) = (HeaderMap::new(), headers(&[("retry-after", "3")]));
    let (usual, credit) = (config(), with_credit());
    for code in [200, 201, 301, 400, 401, 402, 404, 422, 500, 502, 503, 504] {
        assert_eq!(wants(&usual, code, &none), (false, false), "{code}");
        assert_eq!(wants(&credit, code, &none), (false, false), "{code}");
    }
    assert_eq!((wants(&usual, 403, &none), wants(&credit, 403, &none)), ((false, false), (true, false)));
    assert_eq!((wants(&usual, 429, &none), wants(&usual, 429, &hint)), ((true, true), (false, false)));
    assert_eq!(wants(&usual, 429, &headers(&[("retry-after-ms", "300")])), (false, false));
    assert_eq!(wants(&usual, 429, &headers(&[("retry-after", "soon")])), (true, true));
    let deaf = builder().triggers(Triggers::default().statuses([503])).build().unwrap();
    assert_eq!(wants(&deaf, 429, &none), (false, false));
    let refused = builder().triggers(Triggers::default().statuses([422])).build().unwrap();
    assert_eq!(wants(&refused, 422, &none), (true, false));
}

#[test]
fn every_form_of_a_hint_is_read() {
    let hinted = |headers: HeaderMap, body: &str| {
        let played = replicate_says(&config(), Says::Answer(429, headers, body.as_bytes().to_vec()));
        match played.judged[..] {
            [Outcome::Failed { fault: Fault::Throttled, retry_after }] => retry_after,
            ref other => panic!("{other:?}"),
        }
    };
    let (millis, seconds) = (|ms| Some(Duration::from_millis(ms)), |s| Some(Duration::from_secs(s)));
    let date = httpdate::fmt_http_date(wall() + Duration::from_secs(90));
    let past = httpdate::fmt_http_date(wall() - Duration::from_secs(90));
    for (name, value, expected) in [
        ("retry-after", "7", seconds(7)),
        ("retry-after", " 7 ", seconds(7)),
        ("retry-after", &*date, seconds(90)),
        ("retry-after", &*past, None),
        ("retry-after", "0", None),
        ("retry-after", "-7", None),
        ("retry-after", "7.5", millis(7_500)),
        ("retry-after", "+7", None),
        ("retry-after", "99999999999999999999999", seconds(86_400)),
        ("retry-after-ms", "300", millis(300)),
        ("retry-after-ms", "0", None),
        ("ratelimit-reset", "7", None),
    ] {
        assert_eq!(hinted(headers(&[(name, value)]), "{}"), expected, "{name}: {value}");
    }
    let both = headers(&[("retry-after", "7"), ("retry-after-ms", "300")]);
    assert_eq!(hinted(both, r#"{"retry_after":9}"#), millis(300), "the most exact one");
    let wild = r#"{"title":"Too Many Requests","detail":"Request was throttled. Your rate limit for prediction creation is reduced to 6 requests per minute while you have less than $5.0 in credit. Your rate limit resets in ~12s.","status":429,"retry_after":10}"#;
    for (body, expected) in [
        (r#"{"retry_after":9}"#, seconds(9)),
        (r#"{"retry_after":1.2}"#, seconds(2)),
        (r#"{"retry_after":"9"}"#, seconds(9)),
        (r#"{"retry_after":1e300}"#, seconds(86_400)),
        (r#"{"retry_after":0}"#, None),
        (r#"{"retry_after":-9}"#, None),
        (r#"{"retry_after":null}"#, None),
        (r#"{"retry_after":"soon"}"#, None),
        (r#"{"retry_after":[9]}"#, None),
        (r#"{"detail":"Request was throttled. Your rate limit resets in ~30s."}"#, seconds(30)),
        (wild, seconds(10)),
        (r#"{"detail":"resets in ~s"}"#, None),
        (r#"{"detail":"resets in ~-3s"}"#, None),
        (r#"{"detail":"resets in ~99999999999999999999s"}"#, seconds(86_400)),
        (r#"{"detail":["resets in ~30s"]}"#, None),
        ("resets in ~30s", None),
        ("[]", None),
        ("", None),
        ("\u{0}", None),
    ] {
        assert_eq!(hinted(HeaderMap::new(), body), expected, "{body}");
    }
}

/// A hint keeps the asked provider alone until then, wherever it stood.
#[test]
fn a_hint_in_a_body_is_kept_to() {
    let (config, url) = (config(), fal("fal-ai/flux/dev"));
    let fleet = fleet(&config);
    let request = (&*url, &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let throttled = refuses(429, r#"{"detail":"Your rate limit resets in ~30s."}"#);
    play(&config, &fleet, request, &[throttled], &[ok(GOOD)]).unwrap();
    let second = play(&config, &fleet, request, &[], &[ok(GOOD)]).unwrap();
    assert!(second.judged.is_empty() && second.status() == 200);
    assert!(second.answer.unwrap().headers()["x-failover-skipped"].to_str().unwrap().starts_with("fal "));
}

/// Whatever the stand-in refuses, the caller hears of the provider that was asked.
#[test]
fn a_refusal_of_nexaapi_is_never_the_callers() {
    for code in
        [301, 307, 400, 401, 402, 403, 404, 405, 409, 413, 418, 422, 429, 500, 501, 502, 503, 504, 529, 599]
    {
        for url in [fal("fal-ai/flux/dev"), queue("fal-ai/flux/dev")] {
            let request = (&*url, &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
            let config = config();
            let played =
                play(&config, &fleet(&config), request, &[status(503)], &[refuses(code, LOCKED)]).unwrap();
            assert!(played.answer.is_none(), "{code}");
            let provenance = played.provenance.unwrap();
            assert_eq!((provenance.status, provenance.attempts[1].status), (Some(503), Some(code)));
        }
    }
    for (code, words) in
        [(401, "nexa_api_key"), (403, "nexa_api_key"), (402, "out of credit"), (404, "nexa_base_url")]
    {
        let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
        let played =
            play(&config(), &fleet(&config()), request, &[status(503)], &[refuses(code, "{}")]).unwrap();
        assert!(played.note().contains(words) && played.sent.len() == 1, "{code}: {}", played.note());
    }
}

fn nexa(url: &str, body: &Value, says: &str) -> Played {
    let body = body.to_string();
    let config = config();
    play(&config, &fleet(&config), (url, &HeaderMap::new(), body.as_bytes()), &[status(503)], &[ok(says)])
        .unwrap()
}

/// Every place in which NexaAPI's own SDK looks, and those that it forgets.
#[test]
fn every_place_of_a_url_is_looked_at() {
    let one = "https://n.example/a";
    for says in [
        json!({"url": one}),
        json!({"output_url": one}),
        json!({"image_url": one}),
        json!({"imageUrl": one}),
        json!({"result_url": one}),
        json!({"output": one}),
        json!({"output": [one]}),
        json!({"output": [{"url": one}]}),
        json!({"output": {"url": one}}),
        json!({"outputs": [one]}),
        json!({"result": one}),
        json!({"result": {"url": one}}),
        json!({"result": {"output": [one]}}),
        json!({"image": one}),
        json!({"image": {"url": one}}),
        json!({"images": [one]}),
        json!({"images": [{"url": one}]}),
        json!({"images": [{"image_url": one}]}),
        json!({"data": one}),
        json!({"data": [{"url": one}]}),
        json!({"data": {"images": [{"url": one}]}}),
        json!({"status": "completed", "id": "x", "result": {"images": [{"url": one}]}}),
        json!({"status": "COMPLETED", "error": null, "url": one}),
        json!({"error": "", "url": one}),
    ] {
        let played = nexa(&fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &says.to_string());
        assert!(played.answer.is_some(), "{says}");
        assert_eq!(played.json()["images"][0]["url"], one, "{says}");
    }
    for (model, key, says) in [
        (
            "fal-ai/wan-t2v",
            "video",
            json!({"video_url": "https://n.example/a.mp4", "thumbnail_url": "https://n.example/t.png"}),
        ),
        ("fal-ai/wan-t2v", "video", json!({"videoUrl": "https://n.example/a.mp4"})),
        ("fal-ai/wan-t2v", "video", json!({"video": {"url": "https://n.example/a.mp4"}})),
        (
            "fal-ai/wan-t2v",
            "video",
            json!({"image_url": "https://n.example/preview.png", "output": ["https://n.example/a.mp4"]}),
        ),
        ("fal-ai/elevenlabs/tts/multilingual-v2", "audio", json!({"audio_url": "https://n.example/a.mp4"})),
        ("fal-ai/elevenlabs/tts/multilingual-v2", "audio", json!({"audio": "https://n.example/a"})),
    ] {
        let body = json!({"prompt": "a cat", "text": "Hello."});
        let played = nexa(&fal(model), &body, &says.to_string());
        if key == "audio" && says["audio_url"].is_string() {
            assert!(played.answer.is_none(), "a video is no sound");
        } else {
            let url = played.json()[key]["url"].as_str().unwrap().to_owned();
            assert!(url.starts_with("https://n.example/a"), "{says}");
        }
    }
}

#[test]
fn all_of_several_images_are_collected() {
    let urls: Vec<_> = (0..4).map(|n| format!("https://n.example/{n}")).collect();
    let objects: Vec<_> = urls.iter().map(|url| json!({"url": url})).collect();
    for says in [
        json!({"images": urls}),
        json!({"images": objects}),
        json!({"data": objects}),
        json!({"output": urls}),
        json!({"result": {"images": objects}}),
        json!({"url": urls[0], "images": objects}),
    ] {
        let played =
            nexa(&fal("fal-ai/flux/dev"), &json!({"prompt": "a cat", "num_images": 4}), &says.to_string());
        let images = played.json()["images"].as_array().unwrap().clone();
        assert_eq!(images.iter().map(|image| image["url"].clone()).collect::<Vec<_>>(), urls, "{says}");
        assert_eq!(played.json()["has_nsfw_concepts"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn every_place_of_a_text_is_looked_at() {
    let body = json!({"audio_url": "https://n.example/a.mp3"});
    for says in [
        json!({"text": "Hello."}),
        json!({"transcript": "Hello."}),
        json!({"transcription": "Hello."}),
        json!({"result": {"text": "Hello."}}),
        json!({"data": {"transcript": "Hello."}}),
        json!({"output": "Hello."}),
        json!({"output": {"text": "Hello."}}),
        json!({"output": ["Hello."]}),
        json!({"text": "Hello.", "language": "en", "duration": 1.5, "segments": [{"start": 0, "end": 1.5, "text": "Hello."}]}),
    ] {
        let played = nexa(&fal("fal-ai/whisper"), &body, &says.to_string());
        assert_eq!(played.json()["text"], "Hello.", "{says}");
    }
    let silent = nexa(&fal("fal-ai/whisper"), &body, r#"{"text":""}"#);
    assert_eq!(silent.json()["text"], "", "silence is a transcript too");
    let chunked = nexa(
        &fal("fal-ai/whisper"),
        &body,
        r#"{"text":"Hi.","language":"German","segments":[{"start":0,"end":1.5,"text":"Hi.","speaker":"A"},{"text":"lost"},{"start":"x"}]}"#,
    );
    assert_eq!(chunked.json()["chunks"], json!([{"timestamp": [0.0, 1.5], "text": "Hi.", "speaker": "A"}]));
    assert_eq!(chunked.json()["inferred_languages"], json!(["de"]));
    for says in [
        "{}",
        r#"{"text":null}"#,
        r#"{"text":5}"#,
        r#"{"url":"https://n.example/a"}"#,
        r#"{"output":"https://n.example/a.txt"}"#,
    ] {
        let played = nexa(&fal("fal-ai/whisper"), &body, says);
        assert!(played.answer.is_none(), "{says}");
    }
}

#[test]
fn a_success_without_a_result_is_a_failure() {
    for (says, fault) in [
        ("", Fault::Malformed),
        ("<html>502</html>", Fault::Malformed),
        ("[]", Fault::Malformed),
        ("null", Fault::Malformed),
        ("\"https://n.example/a\"", Fault::Malformed),
        (r#"{"url":"https://n.example/a""#, Fault::Malformed),
        (r#"{"url":"https://n.example/a"} trailing"#, Fault::Malformed),
        ("{}", Fault::Empty),
        (r#"{"images":[]}"#, Fault::Empty),
        (r#"{"url":null}"#, Fault::Empty),
        (r#"{"url":""}"#, Fault::Empty),
        (r#"{"url":["https://n.example/a",5]"#, Fault::Malformed),
        (r#"{"detail":"not found"}"#, Fault::Empty),
        (r#"{"message":"ok"}"#, Fault::Empty),
        (r#"{"status":"completed"}"#, Fault::Empty),
        (r#"{"error":"no"}"#, Fault::ErrorInSuccess),
        (r#"{"error":{"code":1},"url":"https://n.example/a"}"#, Fault::ErrorInSuccess),
        (r#"{"error":["x"]}"#, Fault::ErrorInSuccess),
        (r#"{"status":"failed"}"#, Fault::ErrorInSuccess),
        (r#"{"status":"error","url":"https://n.example/a"}"#, Fault::ErrorInSuccess),
        (r#"{"status":"cancelled"}"#, Fault::ErrorInSuccess),
    ] {
        for url in [fal("fal-ai/flux/dev"), queue("fal-ai/flux/dev")] {
            let played = nexa(&url, &json!({"prompt": "a cat"}), says);
            assert!(played.answer.is_none() && played.sent.len() == 1, "{says}");
            assert_eq!(played.faults()[1], Some(fault), "{says}");
            assert!(played.provenance.unwrap().maybe_billed);
        }
    }
}
