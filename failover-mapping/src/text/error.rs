//! Why one provider wrote nothing, and what of its own words may be shown.

use std::fmt;
use std::time::Duration;

use failover_core::Fault;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::calls::{AllFailed, Verdict};
use crate::json;

/// Nobody wrote anything: why not, provider by provider.
///
/// [`failures`](AllFailed::failures) has each attempt's [`ProviderError`], [`why`](AllFailed::why) why the call ended, and
/// [`Why::Unusable`](crate::calls::Why::Unusable) what is wrong with the call itself, and the cure.
pub type TextError = AllFailed<ProviderError>;

/// Why one provider wrote nothing.
///
/// Its message is the provider's own, of bounded length, without our key and without what it repeats of the chat as a whole.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderError {
    /// The status of its answer; none where there was no answer.
    pub status: Option<u16>,
    /// What it counts as.
    pub fault: Fault,
    /// The provider asked to be left alone for so long.
    pub retry_after: Option<Duration>,
    /// To ask it again is of no use, by its own word: `x-should-retry: false`.
    pub is_final: bool,
    /// What it says, or what is to be done about it.
    pub message: Option<String>,
}

impl ProviderError {
    pub(super) fn new(fault: Fault, message: impl Into<Option<String>>) -> Self {
        Self { status: None, fault, retry_after: None, is_final: false, message: message.into() }
    }

    pub(super) fn said(self, status: StatusCode) -> Self {
        Self { status: Some(status.as_u16()), ..self }
    }

    /// What it means for the call: whether it is asked again, or another provider, or another model, or nobody.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        Verdict { fault: self.fault, retry_after: self.retry_after, is_final: self.is_final }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, fault, message, .. } = self;
        match (status, message) {
            (Some(status), Some(message)) => write!(f, "{status}: {message}"),
            (Some(status), None) => write!(f, "{status}: {fault}"),
            (None, Some(message)) => f.write_str(message),
            (None, None) => fault.fmt(f),
        }
    }
}

/// As its `Display`, so that an error that ends `main` can be read.
impl fmt::Debug for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ProviderError {}

/// The longest message that is shown, in letters.
const LONGEST: usize = 300;
/// So much of a key is told by what begins like it.
const TELLING: usize = 8;
/// A text of the chat this short is a word that anybody may say.
const WORD: usize = 12;

/// What must not be shown of what a provider says.
#[derive(Clone, Default)]
pub(super) struct Hidden {
    keys: Vec<String>,
}

impl Hidden {
    /// The keys among these headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let sensitive = headers.values().filter(|value| value.is_sensitive());
        let words =
            sensitive.filter_map(|value| value.to_str().ok()).filter_map(|text| text.split(' ').next_back());
        Self { keys: words.map(str::to_owned).collect() }
    }

    /// What the body of a refusal says, if that is an error of any known shape.
    pub(super) fn message<'t>(&self, body: &[u8], chat: impl Iterator<Item = &'t str>) -> Option<String> {
        let body = json::answer(body).ok()?;
        let said = message_of(&body)?;
        let said = chat
            .filter(|text| text.len() > WORD)
            .fold(said.to_owned(), |said, text| said.replace(text, "(..)"));
        let said = self.without_keys(&said);
        let shown: String =
            said.trim().chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let cut = if said.trim().chars().nth(LONGEST).is_some() { ".." } else { "" };
        (!shown.is_empty()).then(|| shown + cut)
    }

    fn without_keys(&self, text: &str) -> String {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '*' | '.');
        let whole = self.keys.iter().filter(|key| !key.is_empty());
        let text = whole.fold(text.to_owned(), |text, key| text.replace(key.as_str(), "(key)"));
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let end = match rest.find(|c| !is_part(c)) {
                Some(0) => first.len_utf8(),
                Some(end) => end,
                None => rest.len(),
            };
            let (word, after) = rest.split_at(end);
            shown.push_str(if self.is_key(word) { "(key)" } else { word });
            rest = after;
        }
        shown
    }

    /// Whether a word is a key or what a provider shows of one: `sk-proj-..`, `sk-12****89`.
    fn is_key(&self, word: &str) -> bool {
        let begins_alike = |key: &String| key.get(..TELLING).is_some_and(|start| word.starts_with(start));
        word.contains("**") || word.starts_with("sk-") || self.keys.iter().any(begins_alike)
    }
}

fn message_of(body: &Map<String, Value>) -> Option<&str> {
    let error = body.get("error");
    let inner = error.and_then(|error| error.get("message"));
    let places = [inner, error, body.get("message"), body.get("detail")];
    places.into_iter().flatten().find_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str, chat: &[&str]) -> Option<String> {
        let hidden = Hidden { keys: vec!["test-key-0123456789".to_owned()] };
        let body = serde_json::json!({ "error": { "message": message } }).to_string();
        hidden.message(body.as_bytes(), chat.iter().copied())
    }

    #[test]
    fn a_key_is_not_shown_in_whole_or_in_part() {
        for said in [
            "Incorrect API key provided: test-key-0123456789.",
            "Incorrect API key provided: test-key****6789.",
            "Incorrect API key provided: sk-pr****************cdef.",
            "Incorrect API key provided: test-key-01.",
        ] {
            let shown = shown(said, &[]).expect("a message");
            assert!(shown.starts_with("Incorrect API key provided: (key)"), "{shown}");
            assert!(!shown.contains("6789") && !shown.contains("cdef"), "{shown}");
        }
        assert_eq!(
            shown("use claude-3-5-sonnet-20241022", &[]).as_deref(),
            Some("use claude-3-5-sonnet-20241022")
        );
    }

    #[test]
    fn what_it_repeats_of_the_chat_is_not_shown() {
        let said =
            shown("flagged: `a secret of the caller's`, sorry", &["a secret of the caller's", "sorry"]);
        assert_eq!(said.as_deref(), Some("flagged: `(..)`, sorry"));
    }

    #[test]
    fn it_is_bounded_and_has_no_control_characters() {
        let said = shown(&format!("a\u{1b}[31m\n{}", "ü".repeat(1_000)), &[]).expect("a message");
        assert!(said.chars().count() == LONGEST + 2 && !said.contains(char::is_control), "{said}");
        assert_eq!((shown("", &[]), shown(" \n", &[])), (None, None));
    }

    #[test]
    fn it_is_found_in_every_known_shape() {
        let hidden = Hidden::default();
        for body in [
            r#"{"error":{"message":"no"}}"#,
            r#"{"type":"error","error":{"type":"api_error","message":"no"}}"#,
            r#"{"error":"no"}"#,
            r#"{"message":"no"}"#,
            r#"{"detail":"no"}"#,
        ] {
            assert_eq!(hidden.message(body.as_bytes(), [].into_iter()).as_deref(), Some("no"), "{body}");
        }
        for body in ["<html>", "[]", r#"{"error":{"message":5}}"#, ""] {
            assert_eq!(hidden.message(body.as_bytes(), [].into_iter()), None, "{body}");
        }
    }
}
