//! Replicate: a prediction that succeeded at once, with one URL or a list as the model has it, and its problem documents.

use crate::answer::{Answer, reason};
use crate::asked::Asked;
use crate::json::{list, quote};
use crate::seen::Seen;

/// The models whose output is one URL. All others answer with a list, which may hold one.
const ONE_URL: [&str; 5] = [
    "black-forest-labs/flux-pro",
    "black-forest-labs/flux-1.1-pro",
    "black-forest-labs/flux-1.1-pro-ultra",
    "ideogram-ai/ideogram-v2",
    "recraft-ai/recraft-v3",
];

pub(crate) fn answer(seen: &Seen, serial: u64, base: &str) -> Answer {
    let path = seen.path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let asked = Asked::by(seen);
    let (model, version) = match (seen.method.as_str(), segments.as_slice()) {
        ("POST", ["v1", "models", owner, name, "predictions"]) => {
            (format!("{owner}/{name}"), "hidden".to_owned())
        }
        ("POST", ["v1", "predictions"]) => resolve(&asked.text("version").unwrap_or_default()),
        _ => return refusal(404, "Not found"),
    };
    let answer = Answer::json(201, prediction(&asked, &model, &version, serial, base));
    match seen.header("prefer") {
        Some(prefer) if prefer.starts_with("wait") => answer.with("Preference-Applied", prefer),
        _ => answer,
    }
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

fn prediction(asked: &Asked<'_>, model: &str, version: &str, serial: u64, base: &str) -> String {
    let id = format!("rehearsal{serial:017}");
    let format = asked.text("output_format").filter(|format| matches!(format.as_str(), "jpg" | "png"));
    let extension = format.as_deref().unwrap_or("webp");
    let url = |n| format!(r#""https://replicate.delivery/rehearsal/{id}/out-{n}.{extension}""#);
    let count = asked.images(&["num_outputs"]);
    let output = if ONE_URL.contains(&model) { url(0) } else { list(count, url) };
    format!(
        concat!(
            r#"{{"id":"{id}","model":{model},"version":{version},"input":{input},"logs":"","output":{output},"#,
            r#""data_removed":false,"error":null,"source":"api","status":"succeeded","#,
            r#""created_at":"2026-11-20T23:00:00.000Z","started_at":"2026-11-20T23:00:00.100Z","#,
            r#""completed_at":"2026-11-20T23:00:02.000Z","metrics":{{"predict_time":1.9,"total_time":2.0}},"#,
            r#""urls":{{"get":"{base}/v1/predictions/{id}","cancel":"{base}/v1/predictions/{id}/cancel","#,
            r#""web":"https://replicate.com/p/{id}"}}}}"#
        ),
        id = id,
        model = quote(model),
        version = quote(version),
        input = asked.raw("input").unwrap_or("{}"),
        output = output,
        base = base,
    )
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
