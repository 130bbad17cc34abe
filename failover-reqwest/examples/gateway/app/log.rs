//! What somebody should look at, a line each.

use failover_reqwest::observe::Event;

/// The line, if this is worth one.
pub(crate) fn line(event: &Event<'_>) -> Option<String> {
    let (Event::FailedOver { .. } | Event::Unserved { .. } | Event::Breaker { .. }) = event else {
        return None;
    };
    Some(event.to_string())
}
