//! Replicate: predictions that are waited for or asked after, their output as the model has it, and its problem documents.

use crate::answer::{Answer, reason};
use crate::asked::Asked;
use crate::jobs::{Found, Stand};
use crate::json::{list, quote};
use crate::media::SPOKEN;
use crate::seen::Seen;
use crate::stage::Stage;
use std::sync::Arc;

/// The models whose output is one URL of an image. All others answer with a list, which may hold one.
const ONE_URL: [&str; 5] = [
    "black-forest-labs/flux-pro",
    "black-forest-labs/flux-1.1-pro",
    "black-forest-labs/flux-1.1-pro-ultra",
    "ideogram-ai/ideogram-v2",
    "recraft-ai/recraft-v3",
];
const VIDEO: [&str; 2] = ["minimax/video-01", "minimax/video-01-live"];
const CREATED: &str = "2026-11-20T23:00:00.000Z";

pub(crate) fn answer(stage: &Stage, seen: &Arc<Seen>, serial: u64) -> Answer {
    if seen.method == "POST" && model(seen).is_some() {
        return create(stage, seen, serial);
    }
    let known = match (seen.method.as_str(), segments(seen).as_slice()) {
        ("GET", ["v1", "predictions", id]) => stage.jobs.poll(id).map(|job| prediction(stage, id, &job)),
        ("POST", ["v1", "predictions", id, "cancel"]) => {
            stage.jobs.cancel(id).map(|job| prediction(stage, id, &job))
        }
        ("GET", ["v1", "models", _, _, "versions", hash]) => Some(version(hash)),
        _ => None,
    };
    known.map_or_else(|| refusal(404, "Not found"), |body| Answer::json(200, body))
}

pub(crate) fn refusal(code: u16, title: &str) -> Answer {
    let (title, detail) = match code {
        401 => ("Unauthenticated", "You did not pass a valid authentication token"),
        402 => ("Insufficient credit", "You have insufficient credit to run this model."),
        404 => (title, "The requested resource could not be found."),
        422 => ("Input validation failed", "- input: prompt is required"),
        429 => (title, "Request was throttled."),
        _ => (title, reason(code)),
    };
    let body = format!(r#"{{"title":{},"detail":{},"status":{code}}}"#, quote(title), quote(detail));
    Answer::json(code, body)
}

fn create(stage: &Stage, seen: &Arc<Seen>, serial: u64) -> Answer {
    let id = format!("rehearsal{serial:017}");
    _ = stage.jobs.start(&id, seen, serial);
    let prefer = seen.header("prefer").filter(|prefer| prefer.starts_with("wait"));
    let waited_for = prefer.and_then(|_| stage.jobs.finish(&id));
    let body = waited_for.map_or_else(|| starting(stage, &id, seen), |job| prediction(stage, &id, &job));
    let answer = Answer::json(201, body);
    match prefer {
        Some(prefer) => answer.with("Preference-Applied", prefer),
        None => answer,
    }
}

/// With fewer keys than later, as Replicate answers (recorded by its own Python client's tests).
fn starting(stage: &Stage, id: &str, seen: &Seen) -> String {
    format!(
        r#"{{{},"logs":"","error":null,"status":"starting","created_at":"{CREATED}","urls":{{{}}}}}"#,
        asked_for(id, seen),
        urls(stage, id)
    )
}

fn prediction(stage: &Stage, id: &str, job: &Found) -> String {
    let (status, ended) = match job.stand {
        Stand::Pending | Stand::Processing => ("processing", false),
        Stand::Completed => ("succeeded", true),
        Stand::Failed => ("failed", true),
        Stand::Cancelled => ("canceled", true),
        Stand::Word(word) => (word, false),
    };
    let done = job.stand == Stand::Completed;
    let null = || "null".to_owned();
    format!(
        concat!(
            r#"{{{asked_for},"logs":"","output":{output},"#,
            r#""data_removed":false,"error":{error},"source":"api","status":{status},"#,
            r#""created_at":"{created}","started_at":"2026-11-20T23:00:00.100Z","#,
            r#""completed_at":{completed},"metrics":{metrics},"#,
            r#""urls":{{{urls},"web":"https://replicate.com/p/{id}"}}}}"#
        ),
        asked_for = asked_for(id, &job.seen),
        output = if done { output(stage, id, &job.seen) } else { null() },
        error = if job.stand == Stand::Failed { quote("The model failed.") } else { null() },
        status = quote(status),
        created = CREATED,
        completed = if ended { quote("2026-11-20T23:00:02.000Z") } else { null() },
        metrics = if done { r#"{"predict_time":1.9,"total_time":2.0}"# } else { "null" },
        urls = urls(stage, id),
        id = id,
    )
}

fn output(stage: &Stage, id: &str, seen: &Seen) -> String {
    let asked = Asked::by(seen);
    let format = asked.text("output_format").filter(|format| matches!(format.as_str(), "jpg" | "png"));
    let url = |n, extension: &str| {
        quote(&stage.media("replicate.delivery", &format!("rehearsal/{id}/out-{n}.{extension}")))
    };
    let image = |n| url(n, format.as_deref().unwrap_or("webp"));
    match model(seen).unwrap_or_default().0.as_str() {
        "openai/whisper" => format!(
            concat!(
                r#"{{"detected_language":"english","transcription":"{text}","#,
                r#""segments":[{{"id":0,"start":0.0,"end":1.2,"text":"{text}"}}],"#,
                r#""translation":null,"txt_file":null,"srt_file":null}}"#
            ),
            text = SPOKEN
        ),
        "vaibhavs10/incredibly-fast-whisper" => {
            format!(r#"{{"text":"{SPOKEN}","chunks":[{{"text":"{SPOKEN}","timestamp":[0.0,1.2]}}]}}"#)
        }
        model if VIDEO.contains(&model) => url(0, "mp4"),
        model if ONE_URL.contains(&model) => image(0),
        _ => list(asked.images(&["num_outputs"]), image),
    }
}

fn asked_for(id: &str, seen: &Seen) -> String {
    let (model, version) = model(seen).unwrap_or_default();
    let (model, version) = (quote(&model), quote(&version));
    let asked = Asked::by(seen);
    let input = asked.raw("input").unwrap_or("{}");
    format!(r#""id":"{id}","model":{model},"version":{version},"input":{input}"#)
}

fn urls(stage: &Stage, id: &str) -> String {
    let get = format!("{}/v1/predictions/{id}", stage.base);
    format!(r#""get":"{get}","cancel":"{get}/cancel""#)
}

fn version(hash: &str) -> String {
    let hash = quote(hash);
    format!(r#"{{"id":{hash},"created_at":"{CREATED}","cog_version":"0.9.0","openapi_schema":{{}}}}"#)
}

/// Model and version, if the path is one that generates. A deployment does not say whose model it runs.
fn model(seen: &Seen) -> Option<(String, String)> {
    match segments(seen).as_slice() {
        ["v1", "models", owner, name, "predictions"] => {
            Some((format!("{owner}/{name}"), "hidden".to_owned()))
        }
        ["v1", "deployments", _, _, "predictions"] => {
            Some(("rehearsal/by-deployment".to_owned(), "hidden".to_owned()))
        }
        ["v1", "predictions"] => Some(resolve(&Asked::by(seen).text("version").unwrap_or_default())),
        _ => None,
    }
}

/// Model and version out of the three spellings: `owner/name`, `owner/name:hash` and the bare hash, which alone does not
/// say whose it is.
fn resolve(version: &str) -> (String, String) {
    match version.split_once(':') {
        Some((model, hash)) => (model.to_owned(), hash.to_owned()),
        None if version.contains('/') || version.is_empty() => (version.to_owned(), "hidden".to_owned()),
        None => ("rehearsal/by-version".to_owned(), version.to_owned()),
    }
}

fn segments(seen: &Seen) -> Vec<&str> {
    seen.bare_path().trim_start_matches('/').split('/').collect()
}
