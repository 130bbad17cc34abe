//! Errors, in the shape of the API that was asked, and in the place of an answer.

use failover_core::Fault;
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::Junk;
use super::api::ChatApi;
use crate::redact;

impl ChatApi {
    /// The body of an error of this status, in this API's shape, so that a client raises what it would raise for it.
    ///
    /// ```
    /// use failover_mapping::{ChatApi, Fault};
    ///
    /// let body = ChatApi::Messages.refusal(529, Fault::Overloaded, "nobody could answer");
    /// let error = r#"{"type":"overloaded_error","message":"nobody could answer"}"#;
    /// assert_eq!(String::from_utf8_lossy(&body), format!(r#"{{"type":"error","error":{error},"request_id":null}}"#));
    /// ```
    #[must_use]
    pub fn refusal(self, status: u16, fault: Fault, message: &str) -> Vec<u8> {
        let written = match self {
            Self::Completions => {
                let (kind, code) = of_completions(status, fault);
                serde_json::to_vec(&Completions { error: Error { message, kind, param: (), code } })
            }
            Self::Messages => {
                let error = Named { kind: of_messages(status, fault), message };
                serde_json::to_vec(&Messages { kind: "error", error, request_id: () })
            }
        };
        debug_assert!(written.is_ok(), "texts are JSON");
        written.unwrap_or_default()
    }
}

/// The type and the code, as OpenAI has them.
const fn of_completions(status: u16, fault: Fault) -> (&'static str, Option<&'static str>) {
    match fault {
        Fault::Throttled => ("requests", Some("rate_limit_exceeded")),
        Fault::OutOfCredit => ("insufficient_quota", Some("insufficient_quota")),
        Fault::Overloaded => ("server_error", Some("server_is_overloaded")),
        Fault::Timeout | Fault::CallerDeadline => ("server_error", Some("timeout")),
        Fault::ContextTooLong => ("invalid_request_error", Some("context_length_exceeded")),
        Fault::ContentPolicy => ("invalid_request_error", Some("content_policy_violation")),
        Fault::Unauthenticated => ("invalid_request_error", Some("invalid_api_key")),
        Fault::InvalidRequest | Fault::Unsupported => match status {
            404 => ("invalid_request_error", Some("model_not_found")),
            _ => ("invalid_request_error", None),
        },
        _ => ("server_error", None),
    }
}

/// The type, as Anthropic has it.
const fn of_messages(status: u16, fault: Fault) -> &'static str {
    match fault {
        Fault::Throttled => "rate_limit_error",
        Fault::OutOfCredit => "billing_error",
        Fault::Overloaded => "overloaded_error",
        Fault::Timeout | Fault::CallerDeadline => "timeout_error",
        Fault::Unauthenticated => match status {
            403 => "permission_error",
            _ => "authentication_error",
        },
        Fault::ContextTooLong | Fault::ContentPolicy | Fault::InvalidRequest | Fault::Unsupported => {
            match status {
                404 => "not_found_error",
                409 => "conflict_error",
                413 => "request_too_large",
                _ => "invalid_request_error",
            }
        }
        _ => "api_error",
    }
}

/// Whether a success holds an error instead: `{"error": ..}` of OpenAI, `{"type": "error", ..}` of Anthropic.
pub(super) fn in_success(answer: &Map<String, Value>) -> Result<(), Junk> {
    let says_nothing = |error: &Value| matches!(error.as_str(), Some("")) || error == &Value::Bool(false);
    let error = answer.get("error").filter(|error| !error.is_null() && !says_nothing(error));
    if error.is_none() && answer.get("type").and_then(Value::as_str) != Some("error") {
        return Ok(());
    }
    let words = ["code", "type"].into_iter().filter_map(|key| error?.get(key)?.as_str()).map(redact::key);
    let word = words.into_iter().find(|word| *word != redact::OTHER);
    Err(Junk {
        fault: Fault::ErrorInSuccess,
        note: Some(match word {
            Some(word) => format!("a success that holds an error: {word}"),
            None => "a success that holds an error".to_owned(),
        }),
    })
}

#[derive(Serialize)]
struct Completions<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: (),
    code: Option<&'static str>,
}

#[derive(Serialize)]
struct Messages<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Named<'a>,
    request_id: (),
}

#[derive(Serialize)]
struct Named<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}
