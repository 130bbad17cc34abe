//! FAL's queue: what a job's routes answer.
//!
//! A failed job is a completed one with an error; a status that is not the end is 202.

use failover_core::Fault;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::{State, fal, respond};
use crate::json as read;
use crate::origin::Origin;

/// A job as its routes name it.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    /// The base that the caller used.
    pub(crate) origin: &'a Origin,
    /// `fal-ai/flux`: a job's routes do not name the rest of the model.
    pub(crate) app: &'a str,
    pub(crate) id: &'a str,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u8>,
    request_id: &'a str,
    response_url: String,
    status_url: String,
    cancel_url: String,
    logs: Option<[(); 0]>,
    metrics: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
}

/// What kind of error a failed job is said to have.
const ERROR_TYPE: &str = "internal_server_error";

impl<'a> Job<'a> {
    /// The answer to a submit: exactly 200, and always queued. Whoever asks next hears how far it is.
    pub(crate) fn submitted(self) -> Response<Vec<u8>> {
        fal::identified(respond(StatusCode::OK, &self.status(&State::Queued, false)), self.id)
    }

    /// The answer to a question for its state.
    pub(crate) fn state(self, state: &State<'a>, logs: bool) -> Response<Vec<u8>> {
        let code = match state {
            State::Queued | State::Running => StatusCode::ACCEPTED,
            State::Done(_) | State::Failed(_) => StatusCode::OK,
        };
        fal::identified(respond(code, &self.status(state, logs)), self.id)
    }

    /// The states that a job went through, as server-sent events.
    pub(crate) fn stream(self, states: &[State<'a>], logs: bool) -> Response<Vec<u8>> {
        let events = states.iter().map(|state| {
            let status = serde_json::to_string(&self.status(state, logs)).unwrap_or_default();
            format!("data: {status}\n\n")
        });
        let mut response = Response::new(events.collect::<String>().into_bytes());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        fal::identified(response, self.id)
    }

    /// The answer to a question for its result.
    pub(crate) fn result(self, state: &State<'a>) -> Response<Vec<u8>> {
        match state {
            State::Done(output) => fal::identified(respond(StatusCode::OK, output), self.id),
            State::Queued | State::Running => {
                self.detail(StatusCode::BAD_REQUEST, &json!({ "detail": "Request is still in progress" }))
            }
            State::Failed(why) => self.detail(
                StatusCode::INTERNAL_SERVER_ERROR,
                &json!({ "detail": why, "error_type": ERROR_TYPE }),
            ),
        }
    }

    /// The answer to a wish to cancel it: too late.
    pub(crate) fn cancelled(self) -> Response<Vec<u8>> {
        self.detail(StatusCode::BAD_REQUEST, &json!({ "status": "ALREADY_COMPLETED" }))
    }

    /// Nobody knows it.
    pub(crate) fn unknown(self) -> Response<Vec<u8>> {
        self.detail(StatusCode::NOT_FOUND, &json!({ "detail": "Request not found" }))
    }

    /// Its state cannot be told at the moment.
    pub(crate) fn unreachable(self) -> Response<Vec<u8>> {
        let body = json!({ "detail": "The request's state cannot be read right now", "error_type": "runner_connection_refused" });
        self.detail(StatusCode::SERVICE_UNAVAILABLE, &body)
    }

    fn detail(self, code: StatusCode, body: &serde_json::Value) -> Response<Vec<u8>> {
        fal::identified(respond(code, body), self.id)
    }

    fn status(self, state: &State<'a>, logs: bool) -> Status<'a> {
        let Self { origin, app, id, .. } = self;
        let base = format!("{origin}/{app}/requests/{id}");
        let status = match state {
            State::Queued => "IN_QUEUE",
            State::Running => "IN_PROGRESS",
            State::Done(_) | State::Failed(_) => "COMPLETED",
        };
        let error = match state {
            State::Failed(why) => Some(*why),
            State::Queued | State::Running | State::Done(_) => None,
        };
        Status {
            status,
            queue_position: matches!(state, State::Queued).then_some(0),
            request_id: id,
            status_url: format!("{base}/status"),
            cancel_url: format!("{base}/cancel"),
            response_url: base,
            logs: logs.then_some([]),
            metrics: serde_json::Map::new(),
            error,
            error_type: error.map(|_| ERROR_TYPE),
        }
    }
}

/// Whether FAL's own answer to a submit names a job.
pub(crate) fn accepts(body: &[u8]) -> Result<(), Fault> {
    let answer = read::answer(body).map_err(|_| Fault::Malformed)?;
    let id = answer.get("request_id").and_then(Value::as_str).unwrap_or_default();
    if id.is_empty() { Err(Fault::Empty) } else { Ok(()) }
}

/// The part of a model's id that a job's routes name: two segments, three in a namespace.
pub(crate) fn app(model: &str) -> &str {
    let segments = match model.split('/').next() {
        Some("workflows" | "comfy") => 3,
        _ => 2,
    };
    let end = model.match_indices('/').nth(segments - 1).map_or(model.len(), |(at, _)| at);
    model.get(..end).unwrap_or(model)
}
