//! Under which key an answer is kept: a digest of all that it depends on.
//!
//! * What was asked: provider, URL, model, body. JSON is the same whatever the order of its keys.
//! * Who may answer, and where; by which data and settings.
//! * For whom: the values of the request's headers, credentials above all, so that nobody is served what was made for
//!   another. A header that tells requests apart and not callers is left out. Of one that is unknown the harm is that
//!   too little is found, never too much.
//!
//! Each part goes into the digest with its length before it, so that no two lists of parts run into the same text. What is
//! kept and handed to a store is the digest alone: neither a credential nor a prompt can be read from it.

use std::fmt;

use http::HeaderMap;
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use sha2::{Digest, Sha256};

use super::canonical;

/// The digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

/// Parts, on their way to a key.
#[derive(Clone)]
pub(crate) struct Parts(Sha256);

/// Whom an answer is for, and what that caller says about caches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    whose: Key,
    /// What lies here may serve: the request says neither `Cache-Control: no-cache` nor `no-store`.
    pub(crate) look: bool,
    /// What comes may be kept: it does not say `no-store`.
    pub(crate) keep: bool,
}

/// Headers that differ between equal requests of one caller.
const PASSING: [&str; 20] = [
    "accept-encoding",
    "b3",
    "baggage",
    "cache-control",
    "connection",
    "content-length",
    "date",
    "expect",
    "host",
    "idempotency-key",
    "pragma",
    "prefer",
    "sentry-trace",
    "te",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
    "x-correlation-id",
    "x-request-id",
];
const PASSING_GROUPS: [&str; 2] = ["x-b3-", "x-datadog-"];

impl Parts {
    /// The first part, which no other key begins with.
    pub(crate) fn new() -> Self {
        Self(Sha256::new()).text("failover answers 1")
    }

    pub(crate) fn bytes(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    pub(crate) fn text(self, part: &str) -> Self {
        self.bytes(part.as_bytes())
    }

    pub(crate) fn key_of(self, part: &Key) -> Self {
        self.bytes(&part.0)
    }

    /// The body of a request, as JSON if it is.
    pub(crate) fn body(self, body: &[u8]) -> Self {
        match canonical::form(body) {
            Some(form) => self.text("json").bytes(&form),
            None => self.text("bytes").bytes(body),
        }
    }

    pub(crate) fn key(self) -> Key {
        Key(self.0.finalize().into())
    }
}

impl Scope {
    /// None if the request shows no `Authorization`. Its credential is added behind us then, by a client's default headers
    /// say, and nobody here can tell whose it is.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        headers.get(AUTHORIZATION)?;
        let passing = |name: &str| {
            PASSING.contains(&name) || PASSING_GROUPS.iter().any(|group| name.starts_with(group))
        };
        let mut lines: Vec<_> = headers.iter().filter(|(name, _)| !passing(name.as_str())).collect();
        // By name alone: the order of the values of one name has a meaning.
        lines.sort_by(|(name, _), (other, _)| name.as_str().cmp(other.as_str()));
        let mut parts = Parts::new();
        for (name, value) in lines {
            parts = parts.text(name.as_str()).bytes(value.as_bytes());
        }
        let said = headers.get_all(CACHE_CONTROL);
        let says = |word: &str| {
            let lines = said.iter().filter_map(|value| value.to_str().ok());
            lines.flat_map(|line| line.split(',')).any(|it| it.trim().eq_ignore_ascii_case(word))
        };
        let keep = !says("no-store");
        Some(Self { whose: parts.key(), look: keep && !says("no-cache"), keep })
    }

    /// The same, apart from all others of another name.
    pub(crate) fn of_whom(self, name: Option<&str>) -> Self {
        let Some(name) = name else { return self };
        let whose = Parts::new().text("scope").text(name).key_of(&self.whose).key();
        Self { whose, ..self }
    }

    pub(crate) const fn whose(&self) -> &Key {
        &self.whose
    }
}

/// In hexadecimal, as stores know it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn key(parts: &[Vec<u8>]) -> Key {
        parts.iter().fold(Parts::new(), |all, part| all.bytes(part)).key()
    }

    fn body(text: &str) -> Key {
        Parts::new().body(text.as_bytes()).key()
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            ".{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The same value as another client would write it: keys from the last to the first, with spaces.
    fn backwards(value: &Value) -> String {
        match value {
            Value::Array(items) => {
                format!("[ {} ]", items.iter().map(backwards).collect::<Vec<_>>().join(" , "))
            }
            Value::Object(object) => {
                let entry = |(key, value): (&String, &Value)| {
                    format!("{} : {}", Value::from(key.as_str()), backwards(value))
                };
                let mut entries: Vec<_> = object.iter().map(entry).collect();
                entries.reverse();
                format!("{{ {} }}", entries.join(" ,\n"))
            }
            other => other.to_string(),
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a value"));
        }
        headers
    }

    fn whose(pairs: &[(&'static str, &str)]) -> Option<Key> {
        Scope::of(&headers(pairs)).map(|scope| *scope.whose())
    }

    proptest! {
        #[test]
        fn different_parts_never_run_into_one_another(
            one in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..5),
            other in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..5),
        ) {
            prop_assert_eq!(key(&one) == key(&other), one == other);
        }

        #[test]
        fn a_cut_elsewhere_is_another_key(bytes in prop::collection::vec(any::<u8>(), 1..16), at in any::<prop::sample::Index>()) {
            let cut = at.index(bytes.len());
            let halves = [bytes[..cut].to_vec(), bytes[cut..].to_vec()];
            prop_assert_ne!(key(&halves), key(&[bytes, vec![]]));
        }

        #[test]
        fn the_order_of_the_keys_of_json_does_not_matter(value in json()) {
            prop_assert_eq!(body(&value.to_string()), body(&backwards(&value)));
        }

        #[test]
        fn different_json_is_another_key(one in json(), other in json()) {
            let (one, other) = (one.to_string(), other.to_string());
            prop_assert_eq!(body(&one) == body(&other), one == other);
        }
    }

    #[test]
    fn what_json_does_not_tell_apart_for_sure_is_told_apart() {
        let all = [
            r#"{"a":1,"a":2}"#,
            r#"{"a":2}"#,
            r#"{"a":2,"a":1}"#,
            r#"{"a":1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":123456789012345678901234567890}"#,
            r#"{"a":123456789012345678901234567891}"#,
            r#"{"a":"1"}"#,
            r#"{"a":[1]}"#,
            "{\"a\":1} {",
            "",
            "\u{0}",
        ];
        let keys: std::collections::HashSet<_> = all.iter().map(|text| body(text)).collect();
        assert_eq!(keys.len(), all.len());
    }

    #[test]
    fn bodies_that_are_too_deep_or_too_many_are_taken_as_they_are() {
        for text in
            [format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)), format!("[0{}]", ",0".repeat(200_000))]
        {
            assert_eq!(canonical::form(text.as_bytes()), None);
            assert_eq!(body(&text), body(&text));
            assert_ne!(body(&text), body(&format!("{text} ")));
        }
    }

    #[test]
    fn every_credential_has_its_own_answers() {
        let mine = whose(&[("authorization", "Key mine")]);
        assert!(mine.is_some());
        assert_ne!(mine, whose(&[("authorization", "Key yours")]));
        assert_ne!(mine, whose(&[("authorization", "Key mine"), ("x-api-key", "yours")]));
        assert_ne!(mine, whose(&[("authorization", "Key mine"), ("cookie", "sid=yours")]));
        assert_ne!(
            whose(&[("authorization", "Key mine"), ("x-a", "1"), ("x-a", "2")]),
            whose(&[("authorization", "Key mine"), ("x-a", "2"), ("x-a", "1")]),
        );
        assert_eq!(whose(&[("x-api-key", "mine")]), None, "the credential comes later, and is unknown");
    }

    #[test]
    fn what_tells_requests_apart_and_not_callers_does_not_matter() {
        let mine = whose(&[("authorization", "Key mine"), ("accept", "*/*")]);
        for name in PASSING.into_iter().chain(["x-b3-traceid", "x-datadog-trace-id"]) {
            assert_eq!(
                whose(&[("accept", "*/*"), (name, "1"), ("authorization", "Key mine")]),
                mine,
                "{name}"
            );
        }
    }

    #[test]
    fn the_caller_says_whether_it_wants_the_cache() {
        let says = |line| {
            let scope =
                Scope::of(&headers(&[("authorization", "Key"), ("cache-control", line)])).expect("a scope");
            (scope.look, scope.keep)
        };
        assert_eq!(says("max-age=0"), (true, true));
        assert_eq!(says("No-Cache"), (false, true));
        assert_eq!(says("max-age=0, no-store"), (false, false));
    }

    #[test]
    fn a_key_shows_nothing_of_what_it_is_made_of() {
        let scope = Scope::of(&headers(&[("authorization", "Key fal-secret")])).expect("a scope");
        let key = Parts::new().key_of(scope.whose()).body(br#"{"prompt":"a cat"}"#).key();
        assert_eq!(key.to_string().len(), 64);
        assert!(key.to_string().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(!format!("{scope:?} {key:?}").contains("secret"));
    }
}
