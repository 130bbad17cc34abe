//! Keys that a callback gives: asked for at each request, checked like others, and no key means no request.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use failover_mapping::{Config, Fault, ProviderName};
use http::HeaderMap;
use stage::{GOOD, Played, builder, fal, fleet, ok, play, replicate, status, wait};

const BODY: &[u8] = br#"{"prompt":"a cat"}"#;

fn run(config: &Config, says: &[stage::Says]) -> Played {
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY);
    play(config, &fleet(config), request, &[status(500)], says).unwrap()
}

/// Gives `key-1`, `key-2` and so on, and counts.
fn rotating() -> (Arc<AtomicUsize>, impl Fn() -> String + Send + Sync + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&count);
    (count, move || format!("key-{}", own.fetch_add(1, Ordering::Relaxed) + 1))
}

#[test]
fn each_request_gets_the_present_key() {
    let (count, key) = rotating();
    let config = Config::builder().key_from(ProviderName::Nexa, key).build().unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 0, "nobody asks for it before a request needs it");
    for number in 1..=2 {
        let played = run(&config, &[ok(GOOD)]);
        assert_eq!(played.sent[0].headers()["authorization"], format!("Bearer key-{number}"));
        assert!(played.sent[0].headers()["authorization"].is_sensitive());
    }
    // A job is asked for with the key of that moment.
    let job = [ok(r#"{"id":"job-7","status":"pending"}"#), ok(GOOD)];
    let played = run(&config, &job);
    let keys: Vec<_> =
        played.sent.iter().map(|request| request.headers()["authorization"].to_str().unwrap()).collect();
    assert_eq!(keys, ["Bearer key-3", "Bearer key-4"]);
    assert_eq!(count.load(Ordering::Relaxed), 4);
}

#[test]
fn a_callback_is_shown_to_each_provider_as_it_wants() {
    let (_, key) = rotating();
    let config = Config::builder()
        .key_from(ProviderName::Nexa, key)
        .nexa_rapidapi_host("nexa-api.p.rapidapi.com")
        .build()
        .unwrap();
    let played = run(&config, &[ok(GOOD)]);
    assert_eq!(played.sent[0].headers()["x-rapidapi-key"], "key-1");
    assert_eq!(played.sent[0].headers()["x-rapidapi-host"], "nexa-api.p.rapidapi.com");
    let (_, key) = rotating();
    let by = ProviderName::Fal;
    let config = Config::builder().key_from(by, key).stand_ins([by]).build().unwrap();
    let request =
        (&*replicate("black-forest-labs/flux-dev"), &wait(), &br#"{"input":{"prompt":"a cat"}}"#[..]);
    let played = play(
        &config,
        &fleet(&config),
        request,
        &[status(500)],
        &[ok(r#"{"images":[{"url":"https://fal.media/a.png"}]}"#)],
    );
    assert_eq!(played.unwrap().sent[0].headers()["authorization"], "Key key-1");
}

/// What cannot be a key is not sent: the next stand-in is asked, and the provenance names the setting.
#[test]
fn no_key_means_no_request() {
    const LEAK: &str = "unspeakable";
    type Gives = fn() -> String;
    let bad: [(&str, Gives); 7] = [
        ("NexaAPI's key_from(..) gave a key that is empty", String::new),
        ("gave a key that begins or ends with white space", || format!("{LEAK}\n")),
        ("gave a key that holds white space", || format!("Bearer {LEAK}")),
        ("gave a key that begins and ends with quotes", || format!("\"{LEAK}\"")),
        ("gave a key that holds characters other than visible ASCII", || format!("{LEAK}\u{e9}")),
        ("gave a key that holds characters other than visible ASCII", || format!("{LEAK}\0")),
        ("NexaAPI's key_from(..) panicked", || panic!("a rehearsed panic")),
    ];
    for (note, callback) in bad {
        let config = Config::builder()
            .key_from(ProviderName::Nexa, callback)
            .key(ProviderName::Replicate, "r8-key")
            .stand_ins([ProviderName::Nexa, ProviderName::Replicate])
            .build()
            .unwrap();
        let answer = r#"{"id":"p1","status":"succeeded","output":["https://replicate.delivery/a.png"]}"#;
        let played = run(&config, &[ok(answer)]);
        assert_eq!(played.asked().len(), 1, "NexaAPI heard nothing: {:?}", played.asked());
        assert!(played.asked()[0].contains("api.replicate.com"), "{:?}", played.asked());
        assert_eq!(played.faults(), [Some(Fault::Broken), Some(Fault::Unauthenticated), None]);
        // Where nobody else serves, the caller is told why.
        let alone = Config::builder().key_from(ProviderName::Nexa, callback).build().unwrap();
        let played = run(&alone, &[]);
        let provenance = played.provenance.as_ref().unwrap();
        let told = format!("{provenance} {provenance:?} {:?}", provenance.headers());
        assert!(played.note().contains(note) && !told.contains(LEAK), "{note}: {told}");
    }
}

/// A job that was accepted is not asked of another provider because a key is missing for a moment.
#[test]
fn a_job_whose_key_is_gone_is_not_bought_again() {
    let count = AtomicUsize::new(0);
    let once =
        move || if count.fetch_add(1, Ordering::Relaxed) == 0 { "key".to_owned() } else { String::new() };
    let config = Config::builder().key_from(ProviderName::Nexa, once).build().unwrap();
    let played = run(&config, &[ok(r#"{"id":"job-7","status":"pending"}"#)]);
    assert_eq!(played.posts(), 1, "{:?}", played.asked());
    assert_eq!(played.faults(), [Some(Fault::Broken), Some(Fault::Gateway)]);
    assert!(played.provenance.unwrap().to_string().contains("key_from(..) gave a key that is empty"));
}

#[test]
fn a_key_given_later_goes_over_the_earlier() {
    let config = builder().key_from(ProviderName::Nexa, || "asked-for".to_owned()).build().unwrap();
    assert_eq!(run(&config, &[ok(GOOD)]).sent[0].headers()["authorization"], "Bearer asked-for");
    let config = Config::builder()
        .key_from(ProviderName::Nexa, || "asked-for".to_owned())
        .nexa_api_key("given")
        .build()
        .unwrap();
    assert_eq!(run(&config, &[ok(GOOD)]).sent[0].headers()["authorization"], "Bearer given");
}

/// By hand, the reason is the declining.
#[test]
fn a_request_by_hand_needs_a_key_too() {
    let config = Config::builder().key_from(ProviderName::Nexa, String::new).build().unwrap();
    let declined = config.build_request(&fal("fal-ai/flux/dev"), BODY, ProviderName::Nexa).unwrap_err();
    assert!(declined.to_string().contains("NexaAPI's key_from(..) gave a key that is empty"), "{declined}");
}
