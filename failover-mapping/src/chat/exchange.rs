//! The part of an exchange that is about text.

use std::time::SystemTime;

use failover_core::{Fault, Moment, Outcome};
use http::{HeaderMap, StatusCode};

use super::errand::{Chat, Manner};
use crate::errand::Errand;
use crate::exchange::Exchange;
use crate::flight::{Flight, Step};
use crate::route::BETA;
use crate::{hint, verdict};

impl<'c> Exchange<'c, '_> {
    /// The adapter can send the caller's own request more than once. To be said before [`candidates`](Self::candidates) is asked.
    /// Whether it may be asked to: else it need not keep the request.
    pub fn can_repeat(&mut self) -> bool {
        match &mut self.errand {
            Errand::Chat(chat) => {
                chat.manner = Manner::Whole;
                true
            }
            _ => false,
        }
    }

    pub(crate) fn ask_chat(&mut self, flight: &Flight, now: Moment) -> Step {
        match self.begin_chat(flight) {
            Ok(request) => Step::Send { request, limit: flight.left(now) },
            // Nothing is sent: the caller's request cannot be translated, or there is no key.
            Err((fault, reason)) => {
                self.history.note = Some(reason);
                self.tell_ended(flight, None, Some(fault), false, now);
                Step::Done(fault.into())
            }
        }
    }

    fn begin_chat(&mut self, flight: &Flight) -> Result<http::Request<Vec<u8>>, (Fault, String)> {
        let unsupported =
            |reason: String| (Fault::Unsupported, format!("no translation was possible: {reason}"));
        let unknown = || unsupported("the stand-in has no way to be asked".to_owned());
        let config = self.config;
        let Errand::Chat(chat) = &mut self.errand else { return Err(unknown()) };
        let (speaker, writer) = chat.stand_in(config, flight.launch.candidate).ok_or_else(unknown)?;
        let translated = chat.translate(config, speaker, writer, self.body).map_err(unsupported)?;
        self.history.losses = translated.losses;
        let stream = chat.wants_stream && chat.manner == Manner::Streamed;
        let request = speaker.request(translated.body, stream, &self.crossing);
        let mut request = request.map_err(|reason| (Fault::Unauthenticated, reason))?;
        if let Some(beta) = translated.beta {
            request.headers_mut().insert(BETA, beta);
        }
        // For a client that goes on with what nobody waits for any more.
        request.extensions_mut().insert(flight.launch.limits);
        Ok(request)
    }

    pub(crate) fn answered_chat(
        &mut self,
        flight: &Flight,
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        now: Moment,
        wall: impl Fn() -> SystemTime,
    ) -> Step {
        let (config, candidate) = (self.config, flight.launch.candidate);
        let Errand::Chat(chat) = &mut self.errand else { return Step::Done(Fault::Broken.into()) };
        let Some((speaker, writer)) = chat.stand_in(config, candidate) else {
            return Step::Done(Fault::Broken.into());
        };
        let (failure, retry_after) = if status.is_success() {
            (chat.take((candidate, speaker, writer), body).err(), None)
        } else {
            let fault = verdict::fault(&speaker.data.verdicts, status, headers, Some(body));
            let fault = verdict::of_willing(fault, headers);
            let note = verdict::note_of_stand_in(speaker.provider, status, fault);
            (Some((verdict::of_stand_in(fault), note)), hint::of(headers, Some(body), &wall))
        };
        if failure.is_none() {
            self.history.note = None; // what an earlier attempt left behind
        }
        Step::Done(match self.chat_ended(flight, Some(status), failure, retry_after, now) {
            Outcome::Failed { fault, retry_after } if hint::should_retry(headers) == Some(false) => {
                Outcome::Final { fault, retry_after }
            }
            outcome => outcome,
        })
    }

    pub(crate) fn failed_chat(&mut self, flight: &Flight, fault: Fault, now: Moment) -> Step {
        Step::Done(self.chat_ended(flight, None, Some((verdict::of_stand_in(fault), None)), None, now))
    }

    /// An attempt on a stand-in is over.
    pub(crate) fn chat_ended(
        &mut self,
        flight: &Flight,
        status: Option<StatusCode>,
        failure: Option<(Fault, Option<String>)>,
        retry_after: Option<std::time::Duration>,
        now: Moment,
    ) -> Outcome<'static> {
        let (config, candidate) = (self.config, flight.launch.candidate);
        let fault = failure.as_ref().map(|(fault, _)| *fault);
        if let Some((_, Some(note))) = failure {
            self.history.note = Some(note);
        }
        let Errand::Chat(chat) = &self.errand else { return Fault::Broken.into() };
        let Some((speaker, writer)) = chat.stand_in(config, candidate) else { return Fault::Broken.into() };
        self.history.record(flight, (speaker.provider, &writer.model), status, fault, now);
        let maybe_billed = self.history.maybe_billed(fault);
        self.tell_ended(flight, status, fault, maybe_billed, now);
        match fault {
            None => Outcome::Answered,
            Some(fault) => Outcome::Failed { fault, retry_after },
        }
    }

    /// The chat, if the request is for one.
    pub(crate) fn chat(&self) -> Option<&Chat<'c, '_>> {
        match &self.errand {
            Errand::Chat(chat) => Some(chat),
            _ => None,
        }
    }
}
