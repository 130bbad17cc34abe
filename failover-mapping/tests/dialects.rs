//! NexaAPI in its SDK's words and by way of RapidAPI, and a provider that a user has declared.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use failover_mapping::{Builder, Config, ConfigError, Dialect, Fault, ProviderName, Substitution};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use stage::{
    GOOD, KEY, Played, Says, builder, fal, file, fleet, local, ok, play, queue, replicate, status, wait,
};
use strict::{Flux, read};

fn run(config: &Config, url: &str, body: &Value, stand_in: &[Says]) -> Played {
    let body = body.to_string();
    play(config, &fleet(config), (url, &wait(), body.as_bytes()), &[status(503)], stand_in).unwrap()
}

fn sent(played: &Played) -> Value {
    serde_json::from_slice(played.sent[0].body()).unwrap()
}

fn sdk() -> Builder<Config> {
    builder().nexa_dialect(Dialect::Sdk)
}

#[test]
fn the_sdk_has_its_own_words_and_its_own_host() {
    let config = sdk().build().unwrap();
    let body = json!({"prompt": "a cat", "num_images": 2, "num_inference_steps": 20, "seed": 7});
    let played = run(&config, &fal("fal-ai/flux/dev"), &body, &[ok(GOOD)]);
    assert_eq!(played.asked(), ["POST https://nexa-api.com/v1/images/generate"]);
    assert_eq!(played.sent[0].headers()["authorization"], format!("Bearer {KEY}"));
    let sent = sent(&played);
    assert_eq!((&sent["num_images"], &sent["num_inference_steps"]), (&json!(2), &json!(20)));
    assert!(sent.get("n").is_none() && sent.get("steps").is_none());
    for (base, expected) in [
        ("https://api.nexa-api.com", "https://api.nexa-api.com/v1/images/generate"),
        ("https://nexa.proxy.example/x", "https://nexa.proxy.example/x/v1/images/generate"),
    ] {
        let config = sdk().nexa_base_url(base).build().unwrap();
        let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[ok(GOOD)]);
        assert_eq!(played.sent[0].uri(), expected);
    }
}

#[test]
fn the_sdk_speaks_and_transcribes_at_one_path() {
    let config = sdk().build().unwrap();
    let body = json!({"text": "Hello.", "voice": "Rachel"});
    let audio = ok(r#"{"audio_url":"https://n.example/a.mp3"}"#);
    let played = run(&config, &fal("fal-ai/elevenlabs/tts/multilingual-v2"), &body, &[audio]);
    assert_eq!(played.asked(), ["POST https://nexa-api.com/v1/audio/speech"]);
    let said = sent(&played);
    assert_eq!(
        (&said["text"], &said["input"], &said["voice"]),
        (&json!("Hello."), &json!("Hello."), &json!("Rachel"))
    );
    let body = json!({"audio_url": "https://n.example/a.mp3"});
    let played = run(&config, &fal("fal-ai/whisper"), &body, &[ok(r#"{"transcript":"Hello."}"#)]);
    assert_eq!(played.asked(), ["POST https://nexa-api.com/v1/audio/speech"]);
    assert_eq!(
        (&sent(&played)["audio_url"], &played.json()["text"]),
        (&json!("https://n.example/a.mp3"), &json!("Hello."))
    );
}

#[test]
fn the_sdk_has_other_models() {
    let config = sdk().build().unwrap();
    for (model, id, substitution) in [
        ("fal-ai/flux-pro", "flux-pro", Substitution::Same),
        ("fal-ai/flux-pro/v1.1", "flux-pro", Substitution::Variant),
        ("fal-ai/fast-sdxl", "sdxl", Substitution::Same),
    ] {
        let played = run(&config, &fal(model), &json!({"prompt": "a cat"}), &[ok(GOOD)]);
        let served = played.provenance.as_ref().unwrap().served.clone().unwrap();
        assert_eq!(
            (&*served.model, served.substitution, &sent(&played)["model"]),
            (id, substitution, &json!(id))
        );
    }
    let request = (&*fal("fal-ai/playground-v25"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    assert!(play(&config, &fleet(&config), request, &[], &[]).is_none(), "nobody stands in for it there");
}

#[test]
fn prices_stand_in_the_provenance_where_both_are_known_in_one_unit() {
    let config = sdk().build().unwrap();
    let body = json!({"input": {"prompt": "a cat"}});
    let played = run(&config, &replicate("black-forest-labs/flux-dev"), &body, &[ok(GOOD)]);
    let price = played.provenance.as_ref().unwrap().price.clone().unwrap();
    assert_eq!((price.asked_usd, price.served_usd, &*price.per), (0.025, 0.025, "image"));
    assert_eq!(played.answer.unwrap().headers()["x-failover-price"], "0.025 USD per image in place of 0.025");
    let video = ok(r#"{"video_url":"https://n.example/a.mp4"}"#);
    let played = run(&config, &fal("fal-ai/minimax/video-01"), &json!({"prompt": "a cat"}), &[video]);
    let price = played.provenance.as_ref().unwrap().price.clone().unwrap();
    assert!(price.asked_usd > price.served_usd && price.per == "video");
    assert!(played.provenance.unwrap().to_string().contains("price: "));
    // By megapixel and by picture is not the same; and who did not serve has no price.
    let unlike = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[ok(GOOD)]);
    assert!(unlike.provenance.unwrap().price.is_none());
    let failed = run(&config, &replicate("black-forest-labs/flux-dev"), &body, &[status(500)]);
    assert!(failed.provenance.unwrap().price.is_none());
    let unknown = run(&stage::config(), &replicate("black-forest-labs/flux-dev"), &body, &[ok(GOOD)]);
    assert!(unknown.provenance.unwrap().price.is_none());
}

#[test]
fn rapidapi_has_its_own_host_and_headers() {
    let host = "nexa-api.p.rapidapi.com";
    let config = builder().nexa_rapidapi_host(host).build().unwrap();
    let accepted = ok(r#"{"id":"job-7","status":"pending"}"#);
    let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[accepted, ok(GOOD)]);
    assert_eq!(
        played.asked(),
        [
            "POST https://nexa-api.p.rapidapi.com/v1/images/generate",
            "GET https://nexa-api.p.rapidapi.com/v1/jobs/job-7",
        ]
    );
    for request in &played.sent {
        let headers = request.headers();
        assert_eq!(
            (&headers["x-rapidapi-key"], &headers["x-rapidapi-host"]),
            (&KEY.parse().unwrap(), &host.parse().unwrap())
        );
        assert!(!headers.contains_key("authorization") && headers["x-rapidapi-key"].is_sensitive());
    }
    let elsewhere =
        builder().nexa_rapidapi_host(host).nexa_base_url("http://127.0.0.1:9000").build().unwrap();
    let played = run(&elsewhere, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[ok(GOOD)]);
    assert_eq!(played.asked(), ["POST http://127.0.0.1:9000/v1/images/generate"]);
    assert_eq!(played.sent[0].headers()["x-rapidapi-host"], host);
    for bad in [
        "",
        "nexa",
        "https://nexa-api.p.rapidapi.com",
        "a.b/c",
        "a.b:1",
        "A.b",
        "a.b@c.d",
        "a.b\r\nx: y",
        "é.b",
    ] {
        let refused = builder().nexa_rapidapi_host(bad).build().unwrap_err().to_string();
        assert!(refused.starts_with("nexa_rapidapi_host "), "{bad:?}: {refused}");
    }
}

/// A provider of the user's: where it is, how it is asked, how it answers, in one file.
fn acme(authentication: &str) -> String {
    format!(
        r#"
        model-key = "engine"
        job = "/jobs/{{id}}/state"

        [host]
        name = "acme"
        base-url = "https://api.acme.example/v2"
        authentication = {authentication}
        media-hosts = ["https://cdn.acme.example"]

        [endpoints]
        image = "/images/{{model}}"

        [[verdicts]]
        status = 418
        body = "out of tea"
        fault = "out-of-credit"

        [answer]
        url = ["link"]
        nested = ["pictures"]
        id = ["ticket"]
        failed = ["burnt"]
        pending = ["steeping", "waiting"]
        queued = ["waiting"]

        [inputs]
        image = [
            {{ field = "prompt", key = "text", codec = "text" }},
            {{ field = "width", key = "w", codec = "integer", max = 800 }},
            {{ field = "height", key = "h", codec = "integer", max = 800 }},
        ]

        [[models]]
        model = "flux-dev"
        id = "flux"
        task = "image"
        substitution = "variant"
        constants = {{ quality = "best" }}
        "#
    )
}

fn with_acme(file: &str) -> Builder<Config> {
    let name = ProviderName::other("acme").unwrap();
    builder().provider("acme.toml", file).key(name, "acme-key").stand_ins([name])
}

#[test]
fn a_declared_provider_is_shown_its_key_as_it_says() {
    for (authentication, header, value) in [
        (r#""bearer""#, "authorization", "Bearer acme-key"),
        (r#""key""#, "authorization", "Key acme-key"),
        (r#"{ header = "x-acme-key" }"#, "x-acme-key", "acme-key"),
    ] {
        let config = with_acme(&acme(authentication)).build().unwrap();
        let says = ok(r#"{"pictures":[{"link":"https://cdn.acme.example/a.png"}]}"#);
        let body = json!({"prompt": "a cat", "image_size": {"width": 1600, "height": 400}});
        let played = run(&config, &fal("fal-ai/flux/dev"), &body, &[says]);
        assert_eq!(played.asked(), ["POST https://api.acme.example/v2/images/flux"]);
        let headers = played.sent[0].headers();
        assert!(headers[header] == value && headers[header].is_sensitive());
        assert_eq!(headers.contains_key("authorization"), header == "authorization");
        assert_eq!(
            sent(&played),
            json!({"engine": "flux", "text": "a cat", "w": 800, "h": 400, "quality": "best"})
        );
        let flux: Flux = read(played.answer.as_ref().unwrap());
        assert_eq!(
            (&*flux.images[0].url, &*flux.images[0].content_type),
            ("https://cdn.acme.example/a.png", "image/png")
        );
        assert!(played.losses().contains(&"image_size clamped".to_owned()), "{:?}", played.losses());
        let served = played.provenance.unwrap().served.unwrap();
        assert_eq!((served.provider.as_str(), served.substitution), ("acme", Substitution::Variant));
    }
}

#[test]
fn a_declared_provider_has_jobs_verdicts_and_media_of_its_own() {
    let config = with_acme(&acme(r#""bearer""#)).build().unwrap();
    let waiting = ok(r#"{"ticket":"t-1","status":"WAITING"}"#);
    let steeping = ok(r#"{"ticket":"t-1","status":"steeping"}"#);
    let done = ok(r#"{"pictures":["https://cdn.acme.example/a.png"]}"#);
    let url = fal("fal-ai/flux/dev");
    let body = json!({"prompt": "a cat"});
    let played = run(&config, &url, &body, &[waiting.clone(), steeping, done.clone()]);
    assert_eq!(
        (played.status(), &*played.asked()[2]),
        (200, "GET https://api.acme.example/v2/jobs/t-1/state")
    );
    let burnt = run(&config, &url, &body, &[waiting.clone(), ok(r#"{"status":"Burnt"}"#)]);
    assert_eq!(burnt.faults()[1], Some(Fault::ErrorInSuccess));
    let dry = Says::Answer(418, HeaderMap::new(), b"we are Out Of Tea".to_vec());
    assert_eq!(run(&config, &url, &body, &[dry]).faults()[1], Some(Fault::OutOfCredit));

    let played = run(&config, &queue("fal-ai/flux/dev"), &body, &[waiting]);
    let result = played.json()["response_url"].as_str().unwrap().to_owned();
    let config = with_acme(&acme(r#""bearer""#)).build().unwrap();
    assert_eq!(
        local(&config, &Method::GET, &result, std::slice::from_ref(&done)).status(),
        200,
        "in another process"
    );

    let body = json!({"prompt": "a cat", "sync_mode": true});
    let played = run(&config, &url, &body, &[done, file("image/png", b"png")]);
    assert_eq!(played.json()["images"][0]["url"], "data:image/png;base64,cG5n");
    assert!(!played.sent[1].headers().contains_key("authorization"));
}

#[test]
fn a_declared_provider_stands_beside_the_others() {
    let name = ProviderName::other("acme").unwrap();
    let config = builder()
        .provider("acme.toml", acme(r#""key""#))
        .key(name, "acme-key")
        .stand_ins([name, ProviderName::Nexa])
        .build()
        .unwrap();
    let played = run(&config, &fal("fal-ai/flux/dev"), &json!({"prompt": "a cat"}), &[status(404), ok(GOOD)]);
    assert_eq!(played.sent[1].headers()["authorization"], format!("Bearer {KEY}"));
    assert_eq!(played.provenance.unwrap().served.unwrap().provider, ProviderName::Nexa);
    let played = run(&config, &fal("fal-ai/flux/schnell"), &json!({"prompt": "a cat"}), &[ok(GOOD)]);
    assert_eq!(played.sent[0].uri().host(), Some("api.nexa-api.com"), "it has no such model");
}

#[test]
fn a_bad_declaration_is_refused_by_file_key_and_reason() {
    let good = acme(r#""bearer""#);
    for (wrong, right, key) in [
        ("name = \"fal\"", "name = \"acme\"", "host.name"),
        ("name = \"Acme\"", "name = \"acme\"", "host.name"),
        (
            "base-url = \"http://api.acme.example\"",
            "base-url = \"https://api.acme.example/v2\"",
            "host.base-url",
        ),
        (
            "base-url = \"https://u:p@acme.example\"",
            "base-url = \"https://api.acme.example/v2\"",
            "host.base-url",
        ),
        (
            "base-url = \"https://acme.example?x=1\"",
            "base-url = \"https://api.acme.example/v2\"",
            "host.base-url",
        ),
        ("[\"http://cdn.acme.example\"]", "[\"https://cdn.acme.example\"]", "host.media-hosts"),
        ("[\"https://10.0.0.1\"]", "[\"https://cdn.acme.example\"]", "host.media-hosts"),
        ("[\"https://cdn.acme.example/path\"]", "[\"https://cdn.acme.example\"]", "host.media-hosts"),
        ("[\"https://*\"]", "[\"https://cdn.acme.example\"]", "host.media-hosts"),
        ("image = \"https://evil.example/\"", "image = \"/images/{model}\"", "endpoints.image"),
        ("image = \"/../x\"", "image = \"/images/{model}\"", "endpoints.image"),
        ("image = \"//evil.example\"", "image = \"/images/{model}\"", "endpoints.image"),
        ("job = \"/jobs\"", "job = \"/jobs/{id}/state\"", "job"),
        ("job = \"//evil.example/{id}\"", "job = \"/jobs/{id}/state\"", "job"),
        ("id = []", "id = [\"ticket\"]", "answer.id"),
        ("authentication = { header = \"X-Key\" }", "authentication = \"bearer\"", "host.authentication"),
        ("authentication = { header = \"host\" }", "authentication = \"bearer\"", "host.authentication"),
        ("authentication = { header = \"a b\" }", "authentication = \"bearer\"", "host.authentication"),
        ("key = \"s3cret\"\n[endpoints]", "[endpoints]", "line"),
        ("fault = \"no-tea\"", "fault = \"out-of-credit\"", "line"),
        ("model = \"no-such-model\"", "model = \"flux-dev\"", ""),
    ] {
        let file = good.replace(right, wrong);
        assert_ne!(file, good, "{right}");
        match with_acme(&file).build() {
            Err(error) => {
                let text = error.to_string();
                assert!(matches!(error, ConfigError::Data { .. }), "{wrong}: {text}");
                assert!(text.contains("acme.toml: ") && text.contains(key), "{wrong}: {text}");
                assert!(!text.contains("s3cret") && !text.contains("u:p"), "{text}");
            }
            Ok(_) => assert!(key.is_empty(), "taken: {wrong}"),
        }
    }
    let nobody = ProviderName::other("nobody-said").unwrap();
    let refused = builder().stand_ins([nobody]).key(nobody, "k").build().unwrap_err().to_string();
    assert!(refused.contains("nobody has declared"), "{refused}");
    let keyless = builder().provider("acme.toml", &*good).stand_ins([ProviderName::other("acme").unwrap()]);
    assert!(keyless.build().unwrap_err().to_string().contains("is missing: call key(..)"));
    let twice = with_acme(&good).provider("again.toml", &*good).build().unwrap_err().to_string();
    assert!(twice.contains("again.toml: host"), "{twice}");
    // With two models, somebody has to say which is wanted.
    let second = "[[models]]\nmodel = \"flux-schnell\"\nid = \"fast\"\ntask = \"image\"\n";
    let mute = good.replace("model-key = \"engine\"", "").replace("/images/{model}", "/images");
    assert!(with_acme(&mute).build().is_ok(), "one needs no name");
    let mute = with_acme(&format!("{mute}{second}")).build().unwrap_err().to_string();
    assert!(mute.contains("acme.toml: model-key: is missing"), "{mute}");
    // Rows for others name no host, and a built-in provider is not declared again.
    let moved = builder().data(ProviderName::Nexa, "nexa.toml", good.split("[endpoints]").next().unwrap());
    assert!(moved.build().unwrap_err().to_string().contains("nexa.toml: host"));
}
