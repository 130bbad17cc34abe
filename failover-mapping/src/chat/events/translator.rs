//! The streams by hand, for programs that have their own way of sending.

use std::fmt;

use failover_core::Fault;

use super::{EventReader, EventWriter, Heard, end_of};
use crate::chat::answer::Usage;
use crate::chat::api::{ChatApi, Heading};
use crate::chat::delta::Delta;

/// A stream of events in one API, told in another as it comes.
///
/// A part of the answer is handed on at once, the reason to stop with the end: a stream that breaks has never looked complete. Within
/// one API the events stay as they are, without those that cannot be read.
///
/// ```
/// use failover_mapping::{ChatApi, EventTranslator, Fault};
///
/// let chunks: [&[u8]; 3] = [
///     b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude\"}}\n\n",
///     b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"de",
///     b"lta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n",
/// ];
/// let mut translator = EventTranslator::new(ChatApi::Messages, ChatApi::Completions).created(1_790_000_000);
/// let mut told = Vec::new();
/// for chunk in chunks {
///     told.extend(translator.feed(chunk)?);
/// }
/// assert!(String::from_utf8_lossy(&told).contains(r#""delta":{"content":"Hello"}"#));
///
/// // It breaks off here. The caller must not take it for the whole answer.
/// assert_eq!(translator.end(), Err(Fault::Cut));
/// assert_eq!(
///     String::from_utf8_lossy(&translator.fail(Fault::Cut, "the provider hung up")),
///     "data: {\"error\":{\"message\":\"the provider hung up\",\"type\":\"failover_error\",\
///      \"param\":null,\"code\":\"stream_truncated\"}}\n\n"
/// );
/// # Ok::<(), Fault>(())
/// ```
pub struct EventTranslator {
    to: ChatApi,
    /// The caller gets the events as they come.
    forwards: bool,
    reader: EventReader,
    writer: EventWriter,
    /// It is told with the next call: what came before it in the same chunk was handed on first.
    fault: Option<Fault>,
}

impl EventTranslator {
    /// For the answer of a provider that speaks `from`, and a caller that speaks `to` and wants to know the usage.
    #[must_use]
    pub fn new(from: ChatApi, to: ChatApi) -> Self {
        let (reader, writer) = (EventReader::new(from), writer(to, 0));
        Self { to, forwards: from == to, reader, writer, fault: None }
    }

    /// When the answer was made, in Unix seconds. Completions say so in each chunk; without this, it is 0.
    #[must_use]
    pub fn created(mut self, seconds: u64) -> Self {
        self.writer = writer(self.to, seconds);
        self
    }

    /// A whole answer as a complete stream, for a caller who wants one where the provider did not stream. `created` is in Unix seconds.
    ///
    /// # Errors
    ///
    /// What is wrong with the answer, if it is none.
    pub fn whole(from: ChatApi, to: ChatApi, body: &[u8], created: u64) -> Result<Vec<u8>, Fault> {
        let answer = from.read_answer(body).map_err(|junk| junk.fault)?;
        Ok(EventWriter::whole(to, &answer, &heading(created), true))
    }

    /// What the caller gets for this chunk. The chunks may be cut anywhere.
    ///
    /// # Errors
    ///
    /// The fault of the stream, if it came to light in an earlier chunk: the provider said that it has failed, or what it said
    /// cannot be read.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Vec<u8>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let (writer, forwards, mut out) = (&mut self.writer, self.forwards, Vec::new());
        let read = self.reader.feed(chunk, &mut |heard: Heard<'_>| {
            if forwards {
                let failed = heard.deltas.iter().any(|delta| matches!(delta, Delta::Failed(_)));
                if heard.sound && !failed {
                    heard.write_to(&mut out);
                }
            } else {
                heard.deltas.iter().for_each(|delta| writer.write(delta, &mut out));
            }
        });
        self.fault = read.err().or_else(|| self.reader.fault());
        Ok(out)
    }

    /// Nothing more comes: the end of what the caller gets.
    ///
    /// # Errors
    ///
    /// The fault of the stream: it broke off before it had said why it stops ([`Fault::Cut`]), said nothing
    /// ([`Fault::Empty`]), or as [`feed`](Self::feed).
    pub fn end(&mut self) -> Result<Vec<u8>, Fault> {
        self.reader.end()?;
        let mut out = Vec::new();
        if !self.forwards {
            self.writer.finish(&mut out);
        } else if !self.reader.is_done() {
            out.extend_from_slice(end_of(self.to));
        }
        Ok(out)
    }

    /// Whether the provider has said that nothing more comes, so that nobody needs to wait for the connection to end.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// What the answer costs, so far as it was said. Anthropic says it from the beginning, others with the end, if at all.
    #[must_use]
    pub const fn usage(&self) -> Option<Usage> {
        self.reader.usage()
    }

    /// The model that answers, as the provider names it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.reader.model()
    }

    /// Another provider, which speaks `from`, begins the answer anew, because of the fault. What the caller gets is a marker that says
    /// that all before it is void, unless it has got nothing yet. In completions it is a chunk without choices that holds
    /// `"failover": {"restart": true, "because": .., "provider": .., "model": ..}`, in messages an event `failover_restart` with the
    /// same keys. A client that adds the stream up without a look at it adds what is void too. The chunks fed from now on are those of the other provider.
    #[must_use]
    pub fn restart(&mut self, from: ChatApi, because: Fault, provider: &str, model: &str) -> Vec<u8> {
        if self.forwards {
            self.writer.follow(&self.reader);
        }
        // The other's blocks and calls are numbered from where these end, so its events cannot stay as they are.
        self.forwards = false;
        self.reader = EventReader::new(from);
        self.fault = None;
        let mut out = Vec::new();
        self.writer.restart(because, provider, model, &mut out);
        out
    }

    /// An error in the caller's API, as the last that it gets. The code tells a stream that was cut off from one that stalled,
    /// failed or was malformed; the message is shown to the caller as it is.
    #[must_use]
    pub fn fail(&mut self, fault: Fault, message: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.writer.fail(fault, message, &mut out);
        out
    }
}

fn writer(to: ChatApi, created: u64) -> EventWriter {
    EventWriter::new(to, &heading(created), true)
}

const fn heading(created: u64) -> Heading<'static> {
    Heading { model: "unknown", created, number: 0 }
}

// What is said in a chat is the caller's, so none of it is ever printed.
impl fmt::Debug for EventTranslator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventTranslator")
            .field("to", &self.to)
            .field("done", &self.reader.is_done())
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
