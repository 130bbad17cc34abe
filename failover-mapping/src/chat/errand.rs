//! A chat that is to go on: whom the caller asked, who may answer, and what came of it.

use std::borrow::Cow;
use std::cmp::Ordering;

use failover_core::{Candidate, Fault};
use http::{HeaderValue, Response, StatusCode};

use super::answer::ChatAnswer;
use super::api::{ChatApi, Heading};
use super::events::EventWriter;
use super::form::ChatReading;
use super::speaker::Speaker;
use crate::config::{ChatPlan, Config, Writer};
use crate::loss::{Loss, LossKind};
use crate::origin::Origin;
use crate::provenance::Asked;
use crate::shape;

/// How the caller's request is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Every answer is read whole, and the caller's own request can be sent once.
    Once,
    /// Every answer is read whole.
    Whole,
    /// Answers are read as they come.
    Streamed,
}

/// What the caller asks, and of whom.
#[derive(Debug)]
pub(crate) struct Chat<'c, 'b> {
    /// The asked provider, and its place.
    pub(crate) speaker: &'c Speaker,
    pub(crate) place: usize,
    /// What the caller wants of the beta version of its API.
    beta: Option<&'b HeaderValue>,
    pub(crate) origin: &'c Origin,
    pub(crate) plan: &'c ChatPlan,
    /// The asked provider's name of the model.
    pub(crate) model: Cow<'b, str>,
    /// The caller wants a stream of events.
    pub(crate) wants_stream: bool,
    /// It is one stream of one answer: others are handed on as they come.
    pub(crate) is_read_as_it_comes: bool,
    /// And its usage at the end.
    pub(crate) wants_usage: bool,
    pub(crate) manner: Manner,
    reading: Option<Result<ChatReading, String>>,
    pub(crate) answered: Option<Answered>,
    /// A stand-in's stream is complete, and the caller has it.
    pub(crate) streamed: bool,
}

/// A good answer of a stand-in, read whole.
#[derive(Debug)]
pub(crate) struct Answered {
    candidate: usize,
    said: Said,
}

#[derive(Debug)]
enum Said {
    /// By another model of the asked provider, which says it as the caller wants it.
    Raw(Vec<u8>),
    Read(ChatAnswer),
}

/// A stand-in's request.
pub(crate) struct Translated {
    pub(crate) body: Vec<u8>,
    pub(crate) losses: Vec<Loss>,
    /// In the caller's own words goes what they need to be understood.
    pub(crate) beta: Option<HeaderValue>,
}

impl<'c, 'b> Chat<'c, 'b> {
    /// What this body asks of that provider, if anybody else may answer it.
    pub(crate) fn new(
        config: &'c Config,
        (place, beta): (usize, Option<&'b HeaderValue>),
        origin: &'c Origin,
        body: &'b [u8],
        changed: impl FnOnce(&'c ChatPlan) -> &'c ChatPlan,
    ) -> Option<Self> {
        let speaker = config.texts.speakers.get(place)?;
        let asked = speaker.api().model_of(body)?;
        let plan = changed(config.texts.plan(place, &asked.model)?);
        Some(Self {
            speaker,
            place,
            beta,
            origin,
            plan,
            model: asked.model,
            wants_stream: asked.stream,
            is_read_as_it_comes: asked.stream && !asked.several,
            wants_usage: asked.include_usage,
            manner: Manner::Once,
            reading: None,
            answered: None,
            streamed: false,
        })
    }

    pub(crate) fn candidates(&self) -> &'c [Candidate] {
        match self.manner {
            Manner::Once if self.wants_stream => &self.plan.streamed_once,
            Manner::Once => &self.plan.once,
            Manner::Whole => &self.plan.whole,
            Manner::Streamed => &self.plan.streamed,
        }
    }

    /// The stand-in that is this candidate, and its provider.
    pub(crate) fn stand_in(&self, config: &'c Config, candidate: usize) -> Option<(&'c Speaker, &'c Writer)> {
        let before = match candidate.cmp(&self.plan.own) {
            Ordering::Less => candidate,
            Ordering::Equal => return None,
            Ordering::Greater => candidate - 1,
        };
        let writer = self.plan.stand_ins.get(before)?;
        Some((config.texts.speakers.get(writer.speaker)?, writer))
    }

    /// Whether this is another model of the provider that was asked, which is asked in the caller's own words.
    pub(crate) fn is_kin(&self, writer: &Writer) -> bool {
        writer.speaker == self.place && (!self.wants_stream || self.manner == Manner::Streamed)
    }

    /// The stand-in's request, unless the user's policy forbids it.
    pub(crate) fn translate(
        &mut self,
        config: &Config,
        speaker: &Speaker,
        writer: &Writer,
        body: &[u8],
    ) -> Result<Translated, String> {
        let name = speaker.provider.proper();
        if !config.variants && !writer.chosen {
            let model = &writer.model;
            return Err(format!("{name}'s {model} is a variant of the model, and variants are refused"));
        }
        if self.is_kin(writer) {
            let body = speaker.api().with_model(body, &writer.model)?;
            let beta = self.beta.filter(|_| speaker.api() == ChatApi::Messages).cloned();
            return Ok(Translated { body, losses: Vec::new(), beta });
        }
        let api = self.speaker.api();
        let reading = self.reading.get_or_insert_with(|| api.read_request(body));
        let reading = reading.as_mut().map_err(|reason| reason.clone())?;
        reading.form.stream = self.wants_stream && self.manner == Manner::Streamed;
        let to = speaker.addressed(&writer.model, writer.most_tokens);
        let written = api.write_request(&reading.form, &to)?;
        let mut losses = reading.losses.clone();
        losses.extend(written.losses);
        let lossy = |kind| matches!(kind, LossKind::Dropped | LossKind::Clamped | LossKind::Approximated);
        match losses.iter().find(|loss| lossy(loss.kind)) {
            Some(loss) if !config.losses => {
                Err(format!("{} would be {} for {name}, and losses are refused", loss.field, loss.kind))
            }
            _ => Ok(Translated { body: written.body, losses, beta: None }),
        }
    }

    /// Keeps a stand-in's whole answer, if it is one.
    pub(crate) fn take(
        &mut self,
        (candidate, speaker, writer): (usize, &Speaker, &Writer),
        body: &[u8],
    ) -> Result<(), (Fault, Option<String>)> {
        let answer = speaker.api().read_answer(body).map_err(|junk| (junk.fault, junk.note))?;
        let as_it_is = self.is_kin(writer) && !self.wants_stream;
        let said = if as_it_is { Said::Raw(body.to_vec()) } else { Said::Read(answer) };
        self.answered = Some(Answered { candidate, said });
        Ok(())
    }

    /// Whether the asked provider's whole success is an answer.
    pub(crate) fn check(&self, body: &[u8]) -> Result<(), Fault> {
        self.speaker.api().read_answer(body).map(drop).map_err(|junk| junk.fault)
    }

    /// The stand-in's answer in the shape of the provider that was asked, made at that Unix time. `number` is any number.
    pub(crate) fn answer(&self, config: &'c Config, created: u64, number: u64) -> Option<Response<Vec<u8>>> {
        let Answered { candidate, said } = self.answered.as_ref()?;
        let (_, writer) = self.stand_in(config, *candidate)?;
        let heading = Heading { model: &writer.model, created, number };
        let api = self.speaker.api();
        let (kind, body) = match said {
            Said::Raw(body) => (shape::JSON, body.clone()),
            Said::Read(answer) if self.wants_stream => {
                (shape::EVENTS, EventWriter::whole(api, answer, &heading, self.wants_usage))
            }
            Said::Read(answer) => (shape::JSON, api.write_answer(answer, &heading)),
        };
        Some(shape::respond_with(StatusCode::OK, kind, body))
    }

    /// What was asked, for the provenance.
    pub(crate) fn asked(&self) -> Asked {
        let Self { speaker, origin, .. } = self;
        Asked {
            provider: speaker.provider,
            model: self.model.clone().into_owned(),
            url: format!("{origin}{}", speaker.asked_at()),
            job: false,
            api: Some(speaker.api()),
        }
    }
}
