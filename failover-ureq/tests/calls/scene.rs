//! A time that passes only when somebody sleeps or says so, and callables that count how often they are asked.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_ureq::Clock;
use failover_ureq::calls::{Builder, Calls, Provider};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The hands of a clock that a test turns.
#[derive(Clone, Default)]
pub(crate) struct Time {
    now: Arc<Mutex<Duration>>,
    slept: Arc<Mutex<Vec<Duration>>>,
}

impl Time {
    pub(crate) fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    /// The waits so far.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self, builder: Builder<Calls>) -> Calls {
        let (reader, sleeper) = (self.clone(), self.clone());
        let sleep = move |time| {
            sleeper.slept.lock().unwrap().push(time);
            sleeper.pass(time);
        };
        builder.build().unwrap().with_clock(Clock::new(move || *reader.now.lock().unwrap(), sleep))
    }
}

/// What the default settings make, with a time of its own.
pub(crate) fn plain() -> (Time, Calls) {
    let time = Time::default();
    let calls = time.calls(Calls::builder());
    (time, calls)
}

/// A provider that answers as the script says, its last line for ever, and counts.
pub(crate) struct Script<T: Clone> {
    name: &'static str,
    lines: RefCell<Vec<Result<T, &'static str>>>,
    asked: Cell<u32>,
}

impl<T: Clone> Script<T> {
    pub(crate) fn new(name: &'static str, lines: &[Result<T, &'static str>]) -> Self {
        Self { name, lines: RefCell::new(lines.to_vec()), asked: Cell::new(0) }
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.get()
    }

    pub(crate) fn provider(&self) -> Provider<'_, T, &'static str> {
        Provider::new(self.name, || {
            self.asked.set(self.asked.get() + 1);
            let mut lines = self.lines.borrow_mut();
            if lines.len() > 1 { lines.remove(0) } else { lines[0].clone() }
        })
    }
}

pub(crate) fn good(name: &'static str) -> Script<u32> {
    Script::new(name, &[Ok(1)])
}

pub(crate) fn bad(name: &'static str) -> Script<u32> {
    Script::new(name, &[Err("out of order")])
}

/// The names that were asked, and those that were passed over.
pub(crate) fn names(report: &failover_ureq::calls::Report) -> (Vec<&str>, Vec<&str>) {
    (report.tried().collect(), report.skipped.iter().map(|passed| passed.provider.as_str()).collect())
}
