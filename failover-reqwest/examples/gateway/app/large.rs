//! A body, of a request or of an answer: whole up to a limit, and beyond that as it comes, however long it is. A request that is so
//! long goes to the asked provider only, and is not kept: files that are uploaded, say.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::timeout;

/// Why there is none.
#[derive(Debug)]
pub(super) enum Unread {
    /// Whoever sent it went, or sent what is none.
    Broken,
    /// Whoever sends it takes too long.
    Late,
}

/// The body. What is no longer than `limit` has to arrive within `patience`.
pub(super) async fn read(mut body: Body, limit: usize, patience: Duration) -> Result<reqwest::Body, Unread> {
    let mut held = BytesMut::new();
    let arrived = async {
        // A length that is said is known before anything has come.
        while body.size_hint().lower() <= limit as u64 && held.len() <= limit {
            let Some(frame) = body.frame().await else { return Ok(true) };
            held.extend_from_slice(&frame.map_err(|_| Unread::Broken)?.into_data().unwrap_or_default());
        }
        Ok(false)
    };
    let whole = timeout(patience, arrived).await.unwrap_or(Err(Unread::Late))?;
    let held = held.freeze();
    Ok(if whole { held.into() } else { reqwest::Body::wrap(Large { held, rest: Mutex::new(body) }) })
}

/// What has been read of it, and what has not.
struct Large {
    held: Bytes,
    /// Of one task at a time, in a lock because reqwest wants what several could hold.
    rest: Mutex<Body>,
}

impl http_body::Body for Large {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.held.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.held)))));
        }
        let rest = self.rest.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(rest).poll_frame(context)
    }

    /// A length that the caller has said is said to the provider.
    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner).size_hint();
        rest.exact()
            .map_or_else(SizeHint::default, |rest| SizeHint::with_exact(rest + self.held.len() as u64))
    }
}
