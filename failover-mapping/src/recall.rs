//! Answers that came before: whether one of them serves this request, and whether its own is kept.
//!
//! Only finished results are kept, of requests that wait for theirs: FAL's synchronous ones, and predictions with `Prefer: wait`. A
//! job is not an answer, and a request with a webhook wants more than one. Nor is anything kept of a request that shows no
//! credential of its own ([`Scope`]).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use failover_core::{Entry, Moment};
use http::header::AGE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::cache::{
    AnswerLead, AnswerSearch, Answers, Cached, End, Follow, Found, Key, Record, Scope, moment,
};
use crate::config::Config;
use crate::data::Substitution;
use crate::errand::Cast;
use crate::exchange::Exchange;
use crate::flight::Body;
use crate::generation::Generation;
use crate::provenance::{Provenance, Served};
use crate::route::Entrance;

/// What there is before anybody is asked.
#[expect(clippy::exhaustive_enums, reason = "every find must be met by every adapter")]
pub enum Recalled {
    /// The answer: nobody is asked.
    Answer(Response<Vec<u8>>),
    /// Another call is fetching it: wait for that until [`Follow::until`], and recall again.
    Follow(Follow),
    /// Nothing: make the call.
    Nothing,
}

// Prompts, and URLs of files, are the caller's, so neither is ever printed.
impl fmt::Debug for Recalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(made) => f
                .debug_struct("Answer")
                .field("status", &made.status())
                .field("bytes", &made.body().len())
                .finish_non_exhaustive(),
            Self::Follow(follow) => f.debug_tuple("Follow").field(follow).finish(),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

/// What one request has to do with the cache.
pub(crate) struct Recall<'c> {
    answers: &'c Answers,
    scope: Scope,
    key: Key,
    search: AnswerSearch,
    lead: Option<AnswerLead>,
    /// The asked provider's own answer, if it is worth keeping.
    own: Option<Record>,
    /// What that provider said is the caller's, be it an answer or a refusal.
    pub(crate) handed_on: bool,
}

impl<'c> Recall<'c> {
    /// None if there is nothing to do.
    pub(crate) fn new(
        config: &'c Config,
        generation: &Generation<'_, '_>,
        scope: Scope,
        body: &[u8],
        deadline: Option<Moment>,
    ) -> Option<Box<Self>> {
        let answers = config.cache().filter(|_| scope.keep)?;
        let waits = match generation.entrance {
            Entrance::Fal(_) => true,
            Entrance::FalQueue(_) => false,
            Entrance::Model(_) | Entrance::Deployment(_) | Entrance::Version => generation.prefer.is_some(),
        };
        if !waits {
            return None;
        }
        let key = key(config, answers, generation, scope, body);
        let search = answers.search(key, deadline);
        Some(Box::new(Self { answers, scope, key, search, lead: None, own: None, handed_on: false }))
    }

    fn put(&mut self, record: Record) {
        self.answers.put(&self.key, &record);
        if let Some(lead) = self.lead.take() {
            lead.end(End::Filled(Arc::new(record)));
        }
    }
}

fn key(
    config: &Config,
    answers: &Answers,
    generation: &Generation<'_, '_>,
    scope: Scope,
    body: &[u8],
) -> Key {
    let asked = generation.asked(config);
    let parts = answers.parts().key_of(scope.whose());
    let parts = parts.text(asked.provider.as_str()).text(&asked.url).text(&asked.model).body(body);
    // Whoever may answer, in whatever order they are asked.
    let stand_ins = generation.stand_ins(config);
    let mut names: Vec<_> = stand_ins
        .filter_map(|(standing, stand_in)| {
            Some(format!("{} {} {}", standing.provider, standing.address(&stand_in)?, stand_in.model.id))
        })
        .collect();
    names.sort_unstable();
    names.iter().fold(parts, |parts, name| parts.text(name)).key()
}

impl<'c> Exchange<'c, '_> {
    /// What is known already, before anybody is asked; again after every [`Follow`]. A call that follows began when its exchange
    /// did, so its deadline holds for the waiting too.
    ///
    /// An answer of the cache carries its age: in the [`Provenance`], as `x-failover-cache` and `x-failover-age`, and as
    /// `Age` (RFC 9111).
    #[must_use]
    pub fn recall(&mut self, now: Moment, wall: impl Fn() -> SystemTime) -> Recalled {
        let Some(recall) = self.recall.as_mut().filter(|recall| recall.scope.look) else {
            return Recalled::Nothing;
        };
        let Recall { answers, key, search, .. } = &mut **recall;
        match search.next(now, || answers.fresh(key, wall()), || answers.stale(key, wall())) {
            Found::Fresh(record) => {
                let cached = Cached::before(record.at, moment(wall()));
                Recalled::Answer(self.recalled(&record, cached, [], now))
            }
            Found::Stale(record) => {
                let cached = answers.behind(&record, wall());
                Recalled::Answer(self.recalled(&record, cached, [], now))
            }
            Found::Follow(follow) => Recalled::Follow(follow),
            Found::Nothing(lead) => {
                recall.lead = Some(lead);
                Recalled::Nothing
            }
        }
    }

    /// The caller waits no longer than this for an answer: another call is followed for half of it, and the rest is left for a
    /// call of its own.
    pub fn waits_at_most(&mut self, limit: Duration) {
        let until = self.history.started.plus(limit / 2);
        if let Some(recall) = &mut self.recall {
            recall.search.hurry(until);
        }
    }

    /// The answer of this record, with its provenance.
    pub(crate) fn recalled(
        &mut self,
        record: &Record,
        cached: Cached,
        entries: impl IntoIterator<Item = Entry>,
        now: Moment,
    ) -> Response<Vec<u8>> {
        let cast = Cast { config: self.config, errand: &self.errand };
        let provenance = self.history.recalled(&cast, entries, (record, cached), now);
        let mut answer = record.response();
        answer.headers_mut().insert(AGE, HeaderValue::from(cached.age.as_secs()));
        if cached.stale {
            self.config.notify(&provenance);
        }
        self.tell_over(Some(&provenance), now);
        provenance.mark(answer.headers_mut());
        answer.extensions_mut().insert(provenance);
        answer
    }

    /// Whether a success of the asked provider is read, to be kept.
    pub(crate) const fn wants_to_keep(&self) -> bool {
        self.recall.is_some()
    }

    /// The asked provider's success, which the caller gets.
    pub(crate) fn keep_own(
        &mut self,
        (status, headers, body): (StatusCode, &HeaderMap, Body<'_>),
        wall: impl Fn() -> SystemTime,
    ) {
        let Body::Whole(body) = body else { return };
        // What is still encoded is no result that anybody can read, so it is not finished.
        let finished = self.generation().is_some_and(|it| it.is_finished(self.config, status, body));
        let (provider, model) = self.errand.primary();
        if let Some(recall) = self.recall.as_mut().filter(|_| finished) {
            let served = Served::by((provider, model, Substitution::Same));
            recall.own = Some(Record::new((status, headers, body), served, Vec::new(), wall()));
        }
    }

    /// Somebody stood in with this answer.
    pub(crate) fn keep_made(&mut self, made: &Response<Vec<u8>>, provenance: &Provenance, wall: SystemTime) {
        let finished = self.answered.as_ref().is_some_and(|answered| answered.is_done());
        let Some(recall) = self.recall.as_mut() else { return };
        match provenance.served.clone().filter(|_| finished) {
            Some(served) => {
                let answer = (made.status(), made.headers(), &made.body()[..]);
                recall.put(Record::new(answer, served, provenance.losses.clone(), wall));
            }
            None => recall.lead = None,
        }
    }

    /// Nobody stood in: the caller gets what the asked provider said, which may be kept; or, where everybody failed, an
    /// answer that came before, if there is one.
    pub(crate) fn keep_or_stale(&mut self, wall: impl Fn() -> SystemTime) -> Option<(Arc<Record>, Cached)> {
        let asked = !self.history.attempts.is_empty();
        let recall = self.recall.as_mut()?;
        if let Some(record) = recall.own.take() {
            recall.put(record);
            return None;
        }
        let lead = recall.lead.take();
        if recall.handed_on || !recall.scope.look {
            return None;
        }
        // A call that ended before anybody was asked says nothing to those who follow it.
        if let Some(lead) = lead.filter(|_| asked) {
            lead.end(End::Failed);
        }
        let record = recall.answers.stale(&recall.key, wall())?;
        let cached = recall.answers.behind(&record, wall());
        Some((record, cached))
    }
}

impl Generation<'_, '_> {
    /// Whether a success of the asked provider is a result, and all of it.
    fn is_finished(&self, config: &Config, status: StatusCode, body: &[u8]) -> bool {
        let ended = self.reader(config).is_some_and(|reader| reader.is_finished(body));
        ended && status != StatusCode::ACCEPTED
    }
}
