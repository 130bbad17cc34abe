//! Who stands in for a model that writes, and how long each may take.

use std::collections::BTreeMap;
use std::time::Duration;

use failover_core::{Backoff, Candidate, Jitter, Limits, ModelId, Policy};

use super::plans::Domains;
use super::writers::{self, ANY, Fallback, Writer};
use crate::chat::{Speaker, StreamPolicy};
use crate::error::ConfigError;
use crate::origin::Origin;
use crate::provider::ProviderName;
use crate::settings::Settings;

/// After this long without an answer, a request to the asked provider that nobody waits for any more counts against it: a long
/// answer takes about so long, at a slow model's 30 tokens a second.
const SILENCE: Duration = Duration::from_secs(120);

/// Before a provider that gave no hint is asked again: 0.1 s to 0.2 s, then 0.2 s to 0.3 s. Never at once, as whoever throttles would
/// throttle that too (S02 of the Failover Bench), and three attempts still leave time to ask another within a second (S04).
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest that a stand-in may take for a whole answer, unless the user says otherwise.
const USUAL_LIMIT: Duration = Duration::from_secs(120);

/// Who is asked for what, of text.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) speakers: Vec<Speaker>,
    /// Where those are asked by callers for whom anybody stands in.
    pub(crate) origins: Vec<(usize, Origin)>,
    /// For each of them, by its own name of the model: nobody, if it would be the model itself alone.
    plans: Vec<BTreeMap<String, Option<ChatPlan>>>,
    /// For each of them, for all other models.
    others: Vec<Option<ChatPlan>>,
    pub(crate) policy: Policy,
    /// Who has a key and stands in, in this order.
    pub(crate) order: Vec<usize>,
    /// The longest that one attempt may take, where the caller asks no provider of its own.
    pub(crate) limit: Duration,
    /// Likewise, the whole call.
    pub(crate) deadline: Option<Duration>,
    pub(crate) streams: StreamPolicy,
    pub(crate) buffer: usize,
    /// What `fallbacks` name that is in no table.
    pub(crate) unlisted: Vec<String>,
}

/// Who is asked for a model: its own provider, then those who stand in.
#[derive(Clone, Debug)]
pub(crate) struct ChatPlan {
    /// For a whole answer.
    pub(crate) whole: Vec<Candidate>,
    /// Likewise, where the caller's own request can be sent once only.
    pub(crate) once: Vec<Candidate>,
    /// For a stream.
    pub(crate) streamed: Vec<Candidate>,
    /// For a stream of the asked provider's or a whole answer of anybody else's, where the caller's own request can be sent once
    /// only.
    pub(crate) streamed_once: Vec<Candidate>,
    /// The limits of the asked provider's stream.
    own_stream: Limits,
    /// From the second candidate on; from the first on, but for the asked provider's place.
    pub(crate) stand_ins: Vec<Writer>,
    /// The asked provider's place among the candidates.
    pub(crate) own: usize,
}

impl Texts {
    pub(super) fn new(settings: &Settings, domains: &mut Domains) -> Result<Self, ConfigError> {
        let speakers = Speaker::all(settings)?;
        let by_table = writers::by_table(settings, &speakers)?;
        let fallbacks = settings.texts.fallbacks.iter();
        let fallbacks = fallbacks.map(|(model, by)| Fallback::new(model, by, settings, &speakers));
        let fallbacks = fallbacks.collect::<Result<Vec<_>, _>>()?;
        let mut models = Models::default();
        let (mut plans, mut others) = (Vec::new(), Vec::new());
        for (place, speaker) in speakers.iter().enumerate() {
            let said = |name: &str| {
                let own = fallbacks.iter().filter(|it| it.model == name && it.is_for(place));
                // What is said of this provider's model goes over what is said of all of that name.
                own.max_by_key(|it| it.asked.is_some()).map(|it| it.writers.clone())
            };
            let mut own = BTreeMap::new();
            let rows = speaker.data.models.iter().map(|row| (row.id.as_str(), Some(row.class.as_str())));
            let named = fallbacks
                .iter()
                .filter(|it| it.model != ANY && it.is_for(place) && speaker.model(it.model).is_none());
            // Who stands in for all others does not for itself.
            let all = said(ANY).unwrap_or_default();
            let itself = all.iter().filter(|it| it.speaker == place && speaker.model(&it.model).is_none());
            let unlisted = named.map(|it| it.model).chain(itself.map(|it| it.model.as_str()));
            for (name, class) in rows.chain(unlisted.map(|name| (name, None))) {
                let table = || {
                    let others = by_table.iter().filter(|it| **it != place);
                    Some(
                        others.filter_map(|it| writers::first_of(&speakers, *it, class?)).collect::<Vec<_>>(),
                    )
                };
                let writers = said(name).or_else(|| said(ANY)).or_else(table).unwrap_or_default();
                let writers = writers::without_itself(writers, place, name);
                let mut plan = |by| plan(speaker, name, by, &speakers, settings, (domains, &mut models));
                let plan = if writers.is_empty() { None } else { Some(plan(writers)?) };
                own.insert(name.to_owned(), plan);
            }
            plans.push(own);
            let any = Some(all).filter(|writers| !writers.is_empty());
            let any = any.map(|by| plan(speaker, ANY, by, &speakers, settings, (domains, &mut models)));
            others.push(any.transpose()?);
        }
        let texts = &settings.texts;
        let waits = Backoff::exponential(FIRST_WAIT).jitter(Jitter::Additive);
        let policy = Policy::new().retries(texts.retries.into()).patience(texts.patience).backoff(waits);
        let policy = settings.deadline.map_or(policy, |deadline| policy.deadline(deadline));
        let (streams, buffer) = (texts.streams, texts.buffer);
        let (order, deadline) = (by_table, settings.deadline);
        let limit = settings.stand_in_limit.unwrap_or(USUAL_LIMIT);
        let (origins, unlisted) = (Vec::new(), writers::unlisted(settings, &speakers));
        let mut all = Self {
            speakers,
            origins,
            plans,
            others,
            policy,
            order,
            limit,
            deadline,
            streams,
            buffer,
            unlisted,
        };
        all.origins = all.found(settings)?;
        Ok(all)
    }

    fn found(&self, settings: &Settings) -> Result<Vec<(usize, Origin)>, ConfigError> {
        let mut origins = Vec::new();
        for (place, speaker) in self.speakers.iter().enumerate() {
            let further = settings.provider_urls.iter().filter(|(known, _)| *known == speaker.provider);
            let own = speaker.origin().into_iter().map(Ok);
            let further = further.map(|(provider, text)| {
                let refused = |problem| settings.refuse("provider_url", Some(provider.as_str()), problem);
                Origin::parse(text).map_err(refused)
            });
            let all = further.chain(own).collect::<Result<Vec<_>, _>>()?;
            // Who has no stand-in is not looked for.
            if self.is_any(place) {
                origins.extend(all.into_iter().map(|origin| (place, origin)));
            }
        }
        Ok(origins)
    }

    /// Whether anybody stands in for any of this provider's models.
    fn is_any(&self, speaker: usize) -> bool {
        self.plans.get(speaker).is_some_and(|plans| plans.values().any(Option::is_some))
            || self.others.get(speaker).is_some_and(Option::is_some)
    }

    /// For how many of this provider's models anybody stands in, and of how many in the tables.
    pub(super) fn served(&self, speaker: usize) -> (usize, usize) {
        let rows = self.speakers.get(speaker).map_or(&[][..], |speaker| &speaker.data.models);
        let served = rows.iter().filter(|row| self.plan(speaker, &row.id).is_some());
        (served.count(), rows.len())
    }

    /// This provider's models that stand in by the tables, one of each class.
    pub(super) fn usual(&self, speaker: usize) -> Vec<&str> {
        let Some(Speaker { data, .. }) = self.speakers.get(speaker) else { return Vec::new() };
        let mut first: Vec<(&str, &str)> = Vec::new();
        for row in data.models.iter().filter(|row| !row.asked_only) {
            if first.iter().all(|(class, _)| *class != row.class) {
                first.push((&row.class, &row.id));
            }
        }
        first.into_iter().map(|(_, id)| id).collect()
    }

    /// Whether the user names one of this provider's models as a stand-in.
    pub(super) fn is_chosen(&self, speaker: usize) -> bool {
        let named = self.plans.iter().flat_map(BTreeMap::values);
        let plans = named.chain(&self.others).flatten();
        plans.flat_map(|plan| &plan.stand_ins).any(|writer| writer.chosen && writer.speaker == speaker)
    }

    /// Who is asked for this provider's model, if anybody but itself may answer.
    pub(crate) fn plan(&self, speaker: usize, model: &str) -> Option<&ChatPlan> {
        match self.plans.get(speaker)?.get(model) {
            Some(own) => own.as_ref(),
            None => self.others.get(speaker)?.as_ref(),
        }
    }

    /// Whether the user says by name who stands in for this provider's model.
    pub(crate) fn is_named(&self, speaker: usize, model: &str) -> bool {
        self.plans.get(speaker).is_some_and(|plans| plans.get(model).is_some_and(Option::is_some))
    }

    /// The models of this provider for which somebody stands in by name, of the tables or not.
    pub(super) fn named(&self, speaker: usize) -> impl Iterator<Item = &str> {
        self.plans.get(speaker).into_iter().flat_map(|plans| plans.keys().map(String::as_str))
    }

    /// The place of the provider of this name.
    pub(crate) fn place(&self, provider: ProviderName) -> Option<usize> {
        self.speakers.iter().position(|speaker| speaker.provider == provider)
    }
}

impl ChatPlan {
    /// The same plan in this order of providers, which may hold the asked one, in its turn.
    pub(crate) fn ordered(&self, asked: ProviderName, order: &[ProviderName], speakers: &[Speaker]) -> Self {
        let (mut places, mut own) = (Vec::new(), None);
        for name in order {
            if *name == asked {
                own = own.or(Some(places.len()));
            }
            let of = |writer: &Writer| speakers.get(writer.speaker).is_some_and(|it| it.provider == *name);
            let found = self.stand_ins.iter().enumerate().filter(|(_, writer)| of(writer));
            let new: Vec<_> = found.map(|(place, _)| place).filter(|place| !places.contains(place)).collect();
            places.extend(new);
        }
        let own = own.unwrap_or(0);
        let listed = |all: &[Candidate]| {
            let chosen = places.iter().filter_map(|place| all.get(place + 1).copied());
            let mut chosen: Vec<_> = chosen.collect();
            if let Some(first) = all.first() {
                chosen.insert(own.min(chosen.len()), *first);
            }
            chosen
        };
        Self {
            whole: listed(&self.whole),
            once: listed(&self.once),
            streamed: listed(&self.streamed),
            streamed_once: listed(&self.streamed_once),
            own_stream: self.own_stream,
            stand_ins: places.iter().filter_map(|place| self.stand_ins.get(*place).cloned()).collect(),
            own,
        }
    }

    /// With these limits for the asked provider's whole answer, and for the first token of its stream.
    pub(crate) fn within(&mut self, limit: Duration) {
        let own = self.own;
        for list in [&mut self.whole, &mut self.once] {
            if let Some(candidate) = list.get_mut(own) {
                *candidate = candidate.limits(Limits::NONE.with_silence(SILENCE).with_total(limit));
            }
        }
        let first = self.own_stream.first_answer().map_or(limit, |first| first.min(limit));
        for list in [&mut self.streamed, &mut self.streamed_once] {
            if let Some(candidate) = list.get_mut(own) {
                *candidate = candidate.limits(self.own_stream.with_first_answer(first));
            }
        }
    }
}

/// The models by name: a request that is too long for one of them is too long for it everywhere.
#[derive(Default)]
struct Models(Vec<String>);

impl Models {
    fn intern(&mut self, name: &str) -> ModelId {
        let place = self.0.iter().position(|known| known == name).unwrap_or(self.0.len());
        if place == self.0.len() {
            self.0.push(name.to_owned());
        }
        ModelId::new(u32::try_from(place).unwrap_or(u32::MAX))
    }
}

fn plan(
    asked: &Speaker,
    model: &str,
    writers: Vec<Writer>,
    speakers: &[Speaker],
    settings: &Settings,
    (domains, models): (&mut Domains, &mut Models),
) -> Result<ChatPlan, ConfigError> {
    let texts = &settings.texts;
    let first = settings.stand_in_limit.map_or(texts.first_token, |limit| limit.min(texts.first_token));
    let streamed = Limits::NONE.with_first_answer(first).with_idle(texts.idle);
    let half = settings.deadline.map(|deadline| deadline / 2).filter(|half| !half.is_zero());
    let own_limit = settings.primary_limit.or(half);
    let limited = |limits: Limits, limit: Option<Duration>| limit.map_or(limits, |it| limits.with_total(it));
    let domain = domains.intern(&format!("{}/{model}", asked.provider))?;
    let own = Candidate::new(domain);
    // Of a model without a line of its own nobody knows whether it is another's.
    let own = if model == ANY { own } else { own.model(models.intern(model)) };
    let whole = own.limits(limited(Limits::NONE.with_silence(SILENCE), own_limit));
    // The first token is due within that limit; how long a stream goes on, nobody knows.
    let first = own_limit.map_or(texts.first_token, |limit| limit.min(texts.first_token));
    let own_stream = limited(Limits::NONE.with_first_answer(first).with_idle(texts.idle), texts.stream_limit);
    let mut plan = ChatPlan {
        whole: vec![whole],
        once: vec![whole.retries(0)],
        streamed: vec![own.limits(own_stream)],
        streamed_once: vec![own.limits(own_stream).retries(0)],
        own_stream,
        stand_ins: Vec::new(),
        own: 0,
    };
    for writer in writers {
        let Some(speaker) = speakers.get(writer.speaker) else { continue };
        let domain = domains.intern(&format!("{}/{}", speaker.provider, writer.model))?;
        let candidate = Candidate::new(domain).model(models.intern(&writer.model));
        let limit = settings.stand_in_limit.unwrap_or(USUAL_LIMIT);
        let whole = candidate.limits(Limits::NONE.with_total(limit));
        plan.whole.push(whole);
        plan.once.push(whole);
        plan.streamed_once.push(whole);
        plan.streamed.push(candidate.limits(limited(streamed, texts.stream_limit)));
        plan.stand_ins.push(writer);
    }
    Ok(plan)
}
