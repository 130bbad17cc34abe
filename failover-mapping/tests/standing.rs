//! FAL and Replicate standing in for each other: asked where, with which key, in whose words, and answered in the other's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use std::time::Duration;

use failover_mapping::{Builder, Config, Fault, ProviderName, Substitution};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use stage::{Played, Says, builder, fal, fleet, local, ok, play, queue, replicate, status, wait};
use strict::{Flux, Prediction, Status, Transcription, Whisper, read};

const FAL_KEY: &str = "fal-id:fal-secret";
const REPLICATE_KEY: &str = "r8_secret";
const SDXL: &str = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc";

fn keys() -> Builder<Config> {
    builder().key(ProviderName::Fal, FAL_KEY).key(ProviderName::Replicate, REPLICATE_KEY)
}

fn by(stand_ins: impl IntoIterator<Item = ProviderName>) -> Config {
    keys().stand_ins(stand_ins).build().unwrap()
}

fn run(config: &Config, url: &str, body: &Value, stand_in: &[Says]) -> Played {
    let body = body.to_string();
    play(config, &fleet(config), (url, &wait(), body.as_bytes()), &[status(503)], stand_in).unwrap()
}

fn sent(played: &Played) -> Value {
    serde_json::from_slice(played.sent[0].body()).unwrap()
}

const PREDICTION: &str = r#"{"id":"p1","model":"x","version":"hidden","status":"succeeded","error":null,"logs":"",
    "input":{"prompt":"a cat","image":"https://n.example/input"},"output":["https://replicate.delivery/a.webp"],
    "urls":{"get":"https://api.replicate.com/v1/predictions/p1","cancel":"https://api.replicate.com/v1/predictions/p1/cancel"}}"#;

#[test]
fn replicate_stands_in_for_fal() {
    let config = by([ProviderName::Replicate]);
    let body = json!({
        "prompt": "a cat", "image_size": {"width": 1216, "height": 832}, "num_inference_steps": 20, "guidance_scale": 3.5,
        "num_images": 2, "seed": 7, "output_format": "png", "acceleration": "high",
    });
    let played = run(&config, &fal("fal-ai/flux/dev"), &body, &[ok(PREDICTION)]);
    let request = &played.sent[0];
    assert_eq!(
        played.asked(),
        ["POST https://api.replicate.com/v1/models/black-forest-labs/flux-dev/predictions"]
    );
    assert_eq!(request.headers()["authorization"], format!("Bearer {REPLICATE_KEY}"));
    assert!(request.headers()["prefer"].to_str().unwrap().starts_with("wait"));
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(
        sent(&played),
        json!({"input": {
            "prompt": "a cat", "aspect_ratio": "3:2", "num_inference_steps": 20, "guidance": 3.5, "num_outputs": 2, "seed": 7,
            "output_format": "png", "disable_safety_checker": false,
        }})
    );
    let flux: Flux = read(played.answer.as_ref().unwrap());
    assert_eq!(
        (&*flux.images[0].url, &*flux.images[0].content_type),
        ("https://replicate.delivery/a.webp", "image/webp")
    );
    assert_eq!((flux.images.len(), flux.seed), (1, 7), "the input's URL is no result");
    assert_eq!(played.losses(), ["acceleration dropped", "has_nsfw_concepts invented", "num_images short"]);
    let served = played.provenance.unwrap().served.unwrap();
    assert_eq!((served.provider, &*served.model), (ProviderName::Replicate, "black-forest-labs/flux-dev"));
    assert_eq!(served.substitution, Substitution::Same);
}

#[test]
fn fal_stands_in_for_replicate() {
    let config = by([ProviderName::Fal]);
    let body = json!({"input": {
        "prompt": "a cat", "aspect_ratio": "16:9", "num_outputs": 2, "seed": 7, "output_format": "jpg", "go_fast": false,
    }});
    let says = ok(
        r#"{"images":[{"url":"https://v3.fal.media/a.jpg","width":1344,"height":768,"content_type":"image/jpeg"},
        {"url":"https://v3.fal.media/b.jpg","width":1344,"height":768,"content_type":"image/jpeg"}],
        "timings":{"inference":1.2},"seed":7,"has_nsfw_concepts":[false,false],"prompt":"a cat"}"#,
    );
    let played = run(&config, &replicate("black-forest-labs/flux-schnell"), &body, &[says]);
    let request = &played.sent[0];
    assert_eq!(played.asked(), ["POST https://fal.run/fal-ai/flux/schnell"]);
    assert_eq!(request.headers()["authorization"], format!("Key {FAL_KEY}"));
    assert!(!request.headers().contains_key("prefer"));
    assert_eq!(
        sent(&played),
        json!({
            "prompt": "a cat", "image_size": {"width": 1344, "height": 768}, "num_images": 2, "seed": 7, "output_format": "jpeg",
            "num_inference_steps": 4, "enable_safety_checker": true,
        })
    );
    let prediction: Prediction<Vec<String>> = read(played.answer.as_ref().unwrap());
    assert_eq!(prediction.output.unwrap(), ["https://v3.fal.media/a.jpg", "https://v3.fal.media/b.jpg"]);
    assert_eq!((played.status(), &*prediction.model), (201, "black-forest-labs/flux-schnell"));
    assert_eq!(played.losses(), ["go_fast dropped", "output_quality defaulted"]);
}

/// A community model has no route of its own: its version goes into the body.
#[test]
fn a_community_model_is_asked_by_its_version() {
    let config = by([ProviderName::Replicate]);
    let body = json!({"prompt": "a cat", "image_size": {"width": 768, "height": 512}});
    let played = run(&config, &fal("fal-ai/fast-sdxl"), &body, &[ok(PREDICTION)]);
    assert_eq!(played.asked(), ["POST https://api.replicate.com/v1/predictions"]);
    let sent = sent(&played);
    assert_eq!(
        (&sent["version"], &sent["input"]["width"], &sent["input"]["height"]),
        (&json!(SDXL), &json!(768), &json!(512))
    );
}

#[test]
fn sounds_are_transcribed_by_either() {
    let config = by([ProviderName::Fal, ProviderName::Replicate]);
    let says = ok(
        r#"{"id":"p1","status":"succeeded","output":{"detected_language":"english","transcription":" Hello.",
        "segments":[{"id":0,"start":0.0,"end":1.5,"text":" Hello."}],"translation":null,"txt_file":null,"srt_file":null}}"#,
    );
    let body = json!({"audio_url": "https://n.example/a.mp3", "language": "en"});
    let played = run(&config, &fal("fal-ai/whisper"), &body, &[says]);
    assert_eq!(sent(&played)["input"]["audio"], "https://n.example/a.mp3");
    let whisper: Whisper = read(played.answer.as_ref().unwrap());
    assert_eq!((&*whisper.text, &whisper.inferred_languages[..]), (" Hello.", &["en".to_owned()][..]));
    assert_eq!(whisper.chunks[0].timestamp, (0.0, 1.5));

    let says = ok(
        r#"{"text":"Hello.","chunks":[{"timestamp":[0.0,1.5],"text":"Hello."}],"inferred_languages":["en"],
        "diarization_segments":[]}"#,
    );
    let hash = "8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e";
    let body = json!({"version": hash, "input": {"audio": "https://n.example/a.mp3"}});
    let played = run(&config, "https://api.replicate.com/v1/predictions", &body, &[says]);
    assert_eq!(sent(&played)["audio_url"], "https://n.example/a.mp3");
    let prediction: Prediction<Transcription> = read(played.answer.as_ref().unwrap());
    assert_eq!(prediction.output.unwrap().transcription, "Hello.");
}

#[test]
fn the_order_is_the_users_and_the_next_one_serves_when_the_first_fails() {
    let order = |stand_ins: [ProviderName; 2]| {
        let config = by(stand_ins);
        let body = json!({"prompt": "a cat"});
        let played = run(&config, &fal("fal-ai/flux/schnell"), &body, &[status(401), ok(PREDICTION)]);
        (played.asked(), played)
    };
    let nexa = "POST https://api.nexa-api.com/v1/images/generate";
    let replicate = "POST https://api.replicate.com/v1/models/black-forest-labs/flux-schnell/predictions";
    let (asked, played) = order([ProviderName::Nexa, ProviderName::Replicate]);
    assert_eq!(asked, [nexa, replicate]);
    assert_eq!(played.sent[1].headers()["authorization"], format!("Bearer {REPLICATE_KEY}"));
    let provenance = played.provenance.unwrap();
    assert_eq!(provenance.served.unwrap().provider, ProviderName::Replicate);
    assert_eq!(provenance.attempts.len(), 3);
    assert!(
        !provenance
            .losses
            .iter()
            .any(|loss| loss.field == "guidance_scale" && loss.kind == failover_mapping::LossKind::Short)
    );
    assert_eq!(order([ProviderName::Replicate, ProviderName::Nexa]).0, [replicate, nexa]);
}

/// The losses are those of the answer that the caller gets, not of an attempt before.
#[test]
fn losses_are_of_the_one_who_served() {
    let config = by([ProviderName::Nexa, ProviderName::Replicate]);
    let body =
        json!({"prompt": "a cat", "image_size": {"width": 1000, "height": 1000}, "output_format": "png"});
    let nexa = run(&config, &fal("fal-ai/flux/schnell"), &body, &[ok(stage::GOOD)]).losses();
    let replicate = run(&config, &fal("fal-ai/flux/schnell"), &body, &[status(402), ok(PREDICTION)]).losses();
    assert!(nexa.contains(&"output_format dropped".to_owned()), "{nexa:?}");
    assert!(replicate.contains(&"image_size approximated".to_owned()), "{replicate:?}");
    assert!(!replicate.contains(&"output_format dropped".to_owned()), "{replicate:?}");
}

#[test]
fn nobody_stands_in_for_itself_or_without_a_key() {
    let config = by([ProviderName::Fal, ProviderName::Replicate]);
    let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[status(503)]);
    assert!(played.sent.iter().all(|request| request.uri().host() == Some("api.replicate.com")));
    for (provider, field) in
        [(ProviderName::Fal, "FAL_KEY"), (ProviderName::Replicate, "REPLICATE_API_TOKEN")]
    {
        let refused = builder().stand_ins([provider]).build().unwrap_err().to_string();
        assert!(refused.contains(field) && refused.contains("missing"), "{refused}");
    }
    // A model that the other one does not have.
    let kling = fal("fal-ai/kling-video/v2/master/text-to-video");
    let request = (&*kling, &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    assert!(play(&config, &fleet(&config), request, &[], &[]).is_none());
    // Keys from the environment are used only by whom they are for.
    let keys = |name: &str| {
        let key = ["NEXA_API_KEY", "FAL_KEY", "REPLICATE_API_TOKEN"].contains(&name);
        key.then(|| format!("key-of-{}", name.to_lowercase()))
    };
    let config = Builder::<Config>::from_vars(keys).stand_ins([ProviderName::Replicate]).build().unwrap();
    let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[ok(PREDICTION)]);
    assert_eq!(played.sent[0].headers()["authorization"], "Bearer key-of-replicate_api_token");
}

#[test]
fn a_stand_in_can_be_somewhere_else() {
    let config = keys()
        .stand_ins([ProviderName::Replicate, ProviderName::Fal])
        .stand_in_url(ProviderName::Replicate, "http://127.0.0.1:9100/replicate")
        .stand_in_url(ProviderName::Fal, "https://fal.proxy.example")
        .build()
        .unwrap();
    let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[ok(PREDICTION)]);
    assert_eq!(
        played.asked(),
        ["POST http://127.0.0.1:9100/replicate/v1/models/black-forest-labs/flux-dev/predictions"]
    );
    let body = json!({"input": {"prompt": "a cat"}});
    let played = run(&config, &replicate("black-forest-labs/flux-dev"), &body, &[ok(stage::GOOD)]);
    assert_eq!(played.asked(), ["POST https://fal.proxy.example/fal-ai/flux/dev"]);
    for (provider, url) in [
        (ProviderName::Nexa, "https://n.example"),
        (ProviderName::Fal, "http://fal.proxy.example"),
        (ProviderName::Replicate, "https://u:p@r.example"),
    ] {
        let refused =
            keys().stand_ins([ProviderName::Fal, ProviderName::Replicate]).stand_in_url(provider, url);
        let refused = refused.build().unwrap_err().to_string();
        assert!(refused.starts_with("stand_in_url "), "{refused}");
    }
}

/// Replicate's prediction goes on: its own URL is not followed, its id is.
#[test]
fn a_prediction_that_goes_on_is_asked_for_on_replicates_own_base() {
    let config = by([ProviderName::Replicate]);
    let going = r#"{"id":"p1","status":"processing","output":null,"error":null,"urls":{"get":"https://evil.example/p1"}}"#;
    let starting = r#"{"id":"p1","status":"starting","urls":{"get":"https://evil.example/p1"}}"#;
    let url = fal("fal-ai/flux/dev");
    let played = run(&config, &url, &json!({"prompt": "a cat"}), &[ok(starting), ok(going), ok(PREDICTION)]);
    assert_eq!(played.status(), 200);
    assert_eq!(played.asked()[1..], ["GET https://api.replicate.com/v1/predictions/p1"; 2]);
    // With `Prefer: wait` it still says `processing` while the output is there.
    let early = PREDICTION.replace("succeeded", "processing");
    let played = run(&config, &url, &json!({"prompt": "a cat"}), &[ok(&early)]);
    assert_eq!((played.status(), played.sent.len(), played.pauses.len()), (200, 1, 0));
    for failed in ["failed", "canceled", "aborted"] {
        let says = format!(r#"{{"id":"p1","status":"{failed}","error":"NSFW content","output":null}}"#);
        let played = run(&config, &url, &json!({"prompt": "a cat"}), &[ok(starting), ok(&says)]);
        assert_eq!(
            (played.answer.is_none(), played.faults()[1]),
            (true, Some(Fault::ErrorInSuccess)),
            "{failed}"
        );
    }
}

#[test]
fn a_queue_job_can_be_a_prediction() {
    let config = by([ProviderName::Replicate]);
    let starting = r#"{"id":"p1","status":"starting","urls":{}}"#;
    let played = run(&config, &queue("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[ok(starting)]);
    assert!(!played.sent[0].headers().contains_key("prefer"), "nobody waits for it");
    let submitted = played.json();
    let url = |key: &str| submitted[key].as_str().unwrap().to_owned();
    let state = local(&config, &Method::GET, &url("status_url"), &[ok(starting)]);
    assert_eq!((state.status(), &state.json()["status"]), (202, &json!("IN_QUEUE")));
    let result = local(&config, &Method::GET, &url("response_url"), &[ok(PREDICTION)]);
    let flux: Flux = read(result.answer.as_ref().unwrap());
    assert_eq!(flux.images[0].url, "https://replicate.delivery/a.webp");
    assert_eq!(result.asked(), ["GET https://api.replicate.com/v1/predictions/p1"]);
    assert_eq!(result.sent[0].headers()["authorization"], format!("Bearer {REPLICATE_KEY}"));
}

/// FAL answers at once or not at all, so its prediction has ended when it is created.
#[test]
fn a_prediction_by_fal_has_ended() {
    let config = by([ProviderName::Fal]);
    let body = json!({"input": {"prompt": "a cat"}}).to_string();
    let url = replicate("black-forest-labs/flux-dev");
    let request = (&*url, &HeaderMap::new(), body.as_bytes());
    let says = ok(r#"{"images":[{"url":"https://v3.fal.media/a.png"}]}"#);
    let played = play(&config, &fleet(&config), request, &[status(503)], &[says]).unwrap();
    let prediction: Prediction<Vec<String>> = read(played.answer.as_ref().unwrap());
    assert_eq!(prediction.status, Status::Succeeded);
    let again = local(&config, &Method::GET, &prediction.urls.get, &[]);
    assert_eq!((again.status(), again.sent.len()), (200, 0));
}

#[test]
fn a_refusal_of_a_stand_in_is_never_the_callers() {
    let config = by([ProviderName::Replicate, ProviderName::Nexa]);
    for (code, body) in [
        (400, "{}"),
        (401, r#"{"title":"Unauthenticated","detail":"no","status":401}"#),
        (402, r#"{"title":"Insufficient credit","status":402}"#),
        (404, "{}"),
        (422, r#"{"title":"Input validation failed","status":422}"#),
        (429, r#"{"detail":"Request was throttled. Your rate limit resets in ~30s."}"#),
        (302, ""),
    ] {
        let says = Says::Answer(code, HeaderMap::new(), body.as_bytes().to_vec());
        let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[says]);
        assert!(played.answer.is_none(), "{code}");
        assert_eq!(played.provenance.as_ref().unwrap().status, Some(503), "{code}");
        assert!(played.asked().iter().any(|asked| asked.contains("nexa")), "{code}: the next one is asked");
    }
    let dry = Says::Answer(
        403,
        HeaderMap::new(),
        br#"{"detail":"User is locked. Reason: Exhausted balance."}"#.to_vec(),
    );
    let config = by([ProviderName::Fal]);
    let body = json!({"input": {"prompt": "a cat"}});
    let played = run(&config, &replicate("black-forest-labs/flux-dev"), &body, &[dry]);
    assert_eq!(played.faults()[1], Some(Fault::OutOfCredit));
    assert_eq!(played.note(), "FAL's account is out of credit: top it up");
}

#[test]
fn a_hint_of_a_stand_in_keeps_it_alone_until_then() {
    let config = by([ProviderName::Replicate, ProviderName::Nexa]);
    let fleet = fleet(&config);
    let throttled = Says::Answer(
        429,
        HeaderMap::new(),
        br#"{"detail":"Request was throttled. Your rate limit resets in ~30s."}"#.to_vec(),
    );
    let url = fal("fal-ai/flux/dev");
    let request = (&*url, &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let first = play(&config, &fleet, request, &[status(503)], &[throttled, ok(stage::GOOD)]).unwrap();
    assert_eq!(first.asked().len(), 2);
    let second = play(&config, &fleet, request, &[status(503)], &[ok(stage::GOOD)]).unwrap();
    assert!(second.asked()[0].contains("nexa"), "{:?}", second.asked());
    let skipped = &second.provenance.as_ref().unwrap().skipped[0];
    assert_eq!(skipped.provider, ProviderName::Replicate);
    assert!(skipped.until.unwrap() > Duration::from_secs(25));
}
