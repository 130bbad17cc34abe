//! A refused answer, kept while a stand-in is asked: it is handed back if nobody else can answer.
//!
//! Its body is read at once, by a task of its own. The client's timeout is running on it, and would have passed by the time
//! the stand-in has failed; and a body that has been read gives its connection back. What is long or does not arrive in a
//! second is left for the one who reads it.
//!
//! Where the body says why, or until when, its beginning is read before anybody else is asked, and put back. So is all of a
//! success, where the user wants answers checked.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use failover_core::Fault;
use failover_mapping::{Body as Read, READ_AHEAD, READ_TIME};
use http_body::{Body as _, Frame, SizeHint};
use reqwest::{Body, Response, ResponseBuilderExt, Url};
use tokio::task::JoinHandle;

use crate::error::fault_of_body;

/// A refused answer whose body is on its way.
pub(crate) struct Kept {
    url: Url,
    answer: JoinHandle<http::Response<Resumed>>,
}

impl Kept {
    pub(crate) fn new(response: Response) -> Self {
        let url = response.url().clone();
        Self { url, answer: tokio::spawn(read_ahead(response, Some(READ_TIME), READ_AHEAD)) }
    }

    /// The answer as it came. None if the runtime is shutting down.
    pub(crate) async fn into_response(self) -> Option<Response> {
        let answer = self.answer.await.ok()?;
        Some(with_url(answer.map(Body::wrap), self.url))
    }
}

/// What was read of an answer's body.
pub(crate) struct Seen {
    head: Bytes,
    how: How,
}

enum How {
    Partly,
    Whole,
    Broken(Fault),
}

impl Seen {
    /// As far as it was read.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.head
    }

    pub(crate) fn body(&self) -> Read<'_> {
        match self.how {
            How::Partly => Read::Beginning(&self.head),
            How::Whole => Read::Whole(&self.head),
            How::Broken(fault) => Read::Broken(fault),
        }
    }
}

/// The beginning of an answer's body, as far as it arrives in `time` at most, and the answer as it came.
pub(crate) async fn peek(response: Response, time: Option<Duration>) -> (Seen, Response) {
    let url = response.url().clone();
    let time = time.map_or(READ_TIME, |time| time.min(READ_TIME));
    let answer = read_ahead(response, Some(time), READ_AHEAD).await;
    let head = &answer.body().head;
    let head = head.slice(..head.len().min(READ_AHEAD));
    (Seen { head, how: How::Partly }, with_url(answer.map(Body::wrap), url))
}

/// An answer's body, unless it is longer than `most` bytes, and the answer as it came.
pub(crate) async fn read(response: Response, time: Option<Duration>, most: usize) -> (Seen, Response) {
    let url = response.url().clone();
    // One byte more tells whether there is more.
    let answer = read_ahead(response, time, most.saturating_add(1)).await;
    let Resumed { head, error, rest } = answer.body();
    let how = match error {
        Some(error) => How::Broken(fault_of_body(error)),
        None if head.len() > most => How::Partly,
        None if rest.is_some() => How::Broken(Fault::Timeout),
        None => How::Whole,
    };
    (Seen { head: head.clone(), how }, with_url(answer.map(Body::wrap), url))
}

async fn read_ahead(response: Response, time: Option<Duration>, most: usize) -> http::Response<Resumed> {
    let (parts, mut rest) = http::Response::<Body>::from(response).into_parts();
    let (mut head, mut error, mut ended) = (BytesMut::new(), None, false);
    let reading = async {
        while head.len() < most {
            match std::future::poll_fn(|context| Pin::new(&mut rest).poll_frame(context)).await {
                None => {
                    ended = true;
                    return;
                }
                Some(Err(broken)) => {
                    (error, ended) = (Some(broken), true);
                    return;
                }
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        head.extend_from_slice(data);
                    }
                }
            }
        }
    };
    // Late or complete, what has arrived is there.
    match time {
        Some(time) => drop(tokio::time::timeout(time, reading).await),
        None => reading.await,
    }
    // At its end, a body is not asked again: it would say that the client's time is up.
    let rest = (!ended).then_some(rest);
    http::Response::from_parts(parts, Resumed { head: head.freeze(), error, rest })
}

/// What arrived, and the rest, if there is more.
struct Resumed {
    head: Bytes,
    error: Option<reqwest::Error>,
    rest: Option<Body>,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let this = self.get_mut();
        if !this.head.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.head)))));
        }
        match this.error.take() {
            Some(error) => Poll::Ready(Some(Err(error))),
            None => match &mut this.rest {
                Some(rest) => Pin::new(rest).poll_frame(context),
                None => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.head.is_empty() && self.error.is_none() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let head = self.head.len() as u64;
        let mut both = SizeHint::new();
        // A length is a promise: a server takes what has come for all of it, and never asks for the error behind it.
        if self.error.is_some() {
            both.set_lower(head);
            return both;
        }
        let rest = self.rest.as_ref().map_or(SizeHint::with_exact(0), http_body::Body::size_hint);
        both.set_lower(rest.lower().saturating_add(head));
        if let Some(upper) = rest.upper() {
            both.set_upper(upper.saturating_add(head));
        }
        both
    }
}

/// A response that says it comes from `url`.
pub(crate) fn with_url(made: http::Response<Body>, url: Url) -> Response {
    let (mut parts, body) = made.into_parts();
    let marks = http::response::Builder::new().url(url);
    if let Some(marks) = marks.extensions_ref() {
        parts.extensions.extend(marks.clone());
    }
    Response::from(http::Response::from_parts(parts, body))
}
