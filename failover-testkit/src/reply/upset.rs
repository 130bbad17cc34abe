//! How a streamed answer of a chat goes wrong: it breaks off, keeps its reader waiting, or is oddly written.

use super::Reply;
use std::time::Duration;

/// What keeps a line busy while nothing is said, for [`Reply::keep_alive`]. None of them is a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeepAlive {
    /// A comment line, which readers of event streams skip: `: keep-alive`.
    Comment,
    /// An event `ping`, as Anthropic sends it.
    Ping,
    /// The chunk with the role once more; of Anthropic a piece of text without a letter.
    Role,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Upset {
    /// After so many tokens, in such a way.
    pub(crate) breaks: Option<(usize, Break)>,
    pub(crate) first_token_after: Duration,
    pub(crate) keep_alive: Option<(KeepAlive, Duration)>,
    pub(crate) token_pace: Duration,
    pub(crate) bad_event_at: Option<usize>,
    pub(crate) without_done: bool,
    pub(crate) stays_open: bool,
    pub(crate) crlf: bool,
    pub(crate) chunk: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    Cut,
    Reset,
    Stall,
    Error,
}

/// Streams: these change the answer to a request for a chat with `"stream": true`, and no other answer.
///
/// A token is an event with a piece of the text, or of a tool call: its beginning, and each fragment of its arguments. A
/// healthy text has 60. Of the four ways to break off after so many tokens the last one given counts; more tokens than there
/// are mean all of them, but not what comes behind.
impl Reply {
    /// Closes the connection after so many tokens, without the chunk that ends an answer.
    pub fn cut_after_tokens(self, tokens: usize) -> Self {
        self.breaks(tokens, Break::Cut)
    }

    /// As [`cut_after_tokens`](Self::cut_after_tokens), but the connection is reset, as [`reset`](Self::reset) does it. A reset
    /// may overtake what was sent before it: the client reads at most so many tokens.
    pub fn reset_after_tokens(self, tokens: usize) -> Self {
        self.breaks(tokens, Break::Reset)
    }

    /// Says nothing after so many tokens, until the client goes away or the provider is dropped.
    pub fn stall_after_tokens(self, tokens: usize) -> Self {
        self.breaks(tokens, Break::Stall)
    }

    /// Says after so many tokens, in the provider's shape, that it is overloaded, and ends as if that were the whole answer.
    pub fn error_after_tokens(self, tokens: usize) -> Self {
        self.breaks(tokens, Break::Error)
    }

    /// Sends the head and the events before the first token at once, and that token after so long.
    pub fn first_token_after(mut self, pause: Duration) -> Self {
        self.upset.first_token_after = pause;
        self
    }

    /// Sends this so often (every millisecond at most) while the [first token](Self::first_token_after) is waited for.
    pub fn keep_alive(mut self, with: KeepAlive, every: Duration) -> Self {
        self.upset.keep_alive = Some((with, every.max(Duration::from_millis(1))));
        self
    }

    /// Pauses so long before each token but the first.
    pub fn token_pace(mut self, pause: Duration) -> Self {
        self.upset.token_pace = pause;
        self
    }

    /// Adds an event whose data is half of a JSON object, as the n-th of the stream, counted from 1. The others are all there,
    /// so the text is whole without it.
    pub fn bad_event_at(mut self, n: usize) -> Self {
        self.upset.bad_event_at = Some(n);
        self
    }

    /// Leaves out what ends a stream: `[DONE]`, or `message_stop`. The answer itself ends as it should.
    pub fn without_done(mut self) -> Self {
        self.upset.without_done = true;
        self
    }

    /// Sends all events and then neither ends the answer nor closes, until the client goes away or the provider is dropped.
    pub fn stays_open(mut self) -> Self {
        self.upset.stays_open = true;
        self
    }

    /// Ends lines with CR and LF, and not with LF alone.
    pub fn crlf(mut self) -> Self {
        self.upset.crlf = true;
        self
    }

    /// Sends chunks of so many bytes (at least one), wherever events begin and end. What is left over before a pause or an end is a
    /// shorter one.
    pub fn chunks_of(mut self, bytes: usize) -> Self {
        self.upset.chunk = Some(bytes.max(1));
        self
    }

    fn breaks(mut self, tokens: usize, how: Break) -> Self {
        self.upset.breaks = Some((tokens, how));
        self
    }
}
