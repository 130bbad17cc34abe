//! A question for a job that was failed over: its state, its result, its end. It never starts another generation.
//!
//! The job's id says where it is ([`Ticket`]). What lies here already is answered at once; a stand-in's job is asked for.

use std::time::{Duration, SystemTime};

use failover_core::{Candidate, Moment};
use http::Response;

use crate::config::Config;
use crate::data::{Answer, Input, Model, Substitution, Task};
use crate::form::Produced;
use crate::gather::Reader;
use crate::loss::Loss;
use crate::media::Reach;
use crate::origin::{Origin, Site};
use crate::provenance::Asked;
use crate::provider::ProviderName;
use crate::route::Crossing;
use crate::shape::queue::{self, Job};
use crate::shape::replicate::{self, Prediction};
use crate::shape::{self, Output, State};
use crate::standing::Standing;
use crate::talk::{Inline, Stage, Talk, Wait};
use crate::ticket::{self, Held, Record, Ticket};

/// What is wanted of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    State {
        logs: bool,
    },
    /// Its states until it ends.
    Stream {
        logs: bool,
    },
    Result,
    Cancel,
    /// Something that no job has.
    Nothing,
}

/// A question for a job.
#[derive(Debug)]
pub(crate) struct Follow<'c> {
    origin: &'c Origin,
    site: Site,
    /// FAL's app, as the path names it.
    app: String,
    id: String,
    wish: Wish,
    /// None if the id is not one that can be read, or names what this configuration does not know.
    known: Option<Known<'c>>,
}

#[derive(Debug)]
struct Known<'c> {
    ticket: Ticket,
    record: Record,
    /// The provider that was asked, and its name of the model.
    primary: (ProviderName, &'c str),
    inputs: &'c [Input],
    shape: Answer,
    /// Who stands in, and whether it still does.
    by: ProviderName,
    standing: Option<&'c Standing>,
    /// That provider's name of the model, as far as it still has one.
    stand_in: &'c str,
    task: Task,
    variant: Substitution,
}

/// What came of asking.
pub(crate) enum Found {
    Done(Produced),
    Going {
        queued: bool,
    },
    /// In words for a person.
    Failed(&'static str),
}

/// What the caller hears of a job that failed. Why it did is the stand-in's secret, and in the provenance as far as known.
pub(crate) const FAILED: &str = "The request failed at the provider that stood in for this one.";
const GONE: &str = "The result is not kept any more.";
const NEVER: &str = "The provider that stood in for this one has not finished the request in a day.";
const LOST: &str = "The provider that stood in for this one is not asked any more.";

/// Whoever says for so long that it is not finished never will. Providers keep what they made for less.
const LONGEST_JOB: Duration = Duration::from_secs(24 * 60 * 60);

/// A stream of states ends after this long at the latest, with the state that it has come to.
const LONGEST_STREAM: Duration = Duration::from_secs(600);

impl<'c> Follow<'c> {
    pub(crate) fn new(
        config: &'c Config,
        origin: &'c Origin,
        site: Site,
        app: String,
        id: String,
        wish: Wish,
    ) -> Self {
        let known = Known::of(config, site, &app, &id);
        Self { origin, site, app, id, wish, known }
    }

    /// Who is asked: nobody, where the answer is known.
    pub(crate) fn candidates(&self) -> &'c [Candidate] {
        match &self.known {
            Some(Known { standing: Some(standing), .. }) if self.must_ask() => &standing.jobs,
            _ => &[],
        }
    }

    fn must_ask(&self) -> bool {
        let Some(known) = &self.known else { return false };
        let ends = match self.wish {
            Wish::Nothing => return false,
            // FAL is told that it is too late; Replicate is shown how far it is.
            Wish::Cancel if self.site == Site::FalQueue => return false,
            Wish::State { .. } | Wish::Stream { .. } | Wish::Cancel => self.site == Site::Replicate,
            Wish::Result => true,
        };
        match &known.ticket.held {
            Held::Job(_) => known.standing.is_some(),
            Held::Done(produced) => ends && known.must_fetch(produced),
            Held::Stored(_) => {
                ends && known.record.produced.as_ref().is_some_and(|produced| known.must_fetch(produced))
            }
        }
    }

    /// Starts to talk to the stand-in.
    pub(crate) fn talk(&self, config: &'c Config, crossing: Crossing, started: Moment) -> Option<Talk<'c>> {
        let known = self.known.as_ref()?;
        let (standing, data) = (known.standing?, config.catalogue.provider(known.by)?);
        let inline = known.ticket.inline && (self.wish == Wish::Result || self.site == Site::Replicate);
        let stage = match (&known.ticket.held, &known.record.produced) {
            (Held::Job(id), _) => Stage::Job(id.clone()),
            (Held::Done(produced), _) | (Held::Stored(_), Some(produced)) => {
                Stage::Fetch { produced: produced.clone(), next: 0, bytes: 0 }
            }
            (Held::Stored(_), None) => return None,
        };
        Some(Talk {
            standing,
            data,
            catalogue: &config.catalogue,
            reader: Reader {
                keys: data.answer.as_ref()?,
                task: known.task,
                wanted: self.wanted(),
                reach: Reach::of_stand_in(standing.base.local),
            },
            wait: match self.wish {
                Wish::Stream { .. } => Wait::Until(started.plus(LONGEST_STREAM)),
                Wish::State { .. } | Wish::Result | Wish::Cancel | Wish::Nothing => Wait::Never,
            },
            inline: if inline { Inline::Now(config.answer_limit()) } else { Inline::No },
            interval: config.poll_interval,
            crossing,
            stage,
            troubles: 0,
            was_queued: false,
            born: Some(known.ticket.created()),
            made: !matches!(known.ticket.held, Held::Job(_)),
        })
    }

    /// Whether the result lies here, so that nobody has to be asked for it.
    pub(crate) fn is_held(&self) -> bool {
        self.known.as_ref().is_some_and(|known| match &known.ticket.held {
            Held::Job(_) => false,
            Held::Done(_) => true,
            Held::Stored(_) => known.record.produced.is_some(),
        })
    }

    /// How many files were asked for.
    pub(crate) fn wanted(&self) -> usize {
        let count = self.known.as_ref().and_then(|known| known.ticket.count);
        count.map_or(1, |count| count as usize).max(1)
    }

    /// What the result lacks, and what it holds beyond what was asked for.
    pub(crate) fn losses(&self, produced: &Produced) -> Vec<Loss> {
        let Some(known) = &self.known else { return Vec::new() };
        let Ticket { seed, translated, .. } = known.ticket;
        let wanted = shape::Wanted { count: self.wanted(), seed, translated };
        shape::losses(known.shape, known.inputs, wanted, produced)
    }

    /// Who was asked at first, and the model.
    pub(crate) fn primary(&self) -> (ProviderName, &'c str) {
        self.known.as_ref().map_or((self.site.provider(), ""), |known| known.primary)
    }

    /// Who stands in, and with which model.
    pub(crate) fn stand_in(&self) -> Option<(ProviderName, &'c str, Substitution)> {
        self.known.as_ref().map(|known| (known.by, known.stand_in, known.variant))
    }

    pub(crate) fn asked(&self) -> Asked {
        let (provider, model) = self.primary();
        let url = match self.site {
            Site::Replicate => format!("{}/v1/predictions/..", self.origin),
            Site::Fal | Site::FalQueue => format!("{}/{}/requests/..", self.origin, queue::app(model)),
        };
        Asked { provider, model: model.to_owned(), url, job: true, api: None }
    }

    /// The answer, in the shape of the provider that was asked. `found` is what the stand-in said, if it was asked.
    pub(crate) fn answer(
        &self,
        found: Option<&Found>,
        began_queued: bool,
        now: SystemTime,
    ) -> Response<Vec<u8>> {
        let Some(known) = self.known.as_ref().filter(|_| self.wish != Wish::Nothing) else {
            return self.unknown();
        };
        if found.is_none() && self.must_ask() {
            return self.unreachable();
        }
        let old = now.duration_since(known.ticket.created()).is_ok_and(|age| age > LONGEST_JOB);
        let state = match (&known.ticket.held, found) {
            (_, Some(Found::Going { .. })) if old => State::Failed(NEVER),
            (_, Some(Found::Done(produced))) | (Held::Done(produced), None) => {
                known.done(produced, ticket::number(&self.id))
            }
            (_, Some(Found::Going { queued: true })) => State::Queued,
            (_, Some(Found::Going { queued: false })) => State::Running,
            (_, Some(Found::Failed(why))) => State::Failed(why),
            (Held::Stored(_), None) => match &known.record.produced {
                Some(produced) => known.done(produced, ticket::number(&self.id)),
                None => State::Failed(GONE),
            },
            (Held::Job(_), None) if self.wish == Wish::Cancel && self.site == Site::FalQueue => {
                State::Running
            }
            (Held::Job(_), None) => State::Failed(LOST),
        };
        if self.site == Site::Replicate {
            let prediction = Prediction {
                id: &self.id,
                model: known.primary.1,
                version: known.ticket.version.as_deref(),
                input: &known.record.input,
                origin: self.origin,
                created: known.ticket.created(),
                now: known.ticket.ended().unwrap_or(now),
                took: None,
            };
            return prediction.state(&state);
        }
        let job = self.job();
        match self.wish {
            Wish::State { logs } => job.state(&state, logs),
            Wish::Stream { logs } => {
                let before = if began_queued {
                    [State::Queued, State::Running]
                } else {
                    [State::Running, State::Running]
                };
                let skipped = usize::from(!began_queued);
                let states: Vec<_> = before.into_iter().skip(skipped).chain([state]).collect();
                job.stream(&states, logs)
            }
            Wish::Result => job.result(&state),
            Wish::Cancel | Wish::Nothing => job.cancelled(),
        }
    }

    fn job(&self) -> Job<'_> {
        Job { origin: self.origin, app: &self.app, id: &self.id }
    }

    fn unknown(&self) -> Response<Vec<u8>> {
        match self.site {
            Site::Replicate => replicate::unknown(),
            Site::Fal | Site::FalQueue => self.job().unknown(),
        }
    }

    fn unreachable(&self) -> Response<Vec<u8>> {
        match self.site {
            Site::Replicate => replicate::unreachable(),
            Site::Fal | Site::FalQueue => self.job().unreachable(),
        }
    }
}

impl<'c> Known<'c> {
    fn of(config: &'c Config, site: Site, app: &str, id: &str) -> Option<Self> {
        let local = config.standings.iter().any(|standing| standing.base.local);
        let ticket = Ticket::read(id, local)?;
        let provider = ticket.asked().filter(|asked| *asked == site.provider())?;
        let row = config.catalogue.row(provider, &ticket.model)?;
        let source = config.catalogue.source(provider, row)?;
        if provider == ProviderName::Fal && queue::app(&source.model.id) != app {
            return None;
        }
        let by = ticket.stand_in().filter(|by| *by != provider)?;
        let stand_in = config.catalogue.stand_in(source.model, by).map(|found| found.model);
        let record = Ticket::record(id, &config.records, local);
        // A result of another kind is one that we did not write.
        let fits = |produced: &Produced| match source.model.task {
            Task::Transcription => produced.transcript.is_some(),
            Task::Image | Task::Video | Task::Speech => !produced.files.is_empty(),
        };
        let held = match &ticket.held {
            Held::Done(produced) => Some(produced),
            Held::Job(_) | Held::Stored(_) => None,
        };
        if !held.into_iter().chain(&record.produced).all(fits) {
            return None;
        }
        Some(Self {
            ticket,
            record,
            primary: (provider, &source.model.id),
            inputs: source.inputs,
            shape: source.answer,
            by,
            standing: config.standing(by),
            stand_in: stand_in.map_or("unknown", |model| &model.id),
            task: source.model.task,
            variant: stand_in.map_or(Substitution::Variant, Model::substitution),
        })
    }

    /// Whether the files are wanted as data, and are not.
    fn must_fetch(&self, produced: &Produced) -> bool {
        self.ticket.inline && produced.files.iter().any(|file| !file.url.starts_with("data:"))
    }

    fn done<'a>(&'a self, produced: &'a Produced, number: u64) -> State<'a> {
        State::Done(Output {
            shape: self.shape,
            produced,
            seed: self.ticket.seed,
            size: self.ticket.size,
            translated: self.ticket.translated,
            prompt: self.record.prompt.as_deref().unwrap_or_default(),
            number,
        })
    }
}
