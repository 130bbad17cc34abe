//! [`Reply`]: what a provider is told to do with one request.

use crate::answer::Answer;
use std::time::Duration;

/// One answer, or its absence, for a [script](crate::Provider::script). A constructor says what it is, the other methods
/// spoil it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    pub(crate) deed: Deed,
    pub(crate) delay: Duration,
    pub(crate) cut_after: Option<usize>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Healthy,
    Status(u16),
    Json(u16, String),
    Reset,
    Silence,
}

impl Reply {
    /// What the provider would answer by itself.
    pub fn healthy() -> Self {
        Self::of(Deed::Healthy)
    }

    /// This status with the JSON body that the provider uses for it; below 400 that body is `{}`. A 429 names no time:
    /// add `Retry-After` where one is wanted.
    pub fn status(code: u16) -> Self {
        Self::of(Deed::Status(code))
    }

    /// This status with this body, sent as `application/json` whether it is JSON or not.
    pub fn json(code: u16, body: impl Into<String>) -> Self {
        Self::of(Deed::Json(code, body.into()))
    }

    /// Reads the request, then resets the connection without a byte of an answer.
    ///
    /// The kernel is made to send the reset by closing the socket while the request's last byte is still unread. Linux
    /// and Windows do so; where a kernel does not, the client sees an ordinary close at the same point.
    pub fn reset() -> Self {
        Self::of(Deed::Reset)
    }

    /// Reads the request and never answers, until the client goes away or the provider is dropped.
    pub fn silence() -> Self {
        Self::of(Deed::Silence)
    }

    /// Adds a header. It takes the place of the header of that name which the provider would have sent; the same name
    /// given twice here is sent twice. A `Content-Length` or `Transfer-Encoding` of your own is sent unchecked before
    /// the body as it is, and the connection is closed after it. Line breaks become spaces.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let one_line = |text: &str| text.replace(['\r', '\n'], " ");
        self.headers.push((one_line(name), one_line(value)));
        self
    }

    /// Another body, under the same status and content type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Another `Content-Type`, instead of `application/json`.
    pub fn content_type(mut self, v: &str) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        self.header("Content-Type", v)
    }

    /// Waits so long between having read the request and the first byte of the answer, or the reset.
    pub fn delay(mut self, d: Duration) -> Self {
        self.delay = d;
        self
    }

    /// Declares the whole `Content-Length`, sends this many bytes of the body (at most all), and closes.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// The provider's answer with what this reply changes about it.
    pub(crate) fn spoil(&self, mut answer: Answer) -> Answer {
        answer
            .headers
            .retain(|(theirs, _)| !self.headers.iter().any(|(ours, _)| ours.eq_ignore_ascii_case(theirs)));
        answer.headers.extend_from_slice(&self.headers);
        if let Some(body) = &self.body {
            answer.body.clone_from(body);
        }
        answer
    }

    fn of(deed: Deed) -> Self {
        Self { deed, delay: Duration::ZERO, cut_after: None, headers: Vec::new(), body: None }
    }
}
