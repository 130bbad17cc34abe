//! FAL: its models on a good day, and its words on a bad one.

mod output;
pub(crate) mod queue;

use crate::answer::{Answer, reason};
use crate::json::quote;
use crate::seen::Seen;
use crate::stage::Stage;

/// In these the address of an app has one segment more (`APP_NAMESPACES` of FAL's clients).
const NAMESPACES: [&str; 2] = ["workflows", "comfy"];

pub(crate) fn answer(stage: &Stage, seen: &Seen, serial: u64) -> Answer {
    let segments = segments(seen);
    if split(&segments).is_none() || segments.contains(&"requests") {
        return refusal(404, serial);
    }
    if seen.method != "POST" {
        return refusal(405, serial).with("Allow", "POST");
    }
    identified(Answer::json(200, output::of(stage, seen, serial)), serial)
}

/// Request errors are flat and some have a type, in the body and as a header; a validation error is a list.
pub(crate) fn refusal(code: u16, serial: u64) -> Answer {
    let (detail, kind) = words(code);
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

/// What is said, and its type.
fn words(code: u16) -> (&'static str, Option<&'static str>) {
    match code {
        401 => ("No valid key was given for this application.", None),
        403 => ("User is locked. Reason: Exhausted balance.", None),
        429 => ("Too many concurrent requests.", None),
        // Not confirmed.
        499 => ("The request was cancelled.", Some("client_cancelled")),
        503 => ("No runner could be scheduled.", Some("runner_scheduling_failure")),
        504 => ("Request timed out", Some("request_timeout")),
        _ => (reason(code), None),
    }
}

fn identified(answer: Answer, serial: u64) -> Answer {
    answer.with("x-fal-request-id", &uuid(serial))
}

fn uuid(serial: u64) -> String {
    format!("00000000-0000-4000-8000-{serial:012x}")
}

fn segments(seen: &Seen) -> Vec<&str> {
    seen.bare_path().split('/').filter(|segment| !segment.is_empty()).collect()
}

/// The address of the app (`owner/app`, or `namespace/owner/app`) and what comes after it.
fn split<'a, 't>(segments: &'a [&'t str]) -> Option<(&'a [&'t str], &'a [&'t str])> {
    let in_namespace = segments.first().is_some_and(|first| NAMESPACES.contains(first));
    segments.split_at_checked(if in_namespace { 3 } else { 2 })
}
