//! What a recorder of `metrics` counts, and that it is what the table says.

#![cfg(feature = "metrics")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU8;

use failover_core::{Breaker, Fault};
use failover_mapping::observe::{Kind, METRICS, describe_metrics};
use failover_mapping::{Config, Engine};
use http::HeaderMap;
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use stage::{GOOD, KEY, Says, builder, fal, fleet, ok, play, replicate, status, wait};

const BODY: &[u8] = br#"{"prompt":"an unspeakable cat","an unspeakable key":1}"#;

/// Everything that is recorded in this thread while this works.
fn counted(work: impl FnOnce()) -> Vec<(String, MetricKind, BTreeMap<String, String>, DebugValue)> {
    let recorder = DebuggingRecorder::new();
    let seen = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, work);
    let entries = seen.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let (kind, key) = key.into_parts();
        let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        (key.name().to_owned(), kind, labels.collect(), value)
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by(|one, other| (&one.0, &one.2).cmp(&(&other.0, &other.2)));
    entries
}

/// As a person reads it.
fn shown(work: impl FnOnce()) -> String {
    let lines = counted(work).into_iter().map(|(name, _, labels, value)| {
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) => {
                format!("{:?}", values.iter().map(|it| it.0).collect::<Vec<_>>())
            }
        };
        format!("{name}{{{}}} {value}\n", labels.join(","))
    });
    lines.collect()
}

fn config() -> Config {
    builder().breaker(Breaker::new().failures(NonZeroU8::MIN)).build().unwrap()
}

fn asked(config: &Config, fleet: &failover_core::Fleet, primary: Says, stand_in: &[Says]) {
    play(config, fleet, (&fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY), &[primary], stand_in).unwrap();
}

/// A life in which everything happens.
fn everything() {
    let config = config();
    let fleet = fleet(&config);
    asked(&config, &fleet, status(200), &[]);
    asked(&config, &fleet, status(422), &[]);
    asked(&config, &fleet, Says::Nothing(Fault::Timeout), &[ok(GOOD)]);
    asked(&config, &fleet, status(200), &[Says::Nothing(Fault::Connect)]);
    let body = br#"{"input":{"prompt":"an unspeakable cat"}}"#;
    let request = (&*replicate("black-forest-labs/flux-schnell"), &wait(), &body[..]);
    play(&config, &fleet, request, &[status(500)], &[status(500)]).unwrap();
    let engine = Engine::new(config);
    engine.switch_off();
    engine.force_open("nexaapi/flux-dev").unwrap();
}

#[test]
fn a_life_in_numbers() {
    insta::assert_snapshot!(shown(everything));
}

/// The table, the code and the documentation say the same.
#[test]
fn the_table_is_what_is_counted() {
    let mut seen = BTreeMap::<String, (bool, BTreeSet<String>)>::new();
    for (name, kind, labels, _) in counted(everything) {
        let labels: BTreeSet<_> = labels.into_keys().collect();
        let found = (kind == MetricKind::Histogram, labels);
        assert_eq!(seen.entry(name).or_insert_with(|| found.clone()), &found);
    }
    let said = METRICS.iter().map(|metric| {
        let labels = metric.labels.iter().map(ToString::to_string).collect();
        (metric.name.to_owned(), (metric.kind == Kind::Histogram, labels))
    });
    assert_eq!(seen, said.collect());
    let page = include_str!("../src/observe/mod.rs");
    for metric in METRICS {
        let kind = if metric.kind == Kind::Histogram { "histogram" } else { "counter" };
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let row = format!("//! | `{}` | {kind} | {} | {} |\n", metric.name, labels.join(", "), metric.help);
        assert!(page.contains(&row), "{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("//! | `failover_")).count();
    assert_eq!(rows, METRICS.len());
}

/// As OpenMetrics has it.
#[test]
fn names_end_in_what_they_are() {
    for metric in METRICS {
        let end = if metric.kind == Kind::Histogram { "_seconds" } else { "_total" };
        assert!(metric.name.starts_with("failover_") && metric.name.ends_with(end), "{}", metric.name);
    }
}

#[test]
fn a_recorder_is_told_what_they_are() {
    let recorder = DebuggingRecorder::new();
    let seen = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        describe_metrics();
        everything();
    });
    for (key, _, described, _) in seen.snapshot().into_vec() {
        let metric = METRICS.iter().find(|metric| metric.name == key.key().name()).unwrap();
        assert_eq!(&*described.unwrap(), metric.help);
    }
}

/// As many series as there are rows in use: what a request says is in none of them.
#[test]
fn labels_come_out_of_the_tables() {
    let shown = shown(everything);
    for text in [KEY, "unspeakable", "https", "?"] {
        assert!(!shown.contains(text), "{text} stands in {shown}");
    }
    let many = counted(|| {
        let config = config();
        for number in 0..50 {
            let body = format!(r#"{{"prompt":"{number}","key {number}":{number},"seed":{number}}}"#);
            let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), body.as_bytes());
            play(&config, &fleet(&config), request, &[status(500)], &[ok(GOOD)]).unwrap();
        }
    });
    assert_eq!(many.len(), 6, "{many:?}");
}
