//! Everybody who listens, told in turn.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::event::Event;

/// The user's own function.
pub(crate) type OnEvent = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// Who listens to what happens in all calls of one `Failover` or `Calls`. Clones count the calls together.
#[derive(Clone, Default)]
pub(crate) struct Listeners {
    on_event: Option<OnEvent>,
    calls: Arc<AtomicU64>,
}

impl Listeners {
    pub(crate) fn of(on_event: Option<OnEvent>) -> Self {
        Self { on_event, calls: Arc::default() }
    }

    #[cfg(feature = "http")]
    pub(crate) fn listen(&mut self, on_event: impl Fn(&Event<'_>) + Send + Sync + 'static) {
        self.on_event = Some(Arc::new(on_event));
    }

    /// Whether there is a function of the user's.
    #[cfg(feature = "http")]
    pub(crate) const fn has_function(&self) -> bool {
        self.on_event.is_some()
    }

    /// Whether anybody listens. Only then is an event worth its making.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.on_event.is_some() || cfg!(feature = "metrics") || is_traced()
    }

    /// The number of the next call, from 1.
    pub(crate) fn number(&self) -> u64 {
        // It guards no other memory.
        self.calls.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        // What a listener leaves behind half done is its own; nothing of ours is in its reach.
        let each = |tell: &dyn Fn()| drop(catch_unwind(AssertUnwindSafe(tell)));
        #[cfg(feature = "tracing")]
        each(&|| super::trace::tell(event));
        #[cfg(feature = "metrics")]
        each(&|| super::meter::tell(event));
        if let Some(on_event) = &self.on_event {
            each(&|| on_event(event));
        }
    }
}

/// Whether there is a subscriber that wants anything at all.
#[inline]
fn is_traced() -> bool {
    #[cfg(feature = "tracing")]
    return tracing::level_filters::LevelFilter::current() != tracing::level_filters::LevelFilter::OFF;
    #[cfg(not(feature = "tracing"))]
    false
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("on_event", &self.on_event.is_some()).finish_non_exhaustive()
    }
}
