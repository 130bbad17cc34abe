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
use crate::loss::Loss;
use crate::origin::Origin;
use crate::provenance::{Asked, Attempt, Passed, Provenance, Served};
use crate::provider::ProviderName;
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
#[derive(Debug)]
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

/// One request that is ours.
///
/// An adapter asks it for the stand-in's request, tells it what every attempt came to, and takes the answer and the
/// provenance from it. It costs nothing that is not needed: a healthy provider's request is never parsed, and its answer
/// never touched.
pub struct Exchange<'c, 'b> {
    config: &'c Config,
    ask: Ask<'c, 'b>,
    body: &'b [u8],
    started: Moment,
    /// The asked provider was the first and only one to be asked, and its answer is the caller's.
    untouched: bool,
    attempts: Vec<Attempt>,
    translation: Option<Translation>,
    answered: Option<Answered>,
    losses: Vec<Loss>,
    note: Option<String>,
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
        Self {
            config,
            ask,
            body,
            started,
            untouched: false,
            attempts: Vec::new(),
            translation: None,
            answered: None,
            losses: Vec::new(),
            note: None,
        }
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
        self.untouched = handed_on && self.attempts.is_empty() && !flight.launch.last_resort;
        if !self.untouched {
            let (provider, model) = (self.ask.source.provider, self.ask.source.model.id.as_str());
            self.record(flight, provider, model, status, fault, now);
        }
    }

    fn record(
        &mut self,
        flight: &Flight,
        provider: ProviderName,
        model: &str,
        status: Option<StatusCode>,
        fault: Option<Fault>,
        now: Moment,
    ) {
        self.attempts.push(Attempt {
            provider,
            model: model.to_owned(),
            at: flight.began.since(self.started),
            took: now.since(flight.began),
            status: status.map(|status| status.as_u16()),
            fault,
            last_resort: flight.launch.last_resort,
            maybe_billed: fault.is_some_and(|fault| fault.remedy().fate.maybe_billed()),
        });
    }

    /// The request to send to the stand-in.
    ///
    /// # Errors
    ///
    /// The outcome to settle the attempt with: the caller's request cannot be translated, so nothing is sent.
    pub fn request(&mut self, _flight: &Flight) -> Result<Request<Vec<u8>>, Outcome<'static>> {
        let body = match &self.translation {
            Some(translation) => translation.body.clone(),
            None => self.translate().map_err(|reason| {
                self.note = Some(format!("no translation was possible: {reason}"));
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
        let (request, mut losses) = read::request(&self.ask.source, self.body)?;
        let body = nexa::request(&self.ask.source.stand_in, &request, &mut losses);
        self.losses = losses;
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
            nexa::answer(stand_in.data.answer.as_ref(), body)
        } else {
            Err(verdict::of_stand_in(verdict::fault(&stand_in.data.verdicts, status, headers)).into())
        };
        let fault = match read {
            Ok(answer) => {
                self.take(answer, now.since(flight.began));
                None
            }
            Err(unusable) => {
                self.note = unusable.note.map(str::to_owned).or(self.note.take());
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
        let model = self.ask.source.stand_in.model.id.as_str();
        self.record(flight, ProviderName::Nexa, model, status, fault, now);
    }

    /// Keeps a good answer, and what it lacks.
    fn take(&mut self, answer: ImageAnswer, took: Duration) {
        if let Some(Translation { request, .. }) = &self.translation {
            self.losses.extend(shape::losses(&self.ask.source, request, &answer));
        }
        self.note = None; // what an earlier attempt left behind
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
        let provenance = self.provenance(entries, now);
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
            started: wall.checked_sub(now.since(self.started)).unwrap_or(wall),
            ended: wall,
            took: *took,
            seed,
        };
        Some(shape.write())
    }

    /// What happened. None if the asked provider was the first and only one to be asked.
    fn provenance(&self, entries: impl IntoIterator<Item = Entry>, now: Moment) -> Option<Provenance> {
        if self.untouched {
            return None;
        }
        let Ask { source, origin, version, .. } = &self.ask;
        let stand_in = (ProviderName::Nexa, source.stand_in.model.id.as_str());
        let primary = (source.provider, source.model.id.as_str());
        let skipped: Vec<Passed> = entries
            .into_iter()
            .filter_map(|entry| {
                let skipped = entry.skipped?;
                let (provider, model) = if entry.candidate == 0 { primary } else { stand_in };
                let until = skipped.until.map(|until| until.since(self.started));
                Some(Passed { provider, model: model.to_owned(), why: skipped.why, until })
            })
            .collect();
        if self.attempts.is_empty() && skipped.is_empty() && self.note.is_none() {
            return None;
        }
        let path = match (source.provider, version) {
            (ProviderName::Replicate, Some(_)) => "v1/predictions".to_owned(),
            (ProviderName::Replicate, None) => format!("v1/models/{}/predictions", source.model.id),
            _ => source.model.id.clone(),
        };
        let served = self.attempts.last().filter(|attempt| attempt.fault.is_none()).map(|attempt| Served {
            provider: attempt.provider,
            model: attempt.model.clone(),
            substitution: if attempt.provider == ProviderName::Nexa {
                source.stand_in.model.substitution
            } else {
                crate::data::Substitution::Same
            },
        });
        Some(Provenance {
            asked: Asked {
                provider: source.provider,
                model: source.model.id.clone(),
                url: format!("{origin}/{path}"),
            },
            // What was lost concerns the stand-in's answer only.
            losses: if self.answered.is_some() { self.losses.clone() } else { Vec::new() },
            served,
            skipped,
            note: self.note.clone(),
            maybe_billed: self.attempts.iter().any(|attempt| attempt.maybe_billed),
            status: self.attempts.iter().find_map(|attempt| attempt.fault.and(attempt.status)),
            took: now.since(self.started),
            attempts: self.attempts.clone(),
        })
    }
}

impl fmt::Debug for Exchange<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("provider", &self.ask.source.provider)
            .field("model", &self.ask.source.model.id)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
