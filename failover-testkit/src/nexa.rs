//! NexaAPI: completed jobs for whoever shows a key.

use crate::answer::{Answer, reason};
use crate::asked::Asked;
use crate::json::{list, quote};
use crate::seen::Seen;

pub(crate) fn answer(seen: &Seen, serial: u64) -> Answer {
    if !has_key(seen) {
        return refusal(401);
    }
    let asked = Asked::by(seen);
    let path = seen.path.split('?').next().unwrap_or_default();
    let result = match (seen.method.as_str(), path) {
        ("POST", "/v1/images/generate") => image(&asked, serial),
        ("POST", "/v1/videos/generate") => format!(r#""url":{}"#, url("videos", serial, 0, "mp4")),
        ("POST", "/v1/audio/speech") => format!(r#""url":{}"#, url("audio", serial, 0, "mp3")),
        ("POST", "/v1/audio/transcriptions") => r#""text":"A rehearsal.","language":"en""#.to_owned(),
        _ => return refusal(404),
    };
    let model = asked.text("model").unwrap_or_default();
    let body = format!(
        r#"{{"id":"job-{serial:08}","status":"completed","model":{},{result},"cost":0.02}}"#,
        quote(&model)
    );
    Answer::json(200, body)
}

pub(crate) fn refusal(code: u16) -> Answer {
    let detail = match code {
        401 => "Invalid or missing API key",
        402 => "Insufficient credits",
        429 => "Rate limit exceeded",
        _ => reason(code),
    };
    Answer::json(code, format!(r#"{{"detail":{}}}"#, quote(detail)))
}

fn image(asked: &Asked<'_>, serial: u64) -> String {
    let images = list(asked.images(&["n", "num_images"]), |n| {
        format!(r#"{{"url":{}}}"#, url("images", serial, n, "png"))
    });
    format!(
        r#""url":{},"images":{images},"width":{},"height":{},"seed":{}"#,
        url("images", serial, 0, "png"),
        asked.integer("width").unwrap_or(1024),
        asked.integer("height").unwrap_or(1024),
        asked.integer("seed").unwrap_or(serial.cast_signed()),
    )
}

fn url(folder: &str, serial: u64, n: i64, extension: &str) -> String {
    format!(r#""https://media.nexa-api.example/{folder}/{serial:08}-{n}.{extension}""#)
}

fn has_key(seen: &Seen) -> bool {
    let Some((scheme, key)) = seen.header("authorization").and_then(|value| value.split_once(' ')) else {
        return false;
    };
    scheme.eq_ignore_ascii_case("bearer") && !key.trim().is_empty()
}
