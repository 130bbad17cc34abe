//! Counters of what happens, and the circuit breakers' states, as Prometheus reads them.
//!
//! The names and labels are those of the library's feature `metrics`; `failover_gateway_..` is counted here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use failover_reqwest::Failover;
use failover_reqwest::observe::{Event, Party};
use http::header::CONTENT_TYPE;

use super::Gateway;
use super::body::Flowing;

/// Labels come out of the tables, so there are never so many; if there are all the same, no more are added.
const MOST_SERIES: usize = 10_000;

/// What has been counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    counted: Mutex<BTreeMap<String, f64>>,
}

impl Counters {
    /// What the failover tells: for its builder's `on_event`.
    pub(crate) fn hear(&self, event: &Event<'_>) {
        match event {
            Event::Ended { by, outcome, took, maybe_billed, .. } => {
                let labels = [named(by).as_slice(), &[("outcome", outcome.name())]].concat();
                self.add("failover_attempts_total", &labels, 1.0);
                self.add("failover_attempt_seconds_sum", &labels, took.as_secs_f64());
                self.add("failover_attempt_seconds_count", &labels, 1.0);
                if *maybe_billed {
                    self.add("failover_maybe_billed_total", &named(by), 1.0);
                }
            }
            Event::Skipped { who, why, .. } => {
                let why = why.to_string();
                self.add("failover_skips_total", &[named(who).as_slice(), &[("reason", &why)]].concat(), 1.0);
            }
            Event::Breaker { domain, change, .. } => {
                let labels = [("domain", *domain), ("to", change.state())];
                self.add("failover_breaker_transitions_total", &labels, 1.0);
            }
            Event::HandedOn { by, .. } => self.call(*by, by.provider),
            Event::FailedOver { asked, by, .. } => self.call(*asked, by.provider),
            Event::Unserved { asked, .. } => self.call(*asked, "nobody"),
            Event::Recalled { asked, .. } => self.call(*asked, "cache"),
            Event::Dropped { asked, .. } => self.call(*asked, "dropped"),
            _ => {}
        }
    }

    fn call(&self, asked: Party<'_>, served_by: &str) {
        self.add("failover_calls_total", &[("asked", asked.provider), ("served_by", served_by)], 1.0);
    }

    fn add(&self, name: &str, labels: &[(&str, &str)], more: f64) {
        let (name, mut all) = (series(name, labels), self.all());
        if let Some(value) = all.get_mut(&name) {
            *value += more;
        } else if all.len() < MOST_SERIES {
            all.insert(name, more);
        }
    }

    /// A sum is as good as before if somebody panicked beside it.
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, f64>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self, failover: &Failover) -> String {
        let mut all = self.all().clone();
        for (domain, state) in failover.states() {
            let state = state.to_string();
            all.insert(series("failover_circuit_state", &[("domain", domain), ("state", &state)]), 1.0);
        }
        let (mut text, mut last) = (String::new(), "");
        for (series, value) in &all {
            let name = series.split_once('{').map_or(series.as_str(), |(name, _)| name);
            if name != last {
                let kind = if name.ends_with("_in_flight") || name.ends_with("_state") {
                    "gauge"
                } else {
                    "counter"
                };
                // Text takes whatever is written to it.
                let _ = writeln!(text, "# TYPE {name} {kind}");
            }
            let _ = writeln!(text, "{series} {value}");
            last = name;
        }
        text
    }
}

/// Callers name what they like: the labels keep to what is known.
fn named<'a>(party: &Party<'a>) -> [(&'static str, &'a str); 2] {
    let [provider, model] = party.labels();
    [("provider", provider), ("model", model)]
}

/// The name of a series, with its labels.
fn series(name: &str, labels: &[(&str, &str)]) -> String {
    let mut series = name.to_owned();
    for (place, (label, value)) in labels.iter().enumerate() {
        series.push_str(if place == 0 { "{" } else { "," });
        series.push_str(label);
        series.push_str("=\"");
        for character in value.chars() {
            match character {
                '\\' | '"' => series.extend(['\\', character]),
                '\n' => series.push_str("\\n"),
                other => series.push(other),
            }
        }
        series.push('"');
    }
    series.push_str(if labels.is_empty() { "" } else { "}" });
    series
}

/// A request whose answer has not ended yet.
struct InFlight(Arc<Gateway>);

impl InFlight {
    const NAME: &str = "failover_gateway_in_flight";

    fn new(gateway: Arc<Gateway>) -> Self {
        gateway.settings.counters.add(Self::NAME, &[], 1.0);
        Self(gateway)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.settings.counters.add(Self::NAME, &[], -1.0);
    }
}

/// Counts what comes in, by the router's own names of the paths.
pub(super) async fn count(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    let in_flight = InFlight::new(Arc::clone(&gateway));
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let labels = [("route", route.as_deref().unwrap_or("none")), ("status", status.as_str())];
    gateway.settings.counters.add("failover_gateway_requests_total", &labels, 1.0);
    response.map(|body| axum::body::Body::new(Flowing::new(body, in_flight)))
}

/// Everything that has been counted.
pub(super) async fn text(State(gateway): State<Arc<Gateway>>) -> Response {
    let text = gateway.settings.counters.text(&gateway.failover);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
