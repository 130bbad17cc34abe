//! Events as those of `tracing`.

use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, debug, error, info, info_span, warn};

use super::event::{Event, Party};

pub(super) fn span(asked: Party<'_>) -> Span {
    let Party { provider, model, .. } = asked;
    info_span!(target: "failover", "failover", provider, model, served_by = Empty)
}

pub(super) fn tell(event: &Event<'_>) {
    match event {
        Event::Started { by: Party { provider, model, .. }, attempt, last_resort, .. } => {
            debug!(target: "failover", attempt, provider, model, last_resort, "attempt started");
        }
        Event::Ended {
            by: Party { provider, model, .. },
            attempt,
            status,
            outcome,
            took,
            maybe_billed,
            ..
        } => {
            let (outcome, took_ms) = (outcome.name(), millis(*took));
            debug!(target: "failover", attempt, provider, model, status, outcome, took_ms, maybe_billed, "attempt ended");
        }
        Event::Skipped { who: Party { provider, model, .. }, why, pause, .. } => {
            let pause_ms = pause.map(millis);
            debug!(target: "failover", provider, model, %why, pause_ms, "candidate skipped");
        }
        Event::Breaker { domain, change } => warn!(target: "failover", domain, "{change}"),
        Event::HandedOn { took, .. } => {
            debug!(target: "failover", took_ms = millis(*took), "handed on");
        }
        Event::FailedOver { by: Party { provider, model, .. }, story, .. } => {
            let (attempts, maybe_billed) = (story.attempts(), story.maybe_billed());
            let took_ms = millis(story.took());
            warn!(target: "failover", served_by = provider, model, attempts, maybe_billed, took_ms, "failed over");
        }
        Event::Unserved { story, .. } => {
            let (attempts, maybe_billed) = (story.attempts(), story.maybe_billed());
            let took_ms = millis(story.took());
            error!(target: "failover", attempts, maybe_billed, took_ms, "nobody served");
        }
        Event::Recalled { cached, .. } => {
            let age_s = cached.age.as_secs();
            if cached.stale {
                warn!(target: "failover", age_s, "served stale from the cache, as every provider failed");
            } else {
                debug!(target: "failover", age_s, "served from the cache");
            }
        }
        Event::Dropped { .. } => info!(target: "failover", "nobody waits for the call any more"),
        Event::Switched { .. } => warn!(target: "failover", "{event}"),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
