//! FAL's queue: a job is submitted, asked after, fetched or cancelled, under the address of its app.

use super::{identified, output, refusal, segments, split, uuid, words};
use crate::answer::Answer;
use crate::jobs::{Found, Stand};
use crate::json::quote;
use crate::seen::Seen;
use crate::stage::Stage;
use std::sync::Arc;

/// The code of the result of a job that failed, and of one that was cancelled.
const FAILED: u16 = 503;
const CANCELLED: u16 = 499;

pub(crate) fn answer(stage: &Stage, seen: &Arc<Seen>, serial: u64) -> Answer {
    let segments = segments(seen);
    let Some((home, path)) = split(&segments) else { return refusal(404, serial) };
    let home = home.join("/");
    let job = |id: &str| format!("{home}/requests/{id}");
    let known = match (seen.method.as_str(), path) {
        ("POST", path) if path.first() != Some(&"requests") => submit(stage, seen, serial, &home),
        ("GET", ["requests", id]) => stage.jobs.look(&job(id)).map(|found| result(stage, &found)),
        ("GET", ["requests", id, "status"]) => {
            let job = job(id);
            stage.jobs.poll(&job).map(|found| status(stage, &job, &found, wants_logs(seen)))
        }
        ("GET", ["requests", id, "status", "stream"]) => stream(stage, &job(id), wants_logs(seen)),
        ("PUT", ["requests", id, "cancel"]) => return cancel(stage.jobs.look(&job(id)), serial),
        (_, ["requests", ..]) => None,
        _ => return refusal(405, serial).with("Allow", "POST"),
    };
    known.unwrap_or_else(|| refusal(404, serial))
}

fn submit(stage: &Stage, seen: &Arc<Seen>, serial: u64, home: &str) -> Option<Answer> {
    let id = uuid(serial);
    let job = format!("{home}/requests/{id}");
    _ = stage.jobs.start(&job, seen, serial);
    let urls = urls(stage, &job, &id);
    let body = format!(r#"{{"status":"IN_QUEUE",{urls},"queue_position":0,"logs":null,"metrics":{{}}}}"#);
    Some(identified(Answer::json(200, body), serial))
}

fn status(stage: &Stage, job: &str, found: &Found, logs: bool) -> Answer {
    let code = if matches!(found.stand, Stand::Pending | Stand::Processing) { 202 } else { 200 };
    identified(Answer::json(code, standing(stage, job, found.serial, found.stand, logs)), found.serial)
}

/// All that is left to say about the job, at once: nobody has to wait for it.
fn stream(stage: &Stage, job: &str, logs: bool) -> Option<Answer> {
    let before = stage.jobs.look(job)?;
    let mut stands = match before.stand {
        Stand::Pending => vec![Stand::Pending, Stand::Processing],
        stand => vec![stand],
    };
    stands.extend(stage.jobs.finish(job).map(|found| found.stand));
    stands.dedup();
    let events = stands.into_iter().map(|stand| {
        let data = standing(stage, job, before.serial, stand, logs);
        format!("data: {data}\n\n")
    });
    let body: String = events.collect();
    Some(identified(Answer::of(200, "text/event-stream", body.into_bytes()), before.serial))
}

fn standing(stage: &Stage, job: &str, serial: u64, stand: Stand, logs: bool) -> String {
    let line = r#"[{"message":"Rehearsing.","level":"INFO","source":"USER","timestamp":"2026-11-20T23:00:01.000Z"}]"#;
    let said = if logs { line } else { "null" };
    let failed = |code| {
        let (error, kind) = words(code);
        let (error, kind) = (quote(error), quote(kind.unwrap_or_default()));
        ("COMPLETED", format!(r#""logs":{said},"metrics":{{}},"error":{error},"error_type":{kind}"#))
    };
    let (word, more) = match stand {
        Stand::Pending => ("IN_QUEUE", r#""queue_position":0"#.to_owned()),
        Stand::Processing => ("IN_PROGRESS", format!(r#""logs":{}"#, if logs { line } else { "[]" })),
        Stand::Completed => ("COMPLETED", format!(r#""logs":{said},"metrics":{{"inference_time":1.2}}"#)),
        Stand::Failed => failed(FAILED),
        Stand::Cancelled => failed(CANCELLED),
        Stand::Word(word) => (word, format!(r#""logs":{said}"#)),
    };
    format!(r#"{{"status":{},{more},{}}}"#, quote(word), urls(stage, job, &uuid(serial)))
}

fn result(stage: &Stage, found: &Found) -> Answer {
    let answer = match found.stand {
        Stand::Completed => Answer::json(200, output::of(stage, &found.seen, found.serial)),
        Stand::Failed => return refusal(FAILED, found.serial),
        Stand::Cancelled => return refusal(CANCELLED, found.serial),
        Stand::Pending | Stand::Processing | Stand::Word(_) => {
            Answer::json(400, r#"{"detail":"Request is still in progress"}"#.to_owned())
        }
    };
    identified(answer, found.serial)
}

/// It is only asked for: a job goes on, as one of FAL's may whose runner is too far on.
fn cancel(found: Option<Found>, serial: u64) -> Answer {
    let (code, word) = match found.map(|found| found.stand) {
        None => (404, "NOT_FOUND"),
        Some(Stand::Pending | Stand::Processing) => (202, "CANCELLATION_REQUESTED"),
        Some(_) => (400, "ALREADY_COMPLETED"),
    };
    identified(Answer::json(code, format!(r#"{{"status":"{word}"}}"#)), serial)
}

fn urls(stage: &Stage, job: &str, id: &str) -> String {
    let url = |end| quote(&format!("{}/{job}{end}", stage.base));
    format!(
        r#""request_id":"{id}","response_url":{},"status_url":{},"cancel_url":{}"#,
        url(""),
        url("/status"),
        url("/cancel")
    )
}

fn wants_logs(seen: &Seen) -> bool {
    let (_, query) = seen.path.split_once('?').unwrap_or_default();
    query.split('&').any(|pair| matches!(pair, "logs=1" | "logs=true"))
}
