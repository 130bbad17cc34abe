//! [`Reply`]: what a provider is told to do with one request.

pub(crate) mod refusal;
pub(crate) mod upset;
pub(crate) mod wish;

use crate::answer::Answer;
use crate::bomb;
use refusal::Refusal;
use std::time::Duration;
use upset::Upset;
use wish::Wish;

/// One answer, or its absence, for a [script](crate::Provider::script). A constructor says what it is, the other methods
/// spoil it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    pub(crate) deed: Deed,
    pub(crate) delay: Duration,
    pub(crate) interim: u64,
    pub(crate) head_pace: Duration,
    pub(crate) body_pace: Duration,
    pub(crate) cut: Option<Cut>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    padding: Option<Padding>,
    pub(crate) wish: Wish,
    pub(crate) upset: Upset,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Healthy,
    Status(u16),
    Refusal(Refusal),
    Json(u16, String),
    Reset,
    Silence,
}

/// So many letters more, and whether they are sent as so many.
#[derive(Clone, Copy, Debug)]
struct Padding {
    letters: usize,
    packed: bool,
}

/// Where an answer breaks off, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) after: usize,
    pub(crate) reset: bool,
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

    /// Another body, under the same status and content type, at once and whole.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Longer by a text of so many letters in a field `padding`, if the body is a JSON object.
    pub fn padded(mut self, letters: usize) -> Self {
        self.padding = Some(Padding { letters, packed: false });
        self
    }

    /// As [`padded`](Self::padded), but sent as gzip, at a hundredth of that size or less: small on the wire, large when it
    /// is read. The number of letters is rounded up.
    pub fn bomb(mut self, letters: usize) -> Self {
        self.padding = Some(Padding { letters, packed: true });
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

    /// Declares the whole `Content-Length`, sends this many bytes of the body (at most all), and closes. A stream, which has no
    /// length to declare, ends after so many bytes of its events without the chunk that ends an answer.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(Cut { after: bytes, reset: false });
        self
    }

    /// As [`cut_after`](Self::cut_after), but the connection is reset, as [`reset`](Self::reset) does it.
    pub fn reset_after(mut self, bytes: usize) -> Self {
        self.cut = Some(Cut { after: bytes, reset: true });
        self
    }

    /// Sends the head of the answer byte by byte, with such a pause after each.
    pub fn slow_head(mut self, pause: Duration) -> Self {
        self.head_pace = pause;
        self
    }

    /// Sends the body byte by byte, with such a pause after each.
    pub fn slow_body(mut self, pause: Duration) -> Self {
        self.body_pace = pause;
        self
    }

    /// Sends so many heads with status 103 before the answer, 64 in a millisecond. With `u64::MAX` they go on until the client
    /// has enough.
    pub fn after_interim(mut self, heads: u64) -> Self {
        self.interim = heads;
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
            answer.stream = None;
        }
        if let Some(Padding { letters, packed }) = self.padding
            && let Some(before) = answer.body.strip_suffix(b"}")
        {
            let before = [before, br#","padding":""#].concat();
            let after = br#""}"#;
            if packed {
                answer.body = bomb::gzip(&before, b'x', letters, after);
                answer = answer.with("Content-Encoding", "gzip");
            } else {
                answer.body = [&before[..], &vec![b'x'; letters], after].concat();
            }
        }
        answer
    }

    fn of(deed: Deed) -> Self {
        Self {
            deed,
            delay: Duration::ZERO,
            interim: 0,
            head_pace: Duration::ZERO,
            body_pace: Duration::ZERO,
            cut: None,
            headers: Vec::new(),
            body: None,
            padding: None,
            wish: Wish::default(),
            upset: Upset::default(),
        }
    }
}
