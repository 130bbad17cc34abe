//! The circuit breakers that others have written, each used as its documentation says.
//!
//! They read the clock themselves where they need it (recloser and failsafe when they are open, tower-resilience for every
//! attempt), which cannot be left out of their times.

use std::future::{Future, Ready, poll_fn, ready};
use std::hint;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use failsafe::backoff::{self, Constant};
use failsafe::failure_policy::{self, ConsecutiveFailures};
use failsafe::{CircuitBreaker as _, StateMachine};
use tokio::runtime::{Builder, Runtime};
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerError, CircuitBreakerLayer, DefaultClassifier,
};
use tower_service::Service;

use crate::breakers::Breaker;

/// Longer than the bench runs.
const BREAK: Duration = Duration::from_secs(60 * 60);
const FAILURES: u8 = 3;

/// recloser knows no consecutive policy; half of the last 100 attempts is its default.
#[derive(Clone)]
pub(crate) struct Recloser(Arc<recloser::Recloser>);

impl Recloser {
    pub(crate) fn new() -> Self {
        Self(Arc::new(recloser::Recloser::custom().open_wait(BREAK).build()))
    }
}

impl Breaker for Recloser {
    #[inline(always)]
    fn attempt(&mut self, fails: bool) -> bool {
        let ended = self.0.call(|| if fails { Err(()) } else { Ok(()) });
        !matches!(ended, Err(recloser::Error::Rejected))
    }
}

#[derive(Clone)]
pub(crate) struct Failsafe(StateMachine<ConsecutiveFailures<Constant>, ()>);

impl Failsafe {
    pub(crate) fn new() -> Self {
        let policy = failure_policy::consecutive_failures(FAILURES.into(), backoff::constant(BREAK));
        Self(failsafe::Config::new().failure_policy(policy).build())
    }
}

impl Breaker for Failsafe {
    #[inline(always)]
    fn attempt(&mut self, fails: bool) -> bool {
        let ended = self.0.call(|| if fails { Err(()) } else { Ok(()) });
        !matches!(ended, Err(failsafe::Error::Rejected))
    }
}

#[derive(Clone)]
pub(crate) struct Tower(CircuitBreaker<Attempt, DefaultClassifier>);

/// The service behind the breaker: its request says whether it fails.
#[derive(Clone)]
pub(crate) struct Attempt;

impl Service<bool> for Attempt {
    type Response = ();
    type Error = ();
    type Future = Ready<Result<(), ()>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, fails: bool) -> Self::Future {
        ready(if fails { Err(()) } else { Ok(()) })
    }
}

/// When two meet at an open breaker, one of them sleeps for 1 ms, and that takes tokio's timer.
static TIMER: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build();
    runtime.expect("a thread for the timer can be started")
});

impl Tower {
    pub(crate) fn new() -> Self {
        let layer = CircuitBreakerLayer::builder()
            .consecutive_failures(FAILURES.into())
            .wait_duration_in_open(BREAK)
            .build();
        Self(layer.expect("the settings are in range").layer_fn(Attempt))
    }
}

impl Breaker for Tower {
    #[inline(always)]
    fn attempt(&mut self, fails: bool) -> bool {
        let Self(service) = self;
        let ended = finished(async {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(fails).await
        });
        !matches!(ended, Err(CircuitBreakerError::OpenCircuit))
    }

    fn around(&self, batch: impl FnOnce()) {
        let _entered = TIMER.enter();
        batch();
    }
}

/// Polls until it is ready: the cheapest executor there is, so that none is measured.
fn finished<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => hint::spin_loop(),
        }
    }
}
