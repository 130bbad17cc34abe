//! The checked settings, with everything precomputed that requests have in common.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use failover_core::{Backoff, Breaker, Candidate, Limits, Policy, ProviderId};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::builder::Builder;
use crate::catalogue::Catalogue;
use crate::data::Task;
use crate::error::ConfigError;
use crate::origin::{Origin, Site};
use crate::provenance::Provenance;
use crate::provider::ProviderName;
use crate::settings::Settings;
use crate::standing::Standing;
use crate::store::Records;
use crate::triggers::Triggers;

/// What an adapter's `Failover` is made from.
pub trait FromConfig: Sized {
    /// Makes it.
    ///
    /// # Errors
    ///
    /// What the HTTP client refuses.
    fn from_config(config: Config) -> Result<Self, ConfigError>;
}

/// The settings of a `Failover`: checked, immutable, shared by all its requests.
///
/// Its `Debug` shows neither keys nor paths of URLs.
pub struct Config {
    pub(crate) catalogue: Catalogue,
    pub(crate) origins: Vec<(Site, Origin)>,
    pub(crate) standings: Vec<Standing>,
    fal: Vec<Option<Plan>>,
    replicate: Vec<Option<Plan>>,
    /// Who is asked for the page of a version on Replicate.
    pub(crate) version_page: [Candidate; 1],
    pub(crate) deployments: Vec<(String, usize)>,
    domains: Vec<String>,
    pub(crate) triggers: Triggers,
    pub(crate) variants: bool,
    pub(crate) losses: bool,
    pub(crate) outputs_as_data: bool,
    pub(crate) primary_headers: HeaderMap,
    pub(crate) poll_interval: Duration,
    pub(crate) records: Records,
    policy: Policy,
    job_policy: Policy,
    breaker: Breaker,
    request_limit: usize,
    answer_limit: usize,
    on_failover: Option<Observer>,
}

/// Who is asked for a model: its own provider, then those who stand in, in the user's order.
#[derive(Debug)]
pub(crate) struct Plan {
    /// At once.
    pub(crate) candidates: Vec<Candidate>,
    /// By way of FAL's queue, which fails apart from the rest.
    pub(crate) queued: Vec<Candidate>,
    /// The stand-ins from the second candidate on: their places, and the places of their models in their data.
    pub(crate) standings: Vec<(usize, usize)>,
}

/// After this long without an answer, a request to the asked provider that nobody waits for any more counts against it. No
/// adapter ends an attempt for it; without it, a provider that hangs would never be blamed by callers who give up
/// on their own. Thirty seconds are several times what the slowest of the image models takes; a video takes minutes.
const fn first_answer(task: Task) -> Duration {
    match task {
        Task::Image | Task::Speech | Task::Transcription => Duration::from_secs(30),
        Task::Video => Duration::from_secs(600),
    }
}

/// The longest that a stand-in may take unless the user says otherwise. Ten minutes are the limit of NexaAPI's own SDK.
const fn usual_limit(task: Task) -> Duration {
    match task {
        Task::Image | Task::Speech | Task::Transcription => Duration::from_secs(60),
        Task::Video => Duration::from_secs(600),
    }
}

/// The user's callback.
#[derive(Clone)]
pub(crate) struct Observer(pub(crate) Arc<dyn Fn(&Provenance) + Send + Sync>);

impl FromConfig for Config {
    fn from_config(config: Config) -> Result<Self, ConfigError> {
        Ok(config)
    }
}

impl Config {
    /// Settings on their own, for an adapter of your own.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    pub(crate) fn new(settings: Settings) -> Result<Self, ConfigError> {
        check_settings(&settings)?;
        settings.triggers.check()?;
        let catalogue = Catalogue::with(settings.nexa_dialect, &settings.data)?;
        let mut domains = Domains::default();
        let mut standings = Vec::new();
        for provider in &settings.stand_ins {
            let jobs = domains.intern(&format!("{provider} (jobs)"))?;
            let limit = settings.stand_in_limit.unwrap_or(usual_limit(Task::Video));
            let limit = Limits::NONE.with_total(limit);
            standings.push(Standing::new(*provider, &settings, &catalogue, jobs, limit)?);
        }
        let version_page = domains.intern("replicate (versions)")?;
        let fal = plans(ProviderName::Fal, &settings, &catalogue, &standings, &mut domains)?;
        let replicate = plans(ProviderName::Replicate, &settings, &catalogue, &standings, &mut domains)?;
        let delay = settings.stand_in_delay;
        let policy = Policy::new().retries(0).backoff(Backoff::constant(delay).cap(delay)).patience(delay);
        let policy = settings.deadline.map_or(policy, |deadline| policy.deadline(deadline));
        let mut primary_headers = HeaderMap::new();
        if settings.fal_no_retry {
            primary_headers.insert(HeaderName::from_static("x-fal-no-retry"), HeaderValue::from_static("1"));
        }
        Ok(Self {
            origins: origins(&settings)?,
            deployments: deployments(&settings, &catalogue)?,
            catalogue,
            standings,
            fal,
            replicate,
            version_page: [Candidate::new(version_page).retries(0)],
            domains: domains.0,
            triggers: settings.triggers,
            variants: settings.variants,
            losses: settings.losses,
            outputs_as_data: settings.outputs_as_data,
            primary_headers,
            poll_interval: settings.poll_interval,
            records: settings.store,
            // A question for a job may be repeated whatever became of it.
            job_policy: policy.repeat_unknown(true),
            policy,
            breaker: settings.breaker,
            request_limit: settings.request_limit,
            answer_limit: settings.answer_limit,
            on_failover: settings.on_failover,
        })
    }

    /// Who is asked for this model, if anybody but its own provider may answer.
    pub(crate) fn plan(&self, provider: ProviderName, row: usize) -> Option<&Plan> {
        let plans = match provider {
            ProviderName::Fal => &self.fal,
            ProviderName::Replicate => &self.replicate,
            ProviderName::Nexa | ProviderName::Other(_) => return None,
        };
        plans.get(row)?.as_ref()
    }

    /// The provider of this name, if it stands in.
    pub(crate) fn standing(&self, provider: ProviderName) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.provider == provider)
    }

    /// The tables.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the user wants of every generation.
    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How questions for jobs are asked.
    pub(crate) const fn job_policy(&self) -> &Policy {
        &self.job_policy
    }

    /// The circuit breaker's settings.
    #[must_use]
    pub const fn breaker(&self) -> Breaker {
        self.breaker
    }

    /// How many fault domains there are: one for each provider's model. Their ids are the numbers below this.
    #[must_use]
    pub fn domains(&self) -> usize {
        self.domains.len()
    }

    /// The name of a fault domain: `fal/fal-ai/flux/dev`.
    #[must_use]
    pub fn domain_name(&self, id: ProviderId) -> &str {
        self.domains.get(id.slot()).map_or("unknown", String::as_str)
    }

    /// The largest request body that may be failed over, in bytes.
    #[must_use]
    pub const fn request_limit(&self) -> usize {
        self.request_limit
    }

    /// The largest answer that a stand-in may give, in bytes.
    #[must_use]
    pub const fn answer_limit(&self) -> usize {
        self.answer_limit
    }

    /// Tells the user's callback. A panic in it ends there.
    pub fn notify(&self, provenance: &Provenance) {
        if let Some(Observer(observer)) = &self.on_failover {
            // What the callback leaves behind half done is its own; nothing of ours is in its reach.
            let _ = catch_unwind(AssertUnwindSafe(|| observer(provenance)));
        }
    }
}

fn plans(
    provider: ProviderName,
    settings: &Settings,
    catalogue: &Catalogue,
    standings: &[Standing],
    domains: &mut Domains,
) -> Result<Vec<Option<Plan>>, ConfigError> {
    let half = settings.deadline.map(|deadline| deadline / 2).filter(|half| !half.is_zero());
    let own_limit = settings.primary_limit.or(half);
    let retries = settings.stand_in_attempts - 1;
    let rows = catalogue.provider(provider).map_or(0, |data| data.models.len());
    let mut plans = Vec::with_capacity(rows);
    for row in 0..rows {
        let Some(source) = catalogue.source(provider, row) else {
            plans.push(None);
            continue;
        };
        let (task, id) = (source.model.task, &source.model.id);
        let limits = Limits::NONE.with_first_answer(first_answer(task));
        let limits = own_limit.map_or(limits, |limit| limits.with_total(limit));
        let own = |domain| Candidate::new(domain).retries(0).limits(limits);
        let mut candidates = vec![own(domains.intern(&format!("{provider}/{id}"))?)];
        let mut serving = Vec::new();
        for (place, standing) in standings.iter().enumerate().filter(|(_, it)| it.provider != provider) {
            let by = standing.provider;
            let Some(row) = catalogue.stand_in_row(source.model, by) else { continue };
            let Some(stand_in) = catalogue.stand_in_at(by, row) else { continue };
            let limit = settings.stand_in_limit.unwrap_or(usual_limit(task));
            let domain = domains.intern(&format!("{}/{}", standing.provider, stand_in.model.id))?;
            candidates.push(Candidate::new(domain).retries(retries).limits(Limits::NONE.with_total(limit)));
            serving.push((place, row));
        }
        if serving.is_empty() {
            plans.push(None);
            continue;
        }
        let mut queued = candidates.clone();
        if provider == ProviderName::Fal
            && let Some(first) = queued.first_mut()
        {
            *first = own(domains.intern(&format!("{provider}/{id} (queue)"))?);
        }
        plans.push(Some(Plan { candidates, queued, standings: serving }));
    }
    Ok(plans)
}

fn origins(settings: &Settings) -> Result<Vec<(Site, Origin)>, ConfigError> {
    let mut origins = Origin::built_in();
    for (provider, text) in &settings.provider_urls {
        let site = match provider {
            ProviderName::Fal => Site::Fal,
            ProviderName::Replicate => Site::Replicate,
            ProviderName::Nexa | ProviderName::Other(_) => {
                let problem = "is for FAL and Replicate: use nexa_base_url(..) or stand_in_url(..)";
                return Err(ConfigError::setting("provider_url", problem));
            }
        };
        origins.push((site, Origin::parse("provider_url", text)?));
    }
    for text in &settings.fal_queue_urls {
        let queue = Origin::parse("fal_queue_url", text)?;
        if origins.iter().any(|(site, origin)| *site == Site::Fal && *origin == queue) {
            let problem = "is where FAL answers at once as well: the two need origins of their own";
            return Err(ConfigError::setting("fal_queue_url", problem));
        }
        origins.push((Site::FalQueue, queue));
    }
    Ok(origins)
}

fn deployments(settings: &Settings, catalogue: &Catalogue) -> Result<Vec<(String, usize)>, ConfigError> {
    let row = |(deployment, model): &(String, String)| {
        if deployment.split('/').count() != 2 || deployment.split('/').any(str::is_empty) {
            return Err(ConfigError::setting("deployment", "is not of the form owner/name"));
        }
        let row = catalogue.row(ProviderName::Replicate, model);
        let problem = "names a model that has no row: use one of Replicate's table";
        row.map(|row| (deployment.clone(), row)).ok_or(ConfigError::setting("deployment", problem))
    };
    settings.deployments.iter().map(row).collect()
}

fn check_settings(settings: &Settings) -> Result<(), ConfigError> {
    let none = |limit: Option<Duration>| limit.is_some_and(|limit| limit.is_zero());
    let mut stand_ins = settings.stand_ins.clone();
    stand_ins.sort_unstable();
    stand_ins.dedup();
    let unknown = |provider: &ProviderName| matches!(provider, ProviderName::Nexa | ProviderName::Other(_));
    let refusals = [
        (settings.stand_ins.is_empty(), "stand_ins", "names nobody: leave it out for NexaAPI"),
        (stand_ins.len() < settings.stand_ins.len(), "stand_ins", "names a provider twice: name each once"),
        (
            settings.stand_in_urls.iter().any(|(provider, _)| unknown(provider)),
            "stand_in_url",
            "is for FAL and Replicate: use nexa_base_url(..), or say it in the provider's own file",
        ),
        (
            settings.stand_in_attempts == 0,
            "stand_in_attempts",
            "is zero: nobody would stand in; leave it out for 2",
        ),
        (
            settings.request_limit == 0,
            "request_limit",
            "is zero: no request would be failed over; leave it out for 8 MiB",
        ),
        (settings.answer_limit == 0, "answer_limit", "is zero: no answer would fit; leave it out for 32 MiB"),
        (
            none(settings.stand_in_limit),
            "stand_in_limit",
            "is zero: leave it out for 60 s, or give it some time",
        ),
        (
            settings.poll_interval.is_zero(),
            "poll_interval",
            "is zero: leave it out for 2 s, or give it some time",
        ),
        (none(settings.deadline), "deadline", "is zero: leave it out for no limit, or give it some time"),
        (
            none(settings.primary_limit),
            "primary_limit",
            "is zero: leave it out for half of the deadline, or give it some time",
        ),
    ];
    match refusals.into_iter().find(|(wrong, ..)| *wrong) {
        Some((_, field, problem)) => Err(ConfigError::setting(field, problem)),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Domains(Vec<String>);

impl Domains {
    fn intern(&mut self, name: &str) -> Result<ProviderId, ConfigError> {
        let slot = self.0.iter().position(|known| known == name).unwrap_or(self.0.len());
        let too_many = ConfigError::setting("data", "holds too many models: use fewer than 60000");
        let id = u16::try_from(slot).map_err(|_| too_many)?;
        if slot == self.0.len() {
            self.0.push(name.to_owned());
        }
        Ok(ProviderId::new(id))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stand_ins = self.standings.iter();
        let stand_ins: Vec<_> = stand_ins.map(|it| format!("{} at {}", it.provider, it.base)).collect();
        let origins = self.origins.iter();
        let origins: Vec<_> =
            origins.map(|(site, origin)| format!("{} at {origin}", site.provider())).collect();
        f.debug_struct("Config")
            .field("stand_ins", &stand_ins)
            .field("origins", &origins)
            .field("triggers", &self.triggers)
            .field("policy", &self.policy)
            .field("breaker", &self.breaker)
            .field("request_limit", &self.request_limit)
            .field("answer_limit", &self.answer_limit)
            .finish_non_exhaustive()
    }
}
