//! The part of an exchange that is about streams.

use std::time::SystemTime;

use failover_core::{Entry, Fault, Launch, Moment, Outcome, Step};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};

use super::relay::{Relay, Streaming};
use crate::chat::errand::Manner;
use crate::errand::{Cast, Errand};
use crate::exchange::Exchange;
use crate::flight::{Conclusion, Flight};
use crate::history::Names;
use crate::provenance::{Provenance, Served};
use crate::shape;

impl Exchange<'_, '_> {
    /// Whether the caller wants a stream of events that is to be driven by what [`start`](super::start) makes. One of several
    /// answers at once is handed on as it comes.
    #[must_use]
    pub fn wants_stream(&self) -> bool {
        self.chat().is_some_and(|chat| chat.is_read_as_it_comes)
    }

    /// Answers are read as they come.
    pub(super) fn streamed(&mut self) {
        if let Errand::Chat(chat) = &mut self.errand {
            chat.manner = Manner::Streamed;
        }
    }

    /// What the caller will see. None of a request that is for no chat.
    pub(super) fn relay(&self, wall: SystemTime, number: u64) -> Option<Relay> {
        let (chat, texts) = (self.chat()?, &self.config.texts);
        let created = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let api = chat.speaker.api();
        let sizes = (texts.buffer, self.config.answer_limit());
        Some(Relay::new(api, texts.streams, sizes, chat.wants_usage, (created, number)))
    }

    /// A success that comes as events.
    pub(super) fn streaming(&self, flight: &Flight, relay: &Relay) -> Option<Streaming> {
        let chat = self.chat()?;
        let keeps = relay.keeps_raw();
        match chat.stand_in(self.config, flight.launch.candidate) {
            Some((speaker, writer)) => {
                let by = (speaker.provider.as_str(), &*writer.model);
                Some(Streaming::new(speaker.api(), by, keeps && chat.is_kin(writer)))
            }
            None => {
                let by = (chat.speaker.provider.as_str(), &*chat.model);
                Some(Streaming::new(chat.speaker.api(), by, keeps))
            }
        }
    }

    /// An attempt whose answer came as events is over.
    pub(super) fn stream_ended(
        &mut self,
        flight: &Flight,
        (end, begun): (Result<(), Fault>, bool),
        now: Moment,
    ) -> Outcome<'static> {
        self.history.begun = begun;
        let outcome = self.ended_stream(flight, end, now);
        self.history.begun = false;
        outcome
    }

    fn ended_stream(&mut self, flight: &Flight, end: Result<(), Fault>, now: Moment) -> Outcome<'static> {
        let status = Some(StatusCode::OK);
        if !self.is_own(&flight.launch) {
            let failure = end.err().map(|fault| (crate::verdict::of_stand_in(fault), None));
            let served = failure.is_none();
            let outcome = self.chat_ended(flight, status, failure, None, now);
            if let Errand::Chat(chat) = &mut self.errand {
                chat.streamed = served;
            }
            return outcome;
        }
        let Err(fault) = end else {
            self.own_ended(flight, status, None, true, now);
            return Outcome::Answered;
        };
        let handed_on = fault.remedy().step == Step::Stop || !self.config.triggers.transport(fault);
        self.own_ended(flight, status, Some(fault), handed_on, now);
        Outcome::from(if handed_on { Fault::InvalidRequest } else { fault })
    }

    /// The asked provider answered a request for a stream with a success that is none. Nothing of it was shown yet, so what is no
    /// answer either is another provider's to make good.
    pub(super) fn own_no_stream(
        &mut self,
        flight: &Flight,
        (status, read): (StatusCode, Result<&[u8], &Fault>),
        now: Moment,
    ) -> Outcome<'static> {
        let junk = match read {
            Ok(body) => self.chat().and_then(|chat| chat.check(body).err()),
            Err(fault) => Some(*fault).filter(|fault| self.config.triggers.transport(*fault)),
        };
        self.own_ended(flight, Some(status), junk, junk.is_none(), now);
        junk.map_or(Outcome::Answered, Outcome::from)
    }

    /// Why the latest attempt failed.
    pub(super) fn latest_fault(&self) -> Option<Fault> {
        self.history.attempts.last()?.fault
    }

    /// A reader of an answer of ours, in the caller's own API, and of whoever served it.
    pub(super) fn made(&self, served: Option<&Served>) -> Option<Streaming> {
        let chat = self.chat()?;
        let asked = (chat.speaker.provider.as_str(), &*chat.model);
        let by = served.map_or(asked, |served| (served.provider.as_str(), &served.model));
        Some(Streaming::new(chat.speaker.api(), by, false))
    }

    /// What is known when this attempt's stream begins. None where the asked provider is the first and only one to be asked.
    pub(super) fn so_far(
        &self,
        flight: &Flight,
        entries: impl IntoIterator<Item = Entry>,
        is_over: bool,
        now: Moment,
    ) -> Option<Provenance> {
        let cast = Cast { config: self.config, errand: &self.errand };
        let mut history = self.history.clone();
        let Launch { candidate, last_resort, .. } = flight.launch;
        if !is_over {
            history.untouched = self.is_own(&flight.launch) && history.attempts.is_empty() && !last_resort;
            let (provider, model, _) = cast.named(candidate);
            history.record(flight, (provider, model), Some(StatusCode::OK), None, now);
        }
        history.provenance(&cast, entries, true, now)
    }

    /// What the caller gets where the asked provider's own stream has been used up, and nobody else served.
    pub(super) fn spent(&self, conclusion: Conclusion, fault: Fault) -> Conclusion {
        let (Conclusion::Own(provenance), Some(chat)) = (&conclusion, self.chat()) else { return conclusion };
        let late = matches!(fault, Fault::Timeout | Fault::CallerDeadline);
        let status = if late { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
        let message = format!("the stream of {} failed: {fault}", chat.speaker.provider.proper());
        let body = chat.speaker.api().refusal(status.as_u16(), fault, &message);
        let mut response: Response<Vec<u8>> = shape::respond_with(status, shape::JSON, body);
        if let Some(provenance) = provenance {
            provenance.mark(response.headers_mut());
            response.extensions_mut().insert(provenance.clone());
        }
        Conclusion::StandIn(response)
    }
}

/// Whether this is the head of a stream that can be read here.
#[must_use]
pub fn is_events(status: StatusCode, headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    status == StatusCode::OK
        && !is_encoded(headers)
        && kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

/// Whether the body of a success that does not say to be a stream is one all the same, by how it begins: there are servers that say
/// `text/plain`. Before its first field there may be a byte order mark and empty lines, and no blanks: they would be of the field's name.
#[must_use]
pub fn begins_as_events(beginning: &[u8]) -> bool {
    let fields: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let ends = text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let text = text.get(ends..).unwrap_or_default();
    fields.iter().any(|field| text.starts_with(field))
}

/// Whether the caller decodes the body itself: then it is nobody else's to read.
#[must_use]
pub fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
