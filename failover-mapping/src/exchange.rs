//! One request that is ours, from the first attempt to the answer: it is told what each provider said, and says what that
//! means and what to do next.

use std::fmt;
use std::time::SystemTime;

use failover_core::{Candidate, Fault, Launch, Moment, Outcome, Policy};
use http::{HeaderMap, StatusCode};

use crate::cache::Scope;
use crate::config::{Config, first_answer};
use crate::data::Field;
use crate::errand::{Cast, Errand};
use crate::flight::{Flight, Step};
use crate::follow::{FAILED, Found};
use crate::generation::{self, Answered, Generation};
use crate::history::{History, Names};
use crate::observe::Watch;
use crate::read::Reading;
use crate::recall::Recall;
use crate::route::Crossing;
use crate::shape::{self, Wanted};
use crate::talk::{End, Stage, Talk, Turn};

/// One request that is ours.
///
/// An adapter asks it what to send to stand-ins, tells it what every attempt came to, and takes the answer and the
/// provenance from it. It costs nothing that is not needed: a healthy provider's request is never parsed, and its answer
/// never touched.
pub struct Exchange<'c, 'b> {
    pub(crate) config: &'c Config,
    pub(crate) errand: Errand<'c, 'b>,
    policy: &'c Policy,
    pub(crate) crossing: Crossing,
    pub(crate) body: &'b [u8],
    pub(crate) history: History,
    pub(crate) reading: Option<Result<Reading<'c>, String>>,
    talk: Option<Talk<'c>>,
    pub(crate) answered: Option<Answered>,
    pub(crate) found: Option<Found>,
    pub(crate) began_queued: bool,
    /// None where the cache has no part in it.
    pub(crate) recall: Option<Box<Recall<'c>>>,
    pub(crate) watch: Watch<'c>,
}

impl<'c, 'b> Exchange<'c, 'b> {
    pub(crate) const fn new(
        config: &'c Config,
        errand: Errand<'c, 'b>,
        policy: &'c Policy,
        crossing: Crossing,
        body: &'b [u8],
        started: Moment,
    ) -> Self {
        Self {
            config,
            policy,
            crossing,
            body,
            history: History::new(started, !matches!(errand, Errand::Follow(_))),
            reading: None,
            talk: None,
            answered: None,
            found: None,
            began_queued: false,
            recall: None,
            watch: Watch::new(&config.listeners),
            errand,
        }
    }

    /// The same for this caller, with the cache, if there is one. A request that nobody else could serve is none that may be
    /// answered by what came before: it may have a webhook.
    pub(crate) fn for_caller(mut self, scope: Option<Scope>) -> Self {
        let Errand::Generation(generation) = &self.errand else { return self };
        // Who hangs is followed no longer than an answer usually takes.
        let usual = self.history.started.plus(first_answer(generation.source.model.task));
        let ends = self.policy.ends(self.history.started).map_or(usual, |ends| ends.min(usual));
        let recall =
            scope.and_then(|scope| Recall::new(self.config, generation, scope, self.body, Some(ends)));
        if recall.is_some() && self.reading.get_or_insert_with(|| generation.read(self.body)).is_ok() {
            self.recall = recall;
        }
        self
    }

    /// Who may be asked: the provider that the caller asked, then those who stand in for it. Of a job that was failed over,
    /// the provider that works on it, or nobody if the answer is known.
    #[must_use]
    pub fn candidates(&self) -> &'c [Candidate] {
        self.errand.candidates(self.config)
    }

    /// What the user wants of such a call.
    #[must_use]
    pub const fn policy(&self) -> &'c Policy {
        self.policy
    }

    /// Whether this attempt is the caller's own request, to be sent as it came through the caller's own client. All others
    /// begin with [`ask`](Self::ask).
    #[must_use]
    pub const fn is_own(&self, launch: &Launch) -> bool {
        self.errand.is_own(launch)
    }

    /// What is generated, if that is what the request is for.
    pub(crate) fn generation(&self) -> Option<&Generation<'c, 'b>> {
        match &self.errand {
            Errand::Generation(generation) => Some(generation),
            Errand::Chat(_) | Errand::Follow(_) | Errand::Version { .. } => None,
        }
    }

    /// Begins an attempt on a stand-in.
    #[must_use]
    pub fn ask(&mut self, flight: &Flight, now: Moment) -> Step {
        if matches!(self.errand, Errand::Chat(_)) {
            return self.ask_chat(flight, now);
        }
        let turn = match self.begin(flight) {
            Ok(turn) => turn,
            // Nothing is sent: the caller's request cannot be translated.
            Err(reason) => {
                self.history.note = Some(format!("no translation was possible: {reason}"));
                self.tell_ended(flight, None, Some(Fault::Unsupported), false, now);
                return Step::Done(Fault::Unsupported.into());
            }
        };
        self.step(flight, turn, None, now)
    }

    fn begin(&mut self, flight: &Flight) -> Result<Turn, String> {
        const UNKNOWN: &str = "the stand-in has no way to be asked";
        let (talk, turn) = match &self.errand {
            Errand::Follow(follow) => {
                let talk = follow.talk(self.config, self.crossing.clone(), self.history.started);
                let mut talk = talk.ok_or(UNKNOWN)?;
                let turn = talk.go_on();
                (talk, turn)
            }
            Errand::Generation(generation) => {
                let reading = match self.reading.get_or_insert_with(|| generation.read(self.body)) {
                    Ok(reading) => reading,
                    Err(reason) => return Err(reason.clone()),
                };
                let candidate = flight.launch.candidate;
                let (standing, stand_in) = generation.stand_in(self.config, candidate).ok_or(UNKNOWN)?;
                let translation = generation.translate(self.config, standing, &stand_in, reading)?;
                self.history.losses = translation.losses;
                let (crossing, started) = (self.crossing.clone(), self.history.started);
                let body = translation.body;
                generation
                    .talk(self.config, standing, &stand_in, &reading.form, body, crossing, started)
                    .ok_or(UNKNOWN)?
            }
            Errand::Chat(_) | Errand::Version { .. } => return Err(UNKNOWN.to_owned()),
        };
        self.talk = Some(talk);
        Ok(turn)
    }

    /// The stand-in answered with this.
    ///
    /// Its answer is always checked. A refusal of it never reaches the caller.
    #[must_use]
    pub fn answered(
        &mut self,
        flight: &Flight,
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        now: Moment,
        wall: impl Fn() -> SystemTime,
    ) -> Step {
        if matches!(self.errand, Errand::Chat(_)) {
            return self.answered_chat(flight, (status, headers, body), now, wall);
        }
        match &mut self.talk {
            Some(talk) => {
                let turn = talk.heard(status, headers, body, now, wall);
                self.step(flight, turn, Some(status), now)
            }
            None => Step::Done(Fault::Broken.into()),
        }
    }

    /// The stand-in did not answer.
    #[must_use]
    pub fn failed(&mut self, flight: &Flight, fault: Fault, now: Moment) -> Step {
        if matches!(self.errand, Errand::Chat(_)) {
            return self.failed_chat(flight, fault, now);
        }
        match &mut self.talk {
            Some(talk) => {
                let turn = talk.lost(fault, now);
                self.step(flight, turn, None, now)
            }
            None => Step::Done(fault.into()),
        }
    }

    /// The pause is over.
    #[must_use]
    pub fn resumed(&mut self, flight: &Flight, now: Moment) -> Step {
        match &mut self.talk {
            Some(talk) => {
                let turn = talk.go_on();
                self.step(flight, turn, None, now)
            }
            None => Step::Done(Fault::Broken.into()),
        }
    }

    fn step(&mut self, flight: &Flight, turn: Turn, status: Option<StatusCode>, now: Moment) -> Step {
        let left = flight.left(now);
        let late = match &turn {
            Turn::Send(_) => left.is_some_and(|left| left.is_zero()),
            Turn::Pause(pause) => left.is_some_and(|left| left <= *pause),
            Turn::End(_) => false,
        };
        let turn = match &self.talk {
            Some(talk) if late => talk.expired(),
            _ => turn,
        };
        match turn {
            Turn::Send(request) => {
                let question = self.talk.as_ref().and_then(|talk| talk.question(now));
                let limit = [left, question].into_iter().flatten().min();
                Step::Send { request, limit }
            }
            Turn::Pause(pause) => {
                self.began_queued |= matches!(&self.talk, Some(talk) if talk.was_queued);
                Step::Pause(pause)
            }
            Turn::End(end) => Step::Done(self.ended(flight, end, status, now)),
        }
    }

    fn ended(
        &mut self,
        flight: &Flight,
        end: End,
        status: Option<StatusCode>,
        now: Moment,
    ) -> Outcome<'static> {
        let job = matches!(&self.talk, Some(Talk { stage: Stage::Job(_), .. }));
        let made = self.talk.as_ref().is_some_and(|talk| talk.made);
        let (fault, retry_after) = match end {
            End::Done(produced) => {
                self.take(flight, generation::Outcome::Done(produced), now);
                (None, None)
            }
            End::Job { id, queued } => {
                self.take(flight, generation::Outcome::Job { id, queued }, now);
                (None, None)
            }
            // The job is at its end, which is what was asked for.
            End::Failed { fault: Fault::ErrorInSuccess | Fault::Empty, note, .. }
                if job && matches!(self.errand, Errand::Follow(_)) =>
            {
                let (name, ..) =
                    Cast { config: self.config, errand: &self.errand }.named(flight.launch.candidate);
                self.history.note = Some(note.unwrap_or_else(|| format!("{}'s job failed", name.proper())));
                self.found = Some(Found::Failed(FAILED));
                (None, None)
            }
            End::Failed { fault, retry_after, note } => {
                self.history.note = note.or(self.history.note.take());
                (Some(fault), retry_after)
            }
        };
        self.talk = None;
        let cast = Cast { config: self.config, errand: &self.errand };
        let (provider, model, _) = cast.named(flight.launch.candidate);
        self.history.record(flight, (provider, model), status, fault, now);
        if made && fault.is_some() {
            self.history.last_was_made();
        }
        let maybe_billed = self.history.attempts.last().is_some_and(|attempt| attempt.maybe_billed);
        self.tell_ended(flight, status, fault, maybe_billed, now);
        match fault {
            None => Outcome::Answered,
            Some(fault) => Outcome::Failed { fault, retry_after },
        }
    }

    /// Keeps a good answer, as far as it was asked for, and what it lacks.
    fn take(&mut self, flight: &Flight, result: generation::Outcome, now: Moment) {
        self.history.note = None; // what an earlier attempt left behind
        match (&self.errand, result) {
            (Errand::Follow(follow), generation::Outcome::Done(mut produced)) => {
                self.history.losses = follow.losses(&produced);
                produced.files.truncate(follow.wanted());
                self.found = Some(Found::Done(produced));
            }
            (Errand::Follow(_), generation::Outcome::Job { queued, .. }) => {
                self.found = Some(Found::Going { queued })
            }
            (Errand::Generation(generation), mut result) => {
                if let (Some(Ok(reading)), generation::Outcome::Done(produced)) = (&self.reading, &mut result)
                {
                    let source = &generation.source;
                    // Whoever names the language knows it.
                    if let Some(transcript) = &mut produced.transcript
                        && transcript.language.is_none()
                    {
                        transcript.language = reading.form.text(Field::Language).map(str::to_owned);
                    }
                    let lost =
                        shape::losses(source.answer, source.inputs, Wanted::by(&reading.form), produced);
                    self.history.losses.extend(lost);
                    produced.files.truncate(reading.form.wanted());
                }
                let took = now.since(flight.began);
                self.answered = Some(Answered { candidate: flight.launch.candidate, took, result });
            }
            (Errand::Chat(_) | Errand::Version { .. }, _) => {}
        }
    }
}

// Prompts, and URLs of files, are the caller's, so neither is ever printed.

impl fmt::Debug for Exchange<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (provider, model) = self.errand.primary();
        f.debug_struct("Exchange")
            .field("provider", &provider)
            .field("model", &model)
            .field("attempts", &self.history.attempts)
            .finish_non_exhaustive()
    }
}
