//! What FAL's models answer, by family (the types of @fal-ai/client 1.10).

use crate::asked::Asked;
use crate::json::{list, quote};
use crate::media::{self, SPOKEN};
use crate::seen::Seen;
use crate::stage::Stage;

pub(super) fn of(stage: &Stage, seen: &Seen, serial: u64) -> String {
    let segments = super::segments(seen);
    let app = super::split(&segments).and_then(|(home, _)| home.last().copied()).unwrap_or_default();
    let asked = Asked::by(seen);
    let seed = asked.integer("seed").unwrap_or(serial.cast_signed());
    let file = |extension: &str| format!("{{{}}}", fields(stage, serial, extension));
    match app {
        "ideogram" => format!(r#"{{"images":[{}],"seed":{seed}}}"#, file("png")),
        "recraft" | "recraft-v3" => format!(r#"{{"images":[{}]}}"#, file("png")),
        "kling-video" | "minimax" => format!(r#"{{"video":{}}}"#, file("mp4")),
        "wan" | "wan-t2v" | "wan-i2v" => format!(r#"{{"video":{},"seed":{seed}}}"#, file("mp4")),
        "sora" | "sora-2" => format!(
            r#"{{"video":{{{},"duration":4,"fps":30,"height":720,"width":1280,"num_frames":120}},"video_id":"video_{serial}"}}"#,
            fields(stage, serial, "mp4")
        ),
        "whisper" => format!(
            r#"{{"text":"{SPOKEN}","chunks":[{{"timestamp":[0.0,1.2],"text":"{SPOKEN}"}}],"inferred_languages":["en"],"diarization_segments":[]}}"#
        ),
        "elevenlabs" => format!(r#"{{"audio":{}}}"#, file("mp3")),
        "stable-diffusion-v3-medium" => {
            format!("{{{},\"num_images\":{}}}", flux(stage, &asked, serial, seed), count(&asked))
        }
        _ => format!("{{{}}}", flux(stage, &asked, serial, seed)),
    }
}

fn flux(stage: &Stage, asked: &Asked<'_>, serial: u64, seed: i64) -> String {
    let (width, height) = size(asked);
    let extension = asked.text("output_format").filter(|format| format == "png").map_or("jpg", |_| "png");
    let (content_type, _) = media::sample(extension);
    let images = list(count(asked), |n| {
        let url = url(stage, &name(serial, n, extension));
        format!(r#"{{"url":"{url}","width":{width},"height":{height},"content_type":"{content_type}"}}"#)
    });
    format!(
        r#""images":{images},"timings":{{"inference":0.9}},"seed":{seed},"has_nsfw_concepts":{checks},"prompt":{prompt}"#,
        checks = list(count(asked), |_| "false".to_owned()),
        prompt = quote(&asked.text("prompt").unwrap_or_default()),
    )
}

fn count(asked: &Asked<'_>) -> i64 {
    asked.images(&["num_images"])
}

/// What FAL tells about a file where it does not tell its width.
fn fields(stage: &Stage, serial: u64, extension: &str) -> String {
    let name = name(serial, 0, extension);
    let (content_type, bytes) = media::sample(extension);
    let (url, size) = (url(stage, &name), bytes.len());
    format!(r#""url":"{url}","content_type":"{content_type}","file_name":"{name}","file_size":{size}"#)
}

fn name(serial: u64, n: i64, extension: &str) -> String {
    format!("{serial}-{n}.{extension}")
}

fn url(stage: &Stage, name: &str) -> String {
    stage.media("v3.fal.media", &format!("files/rehearsal/{name}"))
}

/// Names and sizes as in FAL's own toolkit (`fal/toolkit/image/image.py`).
fn size(asked: &Asked<'_>) -> (i64, i64) {
    if let Some(custom) = asked.object("image_size") {
        let side = |name| custom.integer(name).unwrap_or(512);
        return (side("width"), side("height"));
    }
    match asked.text("image_size").as_deref() {
        Some("square_hd") => (1024, 1024),
        Some("square") => (512, 512),
        Some("portrait_4_3") => (768, 1024),
        Some("portrait_16_9") => (576, 1024),
        Some("landscape_16_9") => (1024, 576),
        _ => (1024, 768),
    }
}
