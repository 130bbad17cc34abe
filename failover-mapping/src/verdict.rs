//! What a provider's answer means, as far as its status, its headers and its error tell.
//!
//! The rows are data; here is only what follows where no row fits. A row that looks for a word anywhere in the answer can be
//! misled by an error that repeats the request, so the rows of the providers that write go by the error's own code, or by how
//! its message begins.

use std::cell::OnceCell;

use failover_core::{Fault, Step};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use crate::data::Verdict;
use crate::error::one_of;
use crate::hint;
use crate::json;
use crate::provider::ProviderName;

/// The fault behind a failing status of the provider whose rows these are. A body that was not read says nothing.
pub(crate) fn fault(rows: &[Verdict], status: StatusCode, headers: &HeaderMap, body: Option<&[u8]>) -> Fault {
    let said = Said::new(body.unwrap_or_default());
    let fits = |row: &&Verdict| {
        row.status == status.as_u16()
            && row.header.as_ref().is_none_or(|wanted| {
                let said = headers.get(&wanted.name).and_then(|value| value.to_str().ok());
                said.is_some_and(|said| said.trim().eq_ignore_ascii_case(&wanted.value))
            })
            && row.body.as_ref().is_none_or(|wanted| said.holds(wanted))
            && row.code.as_ref().is_none_or(|wanted| said.has_code(wanted))
            && row.message.as_ref().is_none_or(|wanted| said.begins_with(wanted))
    };
    match rows.iter().find(fits) {
        Some(row) => row.fault,
        // Whether it was carried out is not known: a proxy's 520 or 524 says nothing of who is behind it.
        None if status.is_server_error() => Fault::Gateway,
        None if status == StatusCode::REQUEST_TIMEOUT => Fault::Timeout,
        // Refusals, and redirects: a stand-in that has moved does not serve.
        None => Fault::Unsupported,
    }
}

/// So much of a body is searched for words: an error is not longer.
const SEARCHED: usize = 64 << 10;

/// What an answer's body says, read once, and only if a row asks.
struct Said<'b> {
    body: &'b [u8],
    text: OnceCell<String>,
    error: OnceCell<Map<String, Value>>,
}

impl<'b> Said<'b> {
    fn new(body: &'b [u8]) -> Self {
        let body = body.get(..SEARCHED).unwrap_or(body);
        Self { body, text: OnceCell::new(), error: OnceCell::new() }
    }

    fn holds(&self, wanted: &str) -> bool {
        let text = self.text.get_or_init(|| String::from_utf8_lossy(self.body).to_ascii_lowercase());
        text.contains(&wanted.to_ascii_lowercase())
    }

    fn has_code(&self, wanted: &str) -> bool {
        let error = self.error();
        let detail = error.get("details").and_then(|details| details.get("error_code"));
        let codes = [error.get("code"), error.get("type"), detail];
        codes.into_iter().flatten().filter_map(Value::as_str).any(|code| code.eq_ignore_ascii_case(wanted))
    }

    fn begins_with(&self, wanted: &str) -> bool {
        let message = self.error().get("message").and_then(Value::as_str).unwrap_or_default().trim_start();
        let start = message.as_bytes().get(..wanted.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(wanted.as_bytes()))
    }

    /// The error: the object under `error`, else the whole answer, which may have no more than the message there.
    fn error(&self) -> &Map<String, Value> {
        self.error.get_or_init(|| {
            let mut whole = json::answer(self.body).unwrap_or_default();
            match whole.remove("error") {
                Some(Value::Object(error)) => error,
                Some(message @ Value::String(_)) => {
                    whole.insert("message".to_owned(), message);
                    whole
                }
                _ => whole,
            }
        })
    }
}

/// By these words providers refuse what they will not make: Replicate's models say "NSFW content detected".
const ABOUT_CONTENT: [&str; 4] = ["nsfw", "content policy", "safety", "flagged"];

/// Whether a failed prediction is the caller's own affair: it was called off, or is against the provider's rules.
pub(crate) fn is_the_callers(body: &[u8]) -> bool {
    let Ok(answer) = json::answer(body) else { return false };
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let called_off = ["canceled", "cancelled", "aborted"].contains(&text("status").as_str());
    let error = text("error");
    called_off || ABOUT_CONTENT.iter().any(|word| error.contains(word))
}

/// The same fault, or one that is repeated, if the provider asks for that: its word goes before what its status says. What it
/// refuses for its content, or for want of a key or money, it does not mean.
pub(crate) fn of_willing(fault: Fault, headers: &HeaderMap) -> Fault {
    match fault {
        Fault::InvalidRequest | Fault::Unsupported if hint::should_retry(headers) == Some(true) => {
            Fault::Overloaded
        }
        fault => fault,
    }
}

/// The same fault, or one that lets the call go on: what a stand-in refuses is not the caller's mistake.
pub(crate) fn of_stand_in(fault: Fault) -> Fault {
    if fault.remedy().step == Step::Stop { Fault::Unsupported } else { fault }
}

/// What to check where a stand-in refuses not this request but every one.
pub(crate) fn note_of_stand_in(provider: ProviderName, status: StatusCode, fault: Fault) -> Option<String> {
    let name = provider.proper();
    match (fault, status, provider) {
        (Fault::Unauthenticated, _, ProviderName::Nexa) => {
            Some("NexaAPI refused the key: check nexa_api_key (NEXA_API_KEY)".to_owned())
        }
        (Fault::Unauthenticated, ..) => Some(format!("{name} refused the key: check it")),
        (Fault::OutOfCredit, ..) => Some(format!("{name}'s account is out of credit: top it up")),
        (_, StatusCode::NOT_FOUND, ProviderName::Nexa) => {
            Some("NexaAPI does not know this path or model: check nexa_base_url (NEXA_BASE_URL)".to_owned())
        }
        (_, StatusCode::NOT_FOUND, _) => {
            Some(format!("{name} does not know this path or model: check its URL"))
        }
        _ => None,
    }
}

/// The faults that a status can mean, by their names in a data file.
const BY_NAME: [(&str, Fault); 12] = [
    ("throttled", Fault::Throttled),
    ("overloaded", Fault::Overloaded),
    ("broken", Fault::Broken),
    ("gateway", Fault::Gateway),
    ("timeout", Fault::Timeout),
    ("unauthenticated", Fault::Unauthenticated),
    ("out-of-credit", Fault::OutOfCredit),
    ("context-too-long", Fault::ContextTooLong),
    ("unsupported", Fault::Unsupported),
    ("invalid-request", Fault::InvalidRequest),
    ("content-policy", Fault::ContentPolicy),
    ("caller-deadline", Fault::CallerDeadline),
];

/// Reads the name of a fault in a data file: the variant's name in kebab case.
pub(crate) fn fault_by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = BY_NAME.iter().find(|(known, _)| *known == name);
    found.map(|(_, fault)| *fault).ok_or_else(|| {
        let known = one_of(BY_NAME.map(|(name, _)| name));
        de::Error::custom(format!("`{name}` is not a fault that a status can mean: use {known}"))
    })
}
