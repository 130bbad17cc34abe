//! Replicate's predictions.

use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Output, State, respond};
use crate::data::Answer;
use crate::form::Transcript;
use crate::language;
use crate::origin::Origin;
use crate::prefer::Prefer;

/// A prediction, whatever its state.
#[derive(Clone, Copy)]
pub(crate) struct Prediction<'a> {
    pub(crate) id: &'a str,
    pub(crate) model: &'a str,
    /// The hash, if one was named.
    pub(crate) version: Option<&'a str>,
    pub(crate) input: &'a Map<String, Value>,
    /// The base that the caller used.
    pub(crate) origin: &'a Origin,
    pub(crate) created: SystemTime,
    pub(crate) now: SystemTime,
    /// How long the stand-in took, if that is known.
    pub(crate) took: Option<Duration>,
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    model: &'a str,
    version: &'a str,
    input: &'a Map<String, Value>,
    logs: &'a str,
    output: Value,
    data_removed: bool,
    error: Option<&'a str>,
    source: &'a str,
    status: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    metrics: Metrics,
    urls: Urls,
}

#[derive(Default, Serialize)]
struct Metrics {
    #[serde(skip_serializing_if = "Option::is_none")]
    predict_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_time: Option<f64>,
}

/// Without `stream`: its presence makes clients open it.
#[derive(Serialize)]
struct Urls {
    get: String,
    cancel: String,
    web: String,
}

impl Prediction<'_> {
    /// The answer to its creation.
    pub(crate) fn created(self, state: &State<'_>, prefer: Option<Prefer>) -> Response<Vec<u8>> {
        let mut response = respond(StatusCode::CREATED, &self.body(state));
        let applied = match prefer {
            None => return response,
            Some(Prefer::Wait) => HeaderValue::from_static("wait"),
            Some(Prefer::Seconds(seconds)) => {
                HeaderValue::from_str(&format!("wait={seconds}")).unwrap_or(HeaderValue::from_static("wait"))
            }
        };
        response.headers_mut().insert(HeaderName::from_static("preference-applied"), applied);
        response
    }

    /// The answer to a question for it, and to a wish to cancel it.
    pub(crate) fn state(self, state: &State<'_>) -> Response<Vec<u8>> {
        respond(StatusCode::OK, &self.body(state))
    }

    fn body(&self, state: &State<'_>) -> Body<'_> {
        let Self { id, model, version, input, origin, created, now, took } = *self;
        let base = format!("{origin}/v1/predictions/{id}");
        let (status, output, error) = match state {
            State::Queued => ("starting", Value::Null, None),
            State::Running => ("processing", Value::Null, None),
            State::Done(result) => ("succeeded", output(result), None),
            State::Failed(why) => ("failed", Value::Null, Some(*why)),
        };
        let ended = matches!(state, State::Done(_) | State::Failed(_));
        let total = now.duration_since(created).unwrap_or_default();
        let metrics = if ended {
            Metrics { predict_time: Some(seconds(took.unwrap_or(total))), total_time: Some(seconds(total)) }
        } else {
            Metrics::default()
        };
        Body {
            id,
            model,
            version: version.unwrap_or("hidden"),
            input,
            logs: "",
            output,
            data_removed: false,
            error,
            source: "api",
            status,
            created_at: rfc3339(created),
            started_at: (!matches!(state, State::Queued)).then(|| rfc3339(created)),
            completed_at: ended.then(|| rfc3339(now)),
            metrics,
            urls: Urls {
                cancel: format!("{base}/cancel"),
                get: base,
                web: format!("https://replicate.com/p/{id}"),
            },
        }
    }
}

/// Nobody knows it.
pub(crate) fn unknown() -> Response<Vec<u8>> {
    respond(
        StatusCode::NOT_FOUND,
        &json!({ "detail": "The requested resource could not be found.", "status": 404 }),
    )
}

/// Its state cannot be told at the moment.
pub(crate) fn unreachable() -> Response<Vec<u8>> {
    let body = json!({ "title": "Service Unavailable", "detail": "The prediction cannot be read right now.", "status": 503 });
    respond(StatusCode::SERVICE_UNAVAILABLE, &body)
}

/// A version's page, as far as a client needs it after creating a prediction: without a schema it asks for no more.
pub(crate) fn version(hash: &str, now: SystemTime) -> Response<Vec<u8>> {
    let body =
        json!({ "id": hash, "created_at": rfc3339(now), "cog_version": "0.9.0", "openapi_schema": {} });
    respond(StatusCode::OK, &body)
}

fn output(result: &Output<'_>) -> Value {
    let urls = || result.produced.files.iter().map(|file| json!(file.url));
    let transcript = result.produced.transcript.as_ref();
    match result.shape {
        Answer::List => urls().collect(),
        Answer::Transcription => {
            transcript.map_or(Value::Null, |transcript| transcription(transcript, result.translated))
        }
        Answer::Chunks => transcript.map_or(Value::Null, chunks),
        // FAL's shapes are not this provider's; one URL is what most of its models answer.
        _ => urls().next().unwrap_or_default(),
    }
}

/// As openai/whisper answers (chenxwh/cog-whisper, `predict.py`): the language by its name.
fn transcription(transcript: &Transcript, translated: bool) -> Value {
    let parts = transcript
        .segments
        .iter()
        .enumerate()
        .map(|(id, part)| json!({ "id": id, "start": part.start, "end": part.end, "text": part.text }));
    json!({
        "detected_language": transcript.language.as_deref().and_then(language::name),
        "transcription": if translated { "" } else { &transcript.text },
        "segments": parts.collect::<Vec<_>>(),
        "translation": translated.then_some(&transcript.text),
        "txt_file": null,
        "srt_file": null,
    })
}

fn chunks(transcript: &Transcript) -> Value {
    let parts = transcript
        .segments
        .iter()
        .map(|part| json!({ "text": part.text, "timestamp": [part.start, part.end] }));
    json!({ "text": transcript.text, "chunks": parts.collect::<Vec<_>>() })
}

fn rfc3339(time: SystemTime) -> String {
    /// The last second that the format can hold: the end of the year 9999.
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
    humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + since).to_string()
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
