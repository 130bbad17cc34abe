//! When a provider wants to be asked again: `retry-after-ms` and `Retry-After` (RFC 9110, section 10.2.3).
//!
//! Only whole seconds or milliseconds above zero, and dates that lie ahead, are hints; anything else says nothing. A hint is at
//! most a day, so a huge number cannot become a year.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};

const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that the headers ask for. `wall` is the time of day, which dates are measured against.
pub(crate) fn retry_after(headers: &HeaderMap, wall: SystemTime) -> Option<Duration> {
    let said = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let wait = said(&RETRY_AFTER_MS).and_then(digits).map(Duration::from_millis).or_else(|| {
        let text = said(&http::header::RETRY_AFTER)?;
        digits(text)
            .map(Duration::from_secs)
            .or_else(|| httpdate::parse_http_date(text).ok()?.duration_since(wall).ok())
    });
    wait.filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST))
}

/// A number above zero that consists of digits only; one too large to count is the largest.
fn digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX)).filter(|number| *number > 0)
}
