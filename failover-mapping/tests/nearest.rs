//! A stand-in is told the nearest value that it takes, and every such loss is reported: what the built-in tables alone do not show,
//! by way of a stand-in with other bounds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_mapping::{Config, ProviderName};
use serde_json::{Map, Value, json};
use stage::builder;

/// What the stand-in is told, and what was lost.
fn told(config: &Config, model: &str, body: &Value, by: ProviderName) -> (Map<String, Value>, Vec<String>) {
    let told = config.translate(ProviderName::Fal, model, body.to_string().as_bytes(), by).unwrap();
    let mut sent: Map<_, _> = serde_json::from_slice(&told.body).unwrap();
    if let Some(Value::Object(inner)) = sent.remove("input") {
        sent = inner;
    }
    (sent, told.losses.iter().map(ToString::to_string).collect())
}

const WHOLE_SECONDS: &str = r#"
[inputs]
video = [
    { field = "prompt", key = "prompt", codec = "text" },
    { field = "duration", key = "seconds", codec = "integer", among = [2, 4, 6, 8] },
    { field = "frame-rate", key = "fps", codec = "integer" },
]
"#;

#[test]
fn numbers_are_rounded_and_not_cut_off() {
    let rows = WHOLE_SECONDS.replace(", among = [2, 4, 6, 8]", "");
    let config = builder().data(ProviderName::Nexa, "whole.toml", rows).build().unwrap();
    // 81 frames at 16 are 5.06 s, 95 are 5.94 s, and 96 are six.
    for (frames, seconds, approximated) in [(81, 5, true), (95, 6, true), (96, 6, false)] {
        let body = json!({"prompt": "a cat", "num_frames": frames, "seed": 1});
        let (sent, losses) = told(&config, "fal-ai/wan-t2v", &body, ProviderName::Nexa);
        assert_eq!(sent["seconds"], json!(seconds), "{frames}");
        assert_eq!(losses.contains(&"num_frames approximated".to_owned()), approximated, "{losses:?}");
    }
}

#[test]
fn of_some_numbers_the_nearest_is_told() {
    let config = builder().data(ProviderName::Nexa, "whole.toml", WHOLE_SECONDS).build().unwrap();
    for (frames, rate, seconds) in [(81, 24, 4), (96, 24, 4), (81, 16, 6), (100, 5, 8)] {
        let body = json!({"prompt": "a cat", "num_frames": frames, "frames_per_second": rate});
        let (sent, losses) = told(&config, "fal-ai/wan-t2v", &body, ProviderName::Nexa);
        assert_eq!((&sent["seconds"], &sent["fps"]), (&json!(seconds), &json!(rate)), "{frames} at {rate}");
        let exact = frames == seconds * rate;
        assert_eq!(losses.contains(&"num_frames clamped".to_owned()), !exact, "{losses:?}");
    }
}

/// Of a table's entries the one counts whose proportions are nearest, whatever its area; of two alike, the one whose area is.
#[test]
fn of_some_sizes_the_nearest_proportions_are_told() {
    let table = r#"
[ratios.flux]
"1:1" = [1024, 1024]
"1:1 small" = [256, 256]
"16:9" = [1344, 768]
"9:16" = [768, 1344]
"3:2" = [1216, 832]
"#;
    let by = ProviderName::Replicate;
    let config = builder().data(by, "sizes.toml", table).key(by, "r8-key").stand_ins([by]).build().unwrap();
    for (width, height, ratio, exact) in [
        (1024, 1024, "1:1", true),
        (900, 900, "1:1", false),
        (256, 256, "1:1 small", true),
        (300, 310, "1:1 small", false),
        (4000, 4000, "1:1", false),
        (1280, 720, "16:9", false),
        (128, 72, "16:9", false),
        (720, 1280, "9:16", false),
        (1216, 832, "3:2", true),
        (600, 400, "3:2", false),
        (8000, 100, "16:9", false),
    ] {
        let size = json!({"width": width, "height": height});
        let (sent, losses) =
            told(&config, "fal-ai/flux/dev", &json!({"prompt": "a cat", "image_size": size}), by);
        assert_eq!(sent["aspect_ratio"], ratio, "{width}x{height}");
        assert_eq!(losses.contains(&"image_size approximated".to_owned()), !exact, "{losses:?}");
    }
}
