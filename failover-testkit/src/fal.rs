//! FAL: its flux models on a good day, and its words on a bad one.

use crate::answer::{Answer, reason};
use crate::asked::Asked;
use crate::json::{list, quote};
use crate::seen::Seen;

pub(crate) fn answer(seen: &Seen, serial: u64) -> Answer {
    let path = seen.path.split('?').next().unwrap_or_default();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let is_job = segments.clone().any(|segment| segment == "requests");
    if is_job || segments.nth(1).is_none() {
        return refusal(404, serial);
    }
    if seen.method != "POST" {
        return refusal(405, serial).with("Allow", "POST");
    }
    let asked = Asked::by(seen);
    let (width, height) = size(&asked);
    let (extension, media) = match asked.text("output_format").as_deref() {
        Some("png") => ("png", "image/png"),
        _ => ("jpg", "image/jpeg"),
    };
    let count = asked.images(&["num_images"]);
    let images = list(count, |n| {
        format!(
            r#"{{"url":"https://v3.fal.media/files/rehearsal/{serial}-{n}.{extension}","width":{width},"height":{height},"content_type":"{media}"}}"#
        )
    });
    let body = format!(
        r#"{{"images":{images},"timings":{{"inference":0.9}},"seed":{seed},"has_nsfw_concepts":{checks},"prompt":{prompt}}}"#,
        seed = asked.integer("seed").unwrap_or(serial.cast_signed()),
        checks = list(count, |_| "false".to_owned()),
        prompt = quote(&asked.text("prompt").unwrap_or_default()),
    );
    identified(Answer::json(200, body), serial)
}

/// Request errors are flat and some have a type, in the body and as a header; a validation error is a list.
pub(crate) fn refusal(code: u16, serial: u64) -> Answer {
    let (detail, kind) = match code {
        401 => ("No valid key was given for this application.", None),
        403 => ("User is locked. Reason: Exhausted balance.", None),
        429 => ("Too many concurrent requests.", None),
        503 => ("No runner could be scheduled.", Some("runner_scheduling_failure")),
        504 => ("Request timed out", Some("request_timeout")),
        _ => (reason(code), None),
    };
    let answer = match kind {
        _ if code == 422 => Answer::json(
            code,
            r#"{"detail":[{"loc":["body","prompt"],"msg":"Field required","type":"missing"}]}"#.to_owned(),
        ),
        Some(kind) => {
            Answer::json(code, format!(r#"{{"detail":{},"error_type":{}}}"#, quote(detail), quote(kind)))
                .with("X-Fal-Error-Type", kind)
        }
        None => Answer::json(code, format!(r#"{{"detail":{}}}"#, quote(detail))),
    };
    identified(answer, serial)
}

fn identified(answer: Answer, serial: u64) -> Answer {
    answer.with("x-fal-request-id", &format!("00000000-0000-4000-8000-{serial:012x}"))
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
