//! A request that generates something: what its stand-ins are asked, and what the caller gets.

use std::cmp::Ordering;
use std::time::{Duration, SystemTime};

use failover_core::{Candidate, Fault, Moment};
use http::{HeaderValue, Response, StatusCode};

use crate::catalogue::{Source, StandIn};
use crate::config::Config;
use crate::data::{Field, Substitution};
use crate::form::{Form, Produced};
use crate::gather::{Reader, Said};
use crate::loss::LossKind;
use crate::media::Reach;
use crate::origin::Origin;
use crate::prefer::Prefer;
use crate::provenance::Asked;
use crate::provider::ProviderName;
use crate::read::{self, Reading, Untranslatable};
use crate::route::{Crossing, Entrance, Version};
use crate::shape::queue::Job;
use crate::shape::replicate::Prediction;
use crate::shape::{self, Output, State, fal};
use crate::standing::Standing;
use crate::talk::{Inline, Stage, Talk, Turn, Wait};
use crate::ticket::{Held, Issue, Record};
use crate::verdict;
use crate::write::{self, Translation};

/// What the caller asks, and of whom.
#[derive(Debug)]
pub(crate) struct Generation<'c, 'b> {
    pub(crate) source: Source<'c>,
    pub(crate) candidates: &'c [Candidate],
    /// The stand-ins among them: their places, and the places of their models in their data.
    pub(crate) standings: &'c [(usize, usize)],
    /// The asked provider's place among them.
    pub(crate) own: usize,
    pub(crate) origin: &'c Origin,
    pub(crate) entrance: Entrance,
    pub(crate) version: Option<Version<'b>>,
    pub(crate) prefer: Option<Prefer>,
    /// Why nobody stands in.
    pub(crate) declined: Option<&'static str>,
    /// The caller told FAL how long it waits.
    pub(crate) own_deadline: bool,
}

/// A good answer.
pub(crate) struct Answered {
    /// Which candidate gave it.
    pub(crate) candidate: usize,
    pub(crate) took: Duration,
    pub(crate) result: Outcome,
}

/// What a stand-in came to.
pub(crate) enum Outcome {
    Done(Produced),
    Job { id: String, queued: bool },
}

impl Answered {
    /// The result is there, and not a job that makes it.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.result, Outcome::Done(_))
    }
}

impl<'c> Generation<'c, '_> {
    /// The provider that the caller asked, and its own name of the model.
    pub(crate) fn primary(&self) -> (ProviderName, &'c str) {
        (self.source.provider, &self.source.model.id)
    }

    /// The stand-in that is this candidate, and where it is.
    pub(crate) fn stand_in(
        &self,
        config: &'c Config,
        candidate: usize,
    ) -> Option<(&'c Standing, StandIn<'c>)> {
        let before = match candidate.cmp(&self.own) {
            Ordering::Less => candidate,
            Ordering::Equal => return None,
            Ordering::Greater => candidate - 1,
        };
        let (place, row) = *self.standings.get(before)?;
        let standing = config.standings.get(place)?;
        Some((standing, config.catalogue.stand_in_at(standing.provider, row)?))
    }

    /// All who stand in, in the user's order.
    pub(crate) fn stand_ins(&self, config: &'c Config) -> impl Iterator<Item = (&'c Standing, StandIn<'c>)> {
        (0..self.candidates.len()).filter_map(|candidate| self.stand_in(config, candidate))
    }

    /// What was asked, for the provenance.
    pub(crate) fn asked(&self, config: &Config) -> Asked {
        let (provider, model) = self.primary();
        let path = match &self.entrance {
            Entrance::Fal(_) | Entrance::FalQueue(_) => model.to_owned(),
            Entrance::Model(_) => format!("v1/models/{model}/predictions"),
            Entrance::Version => "v1/predictions".to_owned(),
            Entrance::Deployment(place) => {
                let name = config.deployments.get(*place).map_or("", |(name, _)| name);
                format!("v1/deployments/{name}/predictions")
            }
        };
        Asked {
            provider,
            model: model.to_owned(),
            url: format!("{}/{path}", self.origin),
            job: false,
            api: None,
        }
    }

    /// Whether the asked provider's success holds what was asked for: a result, or a job that is accepted. It is read as
    /// liberally as a stand-in's.
    pub(crate) fn check(&self, config: &'c Config, status: StatusCode, body: &[u8]) -> Result<(), Fault> {
        if matches!(self.entrance, Entrance::FalQueue(_)) {
            return shape::queue::accepts(body);
        }
        let Some(reader) = self.reader(config) else { return Ok(()) };
        let accepted = status == StatusCode::ACCEPTED;
        let said = match reader.answer(body, accepted) {
            Ok(said) => said,
            // Another provider would make what the caller called off, or what is not to be made.
            Err(_) if verdict::is_the_callers(body) => return Ok(()),
            Err(unusable) => return Err(unusable.fault),
        };
        match said {
            Said::Done(_) => Ok(()),
            // Whoever is to wait for the result was told that there is none.
            Said::Pending { .. } if matches!(self.entrance, Entrance::Fal(_)) => Err(Fault::Empty),
            Said::Pending { id, .. } => id.map(|_| ()).ok_or(Fault::Empty),
        }
    }

    /// How the asked provider's own answers are read.
    pub(crate) fn reader(&self, config: &'c Config) -> Option<Reader<'c>> {
        let data = config.catalogue.provider(self.source.provider);
        let keys = data.and_then(|data| data.answer.as_ref())?;
        Some(Reader { keys, task: self.source.model.task, wanted: 1, reach: Reach::Anywhere })
    }

    /// The request in the neutral form.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Reading<'c>, Untranslatable> {
        match self.declined {
            Some(why) => Err(why.to_owned()),
            None => read::request(&self.source, body),
        }
    }

    /// The stand-in's request, unless the user's policy forbids it.
    pub(crate) fn translate(
        &self,
        config: &Config,
        standing: &Standing,
        stand_in: &StandIn<'_>,
        reading: &Reading<'_>,
    ) -> Result<Translation, Untranslatable> {
        let name = stand_in.provider.proper();
        if self.is_inline(config, &reading.form) && !standing.has_media_hosts() {
            return Err(format!(
                "the files are wanted as data, and {name} has no host to fetch them from: add media_host(..)"
            ));
        }
        if !config.variants && stand_in.model.substitution() == Substitution::Variant {
            let model = &stand_in.model.id;
            return Err(format!("{name}'s {model} is a variant of the model, and variants are refused"));
        }
        let translation = write::request(stand_in, reading)?;
        let lossy = |kind| matches!(kind, LossKind::Dropped | LossKind::Clamped | LossKind::Approximated);
        match translation.losses.iter().find(|loss| lossy(loss.kind)) {
            Some(loss) if !config.losses => {
                Err(format!("{} would be {} for {name}, and losses are refused", loss.field, loss.kind))
            }
            _ => Ok(translation),
        }
    }

    /// Starts to talk to a stand-in.
    #[expect(clippy::too_many_arguments, reason = "each says another thing, and nobody else calls it")]
    pub(crate) fn talk(
        &self,
        config: &'c Config,
        standing: &'c Standing,
        stand_in: &StandIn<'c>,
        form: &Form,
        body: Vec<u8>,
        crossing: Crossing,
        started: Moment,
    ) -> Option<(Talk<'c>, Turn)> {
        let wait = match (&self.entrance, self.prefer) {
            (Entrance::Fal(_), _) => Wait::Always,
            (Entrance::FalQueue(_), _) | (_, None) => Wait::Never,
            (_, Some(prefer)) => Wait::Until(started.plus(prefer.wait())),
        };
        let inline = match (self.is_inline(config, form), &self.entrance) {
            (false, _) => Inline::No,
            // The answer to a submit need not hold files: its id does, and they are fetched for whoever asks for them.
            (true, _) if wait == Wait::Never => Inline::Later,
            (true, _) => Inline::Now(config.answer_limit()),
        };
        let reader = Reader {
            keys: stand_in.data.answer.as_ref()?,
            task: form.task,
            wanted: form.wanted(),
            reach: Reach::of_stand_in(standing.base.local),
        };
        let mut talk = Talk {
            standing,
            data: stand_in.data,
            catalogue: &config.catalogue,
            reader,
            wait,
            inline,
            interval: config.poll_interval,
            crossing,
            stage: Stage::Submit,
            troubles: 0,
            was_queued: false,
            born: None,
            made: false,
        };
        // Replicate holds a request for a while if it is asked to; what takes longer is asked for.
        let prefer = standing.provider == ProviderName::Replicate && wait != Wait::Never;
        let prefer = prefer.then(|| HeaderValue::from_static("wait=10"));
        let turn = talk.submit(standing.address(stand_in)?, body, prefer);
        Some((talk, turn))
    }

    fn is_prediction(&self) -> bool {
        self.source.provider == ProviderName::Replicate
    }

    fn is_inline(&self, config: &Config, form: &Form) -> bool {
        form.flag(Field::Inline)
            || (config.outputs_as_data && self.source.provider == ProviderName::Replicate)
    }

    /// The stand-in's answer in the shape of the provider that was asked.
    #[expect(clippy::too_many_arguments, reason = "each says another thing, and nobody else calls it")]
    pub(crate) fn answer(
        &self,
        config: &'c Config,
        form: &Form,
        answered: &Answered,
        body: &[u8],
        created: SystemTime,
        now: SystemTime,
        number: u64,
    ) -> Option<Response<Vec<u8>>> {
        let Answered { candidate, took, result } = answered;
        let (standing, _) = self.stand_in(config, *candidate)?;
        let output = |produced| Output {
            shape: self.source.answer,
            produced,
            seed: form.integer(Field::Seed),
            size: form.size(),
            translated: form.flag(Field::Translate),
            prompt: form.text(Field::Prompt).unwrap_or_default(),
            number,
        };
        let state = match result {
            // The files are fetched for whoever asks for the prediction: their addresses are not shown meanwhile.
            Outcome::Done(_)
                if self.prefer.is_none() && self.is_inline(config, form) && self.is_prediction() =>
            {
                State::Running
            }
            Outcome::Done(produced) => State::Done(output(produced)),
            Outcome::Job { queued: true, .. } => State::Queued,
            Outcome::Job { .. } => State::Running,
        };
        if let (Entrance::Fal(_), State::Done(output)) = (&self.entrance, &state) {
            return Some(fal::answer(output));
        }
        let input = read::echo(self.source.data, body);
        let issue = Issue {
            asked: self.source.provider,
            model: &self.source.model.id,
            version: self.version.as_ref().and_then(Version::hash),
            stand_in: standing.provider,
            held: match result {
                Outcome::Done(produced) => Held::Done(produced.clone()),
                Outcome::Job { id, .. } => Held::Job(id.clone()),
            },
            seed: form.integer(Field::Seed),
            size: form.size(),
            count: form.wanted(),
            translated: form.flag(Field::Translate),
            took: matches!(result, Outcome::Done(_)).then_some(*took),
            inline: self.is_inline(config, form),
            created,
            echo: Record {
                produced: None,
                prompt: form.text(Field::Prompt).map(str::to_owned),
                input: input.clone(),
            },
            number,
        };
        let id = issue.id(&config.records);
        if self.source.provider == ProviderName::Fal {
            let app = shape::queue::app(&self.source.model.id);
            return Some(Job { origin: self.origin, app, id: &id }.submitted());
        }
        let prediction = Prediction {
            id: &id,
            model: &self.source.model.id,
            version: self.version.as_ref().and_then(Version::hash),
            input: &input,
            origin: self.origin,
            created,
            now,
            took: Some(*took),
        };
        Some(prediction.created(&state, self.prefer))
    }
}
