//! Errors of the gateway's own, in the shape of the provider that was asked, so that its clients can read them.

use axum::response::{IntoResponse, Response};
use failover_reqwest::{ChatApi, Fault};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

/// OpenAI's, Anthropic's and Replicate's clients obey it: whoever could answer has been asked, or nobody ever will.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// For whoever has lost the way.
const ADDRESSES: &str = "ask at /v1/.., /v1/messages, /{provider}/v1/.., /replicate/v1/.., /fal/.., /queue/.. or /api/fal/proxy; it \
     tells of itself at /metrics and /healthz";

/// Whose errors a caller can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Chat(ChatApi),
    Fal,
    Replicate,
}

/// An error of the gateway's own.
#[derive(Debug)]
pub(crate) struct Refusal {
    shape: Shape,
    status: StatusCode,
    fault: Fault,
    message: String,
}

impl Refusal {
    /// What the caller should not have sent.
    pub(crate) fn new(shape: Shape, status: StatusCode, message: impl Into<String>) -> Self {
        Self { shape, status, fault: Fault::InvalidRequest, message: message.into() }
    }

    /// Nothing of ours is there.
    pub(crate) fn nowhere(shape: Shape) -> Self {
        Self::new(
            shape,
            StatusCode::NOT_FOUND,
            format!("the gateway has nothing at this address: {ADDRESSES}"),
        )
    }

    /// The tables have no model of this name.
    pub(crate) fn no_model(shape: Shape) -> Self {
        let message = "the gateway knows no model of this name";
        Self { fault: Fault::Unsupported, ..Self::new(shape, StatusCode::NOT_FOUND, message) }
    }

    /// The caller is not let in.
    pub(crate) fn unauthenticated(shape: Shape, status: StatusCode, message: impl Into<String>) -> Self {
        Self { fault: Fault::Unauthenticated, ..Self::new(shape, status, message) }
    }

    /// The asked provider's answer ended before its end, and nobody else could answer.
    pub(crate) fn broke_off(shape: Shape) -> Self {
        let message = "the provider's answer broke off, and nobody could stand in";
        Self { fault: Fault::Cut, ..Self::new(shape, StatusCode::BAD_GATEWAY, message) }
    }

    /// The asked provider's answer did not come to its end in time, and nobody else could answer.
    pub(crate) fn late(shape: Shape) -> Self {
        let message = "the provider's answer did not arrive in time, and nobody could stand in";
        Self { fault: Fault::Timeout, ..Self::new(shape, StatusCode::GATEWAY_TIMEOUT, message) }
    }

    /// The asked provider did not answer, and nobody else could.
    pub(crate) fn unreached(shape: Shape, error: reqwest::Error) -> Self {
        let late = error.is_timeout();
        let (status, fault) = match late {
            true => (StatusCode::GATEWAY_TIMEOUT, Fault::Timeout),
            false => {
                (StatusCode::BAD_GATEWAY, if error.is_connect() { Fault::Connect } else { Fault::Reset })
            }
        };
        // A URL may hold what is nobody's business.
        let message = format!(
            "the provider did not answer, and nobody could stand in: {}",
            causes(&error.without_url())
        );
        Self { fault, ..Self::new(shape, status, message) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { shape, status, fault, message } = self;
        let body = match shape {
            // Without a word for it a client would hear of a model that is not there.
            Shape::Chat(ChatApi::Completions)
                if status == StatusCode::NOT_FOUND && fault == Fault::InvalidRequest =>
            {
                let kind = "invalid_request_error";
                json!({ "error": { "message": message, "type": kind, "param": null, "code": "not_found" } })
                    .to_string()
                    .into_bytes()
            }
            Shape::Chat(api) => api.refusal(status.as_u16(), fault, &message),
            Shape::Fal if fault == Fault::Timeout => {
                json!({ "detail": message, "error_type": "request_timeout" }).to_string().into_bytes()
            }
            Shape::Fal => json!({ "detail": message }).to_string().into_bytes(),
            Shape::Replicate => {
                let title = status.canonical_reason();
                json!({ "title": title, "detail": message, "status": status.as_u16() })
                    .to_string()
                    .into_bytes()
            }
        };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (SHOULD_RETRY, HeaderValue::from_static("false")),
        ];
        (status, headers, body).into_response()
    }
}

/// The error and all that is behind it, in a line.
fn causes(error: &dyn std::error::Error) -> String {
    let (mut line, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
