//! The baseline: the few lines that a breaker takes behind a `std::sync::Mutex`. Three failures in a row, a break of 30 s; it is
//! handed the time, as ours is.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::breakers::Breaker;

const BREAK: u64 = 30_000;
const FAILURES: u32 = 3;

#[derive(Clone)]
pub(crate) struct Plain {
    state: Arc<Mutex<State>>,
    now: u64,
}

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<u64>,
}

impl Plain {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default(), now: 1_000 }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }

    fn admit(&self, now: u64) -> bool {
        let mut state = self.state();
        match state.open_until {
            Some(until) if now < until => false,
            Some(_) | None => {
                state.open_until = None;
                true
            }
        }
    }

    fn end(&self, fails: bool, now: u64) {
        let mut state = self.state();
        state.failures = if fails { state.failures + 1 } else { 0 };
        if state.failures >= FAILURES {
            state.open_until = Some(now + BREAK);
        }
    }
}

impl Breaker for Plain {
    #[inline(always)]
    fn attempt(&mut self, fails: bool) -> bool {
        let admitted = self.admit(self.now);
        if admitted {
            self.end(fails, self.now);
        }
        admitted
    }
}
