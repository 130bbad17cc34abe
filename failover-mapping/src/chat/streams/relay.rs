//! What the caller sees of several attempts that each bring a stream of events.
//!
//! One attempt at a time is *on air*: what it says goes out as it comes. All that is said off the air is held back, so that another
//! can take over unseen. An attempt goes on air with its first content; or when it is complete, where the user wants whole
//! answers only.

use failover_core::Fault;

use crate::chat::api::{ChatApi, Heading};
use crate::chat::delta::Delta;
use crate::chat::events::{EventReader, EventWriter, Heard, end_of};
use crate::chat::policy::StreamPolicy;

/// An attempt whose answer comes as events.
pub(crate) struct Streaming {
    reader: EventReader,
    /// Who speaks.
    by: String,
    model: String,
    /// It speaks the caller's API as the caller's own provider does: its events go out as they are.
    raw: bool,
    held: Held,
    /// So many bytes are held back.
    bytes: usize,
    /// A part of the answer came that the caller can see.
    content: bool,
    /// The event by which it says that it has failed, as it came.
    farewell: Vec<u8>,
    on_air: bool,
    /// A token came.
    begun: bool,
    /// It has said itself that it failed, and the caller has heard it.
    said: bool,
    /// Why it ended, if it failed.
    fault: Option<Fault>,
}

enum Held {
    Raw(Vec<u8>),
    Deltas(Vec<Delta>),
}

/// What a piece of a stream has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fed {
    /// A token was in it.
    pub(crate) heard: bool,
    /// The caller sees the answer from now on, and nobody else can give it.
    pub(crate) shown: bool,
    /// The answer is over.
    pub(crate) end: Option<Result<(), Fault>>,
}

/// What the caller sees.
pub(crate) struct Relay {
    api: ChatApi,
    policy: StreamPolicy,
    /// So many bytes are held back of an answer that is to be shown whole.
    most: usize,
    /// Whoever says more than this without a part of the answer says nothing.
    limit: usize,
    created: u64,
    number: u64,
    usage_wanted: bool,
    writer: Option<EventWriter>,
    /// Why the one that was on air is not any more.
    broke: Option<Fault>,
}

impl Streaming {
    pub(crate) fn new(api: ChatApi, (by, model): (&str, &str), raw: bool) -> Self {
        Self {
            reader: EventReader::new(api),
            by: by.to_owned(),
            model: model.to_owned(),
            raw,
            held: if raw { Held::Raw(Vec::new()) } else { Held::Deltas(Vec::new()) },
            bytes: 0,
            content: false,
            farewell: Vec::new(),
            on_air: false,
            begun: false,
            said: false,
            fault: None,
        }
    }

    /// The reason to stop was said: what may still come is the usage and a farewell.
    pub(crate) fn is_stopped(&self) -> bool {
        self.reader.is_stopped()
    }

    pub(crate) const fn failed(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// Why it failed, if it did.
    pub(crate) const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Whether any token came, which is charged for.
    pub(crate) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// Nothing more comes.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        self.reader.end()
    }
}

impl Relay {
    pub(crate) fn new(
        api: ChatApi,
        policy: StreamPolicy,
        (most, limit): (usize, usize),
        usage_wanted: bool,
        (created, number): (u64, u64),
    ) -> Self {
        let limit = limit.max(most);
        Self { api, policy, most, limit, created, number, usage_wanted, writer: None, broke: None }
    }

    /// Whether the events of the caller's own provider go out as they are. Behind a restart they cannot: their blocks and calls
    /// would be numbered like those that are void.
    pub(crate) const fn keeps_raw(&self) -> bool {
        self.writer.is_none()
    }

    /// Why the one broke off whom the caller saw last, unless that one is on air.
    pub(crate) const fn broken(&self) -> Option<Fault> {
        self.broke
    }

    /// A piece of an attempt's stream came.
    pub(crate) fn fed(&mut self, it: &mut Streaming, chunk: &[u8], out: &mut Vec<u8>) -> Fed {
        let (mut fed, mut failed) = (Fed::default(), None);
        let Streaming { reader, held, raw, bytes, content, farewell, .. } = it;
        let read = reader.feed(chunk, &mut |event| {
            if !event.sound || failed.is_some() {
                return;
            }
            for delta in event.deltas {
                fed.heard |= delta.is_token();
                *content |= if *raw { delta.is_token() } else { delta.is_content() };
                if let Delta::Failed(fault) = delta {
                    failed = Some(*fault);
                }
            }
            if failed.is_some() {
                event.write_to(farewell);
            } else {
                *bytes = bytes.saturating_add(held.keep(&event));
            }
        });
        it.begun |= fed.heard;
        let over = failed.or(read.err()).map(Err).or_else(|| it.reader.is_done().then(|| it.reader.end()));
        let ready = match self.policy {
            StreamPolicy::Buffer => it.content && it.bytes > self.most,
            StreamPolicy::Error | StreamPolicy::Restart => it.content,
        };
        // What fails in the same breath has not been seen yet.
        if it.on_air || (ready && !matches!(over, Some(Err(_)))) {
            let alone = self.policy != StreamPolicy::Restart;
            // Said once: what comes later may be no token, and then it is no sign of life.
            fed.shown = alone && !it.on_air;
            self.air(it, out);
            // Its own words are the last, unless somebody else may begin anew.
            if alone && it.raw && !it.farewell.is_empty() {
                out.append(&mut it.farewell);
                it.said = true;
            }
        } else if over.is_none() && it.bytes > self.limit {
            fed.end = Some(Err(Fault::Malformed));
            return fed;
        }
        fed.end = over;
        fed
    }

    /// The attempt's answer is complete.
    pub(crate) fn finish(&mut self, it: &mut Streaming, out: &mut Vec<u8>) {
        self.air(it, out);
        if !it.raw {
            self.writer_for(it).finish(out);
        } else if !it.reader.is_done() {
            out.extend_from_slice(end_of(self.api));
        }
    }

    /// The attempt has failed for this reason: if it was on air, whoever comes next begins anew.
    pub(crate) fn broke(&mut self, it: &Streaming, fault: Fault) {
        if it.on_air {
            self.broke = Some(fault);
            if it.raw {
                self.writer_for(it).follow(&it.reader);
            }
        }
    }

    /// What was held back of an attempt that is to be handed on as it is, though it is no answer.
    pub(crate) fn hand_on(it: &mut Streaming, out: &mut Vec<u8>) {
        if let Held::Raw(bytes) = &mut it.held {
            out.append(bytes);
        }
        out.append(&mut it.farewell);
    }

    /// The stream ends with an error, unless the one on air has said it already.
    pub(crate) fn fail(&mut self, it: Option<&Streaming>, fault: Fault, message: &str, out: &mut Vec<u8>) {
        if it.is_some_and(|it| it.said) {
            return;
        }
        let heading = Heading { model: "", created: self.created, number: self.number };
        let (api, usage) = (self.api, self.usage_wanted);
        self.writer.get_or_insert_with(|| EventWriter::new(api, &heading, usage)).fail(fault, message, out);
    }

    /// Shows what was held back, and all that comes from now on.
    fn air(&mut self, it: &mut Streaming, out: &mut Vec<u8>) {
        it.bytes = 0;
        if !std::mem::replace(&mut it.on_air, true)
            && let Some(why) = self.broke.take()
        {
            let (by, model) = (it.by.clone(), it.model.clone());
            self.writer_for(it).restart(why, &by, &model, out);
        }
        match &mut it.held {
            Held::Raw(bytes) => out.append(bytes),
            Held::Deltas(deltas) => {
                let deltas = std::mem::take(deltas);
                let writer = self.writer_for(it);
                deltas.iter().for_each(|delta| writer.write(delta, out));
            }
        }
    }

    fn writer_for(&mut self, it: &Streaming) -> &mut EventWriter {
        let heading = Heading { model: &it.model, created: self.created, number: self.number };
        let (api, usage) = (self.api, self.usage_wanted);
        self.writer.get_or_insert_with(|| EventWriter::new(api, &heading, usage))
    }
}

impl Held {
    /// Keeps what the event says, if it says anything that is shown later. About so many bytes.
    fn keep(&mut self, event: &Heard<'_>) -> usize {
        match self {
            Self::Raw(bytes) => {
                let before = bytes.len();
                event.write_to(bytes);
                bytes.len() - before
            }
            // However long it thinks, that is one sign of life.
            Self::Deltas(deltas)
                if event.deltas == [Delta::Thinking] && deltas.last() == Some(&Delta::Thinking) =>
            {
                0
            }
            Self::Deltas(_) if event.deltas.is_empty() => 0,
            Self::Deltas(deltas) => {
                deltas.extend_from_slice(event.deltas);
                event.data.len()
            }
        }
    }
}
