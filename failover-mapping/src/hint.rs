//! When a provider wants to be asked again: `retry-after-ms` and `Retry-After` (RFC 9110, section 10.2.3), else what the
//! answer's body says: a `retry_after` in seconds, or Replicate's "Your rate limit resets in ~30s".
//!
//! Only plain numbers above zero, and dates that lie ahead, are hints; anything else says nothing. A fraction is none of the RFC's,
//! but the clients of OpenAI and Anthropic read one. A hint is at most a day, so a huge number cannot become a year.
//! `x-ratelimit-reset-*` and `anthropic-ratelimit-*-reset` are no hints: they tell when a limit is full again, and there is room
//! for a request long before.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::json;

/// By it OpenAI, Anthropic and others who have their clients made by the same hand say whether to ask them again.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// What the provider itself says of asking it again: it goes before what the status says. Nothing, if it is neither `true` nor
/// `false`.
pub(crate) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    match headers.get(SHOULD_RETRY)?.as_bytes() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that the headers ask for. `wall` tells the time of day, which dates are measured against.
pub(crate) fn of_headers(headers: &HeaderMap, wall: impl Fn() -> SystemTime) -> Option<Duration> {
    let said = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let wait = said(&RETRY_AFTER_MS).and_then(|text| number(text, 1e-3)).or_else(|| {
        let text = said(&http::header::RETRY_AFTER)?;
        number(text, 1.0).or_else(|| httpdate::parse_http_date(text).ok()?.duration_since(wall()).ok())
    });
    bounded(wait)
}

/// The wait that the headers ask for, else the body.
pub(crate) fn of(
    headers: &HeaderMap,
    body: Option<&[u8]>,
    wall: impl Fn() -> SystemTime,
) -> Option<Duration> {
    of_headers(headers, wall).or_else(|| of_body(body?))
}

fn of_body(body: &[u8]) -> Option<Duration> {
    let body = json::object(body).ok()?;
    let seconds = match body.get("retry_after") {
        Some(Value::Number(number)) => number.as_f64().filter(|seconds| *seconds > 0.0),
        Some(Value::String(text)) => digits(text).map(|seconds| seconds as f64),
        _ => None,
    };
    let said = seconds.map(|seconds| Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64()).ceil()));
    let spoken = || {
        let (_, rest) = body.get("detail")?.as_str()?.split_once("resets in ~")?;
        rest.split_once('s').and_then(|(number, _)| digits(number)).map(Duration::from_secs)
    };
    bounded(said.or_else(spoken))
}

fn bounded(wait: Option<Duration>) -> Option<Duration> {
    wait.filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST))
}

/// A number above zero that consists of digits only; one too large to count is the largest.
fn digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX)).filter(|number| *number > 0)
}

/// A plain number above zero, `7` or `7.25`, of units of so many seconds; one that is too large is the largest hint.
fn number(text: &str, unit: f64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number: f64 = text.parse().ok().filter(|_| plain(whole) && plain(fraction))?;
    Some(Duration::from_secs_f64((number * unit).min(LONGEST.as_secs_f64()))).filter(|wait| !wait.is_zero())
}
