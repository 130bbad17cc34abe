//! A refused answer, kept while a stand-in is asked: it is handed back if nobody else can answer.
//!
//! Its body is read meanwhile, by the same future. The client's timeout is running on it, and would have passed by the time
//! the stand-in has failed; and a body that has been read gives its connection back. What is long is left for the one who
//! reads it.
//!
//! Where the body says why, or until when, its beginning is read before anybody else is asked, and put back. So is all of a
//! success, where the user wants answers checked.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use failover_core::Fault;
use failover_mapping::{Body, READ_AHEAD, READ_TIME};
use futures_lite::{AsyncRead, AsyncReadExt, future};
use http::{Extensions, HeaderMap, Response, StatusCode, response};
use isahc::AsyncBody;

use crate::attempt::{marks, whole};
use crate::clock::Clock;
use crate::error::fault_of_body;

/// An answer whose body is on its way.
pub(crate) struct Kept {
    parts: response::Parts,
    declared: Option<u64>,
    body: Resumed,
}

impl Kept {
    pub(crate) fn new(response: Response<AsyncBody>) -> Self {
        let (parts, rest) = response.into_parts();
        let declared = rest.len();
        Self { parts, declared, body: Resumed { head: Vec::new(), taken: 0, error: None, rest: Some(rest) } }
    }

    /// Does the work, and reads ahead until it is done.
    pub(crate) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let reading = async {
            self.body.arrive(READ_AHEAD).await;
            future::pending().await
        };
        future::or(work, reading).await
    }

    /// The answer with the beginning of its body, as far as that arrives in `time` at most.
    pub(crate) async fn peek(
        &mut self,
        time: Option<Duration>,
        clock: &Clock,
    ) -> (StatusCode, &HeaderMap, Body<'_>) {
        let time = time.map_or(READ_TIME, |time| time.min(READ_TIME));
        clock.within(Some(time), self.body.arrive(READ_AHEAD)).await;
        let head = &self.body.head;
        (self.parts.status, &self.parts.headers, Body::Beginning(&head[..head.len().min(READ_AHEAD)]))
    }

    /// The answer with its body, unless that is longer than `most` bytes.
    pub(crate) async fn read(
        &mut self,
        time: Option<Duration>,
        most: usize,
        clock: &Clock,
    ) -> (StatusCode, &HeaderMap, Body<'_>) {
        // One byte more tells whether there is more.
        clock.within(time, self.body.arrive(most.saturating_add(1))).await;
        let Resumed { head, error, rest, .. } = &self.body;
        let body = match (error, whole(&self.parts.headers, head.len())) {
            (Some(error), _) => Body::Broken(fault_of_body(error)),
            (None, _) if head.len() > most => Body::Beginning(head),
            (None, _) if rest.is_some() => Body::Broken(Fault::Timeout),
            (None, Err(fault)) => Body::Broken(fault),
            (None, Ok(())) => Body::Whole(head),
        };
        (self.parts.status, &self.parts.headers, body)
    }

    pub(crate) fn into_marks(self) -> Extensions {
        marks(self.parts)
    }

    /// The answer as it came.
    pub(crate) fn into_response(self) -> Response<AsyncBody> {
        let body = match self.declared {
            Some(length) => AsyncBody::from_reader_sized(self.body, length),
            None => AsyncBody::from_reader(self.body),
        };
        Response::from_parts(self.parts, body)
    }
}

/// What arrived, and the rest, if there is more.
struct Resumed {
    head: Vec<u8>,
    taken: usize,
    error: Option<io::Error>,
    rest: Option<AsyncBody>,
}

impl Resumed {
    /// Until there are so many bytes of it, or no more. What has arrived is there also if nobody waits for the end of this.
    async fn arrive(&mut self, most: usize) {
        let mut chunk = vec![0; 16 * 1024];
        while let Some(rest) = self.rest.as_mut().filter(|_| self.head.len() < most) {
            match rest.read(&mut chunk).await {
                Ok(0) => self.rest = None,
                Ok(read) => self.head.extend_from_slice(&chunk[..read]),
                Err(broken) => (self.error, self.rest) = (Some(broken), None),
            }
        }
    }
}

impl AsyncRead for Resumed {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let here = &this.head[this.taken..];
        if !here.is_empty() {
            let count = here.len().min(buffer.len());
            buffer[..count].copy_from_slice(&here[..count]);
            this.taken += count;
            return Poll::Ready(Ok(count));
        }
        match (this.error.take(), &mut this.rest) {
            (Some(error), _) => Poll::Ready(Err(error)),
            (None, Some(rest)) => Pin::new(rest).poll_read(context, buffer),
            (None, None) => Poll::Ready(Ok(0)),
        }
    }
}
