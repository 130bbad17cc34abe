//! The body of an answer, on its way to the caller.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// A body that is counted until it has ended, and whose end by an error does not swallow what came before.
///
/// A server that hears of an error stops at once, also with what it has taken over and not sent yet: a stream's last event, which
/// says why it breaks off. So it is given one more turn, in which it sends.
pub(super) struct Flowing<G> {
    body: Body,
    broken: Option<axum::Error>,
    /// Let go of with the body.
    _counted: G,
}

impl<G> Flowing<G> {
    pub(super) const fn new(body: Body, counted: G) -> Self {
        Self { body, broken: None, _counted: counted }
    }
}

impl<G: Unpin> http_body::Body for Flowing<G> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Err(error))) => {
                self.broken = Some(error);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.broken.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
