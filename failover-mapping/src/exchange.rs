//! One request that is ours, from the first attempt to the answer: it is told what each provider said, and says what that
//! means.

use std::fmt;
use std::time::{Duration, SystemTime};

use failover_core::{Candidate, Entry, Fault, Launch, Moment, Outcome, Step};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::catalogue::Source;
use crate::config::Config;
use crate::form::{ImageAnswer, ImageRequest};
use crate::history::History;
use crate::origin::Origin;
use crate::provenance::Provenance;
use crate::provider::ProviderName;
use crate::read::Reading;
use crate::route::{CROSSING, Prefer, Version};
use crate::shape::Shape;
use crate::{hint, nexa, read, shape, verdict};

/// An attempt under way.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Flight {
    /// What the call said to start.
    pub launch: Launch,
    /// When it was started.
    pub began: Moment,
}

impl Flight {
    /// An attempt that starts now.
    #[must_use]
    pub const fn new(launch: Launch, now: Moment) -> Self {
        Self { launch, began: now }
    }
}

/// What the caller gets.
#[expect(clippy::exhaustive_enums, reason = "every end must be handled by every adapter")]
pub enum Conclusion {
    /// A stand-in's answer in the shape of the provider that was asked, with its provenance as extension and headers.
    StandIn(Response<Vec<u8>>),
    /// The asked provider's own answer or error. It is to be marked with the provenance, unless that provider was the first
    /// and only one to be asked: then it is handed on untouched.
    Own(Option<Provenance>),
}

/// What the caller asks, and of whom.
#[derive(Debug)]
pub(crate) struct Ask<'c, 'b> {
    pub(crate) source: Source<'c>,
    pub(crate) candidates: &'c [Candidate; 2],
    pub(crate) origin: &'c Origin,
    pub(crate) version: Option<Version<'b>>,
    pub(crate) prefer: Option<Prefer>,
    pub(crate) crossing: [Option<HeaderValue>; CROSSING.len()],
}

impl Ask<'_, '_> {
    /// The provider that the caller asked, and its own name of the model.
    pub(crate) fn primary(&self) -> (ProviderName, &str) {
        (self.source.provider, &self.source.model.id)
    }

    /// The stand-in, and its own name of the model.
    pub(crate) fn stand_in(&self) -> (ProviderName, &str) {
        (ProviderName::Nexa, &self.source.stand_in.model.id)
    }
}

/// One request that is ours.
///
/// An adapter asks it for the stand-in's request, tells it what every attempt came to, and takes the answer and the
/// provenance from it. It costs nothing that is not needed: a healthy provider's request is never parsed, and its answer
/// never touched.
pub struct Exchange<'c, 'b> {
    config: &'c Config,
    ask: Ask<'c, 'b>,
    body: &'b [u8],
    history: History,
    translation: Option<Translation>,
    answered: Option<Answered>,
}

struct Translation {
    request: ImageRequest,
    body: Vec<u8>,
}

struct Answered {
    answer: ImageAnswer,
    took: Duration,
}

impl<'c, 'b> Exchange<'c, 'b> {
    pub(crate) const fn new(config: &'c Config, ask: Ask<'c, 'b>, body: &'b [u8], started: Moment) -> Self {
        Self { config, ask, body, history: History::new(started), translation: None, answered: None }
    }

    /// Who may be asked: the provider that the caller asked, and NexaAPI.
    #[must_use]
    pub const fn candidates(&self) -> &'c [Candidate] {
        self.ask.candidates
    }

    /// The asked provider answered with this status.
    ///
    /// A status that is a trigger is a failure. Any other answer is the caller's, also a refusal.
    #[must_use]
    pub fn primary_answered(
        &mut self,
        flight: &Flight,
        status: StatusCode,
        headers: &HeaderMap,
        now: Moment,
        wall: SystemTime,
    ) -> Outcome<'static> {
        if status.as_u16() < 400 {
            self.primary_ended(flight, Some(status), None, true, now);
            return Outcome::Answered;
        }
        let said = verdict::fault(&self.ask.source.data.verdicts, status, headers);
        let stops = said.remedy().step == Step::Stop;
        let fault = if stops || self.config.triggers.status(status) { said } else { Fault::InvalidRequest };
        let handed_on = stops || fault == Fault::InvalidRequest;
        self.primary_ended(flight, Some(status), Some(said), handed_on, now);
        match hint::retry_after(headers, wall).filter(|_| !handed_on) {
            None => fault.into(),
            retry_after => Outcome::Failed { fault, retry_after },
        }
    }

    /// The asked provider did not answer. A fault that is not a trigger ends the call, and the error is the caller's.
    #[must_use]
    pub fn primary_failed(&mut self, flight: &Flight, fault: Fault, now: Moment) -> Outcome<'static> {
        let handed_on = fault.remedy().step == Step::Stop || !self.config.triggers.transport(fault);
        self.primary_ended(flight, None, Some(fault), handed_on, now);
        Outcome::from(if handed_on { Fault::InvalidRequest } else { fault })
    }

    fn primary_ended(
        &mut self,
        flight: &Flight,
        status: Option<StatusCode>,
        fault: Option<Fault>,
        handed_on: bool,
        now: Moment,
    ) {
        let first = self.history.attempts.is_empty() && !flight.launch.last_resort;
        self.history.untouched = handed_on && first;
        if !self.history.untouched {
            self.history.record(flight, self.ask.primary(), status, fault, now);
        }
    }

    /// The request to send to the stand-in.
    ///
    /// # Errors
    ///
    /// The outcome to settle the attempt with: the caller's request cannot be translated, so nothing is sent.
    pub fn request(&mut self) -> Result<Request<Vec<u8>>, Outcome<'static>> {
        let body = match &self.translation {
            Some(translation) => translation.body.clone(),
            None => self.translate().map_err(|reason| {
                self.history.note = Some(format!("no translation was possible: {reason}"));
                Outcome::from(Fault::Unsupported)
            })?,
        };
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.config.image_url.clone();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.config.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in CROSSING.into_iter().zip(&self.ask.crossing) {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        Ok(request)
    }

    fn translate(&mut self) -> Result<Vec<u8>, String> {
        let mut reading = read::request(&self.ask.source, self.body)?;
        let body = nexa::request(&self.ask.source.stand_in, &mut reading);
        let Reading { request, losses, .. } = reading;
        self.history.losses = losses;
        self.translation = Some(Translation { request, body: body.clone() });
        Ok(body)
    }

    /// The stand-in answered with this.
    ///
    /// Its answer is always checked. A refusal of it never reaches the caller.
    #[must_use]
    pub fn stand_in_answered(
        &mut self,
        flight: &Flight,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: Moment,
        wall: SystemTime,
    ) -> Outcome<'static> {
        let stand_in = &self.ask.source.stand_in;
        let read = if status.is_success() {
            self.reader().ok_or(Fault::Empty.into()).and_then(|reader| reader.answer(body))
        } else {
            let said = verdict::fault(&stand_in.data.verdicts, status, headers);
            let note = verdict::note_of_stand_in(status, said);
            Err(nexa::Unusable { fault: verdict::of_stand_in(said), note })
        };
        let fault = match read {
            Ok(answer) => {
                self.take(answer, now.since(flight.began));
                None
            }
            Err(unusable) => {
                self.history.note = unusable.note.map(str::to_owned).or(self.history.note.take());
                Some(unusable.fault)
            }
        };
        self.stand_in_ended(flight, Some(status), fault, now);
        match fault {
            None => Outcome::Answered,
            Some(fault) => Outcome::Failed { fault, retry_after: hint::retry_after(headers, wall) },
        }
    }

    /// The stand-in did not answer.
    #[must_use]
    pub fn stand_in_failed(&mut self, flight: &Flight, fault: Fault, now: Moment) -> Outcome<'static> {
        let fault = verdict::of_stand_in(fault);
        self.stand_in_ended(flight, None, Some(fault), now);
        fault.into()
    }

    fn stand_in_ended(
        &mut self,
        flight: &Flight,
        status: Option<StatusCode>,
        fault: Option<Fault>,
        now: Moment,
    ) {
        self.history.record(flight, self.ask.stand_in(), status, fault, now);
    }

    /// How the stand-in's answer is read: by its data, and by what was asked of it.
    fn reader(&self) -> Option<nexa::Reader<'c>> {
        let keys = self.ask.source.stand_in.data.answer.as_ref()?;
        let wanted = self.translation.as_ref()?.request.images();
        Some(nexa::Reader { keys, wanted, local: self.config.local })
    }

    /// Keeps a good answer, as far as it was asked for, and what it lacks.
    fn take(&mut self, mut answer: ImageAnswer, took: Duration) {
        if let Some(Translation { request, .. }) = &self.translation {
            self.history.losses.extend(shape::losses(&self.ask.source, request, &answer));
            answer.images.truncate(request.images());
        }
        self.history.note = None; // what an earlier attempt left behind
        self.answered = Some(Answered { answer, took });
    }

    /// The end of the call: what the caller gets. Tells the observer, if there is anything to tell. `entries` are those of
    /// the call's report; `seed` is any number.
    #[must_use]
    pub fn conclude(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        now: Moment,
        wall: SystemTime,
        seed: u64,
    ) -> Conclusion {
        let provenance = self.history.provenance(&self.ask, entries, self.answered.is_some(), now);
        if let Some(provenance) = &provenance {
            self.config.notify(provenance);
        }
        match self.answer(now, wall, seed) {
            Some(mut made) => {
                if let Some(provenance) = provenance {
                    provenance.mark(made.headers_mut());
                    made.extensions_mut().insert(provenance);
                }
                Conclusion::StandIn(made)
            }
            None => Conclusion::Own(provenance),
        }
    }

    /// The stand-in's answer in the shape of the provider that was asked. None unless a stand-in served.
    fn answer(&self, now: Moment, wall: SystemTime, seed: u64) -> Option<Response<Vec<u8>>> {
        let Answered { answer, took } = self.answered.as_ref()?;
        let shape = Shape {
            source: &self.ask.source,
            request: &self.translation.as_ref()?.request,
            answer,
            body: self.body,
            origin: self.ask.origin,
            version: self.ask.version.as_ref(),
            prefer: self.ask.prefer,
            started: wall.checked_sub(now.since(self.history.started)).unwrap_or(wall),
            ended: wall,
            took: *took,
            seed,
        };
        Some(shape.write())
    }
}

// Prompts, and URLs of pictures, are the caller's, so neither is ever printed.

impl fmt::Debug for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandIn(made) => f
                .debug_struct("StandIn")
                .field("status", &made.status())
                .field("bytes", &made.body().len())
                .finish_non_exhaustive(),
            Self::Own(provenance) => f.debug_tuple("Own").field(provenance).finish(),
        }
    }
}

impl fmt::Debug for Exchange<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("provider", &self.ask.source.provider)
            .field("model", &self.ask.source.model.id)
            .field("attempts", &self.history.attempts)
            .finish_non_exhaustive()
    }
}
