//! What the gateway adds to a call: the same client and the same healthy provider, directly and through the gateway, taking turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use reqwest::Client;
use tokio::task::JoinSet;

use crate::caller::{Ask, client};
use crate::crowd::histogram;
use crate::judge::Ended;
use crate::schedule::Who;
use crate::table::aligned;

/// What is measured for a row.
#[derive(Clone, Copy)]
struct Row {
    /// When the provider answers.
    answers: &'static str,
    /// Whose provider answers after so many milliseconds.
    model: &'static str,
    /// Calls at a time.
    concurrent: usize,
    /// How long a turn of one side is.
    turn: Duration,
    /// Turns of each side. The first is for warming up.
    rounds: usize,
}

const ROWS: [Row; 5] = [
    short("at once", "after-0", 1),
    short("at once", "after-0", 64),
    short("after 20 ms", "after-20", 1),
    short("after 20 ms", "after-20", 64),
    // Long enough for three calls of each caller.
    Row {
        answers: "after 1 s",
        model: "after-1000",
        concurrent: 1_000,
        turn: Duration::from_secs(3),
        rounds: 3,
    },
];

/// Of calls that take far less than a turn.
const fn short(answers: &'static str, model: &'static str, concurrent: usize) -> Row {
    Row { answers, model, concurrent, turn: Duration::from_millis(500), rounds: 9 }
}

/// Measures all rows, and tells the table.
pub(crate) async fn table(provider: &str, gateway: &str) -> Result<String> {
    let head = [
        "the provider answers",
        "calls at a time",
        "until",
        "direct p50",
        "p99",
        "through the gateway p50",
        "p99",
        "added p50",
        "p99",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    for row in ROWS {
        let Row { answers, concurrent, .. } = row;
        for (until, stream) in [("the answer's end", false), ("a stream's first token", true)] {
            eprintln!(
                "added latency, a quarter of a minute: answers {answers}, {concurrent} at a time, until {until}"
            );
            let [direct, through] = sides([provider, gateway], row, stream).await?;
            let at = |side: &Histogram<u64>, quantile| side.value_at_quantile(quantile) as f64 / 1_000.0;
            let [p50, p99] = [0.5, 0.99].map(|quantile| [at(&direct, quantile), at(&through, quantile)]);
            let shown = |ms: f64| format!("{ms:.2}");
            rows.push([
                answers.to_owned(),
                concurrent.to_string(),
                until.to_owned(),
                shown(p50[0]),
                shown(p99[0]),
                shown(p50[1]),
                shown(p99[1]),
                format!("{:+.2}", p50[1] - p50[0]),
                format!("{:+.2}", p99[1] - p99[0]),
            ]);
        }
    }
    Ok(aligned(&rows, 3..=8))
}

/// How long calls took on either side, in microseconds.
async fn sides(bases: [&str; 2], row: Row, stream: bool) -> Result<[Histogram<u64>; 2]> {
    let mut all = [histogram()?, histogram()?];
    let clients = [client()?, client()?];
    for round in 0..row.rounds {
        for step in 0..2 {
            let side = (round + step) % 2;
            let taken = calls(&clients[side], bases[side], row, stream).await?;
            if round > 0 {
                all[side].add(taken)?;
            }
        }
    }
    Ok(all)
}

/// One turn of one side.
async fn calls(client: &Client, base: &str, row: Row, stream: bool) -> Result<Histogram<u64>> {
    let Row { model, concurrent, turn, .. } = row;
    let number = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..concurrent {
        let (client, base, number) = (client.clone(), base.to_owned(), Arc::clone(&number));
        callers.spawn(async move {
            let mut taken = Vec::new();
            while begun.elapsed() < turn {
                let number = number.fetch_add(1, Ordering::Relaxed);
                let call = Ask { base: &base, model, number, stream }.call(&client).await;
                match call.ended {
                    Ended::Answered(Who::Asked) => taken.push(call.first.as_micros() as u64),
                    other => bail!("a healthy provider's call ended as {other:?}"),
                }
            }
            Ok(taken)
        });
    }
    let mut all = histogram()?;
    while let Some(taken) = callers.join_next().await {
        for micros in taken.context("a caller panicked")?? {
            all.saturating_record(micros);
        }
    }
    Ok(all)
}
