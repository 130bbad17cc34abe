//! The provenance: what a person reads, what the headers say, and what must never stand in either.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::num::NonZeroU8;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::{Breaker, Fault};
use failover_mapping::{Conclusion, Config, LossKind, Provenance, ProviderName, Skip};
use http::{HeaderMap, HeaderName, HeaderValue};
use stage::{GOOD, KEY, Says, builder, config, fal, fleet, headers, ok, play, replicate, status, wait};

const PROMPT: &str = "a very secret cat";

fn history(says: &[Says]) -> Provenance {
    let body = format!(r#"{{"prompt":"{PROMPT}","style":"x"}}"#);
    stage::failed_over((&fal("fal-ai/flux-pro"), &HeaderMap::new(), &body), says).provenance.unwrap()
}

fn lines(headers: &HeaderMap) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect()
}

#[test]
fn a_timeline_of_a_served_call() {
    let provenance = history(&[status(503), ok(GOOD)]);
    insta::assert_snapshot!(format!("{provenance}\n\n{}", lines(&provenance.headers())));
}

#[test]
fn a_timeline_of_a_call_that_nobody_served() {
    let provenance = history(&[Says::Nothing(Fault::Timeout)]);
    insta::assert_snapshot!(format!("{provenance}\n\n{}", lines(&provenance.headers())));
}

#[test]
fn a_timeline_of_a_request_without_translation() {
    let body = r#"{"prompt":"a cat","image_size":"axb"}"#;
    let played = stage::failed_over((&fal("fal-ai/flux/dev"), &HeaderMap::new(), body), &[ok(GOOD)]);
    let provenance = played.provenance.unwrap();
    insta::assert_snapshot!(format!("{provenance}\n\n{}", lines(&provenance.headers())));
}

#[test]
fn a_duration_has_one_unit() {
    let mut provenance = history(&[ok(GOOD)]);
    for (micros, shown) in
        [(0, "0 ms"), (5_600, "6 ms"), (999_400, "999 ms"), (999_600, "1.0 s"), (61_240_000, "61.2 s")]
    {
        provenance.took = Duration::from_micros(micros);
        let timeline = provenance.to_string();
        assert!(timeline.contains(&format!(", after {shown}\n")), "{shown}: {timeline}");
    }
}

/// What is wrong with every request is named, or nobody would look there.
#[test]
fn a_stand_in_that_refuses_every_request_is_explained() {
    for (code, part) in [
        (401, Some("check nexa_api_key (NEXA_API_KEY)")),
        (403, Some("check nexa_api_key (NEXA_API_KEY)")),
        (402, Some("out of credit")),
        (404, Some("check nexa_base_url (NEXA_BASE_URL)")),
        (422, None),
        (503, None),
    ] {
        let provenance = history(&[status(code)]);
        let note = provenance.headers().get("x-failover-note").map(|note| note.to_str().unwrap().to_owned());
        assert_eq!(note, provenance.note);
        assert_eq!(note.is_some(), part.is_some(), "{code}: {note:?}");
        assert!(note.unwrap_or_default().contains(part.unwrap_or_default()), "{code}");
    }
}

#[test]
fn a_timeline_of_a_last_resort() {
    let breaker = Breaker::new().failures(NonZeroU8::MIN).pause(Duration::from_secs(30));
    let config = builder().breaker(breaker).build().unwrap();
    let (fleet, uri) = (fleet(&config), replicate("black-forest-labs/flux-1.1-pro-ultra"));
    let (headers, body) = (wait(), br#"{"input":{"prompt":"a cat"}}"#);
    let request = || (uri.as_str(), &headers, &body[..]);
    let _ = play(&config, &fleet, request(), &[status(500)], &[ok(GOOD)]).unwrap();
    let refused = play(&config, &fleet, request(), &[status(422)], &[status(422)]).unwrap();
    insta::assert_snapshot!(refused.provenance.unwrap());
}

#[test]
fn a_call_without_any_answer_says_so() {
    let config = config();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let silent = [Says::Nothing(Fault::Connect)];
    let provenance = play(&config, &fleet(&config), request, &silent, &silent).unwrap().provenance.unwrap();
    assert!(provenance.to_string().ends_with("\nnobody served, after 1.3 s"), "{provenance}");
}

#[test]
fn a_breaker_that_opens_is_a_skipped_candidate() {
    let breaker = Breaker::new().failures(NonZeroU8::MIN).pause(Duration::from_secs(30));
    let config = builder().breaker(breaker).build().unwrap();
    let (fleet, uri) = (fleet(&config), replicate("black-forest-labs/flux-dev"));
    let (headers, body) = (wait(), br#"{"input":{"prompt":"a cat"}}"#);
    let request = || (uri.as_str(), &headers, &body[..]);
    let _ = play(&config, &fleet, request(), &[status(500)], &[ok(GOOD)]).unwrap();
    let skipped = play(&config, &fleet, request(), &[status(200)], &[ok(GOOD)]).unwrap();
    let provenance = skipped.provenance.unwrap();
    assert_eq!(provenance.attempts.len(), 1);
    assert_eq!(
        (provenance.skipped[0].provider, provenance.served.as_ref().unwrap().provider),
        (ProviderName::Replicate, ProviderName::Nexa)
    );
    assert_eq!(provenance.skipped[0].why, Skip::CircuitOpen);
    assert!(provenance.skipped[0].until.is_some());
    assert_eq!(provenance.headers()["x-failover-skipped"], "replicate circuit open");
    assert!(provenance.to_string().contains("circuit open"), "{provenance}");

    let resort = play(&config, &fleet, request(), &[status(200)], &[status(422)]).unwrap();
    let provenance = resort.provenance.unwrap();
    assert!(provenance.attempts[1].last_resort && resort.answer.is_none());
    assert_eq!(provenance.served.unwrap().provider, ProviderName::Replicate);
}

#[test]
fn headers_that_a_provider_sends_are_replaced() {
    let mut headers = headers(&[("x-failover-served-by", "evil"), ("content-type", "a/b")]);
    let optional = ["model", "substitution", "skipped", "lossy", "maybe-billed", "note"]
        .map(|name| format!("x-failover-{name}").parse::<HeaderName>().unwrap());
    for name in &optional {
        headers.insert(name, HeaderValue::from_static("forged"));
    }
    let refused = Says::Answer(422, HeaderMap::new(), Vec::new());
    history(&[refused]).mark(&mut headers);
    assert_eq!(headers["x-failover-served-by"], "nobody");
    assert!(optional.iter().all(|name| !headers.contains_key(name)), "{headers:?}");
    assert_eq!(headers["content-type"], "a/b");
}

#[test]
fn headers_are_bounded_visible_ascii() {
    let keys: Vec<String> = (0..500).map(|n| format!(r#""key_{n}":1"#)).collect();
    let body =
        format!(r#"{{"prompt":"a cat",{},"z{}":1,"zu naïve: 秘密":2}}"#, keys.join(","), "long".repeat(100));
    let played = stage::failed_over((&fal("fal-ai/flux/dev"), &HeaderMap::new(), &body), &[ok(GOOD)]);
    let provenance = played.provenance.unwrap();
    let dropped: Vec<_> = provenance.losses.iter().filter(|loss| loss.kind == LossKind::Dropped).collect();
    let other = dropped.iter().filter(|loss| loss.field == "(other key)").count();
    assert_eq!((dropped.len(), other), (65, 1), "64 by name, and that there are more");
    let own: Vec<_> = provenance.losses[65..].iter().map(ToString::to_string).collect();
    assert_eq!(own, ["seed invented", "has_nsfw_concepts invented"], "what the answer lacks is not cut off");
    for (name, value) in &provenance.headers() {
        let text = value.to_str().unwrap();
        assert!(text.len() <= 512 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}");
    }
    let shown = format!("{provenance} {provenance:?}");
    assert!(shown.contains("(other key) dropped") && !shown.contains('秘') && !shown.contains("longlong"));
}

/// A key of up to 40 plain characters is named; anything else could be a prompt.
#[test]
fn keys_are_named_if_they_look_like_keys() {
    let lost = |key: &str| {
        let body = format!(r#"{{"prompt":"a cat","{key}":1}}"#);
        let played = stage::failed_over((&fal("fal-ai/flux/dev"), &HeaderMap::new(), &body), &[ok(GOOD)]);
        played.provenance.unwrap().losses[0].field.clone()
    };
    let long = "k".repeat(40);
    for key in ["style", "style-2.x_Y", &long] {
        assert_eq!(lost(key), key);
    }
    for key in [&format!("{long}k"), "a key", "", "clé"] {
        assert_eq!(lost(key), "(other key)");
    }
}

#[test]
fn secrets_are_never_printed() {
    let secrets = [KEY, PROMPT, "fal-secret", "sid=1", "hunter2", "cdn.nexa.example"];
    let config = builder().nexa_base_url("https://proxy.example/hunter2").build().unwrap();
    let request_headers = headers(&[("authorization", "Key fal-secret"), ("cookie", "sid=1")]);
    let body = format!(r#"{{"prompt":"{PROMPT}","image_size":"{PROMPT}","{PROMPT}":1}}"#);
    let request = (&*fal("fal-ai/flux/dev"), &request_headers, body.as_bytes());
    let mut shown =
        format!("{config:?} {:?} {:?}", builder(), builder().nexa_api_key(format!(" {KEY}")).build());
    let fine = format!(r#"{{"prompt":"{PROMPT}","{PROMPT}":1}}"#);
    for (body, says) in
        [(body.as_bytes(), ok(GOOD)), (fine.as_bytes(), ok(GOOD)), (fine.as_bytes(), status(401))]
    {
        let played =
            play(&config, &fleet(&config), (request.0, request.1, body), &[status(500)], &[says]).unwrap();
        let provenance = played.provenance.unwrap();
        shown += &format!("{provenance} {provenance:?} {}", lines(&provenance.headers()));
        if let Some(sent) = played.sent.first() {
            shown += &format!("{:?}", sent.headers());
        }
        shown += &match played.answer {
            Some(made) => format!("{:?}", Conclusion::StandIn(made)),
            None => format!("{:?}", Conclusion::Own(Some(provenance))),
        };
    }
    let uri: http::Uri = request.0.parse().unwrap();
    let target = failover_mapping::Target::of_uri(&http::Method::POST, &uri).unwrap();
    let route = config.route(&target, &request_headers).unwrap();
    shown += &format!("{route:?}");
    shown += &format!("{:?}", route.exchange(fine.as_bytes(), failover_core::Moment::EPOCH).unwrap());
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} stands in {shown}");
        // A body that is printed is a list of numbers.
        let bytes = format!("{:?}", secret.as_bytes());
        assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "{secret} stands in {shown}");
    }
}

#[test]
fn the_callback_is_told_and_may_panic() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let config: Config = builder()
        .on_failover({
            let told = Arc::clone(&told);
            move |provenance| {
                told.lock().unwrap().push(provenance.attempts.len());
                std::panic::resume_unwind(Box::new("the user's own mistake"));
            }
        })
        .build()
        .unwrap();
    config.notify(&history(&[ok(GOOD)]));
    assert_eq!(*told.lock().unwrap_or_else(std::sync::PoisonError::into_inner), [2]);
    stage::config().notify(&history(&[ok(GOOD)]));
}

#[test]
fn the_url_is_shown_as_it_was_asked() {
    let config = config();
    let headers = wait();
    let body = br#"{"version":"stability-ai/sdxl","input":{"prompt":"a cat"}}"#;
    let uri = "https://api.replicate.com/v1/predictions";
    let played = play(&config, &fleet(&config), (uri, &headers, body), &[status(500)], &[ok(GOOD)]).unwrap();
    let asked = played.provenance.unwrap().asked;
    assert_eq!((asked.url.as_str(), asked.model.as_str()), (uri, "stability-ai/sdxl"));
}
