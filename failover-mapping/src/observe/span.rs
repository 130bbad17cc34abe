//! The span of one call, for synchronous and asynchronous adapters alike, whether there is tracing or not.

use std::future::Future;

use super::event::Party;

/// The `tracing` span of one call: what an adapter does for the call, it does within it. Without the feature `tracing` it is
/// nothing, and costs as much.
#[derive(Clone, Debug)]
pub struct CallSpan {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

impl CallSpan {
    /// A span that nobody sees.
    pub(crate) const fn none() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: tracing::Span::none(),
        }
    }

    /// A child of the span that the caller is in.
    #[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nobody asks"))]
    pub(crate) fn of(asked: Party<'_>) -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: super::trace::span(asked),
        }
    }

    /// Says who served.
    #[cfg_attr(
        not(feature = "tracing"),
        expect(unused_variables, clippy::unused_self, reason = "nobody asks")
    )]
    pub(crate) fn served_by(&self, provider: &str) {
        #[cfg(feature = "tracing")]
        self.span.record("served_by", provider);
    }

    /// Acts within the span.
    pub fn within<T>(&self, act: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        return self.span.in_scope(act);
        #[cfg(not(feature = "tracing"))]
        act()
    }

    /// A future that is within the span whenever it is polled, and out of it in between, so that a task's other work on the same
    /// thread is not taken for the call's.
    pub fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        #[cfg(feature = "tracing")]
        return tracing::Instrument::instrument(future, self.span.clone());
        #[cfg(not(feature = "tracing"))]
        future
    }
}
