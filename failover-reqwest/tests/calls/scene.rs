//! Callables that count how often they are asked, and answer, fail, take their time or hang.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use failover_reqwest::calls::{Builder, Calls, Provider, Report};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Lets so much time pass, and the rest of a millisecond, up to which breakers round.
pub(crate) async fn pass(time: Duration) {
    tokio::time::advance(time + millis(1)).await;
}

/// Whether it is so much, but for the parts of a millisecond that breakers and timers round.
pub(crate) fn is_about(time: Duration, expected: Duration) -> bool {
    time.abs_diff(expected) <= millis(2)
}

pub(crate) fn calls(builder: Builder<Calls>) -> Calls {
    builder.build().unwrap()
}

/// A provider that answers as the script says, its last line for ever, and counts.
pub(crate) struct Script<T> {
    name: &'static str,
    lines: Mutex<Vec<Result<T, &'static str>>>,
    asked: AtomicU32,
}

impl<T: Clone + Send> Script<T> {
    pub(crate) fn new(name: &'static str, lines: &[Result<T, &'static str>]) -> Self {
        Self { name, lines: Mutex::new(lines.to_vec()), asked: AtomicU32::new(0) }
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn provider(&self) -> Provider<'_, T, &'static str> {
        Provider::new(self.name, || {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mut lines = self.lines.lock().unwrap();
            let line = if lines.len() > 1 { lines.remove(0) } else { lines[0].clone() };
            async move {
                tokio::task::yield_now().await;
                line
            }
        })
    }
}

pub(crate) fn good(name: &'static str) -> Script<u32> {
    Script::new(name, &[Ok(1)])
}

pub(crate) fn bad(name: &'static str) -> Script<u32> {
    Script::new(name, &[Err("out of order")])
}

/// Says so after a while.
pub(crate) fn takes<'a, T: Clone + Send + 'a>(
    name: &'static str,
    time: Duration,
    result: Result<T, &'static str>,
) -> Provider<'a, T, &'static str> {
    Provider::new(name, move || {
        let result = result.clone();
        async move {
            tokio::time::sleep(time).await;
            result
        }
    })
}

pub(crate) fn hangs<'a, T: 'a>(name: &'static str) -> Provider<'a, T, &'static str> {
    Provider::new(name, pending::<Result<T, &'static str>>)
}

/// Counts those of its kind that are alive.
pub(crate) struct Alive<'a>(&'a AtomicU32);

impl<'a> Alive<'a> {
    pub(crate) fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The names that were asked, and those that were passed over.
pub(crate) fn names(report: &Report) -> (Vec<&str>, Vec<&str>) {
    (report.tried().collect(), report.skipped.iter().map(|passed| passed.provider.as_str()).collect())
}

/// How long nobody was asked, before each attempt but the first.
pub(crate) fn waits(report: &Report) -> Vec<Duration> {
    let pairs = report.attempts.windows(2);
    pairs.map(|pair| pair[1].at - (pair[0].at + pair[0].took)).filter(|wait| !wait.is_zero()).collect()
}

/// Polls this future so often at most, and drops it then: none if it was not ready by then.
pub(crate) async fn polled<F: Future>(times: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        let polled = Pin::as_mut(&mut future).poll(context).map(Some);
        if left == 0 && polled.is_pending() { Poll::Ready(None) } else { polled }
    })
    .await
}
