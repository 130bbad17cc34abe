//! NexaAPI: for whoever shows a key, results at once or jobs to be asked after.

use crate::answer::{Answer, reason};
use crate::asked::Asked;
use crate::jobs::{Found, Stand};
use crate::json::{list, quote};
use crate::media::SPOKEN;
use crate::seen::Seen;
use crate::stage::Stage;
use std::sync::Arc;

const CREATED: &str = r#""created_at":"2026-11-20T23:00:00.000Z""#;
const ENDED: &str = r#""completed_at":"2026-11-20T23:00:02.000Z""#;

pub(crate) fn answer(stage: &Stage, seen: &Arc<Seen>, serial: u64) -> Answer {
    if !has_key(seen) {
        return refusal(401);
    }
    let body = match seen.method.as_str() {
        "GET" => poll(stage, seen.bare_path()),
        "POST" => generate(stage, seen, serial),
        _ => None,
    };
    body.map_or_else(|| refusal(404), |body| Answer::json(200, body))
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

fn poll(stage: &Stage, path: &str) -> Option<String> {
    let id = path.strip_prefix("/v1/jobs/")?;
    let job = stage.jobs.poll(id)?;
    Some(match job.stand {
        Stand::Completed => {
            let result = result(stage, &job.seen, job.serial)?;
            format!(r#"{{{},{CREATED},{ENDED},"result":{{{result}}},"cost":0.02}}"#, head(&job))
        }
        _ => standing(&job),
    })
}

/// A job that ends before it was asked after is the answer itself, its result beside the rest of it.
fn generate(stage: &Stage, seen: &Arc<Seen>, serial: u64) -> Option<String> {
    let result = result(stage, seen, serial)?;
    let job = stage.jobs.start(&id(serial), seen, serial)?;
    Some(match job.stand {
        Stand::Completed => format!(r#"{{{},{result},"cost":0.02}}"#, head(&job)),
        _ => standing(&job),
    })
}

/// A job without a result.
fn standing(job: &Found) -> String {
    let head = head(job);
    match job.stand {
        Stand::Failed => format!(r#"{{{head},{CREATED},{ENDED},"error":"The model failed."}}"#),
        Stand::Cancelled => format!("{{{head},{CREATED},{ENDED}}}"),
        Stand::Pending | Stand::Processing | Stand::Completed | Stand::Word(_) => {
            format!("{{{head},{CREATED}}}")
        }
    }
}

fn head(job: &Found) -> String {
    let status = match job.stand {
        Stand::Pending => "pending",
        Stand::Processing => "processing",
        Stand::Completed => "completed",
        Stand::Failed => "failed",
        Stand::Cancelled => "cancelled",
        Stand::Word(word) => word,
    };
    let model = Asked::by(&job.seen).text("model").unwrap_or_default();
    format!(r#""id":"{}","status":{},"model":{}"#, id(job.serial), quote(status), quote(&model))
}

/// What was generated, if the path is one that generates.
fn result(stage: &Stage, seen: &Seen, serial: u64) -> Option<String> {
    let asked = Asked::by(seen);
    Some(match seen.bare_path() {
        "/v1/images/generate" => image(stage, &asked, serial),
        "/v1/videos/generate" => format!(r#""url":{}"#, url(stage, "videos", serial, 0, "mp4")),
        // The SDK sends transcriptions here too.
        "/v1/audio/speech" if asked.text("audio_url").is_some() => transcript(),
        "/v1/audio/speech" => format!(r#""url":{}"#, url(stage, "audio", serial, 0, "mp3")),
        "/v1/audio/transcriptions" => transcript(),
        _ => return None,
    })
}

fn image(stage: &Stage, asked: &Asked<'_>, serial: u64) -> String {
    let images = list(asked.images(&["n", "num_images"]), |n| {
        format!(r#"{{"url":{}}}"#, url(stage, "images", serial, n, "png"))
    });
    format!(
        r#""url":{},"images":{images},"width":{},"height":{},"seed":{}"#,
        url(stage, "images", serial, 0, "png"),
        asked.integer("width").unwrap_or(1024),
        asked.integer("height").unwrap_or(1024),
        asked.integer("seed").unwrap_or(serial.cast_signed()),
    )
}

fn transcript() -> String {
    format!(
        r#""text":"{SPOKEN}","language":"en","duration":1.2,"segments":[{{"id":0,"start":0.0,"end":1.2,"text":"{SPOKEN}"}}]"#
    )
}

fn url(stage: &Stage, folder: &str, serial: u64, n: i64, extension: &str) -> String {
    quote(&stage.media("media.nexa-api.example", &format!("{folder}/{serial:08}-{n}.{extension}")))
}

fn id(serial: u64) -> String {
    format!("job-{serial:08}")
}

/// Its own, or that of RapidAPI, which comes with the name of the host that it is for.
fn has_key(seen: &Seen) -> bool {
    let bearer = seen
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case("bearer") && !key.trim().is_empty());
    let said = |name| seen.header(name).is_some_and(|value| !value.is_empty());
    bearer || (said("x-rapidapi-key") && said("x-rapidapi-host"))
}
