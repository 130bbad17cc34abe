//! Errors in the middle of a success. The status was 200, so only their words tell what they mean.

use std::fmt;

use failover_core::Fault;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use super::scalar::Scalar;

/// An error, as far as it tells its kind.
#[derive(Default, Deserialize)]
struct Parts<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    code: Scalar<'a>,
    #[serde(borrow, default)]
    status: Scalar<'a>,
    #[serde(borrow, default)]
    message: Scalar<'a>,
    #[serde(borrow, default)]
    details: Details<'a>,
}

/// Anthropic's closer account.
#[derive(Default)]
struct Details<'a>(Scalar<'a>);

/// What an event says of its error.
pub(super) struct InBand(pub(super) Fault);

/// The fault behind an error object.
fn fault(error: &Parts<'_>) -> Fault {
    let words = [&error.details.0, &error.code, &error.kind];
    let by_word = words.into_iter().filter_map(Scalar::text).find_map(of_word);
    let number = |value: &Scalar<'_>| value.number().or_else(|| value.text()?.parse().ok());
    let by_number = || [&error.code, &error.status].into_iter().filter_map(number).find_map(of_status);
    match by_word.or_else(by_number) {
        Some(Fault::InvalidRequest) if error.message.text().is_some_and(is_about_length) => {
            Fault::ContextTooLong
        }
        Some(fault) => fault,
        None => Fault::ErrorInSuccess,
    }
}

fn of_word(word: &str) -> Option<Fault> {
    Some(match word {
        "context_length_exceeded" | "request_too_large" => Fault::ContextTooLong,
        "insufficient_quota"
        | "credit_balance_exhausted"
        | "organization_spend_limit_exceeded"
        | "project_spend_limit_exceeded"
        | "organization_usage_limit_exceeded"
        | "enforced_spend_limit_reached"
        | "billing_error" => Fault::OutOfCredit,
        "rate_limit_exceeded" | "rate_limit_error" | "rate_limit" | "slow_down" => Fault::Throttled,
        "content_policy_violation" | "content_filter" => Fault::ContentPolicy,
        "overloaded_error" | "overloaded" | "server_is_overloaded" | "service_unavailable" => {
            Fault::Overloaded
        }
        "server_error" | "api_error" | "internal_error" | "internal_server_error" => Fault::Broken,
        "timeout_error" | "timeout" => Fault::Timeout,
        "authentication_error" | "permission_error" | "invalid_api_key" => Fault::Unauthenticated,
        "not_found_error" | "model_not_found" => Fault::Unsupported,
        "invalid_request_error" => Fault::InvalidRequest,
        _ => return None,
    })
}

/// Those who serve many models repeat in the error the status that they had no more use for.
const fn of_status(status: u64) -> Option<Fault> {
    Some(match status {
        400 | 422 => Fault::InvalidRequest,
        401 | 403 => Fault::Unauthenticated,
        402 => Fault::OutOfCredit,
        404 => Fault::Unsupported,
        408 => Fault::Timeout,
        413 => Fault::ContextTooLong,
        429 => Fault::Throttled,
        500 => Fault::Broken,
        503 | 529 => Fault::Overloaded,
        501..=599 => Fault::Gateway,
        _ => return None,
    })
}

/// Not everybody has a code for it.
fn is_about_length(message: &str) -> bool {
    message.starts_with("prompt is too long") || message.contains("maximum context length")
}

impl<'de> Deserialize<'de> for InBand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Object).map(|parts| Self(fault(&parts)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Details<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Closer<'a> {
            #[serde(borrow, default)]
            error_code: Scalar<'a>,
        }
        let closer: Option<Closer<'a>> = Option::deserialize(deserializer)?;
        Ok(Self(closer.map(|closer| closer.error_code).unwrap_or_default()))
    }
}

/// An object, or whatever else a provider puts there.
struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Parts<'de>, A::Error> {
        Parts::deserialize(MapAccessDeserializer::new(entries))
    }

    fn visit_str<E>(self, word: &str) -> Result<Parts<'de>, E> {
        Ok(Parts { kind: Scalar::Text(word.to_owned().into()), ..Parts::default() })
    }

    fn visit_u64<E>(self, code: u64) -> Result<Parts<'de>, E> {
        Ok(Parts { code: Scalar::Number(code), ..Parts::default() })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Parts<'de>, E> {
        Ok(Parts::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Parts<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Parts::default())
    }
}
