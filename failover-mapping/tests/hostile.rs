//! Whatever is thrown at it, nothing panics, and every answer parses under a strict reader of the asked provider's shape.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::sync::LazyLock;

use failover_mapping::{Config, Fault};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use stage::{Played, Says, fleet, play, status};

static CONFIG: LazyLock<Config> = LazyLock::new(stage::config);

fn run(uri: &str, body: &[u8], says: Says) -> Option<Played> {
    play(&CONFIG, &fleet(&CONFIG), (uri, &stage::wait(), body), &[status(500)], &[says])
}

// What the providers' own clients insist on.

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read by being parsed")]
struct Flux {
    images: Vec<Image>,
    timings: Map<String, Value>,
    seed: i64,
    has_nsfw_concepts: Vec<bool>,
    prompt: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read by being parsed")]
struct Image {
    url: String,
    width: u32,
    height: u32,
    content_type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read by being parsed")]
struct Files {
    images: Vec<File>,
    seed: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read by being parsed")]
struct File {
    url: String,
    content_type: String,
    file_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read by being parsed")]
struct Prediction<Output> {
    id: String,
    model: String,
    version: String,
    input: Map<String, Value>,
    logs: String,
    output: Output,
    data_removed: bool,
    error: Option<String>,
    source: String,
    status: String,
    created_at: String,
    started_at: String,
    completed_at: String,
    metrics: Map<String, Value>,
    urls: Urls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read by being parsed")]
struct Urls {
    get: String,
    cancel: String,
    web: String,
}

fn check_fal(played: &Played) {
    let Some(answer) = &played.answer else { return };
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &HeaderValue::from_static("application/json"))
    );
    let flux: Flux = serde_json::from_slice(answer.body()).unwrap();
    assert!(!flux.images.is_empty() && flux.images.len() == flux.has_nsfw_concepts.len());
    for image in &flux.images {
        assert!(image.content_type.starts_with("image/") && image.width > 0 && image.height > 0);
        check_url(&image.url);
    }
}

fn check_files(played: &Played, seeded: bool) {
    let Some(answer) = &played.answer else { return };
    assert_eq!(answer.status().as_u16(), 200);
    let files: Files = serde_json::from_slice(answer.body()).unwrap();
    assert!(files.images.len() == 1 && files.seed.is_some() == seeded);
    for file in &files.images {
        assert!(file.content_type.starts_with("image/"));
        check_url(&file.url);
    }
}

fn check_replicate<Output: DeserializeOwned>(played: &Played, urls: impl Fn(&Output) -> &[String]) {
    let Some(answer) = &played.answer else { return };
    assert_eq!(answer.status().as_u16(), 201);
    assert_eq!(answer.headers()["preference-applied"], "wait");
    let prediction: Prediction<Output> = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((prediction.status.as_str(), prediction.source.as_str()), ("succeeded", "api"));
    let urls = urls(&prediction.output);
    assert!(!urls.is_empty());
    urls.iter().for_each(|url| check_url(url));
}

fn check_url(url: &str) {
    let parsed = url::Url::parse(url).unwrap();
    assert_eq!(parsed.as_str(), url);
    assert!(matches!(parsed.scheme(), "https" | "http" | "data") && parsed.username().is_empty());
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "https://cdn.nexa.example/a.png",
            "http://127.0.0.1/a",
            "data:image/png;base64,AA",
            "failed",
            "completed",
            "1024x1024",
            "square_hd",
            "16:9",
            "custom",
            "28",
            "-1",
            "1e999",
            "https://",
            "https://u:p@x/",
            "data:image",
            "Not set",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = [
        "prompt",
        "input",
        "version",
        "webhook",
        "image_size",
        "width",
        "height",
        "ImageSize",
        "aspect_ratio",
        "seed",
        "num_images",
        "num_outputs",
        "num_inference_steps",
        "guidance_scale",
        "guidance",
        "image_url",
        "sync_mode",
        "url",
        "output",
        "images",
        "data",
        "result",
        "status",
        "error",
        "content_type",
        "format",
        "nsfw",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((key(), anything()), 0..8).prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_json_in_and_out(mut asks in object(), says in object(), prompted in any::<bool>()) {
        if prompted {
            asks.insert("prompt".to_owned(), json!("a cat"));
        }
        let (asks, says) = (Value::Object(asks), Value::Object(says).to_string());
        check_fal(&run(&stage::fal("fal-ai/flux/dev"), asks.to_string().as_bytes(), stage::ok(&says)).unwrap());
        let wrapped = json!({"input": asks, "version": "stability-ai/sdxl"}).to_string();
        let predictions = "https://api.replicate.com/v1/predictions";
        check_replicate(&run(predictions, wrapped.as_bytes(), stage::ok(&says)).unwrap(), Vec::as_slice);
        let wrapped = json!({"input": asks, "version": "ideogram-ai/ideogram-v2"}).to_string();
        check_replicate(&run(predictions, wrapped.as_bytes(), stage::ok(&says)).unwrap(), std::slice::from_ref::<String>);
        for (model, seeded) in [("fal-ai/ideogram/v2", true), ("fal-ai/recraft-v3", false)] {
            let played = run(&stage::fal(model), asks.to_string().as_bytes(), stage::ok(&says)).unwrap();
            check_files(&played, seeded);
        }
    }

    #[test]
    fn arbitrary_bytes(body in prop::collection::vec(any::<u8>(), 0..80), says in prop::collection::vec(any::<u8>(), 0..80)) {
        for code in [200, 299, 404] {
            let says = Says::Answer(code, HeaderMap::new(), says.clone());
            let played = run(&stage::fal("fal-ai/flux/dev"), &body, says.clone()).unwrap();
            check_fal(&played);
            let _ = run("https://api.replicate.com/v1/predictions", &body, says);
        }
    }

    #[test]
    fn arbitrary_headers_and_statuses(
        code in 100_u16..1000,
        name in prop::sample::select(vec!["retry-after", "retry-after-ms", "x-fal-request-timeout-type", "x-failover-note"]),
        value in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
        let says = Says::Answer(code, headers, b"{}".to_vec());
        let (uri, body) = (stage::fal("fal-ai/flux/dev"), br#"{"prompt":"a cat"}"#);
        let _ = play(&CONFIG, &fleet(&CONFIG), (&uri, &HeaderMap::new(), body), std::slice::from_ref(&says), std::slice::from_ref(&says));
    }

    /// A good answer is handed on whatever stands beside it.
    #[test]
    fn good_answers_are_used(mut says in object(), prompt in "\\PC{1,30}", seed in any::<i64>()) {
        let read = ["status", "error", "images", "output", "data", "result", "image", "image_url"];
        says.retain(|key, _| !read.contains(&key.as_str()));
        says.insert("url".to_owned(), json!("https://cdn.nexa.example/first.png"));
        let body = json!({"prompt": prompt, "seed": seed}).to_string();
        let played = run(&stage::fal("fal-ai/flux/dev"), body.as_bytes(), stage::ok(&Value::Object(says).to_string())).unwrap();
        let answer: Value = serde_json::from_slice(played.answer.as_ref().unwrap().body()).unwrap();
        prop_assert_eq!(&answer["images"][0]["url"], "https://cdn.nexa.example/first.png");
        prop_assert_eq!(&answer["prompt"], &json!(prompt));
        check_fal(&played);
    }
}

/// Lists within lists, and again in a text under a key that means more to `serde_json` than to anybody else.
fn bomb(texts: usize) -> String {
    let around = |inner: &str| format!("{}{inner}{}", "[".repeat(120), "]".repeat(120));
    (0..texts)
        .fold(around("0"), |inner, _| around(&json!({"$serde_json::private::RawValue": inner}).to_string()))
}

#[test]
fn deep_json_is_refused_and_harmless() {
    let lists = [100, 1_000, 200_000].map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    for deep in lists.into_iter().chain([bomb(1), bomb(15)]) {
        for body in [
            deep.clone(),
            format!(r#"{{"prompt":"a cat","x":{deep}}}"#),
            format!(r#"{{"input":{{"prompt":"a cat"}},"x":{deep}}}"#),
        ] {
            let _ = run(&stage::fal("fal-ai/flux/dev"), body.as_bytes(), stage::ok(&body)).unwrap();
            let _ = run(&stage::replicate("stability-ai/sdxl"), body.as_bytes(), stage::ok(&body)).unwrap();
        }
        let versioned =
            format!(r#"{{"x":{deep},"version":"stability-ai/sdxl","input":{{"prompt":"a cat"}}}}"#);
        let _ = run("https://api.replicate.com/v1/predictions", versioned.as_bytes(), stage::ok(stage::GOOD));
    }
}

/// What `serde_json` would take for the text itself is an object like others.
#[test]
fn private_keys_of_the_parser_mean_nothing() {
    let key = "$serde_json::private::RawValue";
    let says = stage::ok(&format!(r#"{{"url":{{"{key}":"\"https://n.example/a\""}}}}"#));
    let body = format!(r#"{{"prompt":{{"{key}":"\"a cat\""}}}}"#);
    let asked = run(&stage::fal("fal-ai/flux/dev"), body.as_bytes(), stage::ok(stage::GOOD)).unwrap();
    assert!(asked.sent.is_empty());
    assert_eq!(asked.provenance.unwrap().note.unwrap(), "no translation was possible: prompt is not text");
    let answered = run(&stage::fal("fal-ai/flux/dev"), br#"{"prompt":"a cat"}"#, says).unwrap();
    assert_eq!(answered.provenance.unwrap().attempts[1].fault, Some(Fault::Empty));
}

/// A value takes twenty times the memory of its text.
#[test]
fn values_are_bounded_in_number() {
    // An answer may be the transcript of a day.
    for (values, fits) in [(1_900_000, true), (2_000_000, false)] {
        let many = vec!["0"; values].join(",");
        let says = stage::ok(&format!(r#"{{"url":"https://n.example/a","x":[{many}]}}"#));
        let answered = run(&stage::fal("fal-ai/flux/dev"), br#"{"prompt":"a cat"}"#, says).unwrap();
        let fault = answered.provenance.unwrap().attempts[1].fault;
        assert_eq!(fault, (!fits).then_some(Fault::Malformed), "{values}");
    }
    for (values, fits) in [(90_000, true), (100_000, false), (1_000_000, false)] {
        let many = vec!["0"; values].join(",");
        let body = format!(r#"{{"prompt":"a cat","x":[{many}]}}"#);
        let asked = run(&stage::fal("fal-ai/flux/dev"), body.as_bytes(), stage::ok(stage::GOOD)).unwrap();
        let note = "no translation was possible: the body holds too many values";
        assert_eq!(asked.provenance.unwrap().note.as_deref(), (!fits).then_some(note), "{values}");
    }
}

#[test]
fn repeated_keys_mean_the_last() {
    let body = br#"{"input":{"prompt":"a dog"},"input":{"prompt":"a cat","prompt":"a cow"}}"#;
    let played = run(&stage::replicate("stability-ai/sdxl"), body, stage::ok(stage::GOOD)).unwrap();
    let sent: Value = serde_json::from_slice(played.sent[0].body()).unwrap();
    assert_eq!(sent["prompt"], "a cow");
    assert_eq!(played.json()["input"], json!({"prompt": "a cow"}));
}
