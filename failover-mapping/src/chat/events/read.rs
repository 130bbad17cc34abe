//! Reads the stream of one answer.

use std::num::NonZeroUsize;

use failover_core::Fault;
use sse_core::{MessageEvent, SseDecoder, SseEvent};

use super::{Heard, LONGEST, MOST_UNSOUND, Unsound, completions, messages};
use crate::chat::answer::{Stop, Usage};
use crate::chat::api::ChatApi;
use crate::chat::delta::Delta;

/// The stream of one answer, in one API.
pub(crate) struct EventReader {
    decoder: SseDecoder,
    tongue: Tongue,
    /// What the latest event added.
    deltas: Vec<Delta>,
    /// So many events in a row were not readable.
    unsound: u32,
    /// Something was said that is an answer.
    said: bool,
    stop: Option<Stop>,
    done: bool,
    fault: Option<Fault>,
    usage: Option<Usage>,
    begun: bool,
    id: Option<String>,
    model: Option<String>,
}

enum Tongue {
    Completions(completions::Reader),
    Messages(messages::Reader),
}

/// Where a stream stands.
pub(super) struct Seen<'a> {
    pub(super) begun: bool,
    pub(super) id: Option<&'a str>,
    pub(super) calls: usize,
    pub(super) next_block: u64,
    pub(super) open_block: Option<u64>,
}

impl EventReader {
    pub(crate) fn new(api: ChatApi) -> Self {
        let limit = NonZeroUsize::new(LONGEST).unwrap_or(NonZeroUsize::MIN);
        Self {
            decoder: SseDecoder::with_limit(limit),
            tongue: match api {
                ChatApi::Completions => Tongue::Completions(completions::Reader::default()),
                ChatApi::Messages => Tongue::Messages(messages::Reader::default()),
            },
            deltas: Vec::new(),
            unsound: 0,
            said: false,
            stop: None,
            done: false,
            fault: None,
            usage: None,
            begun: false,
            id: None,
            model: None,
        }
    }

    /// Reads a chunk; `hear` is called for each complete event, in order. After the event that says that nothing more comes, or that
    /// the provider failed, nothing is heard. An error means that the stream as a whole cannot be read.
    pub(crate) fn feed(&mut self, chunk: &[u8], hear: &mut dyn FnMut(Heard<'_>)) -> Result<(), Fault> {
        let mut left = chunk;
        while !self.done && self.fault.is_none() {
            match self.decoder.next(&mut left) {
                None => break,
                Some(Ok(SseEvent::Retry(_))) => {}
                Some(Ok(SseEvent::Message(event))) => self.read(&event, hear),
                Some(Err(_)) => self.fault = Some(Fault::Malformed),
            }
        }
        match self.fault {
            Some(Fault::Malformed) => Err(Fault::Malformed),
            _ => Ok(()),
        }
    }

    /// Nothing more comes. Whether the answer is complete: it has said why it stops, and anything at all.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        match (self.fault, &self.stop) {
            (Some(fault), _) => Err(fault),
            (None, None) => Err(Fault::Cut),
            // Nothing may be a whole answer where a limit or a refusal explains it.
            (None, Some(Stop::Length | Stop::Sequence(_) | Stop::Refused)) => Ok(()),
            (None, Some(Stop::Complete | Stop::Tools)) if self.said => Ok(()),
            (None, Some(Stop::Complete | Stop::Tools)) => Err(Fault::Empty),
        }
    }

    /// Whether a reason to stop was said.
    pub(crate) const fn is_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether the provider has said that nothing more comes.
    pub(crate) const fn is_done(&self) -> bool {
        self.done
    }

    /// What is wrong with the stream as a whole: the provider said that it has failed, or it cannot be read.
    pub(crate) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    pub(crate) const fn usage(&self) -> Option<Usage> {
        self.usage
    }

    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// What a caller has seen to whom the events were handed on as they came.
    pub(super) fn seen(&self) -> Seen<'_> {
        let (calls, next_block, open_block) = match &self.tongue {
            Tongue::Completions(reader) => (reader.calls(), 0, None),
            Tongue::Messages(reader) => (reader.calls(), reader.next_block(), reader.open_block()),
        };
        Seen { begun: self.begun, id: self.id.as_deref(), calls, next_block, open_block }
    }

    fn read(&mut self, event: &MessageEvent, hear: &mut dyn FnMut(Heard<'_>)) {
        if event.data.trim().is_empty() {
            return; // A keep-alive in its way.
        }
        self.deltas.clear();
        let (name, data) = (&*event.event, &*event.data);
        let read = match &mut self.tongue {
            Tongue::Completions(reader) => reader.read(name, data, &mut self.deltas),
            Tongue::Messages(reader) => reader.read(name, data, &mut self.deltas),
        };
        let sound = read.is_ok();
        if !sound {
            self.deltas.clear();
            self.unsound += 1;
            let whole = matches!(read, Err(Unsound::Stream)) || self.unsound > MOST_UNSOUND;
            if whole || self.tongue.is_calling() {
                self.fault = Some(Fault::Malformed);
                return;
            }
        }
        for delta in &self.deltas {
            self.said |= delta.is_content();
            match delta {
                Delta::Began { id, model } => {
                    self.begun = true;
                    self.id.clone_from(id);
                    self.model.clone_from(model);
                }
                Delta::Stopped(stop) => self.stop = Some(stop.clone()),
                Delta::Usage(usage) => self.usage = Some(*usage),
                Delta::Failed(fault) => self.fault = Some(*fault),
                Delta::Done => self.done = true,
                _ => {}
            }
        }
        hear(Heard { name, data, deltas: &self.deltas, sound });
    }
}

impl Tongue {
    /// Whether arguments of a tool are on their way.
    fn is_calling(&self) -> bool {
        match self {
            Self::Completions(reader) => reader.is_calling(),
            Self::Messages(reader) => reader.is_calling(),
        }
    }
}
