//! Events as counters of `metrics`.

use metrics::{SharedString, Unit, counter, describe_counter, describe_histogram, histogram};

use super::event::{Event, Party};

/// A counter or a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// It only grows.
    Counter,
    /// Of durations, in seconds.
    Histogram,
}

/// One of the [table](super#counters).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name, as OpenMetrics has it.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The keys of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// All that are kept.
pub const METRICS: &[Metric] = &[
    Metric {
        name: ATTEMPTS,
        kind: Kind::Counter,
        labels: &["provider", "model", "outcome"],
        help: "attempts that ended: `answered`, or the fault",
    },
    Metric {
        name: SECONDS,
        kind: Kind::Histogram,
        labels: &["provider", "model", "outcome"],
        help: "how long they took",
    },
    Metric {
        name: MAYBE_BILLED,
        kind: Kind::Counter,
        labels: &["provider", "model"],
        help: "attempts that did not serve and may be billed all the same",
    },
    Metric {
        name: SKIPS,
        kind: Kind::Counter,
        labels: &["provider", "model", "reason"],
        help: "candidates that were passed over",
    },
    Metric {
        name: CALLS,
        kind: Kind::Counter,
        labels: &["asked", "served_by"],
        help: "calls that ended; by a provider, `cache`, `nobody`, or `dropped`",
    },
    Metric {
        name: TRANSITIONS,
        kind: Kind::Counter,
        labels: &["domain", "to"],
        help: "what circuit breakers came to: `open`, `half-open`, `closed`, `forced open`, `forced closed`",
    },
];

const ATTEMPTS: &str = "failover_attempts_total";
const SECONDS: &str = "failover_attempt_seconds";
const MAYBE_BILLED: &str = "failover_maybe_billed_total";
const SKIPS: &str = "failover_skips_total";
const CALLS: &str = "failover_calls_total";
const TRANSITIONS: &str = "failover_breaker_transitions_total";

/// Tells the recorder what each of [`METRICS`] is: once, after it was installed.
pub fn describe_metrics() {
    for Metric { name, kind, help, .. } in METRICS {
        match kind {
            Kind::Counter => describe_counter!(*name, *help),
            Kind::Histogram => describe_histogram!(*name, Unit::Seconds, *help),
        }
    }
}

pub(super) fn tell(event: &Event<'_>) {
    match event {
        Event::Started { .. } | Event::Switched { .. } => {}
        Event::Ended { by, outcome, took, maybe_billed, .. } => {
            let (provider, model) = labels(by);
            let labels = [
                ("provider", provider.clone()),
                ("model", model.clone()),
                ("outcome", outcome.name().into()),
            ];
            counter!(ATTEMPTS, &labels).increment(1);
            histogram!(SECONDS, &labels).record(*took);
            if *maybe_billed {
                counter!(MAYBE_BILLED, "provider" => provider, "model" => model).increment(1);
            }
        }
        Event::Skipped { who, why, .. } => {
            let (provider, model) = labels(who);
            counter!(SKIPS, "provider" => provider, "model" => model, "reason" => why.to_string())
                .increment(1);
        }
        Event::Breaker { domain, change } => {
            counter!(TRANSITIONS, "domain" => (*domain).to_owned(), "to" => change.state()).increment(1);
        }
        Event::HandedOn { by, .. } => call(by, name(by)),
        Event::FailedOver { asked, by, .. } => call(asked, name(by)),
        Event::Unserved { asked, .. } => call(asked, "nobody"),
        Event::Recalled { asked, .. } => call(asked, "cache"),
        Event::Dropped { asked, .. } => call(asked, "dropped"),
    }
}

fn call(asked: &Party<'_>, served_by: &str) {
    counter!(CALLS, "asked" => name(asked).to_owned(), "served_by" => served_by.to_owned()).increment(1);
}

fn labels(party: &Party<'_>) -> (SharedString, SharedString) {
    let [provider, model] = party.labels();
    (provider.to_owned().into(), model.to_owned().into())
}

fn name<'a>(party: &Party<'a>) -> &'a str {
    party.labels()[0]
}
