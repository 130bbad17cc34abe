//! A time that passes when everybody waits, and then at once; and callables that count how often they are asked.

use std::collections::BTreeMap;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use failover_isahc::Clock;
use failover_isahc::calls::{Builder, Calls, Provider, Report};
use futures_lite::future::yield_now;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The hands of a clock, and those who wait for them.
#[derive(Clone, Default)]
pub(crate) struct Time(Arc<Mutex<Hands>>);

#[derive(Default)]
struct Hands {
    now: Duration,
    /// By the moment, and a number for each.
    waiting: BTreeMap<(Duration, u64), Waker>,
    sleepers: u64,
}

impl Time {
    pub(crate) fn now(&self) -> Duration {
        self.0.lock().unwrap().now
    }

    pub(crate) fn pass(&self, time: Duration) {
        let mut hands = self.0.lock().unwrap();
        hands.now += time;
        let now = hands.now;
        let later = hands.waiting.split_off(&(now + Duration::from_nanos(1), 0));
        std::mem::replace(&mut hands.waiting, later).into_values().for_each(Waker::wake);
    }

    pub(crate) fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + use<> {
        let time_of_all = self.clone();
        let mut hands = self.0.lock().unwrap();
        hands.sleepers += 1;
        let (until, number) = (hands.now + time, hands.sleepers);
        poll_fn(move |context| {
            let mut hands = time_of_all.0.lock().unwrap();
            if hands.now >= until {
                return Poll::Ready(());
            }
            hands.waiting.insert((until, number), context.waker().clone());
            Poll::Pending
        })
    }

    pub(crate) fn calls(&self, builder: Builder<Calls>) -> Calls {
        let (reader, sleeper) = (self.clone(), self.clone());
        let clock = Clock::new(move || reader.now(), move |time| sleeper.sleep(time));
        builder.build().unwrap().with_clock(clock)
    }

    /// Polls it to its end. Where it waits, time passes.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        let woken = Arc::new(Woken { is_woken: AtomicBool::new(true), outer: None });
        let waker = Waker::from(Arc::clone(&woken));
        let mut future = pin!(future);
        loop {
            while woken.is_woken.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return output;
                }
            }
            let next = self.0.lock().unwrap().waiting.keys().next().copied();
            let (until, _) = next.expect("it hangs: nobody will ever wake it");
            self.pass(until.saturating_sub(self.now()));
        }
    }

    /// Says so after a while.
    pub(crate) fn takes<'a, T: Clone + Send + 'a>(
        &'a self,
        name: &'static str,
        time: Duration,
        result: Result<T, &'static str>,
    ) -> Provider<'a, T, &'static str> {
        Provider::new(name, move || {
            let result = result.clone();
            async move {
                self.sleep(time).await;
                result
            }
        })
    }
}

struct Woken {
    is_woken: AtomicBool,
    outer: Option<Waker>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
        self.outer.iter().for_each(Waker::wake_by_ref);
    }
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
                yield_now().await;
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

/// All of these at once, within one future, each polled when it was woken.
pub(crate) async fn all<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let outer = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    let woken = || Arc::new(Woken { is_woken: AtomicBool::new(true), outer: Some(outer.clone()) });
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), woken())).collect();
    poll_fn(|_| {
        futures.retain_mut(|(future, woken)| {
            let waker = Waker::from(Arc::clone(woken));
            !woken.is_woken.swap(false, Ordering::Relaxed)
                || future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
        });
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
