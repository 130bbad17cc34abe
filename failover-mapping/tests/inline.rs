//! Files as data: fetched from the stand-in's declared media hosts, without a key, within a bound; or nobody stands in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use failover_mapping::{Builder, Config, Fault, ProviderName};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use stage::{
    Played, Says, builder, config, fal, file, fleet, local, ok, play, queue, replicate, status, wait,
};
use strict::{Flux, Prediction, QueueStatus, read};

const PNG: &str = "data:image/png;base64,cG5n"; // "png"

fn picture() -> Says {
    file("image/png", b"png")
}

fn at(url: &str) -> Says {
    ok(&json!({"url": url}).to_string())
}

fn sync_mode(config: &Config, stand_in: &[Says]) -> Played {
    let body = json!({"prompt": "a cat", "sync_mode": true, "num_images": 2}).to_string();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), body.as_bytes());
    play(config, &fleet(config), request, &[status(503)], stand_in).unwrap()
}

fn urls(played: &Played) -> Vec<String> {
    let flux: Flux = read(played.answer.as_ref().unwrap());
    flux.images.into_iter().map(|image| image.url).collect()
}

#[test]
fn sync_mode_is_answered_with_data() {
    let two = ok(r#"{"images":["https://cdn.nexa-api.com/a.png?sig=1","https://nexa-api.com/b.webp"]}"#);
    let played = sync_mode(&config(), &[two, picture(), file("image/webp; charset=x", b"webp")]);
    assert_eq!(urls(&played), [PNG, "data:image/webp;base64,d2VicA=="]);
    assert_eq!(
        played.asked()[1..],
        ["GET https://cdn.nexa-api.com/a.png?sig=1", "GET https://nexa-api.com/b.webp"]
    );
    for fetch in &played.sent[1..] {
        assert!(fetch.headers().is_empty() && fetch.body().is_empty(), "a file need not know who asks");
    }
    assert!(played.limits[1..].iter().all(|limit| limit.unwrap().as_secs() <= 30));
    let flux: Flux = read(played.answer.as_ref().unwrap());
    assert_eq!(flux.images[0].content_type, "image/png");
    assert!(!played.losses().iter().any(|loss| loss.contains("sync_mode")));
    // What is data already needs no host; and without the wish nothing is fetched.
    let data = sync_mode(&config(), &[at(PNG)]);
    assert_eq!((urls(&data), data.sent.len()), (vec![PNG.to_owned()], 1));
    let request =
        (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat","sync_mode":false}"#[..]);
    let plain =
        play(&config(), &fleet(&config()), request, &[status(503)], &[at("https://cdn.nexa-api.com/a.png")])
            .unwrap();
    assert_eq!((urls(&plain), plain.sent.len()), (vec!["https://cdn.nexa-api.com/a.png".to_owned()], 1));
}

#[test]
fn no_more_is_fetched_than_was_asked_for() {
    let three = ok(
        r#"{"images":["https://cdn.nexa-api.com/a","https://cdn.nexa-api.com/b","https://cdn.nexa-api.com/c"]}"#,
    );
    assert_eq!(sync_mode(&config(), &[three, picture()]).sent.len(), 3);
}

/// The type is what the host says; an address that looks like a picture does not make a page one.
#[test]
fn the_type_of_the_data_is_that_of_the_file() {
    for (url, said, expected) in [
        ("https://cdn.nexa-api.com/a.png", Some("image/jpeg"), Some("image/jpeg")),
        ("https://cdn.nexa-api.com/a.png", Some("IMAGE/PNG"), Some("image/png")),
        ("https://cdn.nexa-api.com/a.png", Some("application/octet-stream"), Some("image/png")),
        ("https://cdn.nexa-api.com/a.png", Some("binary/octet-stream"), Some("image/png")),
        ("https://cdn.nexa-api.com/a.png", None, Some("image/png")),
        ("https://cdn.nexa-api.com/a", None, None),
        ("https://cdn.nexa-api.com/a", Some("application/octet-stream"), None),
        ("https://cdn.nexa-api.com/a.png", Some("text/html"), None),
        ("https://cdn.nexa-api.com/a.png", Some("application/json"), None),
    ] {
        let says = said.map_or_else(|| ok("png"), |said| file(said, b"png"));
        let played = sync_mode(&config(), &[at(url), says]);
        let expected = expected.map(|media| format!("data:{media};base64,cG5n"));
        assert_eq!(played.answer.as_ref().map(|_| urls(&played)[0].clone()), expected, "{url} {said:?}");
    }
}

#[test]
fn a_file_that_cannot_be_fetched_is_no_result() {
    for says in [
        status(404),
        status(403),
        status(500),
        Says::Answer(302, stage::headers(&[("location", "https://evil.example/")]), b"x".to_vec()),
        Says::Answer(206, stage::headers(&[("content-type", "image/png")]), b"png".to_vec()),
        file("image/png", b""),
        Says::Nothing(Fault::Reset),
        Says::Nothing(Fault::Cut),
        Says::Nothing(Fault::Malformed),
        Says::Hangs,
    ] {
        let played = sync_mode(&config(), &[at("https://cdn.nexa-api.com/a.png"), says.clone()]);
        assert!(played.answer.is_none() && played.sent.len() == 2, "{says:?}");
        assert_eq!(played.faults()[1], Some(Fault::Unsupported), "{says:?}: its host is nobody's model");
        assert!(played.provenance.as_ref().unwrap().maybe_billed);
        assert!(played.note().contains("could not be fetched") && !played.note().contains("a.png"));
    }
}

#[test]
fn all_files_together_are_bounded() {
    let two = ok(r#"{"images":["https://cdn.nexa-api.com/a.png","https://cdn.nexa-api.com/b.png"]}"#);
    let config = builder().answer_limit(1000).build().unwrap();
    let played = sync_mode(&config, &[two.clone(), file("image/png", &[1; 500])]);
    assert_eq!(played.status(), 200);
    let played = sync_mode(&config, &[two, file("image/png", &[1; 501])]);
    assert!(played.answer.is_none() && played.sent.len() == 3);
}

/// Hosts that are not declared, and addresses that look like one that is.
const OUTSIDE: [&str; 26] = [
    "https://evil.example/a.png",
    "https://nexa-api.com.evil.example/a.png",
    "https://evilnexa-api.com/a.png",
    "https://evil.example/?u=cdn.nexa-api.com",
    "https://evil.example/cdn.nexa-api.com/a.png",
    "https://cdn.nexa-api.com@evil.example/a.png",
    "https://cdn.nexa-api.com:pw@evil.example/a.png",
    "https://user@cdn.nexa-api.com/a.png",
    "https://user:pw@cdn.nexa-api.com/a.png",
    "https://evil.example\\@cdn.nexa-api.com/a.png",
    "https://cdn.nexa-api.com%2eevil.example/a.png",
    "https://cdn.nexa-api.com./a.png",
    "https://cdn.nexa-api.com:8443/a.png",
    "https://cdn.nexa-api.com:99999/a.png",
    "http://cdn.nexa-api.com/a.png",
    "ftp://cdn.nexa-api.com/a.png",
    "//cdn.nexa-api.com/a.png",
    "https://.nexa-api.com/a.png",
    "https://127.0.0.1/a.png",
    "https://[::1]/a.png",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/a.png",
    "https://fal.media/a.png",
    "https://replicate.delivery/a.png",
    "https://cdn.nexa\u{2010}api.com/a.png",
    "https://api.replicate.com/v1/files/a",
];

#[test]
fn nothing_is_fetched_from_anywhere_else() {
    for url in OUTSIDE {
        let played = sync_mode(&config(), &[at(url), picture()]);
        assert!(played.answer.is_none(), "{url}");
        assert_eq!(played.asked(), ["POST https://api.nexa-api.com/v1/images/generate"], "{url}");
    }
    let played = sync_mode(&config(), &[at("https://cdn.other.example/a.png")]);
    assert_eq!(
        played.note(),
        "NexaAPI keeps its files on cdn.other.example, which is not declared: add media_host(..)"
    );
    // One of two is not enough.
    let two = ok(r#"{"images":["https://cdn.nexa-api.com/a.png","https://evil.example/b.png"]}"#);
    let played = sync_mode(&config(), &[two, picture()]);
    assert!(played.answer.is_none() && played.sent.iter().all(|it| it.uri().host() != Some("evil.example")));
}

/// What a URL parser reads differently from how it is written is dialled as it was read, and so it is checked.
#[test]
fn what_is_checked_is_what_is_dialled() {
    for (url, dialled) in [
        ("https://CDN.Nexa-API.com/a.png", "https://cdn.nexa-api.com/a.png"),
        ("https://cdn.nexa-api.com:443/a.png", "https://cdn.nexa-api.com/a.png"),
        ("https://cdn.nexa-api.com\\@evil.example/a.png", "https://cdn.nexa-api.com/@evil.example/a.png"),
        ("https://cdn\u{ad}.nexa-api.com/a.png", "https://cdn.nexa-api.com/a.png"),
        ("https://cdn.nexa-api\u{ff0e}com/a.png", "https://cdn.nexa-api.com/a.png"),
        ("https://cdn.nexa-\tapi.com/a.png", "https://cdn.nexa-api.com/a.png"),
        ("https://cdn.nexa-api.com/x/../a.png", "https://cdn.nexa-api.com/a.png"),
    ] {
        let played = sync_mode(&config(), &[at(url), picture()]);
        assert_eq!(played.asked()[1..], [format!("GET {dialled}")], "{url:?}");
    }
}

#[test]
fn a_user_declares_further_hosts() {
    let with = |host: &str| builder().media_host(ProviderName::Nexa, host).build().unwrap();
    let fetched = |config: &Config, url: &str| sync_mode(config, &[at(url), picture()]).sent.len() == 2;
    let exact = with("https://cdn.example");
    assert!(fetched(&exact, "https://cdn.example/a") && fetched(&exact, "https://x.nexa-api.com/a"));
    for url in ["https://a.cdn.example/a", "https://cdn.example:444/a", "https://cdn.example.evil.example/a"]
    {
        assert!(!fetched(&exact, url), "{url}");
    }
    let below = with("https://*.cdn.example");
    for url in ["https://cdn.example/a", "https://a.cdn.example/a", "https://a.b.cdn.example/a"] {
        assert!(fetched(&below, url), "{url}");
    }
    assert!(!fetched(&below, "https://xcdn.example/a") && !fetched(&below, "https://.cdn.example/a"));
    let port = with("https://cdn.example:8443");
    assert!(fetched(&port, "https://cdn.example:8443/a") && !fetched(&port, "https://cdn.example/a"));
    // Files of a fake on this machine.
    let fake = builder()
        .nexa_base_url("http://127.0.0.1:9000")
        .media_host(ProviderName::Nexa, "http://127.0.0.1:9000");
    let fake = fake.build().unwrap();
    assert!(fetched(&fake, "http://127.0.0.1:9000/a.png") && !fetched(&fake, "http://127.0.0.1:9001/a.png"));
    for bad in [
        "",
        "cdn.example",
        "http://cdn.example",
        "https://u:p@cdn.example",
        "https://cdn.example/path",
        "https://10.0.0.1",
        "https://*",
        "https://*.com",
        "https://a.*.example",
        "https://*.*.example",
        "https://cdn.example?x=1",
        "ftp://cdn.example",
        "https://CDN.example",
        "https://169.254.169.254",
    ] {
        let refused = builder().media_host(ProviderName::Nexa, bad).build().unwrap_err().to_string();
        assert!(refused.starts_with("media_host "), "{bad}: {refused}");
    }
}

fn replicate_too() -> Builder<Config> {
    builder().key(ProviderName::Replicate, "r8-key")
}

#[test]
fn each_stand_in_has_its_own_hosts() {
    let config = replicate_too().stand_ins([ProviderName::Replicate]).build().unwrap();
    let says = |url: &str| ok(&json!({"id": "p1", "status": "succeeded", "output": [url]}).to_string());
    let played = sync_mode(&config, &[says("https://x.replicate.delivery/a.png"), picture()]);
    assert_eq!((urls(&played), played.sent[1].headers().is_empty()), (vec![PNG.to_owned()], true));
    for url in
        ["https://cdn.nexa-api.com/a.png", "https://fal.media/a.png", "https://api.replicate.com/v1/files/x"]
    {
        assert_eq!(sync_mode(&config, &[says(url), picture()]).sent.len(), 1, "{url}");
    }
}

/// Without a host to fetch from nothing is bought.
#[test]
fn a_stand_in_without_media_hosts_is_not_asked() {
    let file = r#"
        model-key = "model"
        [host]
        name = "acme"
        base-url = "https://api.acme.example"
        authentication = "bearer"
        [endpoints]
        image = "/images"
        [answer]
        url = ["url"]
        nested = []
        failed = []
        pending = []
        [inputs]
        image = [{ field = "prompt", key = "prompt", codec = "text" }]
        [[models]]
        model = "flux-dev"
        id = "flux"
        task = "image"
    "#;
    let name = ProviderName::other("acme").unwrap();
    let with = |stand_ins: &[ProviderName]| {
        let builder = builder().provider("acme.toml", file).key(name, "acme-key");
        builder.stand_ins(stand_ins.to_vec()).build().unwrap()
    };
    let alone = sync_mode(&with(&[name]), &[]);
    assert!(alone.answer.is_none() && alone.sent.is_empty());
    assert!(alone.note().contains("acme") && alone.note().contains("media_host(..)"), "{}", alone.note());
    let first =
        sync_mode(&with(&[name, ProviderName::Nexa]), &[at("https://cdn.nexa-api.com/a.png"), picture()]);
    assert_eq!(first.asked()[0], "POST https://api.nexa-api.com/v1/images/generate");
    assert_eq!(first.status(), 200);
}

/// The answer to a submit holds no files: they are fetched when they are asked for, in whichever process.
#[test]
fn a_queue_job_fetches_its_files_with_its_result() {
    let (mine, other) = (config(), config());
    let body = r#"{"prompt":"a cat","sync_mode":true}"#;
    let request = (&*queue("fal-ai/flux/dev"), &HeaderMap::new(), body.as_bytes());
    for (submit, at_result) in [
        (at("https://cdn.nexa-api.com/a.png"), vec![picture()]),
        (ok(r#"{"id":"job-7","status":"pending"}"#), vec![at("https://cdn.nexa-api.com/a.png"), picture()]),
    ] {
        let played = play(&mine, &fleet(&mine), request, &[status(503)], &[submit]).unwrap();
        assert_eq!(played.sent.len(), 1);
        let submitted = played.json();
        let url = |key: &str| submitted[key].as_str().unwrap().to_owned();
        let state = local(&other, &Method::GET, &url("status_url"), &at_result[..1]);
        let said: QueueStatus = read(state.answer.as_ref().unwrap());
        assert_eq!(said.said(), ("COMPLETED", false), "without a file");
        assert!(state.asked().iter().all(|asked| !asked.contains("cdn")));
        let result = local(&other, &Method::GET, &url("response_url"), &at_result);
        assert_eq!(urls(&result), [PNG]);
        assert!(!result.sent.last().unwrap().headers().contains_key("authorization"));
    }
    // An address that will never be fetched is known at once, while somebody else can be asked.
    let played =
        play(&mine, &fleet(&mine), request, &[status(503)], &[at("https://evil.example/a.png")]).unwrap();
    assert!(played.answer.is_none() && played.note().contains("not declared"));
}

fn as_data(prefer: &HeaderMap, stand_in: &[Says]) -> Played {
    let config = builder().outputs_as_data(true).build().unwrap();
    let request =
        (&*replicate("black-forest-labs/flux-schnell"), prefer, &br#"{"input":{"prompt":"a cat"}}"#[..]);
    play(&config, &fleet(&config), request, &[status(503)], stand_in).unwrap()
}

/// Replicate's Python client sends its token to whatever host an output names.
#[test]
fn outputs_of_replicate_can_be_data() {
    let played = as_data(&wait(), &[at("https://cdn.nexa-api.com/a.png"), picture()]);
    let prediction: Prediction<Vec<String>> = read(played.answer.as_ref().unwrap());
    assert_eq!(prediction.output.unwrap(), [PNG]);
    let config = builder().outputs_as_data(true).build().unwrap();
    // Who does not wait is shown no address, and gets the file with the prediction; its id holds all that takes.
    let played = as_data(&HeaderMap::new(), &[at("https://cdn.nexa-api.com/a.png")]);
    let created = played.json();
    assert_eq!((&created["status"], &created["output"]), (&json!("processing"), &Value::Null));
    let get = created["urls"]["get"].as_str().unwrap();
    assert_eq!(local(&config, &Method::GET, get, &[picture()]).json()["output"], json!([PNG]));
    let lost = local(&config, &Method::GET, get, &[status(500)]);
    assert_eq!((lost.status(), lost.json().get("output")), (503, None), "rather than an address");
    let pending = as_data(&HeaderMap::new(), &[ok(r#"{"id":"job-7","status":"pending"}"#)]);
    let get = pending.json()["urls"]["get"].as_str().unwrap().to_owned();
    let done = [at("https://cdn.nexa-api.com/a.png"), picture()];
    assert_eq!(local(&config, &Method::GET, &get, &done).json()["output"], json!([PNG]));
    let outside = as_data(&wait(), &[at("https://evil.example/a.png")]);
    assert!(outside.answer.is_none() && outside.sent.len() == 1);
    // FAL's callers say it themselves.
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let played =
        play(&config, &fleet(&config), request, &[status(503)], &[at("https://cdn.nexa-api.com/a.png")]);
    assert_eq!(played.unwrap().sent.len(), 1);
}

#[test]
fn a_transcript_is_no_file() {
    let config = builder().outputs_as_data(true).build().unwrap();
    let hash = "8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e";
    let body = json!({"version": hash, "input": {"audio": "https://n.example/a.mp3"}}).to_string();
    let request = ("https://api.replicate.com/v1/predictions", &wait(), body.as_bytes());
    let played =
        play(&config, &fleet(&config), request, &[status(503)], &[ok(r#"{"text":"Hello."}"#)]).unwrap();
    let output: Value = played.json()["output"].clone();
    assert_eq!((&output["transcription"], played.sent.len()), (&json!("Hello."), 1));
}
