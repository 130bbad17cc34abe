//! The checked settings, with everything precomputed that requests have in common.

mod asked_at;
mod checks;
mod effective;
mod plans;
mod text_models;
mod texts;
mod writers;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use failover_core::{Backoff, Breaker, Candidate, Limits, Policy, ProviderId};
use http::{HeaderMap, HeaderName, HeaderValue};

use self::asked_at::AskedAt;
use self::plans::Domains;
pub(crate) use self::plans::{Plan, first_answer};
pub use self::text_models::TextModel;
pub(crate) use self::texts::{ChatPlan, Texts};
pub(crate) use self::writers::Writer;
use crate::builder::Builder;
use crate::cache::Answers;
use crate::catalogue::Catalogue;
use crate::data::Task;
use crate::error::ConfigError;
use crate::observe::Listeners;
use crate::origin::{Origin, Site};
use crate::provenance::Provenance;
use crate::provider::ProviderName;
use crate::settings::Settings;
use crate::settings::sample::{self, Setting};
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
/// Its `Debug` shows neither keys nor paths of URLs, and nor does its `Display`: the plan, for a person to read.
pub struct Config {
    pub(crate) catalogue: Catalogue,
    pub(crate) origins: Vec<(Site, Origin)>,
    asked_at: AskedAt,
    pub(crate) standings: Vec<Standing>,
    fal: Vec<Option<Plan>>,
    replicate: Vec<Option<Plan>>,
    pub(crate) texts: Texts,
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
    check_answers: bool,
    primary_limit: Option<Duration>,
    primary_limit_of_preset: bool,
    on_failover: Option<Observer>,
    pub(crate) listeners: Listeners,
    cache: Option<Answers>,
    off: bool,
    /// The plan in words.
    effective: String,
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

    pub(crate) fn new(mut settings: Settings) -> Result<Self, ConfigError> {
        if let Some(refused) = settings.refused.take() {
            return Err(refused);
        }
        settings.fill_in()?;
        settings.leave_to_text();
        checks::settings(&settings)?;
        let catalogue = Catalogue::with(settings.nexa_dialect, &settings.data)?;
        checks::declared(&settings, &catalogue)?;
        let mut domains = Domains::default();
        let mut standings = Vec::new();
        for provider in &settings.stand_ins {
            let jobs = domains.intern(&format!("{provider} (jobs)"))?;
            let limit = settings.stand_in_limit.unwrap_or(plans::usual_limit(Task::Video));
            let limit = Limits::NONE.with_total(limit);
            standings.push(Standing::new(*provider, &settings, &catalogue, jobs, limit)?);
        }
        let version_page = domains.intern("replicate (versions)")?;
        let fal = plans::plans(ProviderName::Fal, &settings, &catalogue, &standings, &mut domains)?;
        let replicate =
            plans::plans(ProviderName::Replicate, &settings, &catalogue, &standings, &mut domains)?;
        let texts = Texts::new(&settings, &mut domains)?;
        checks::serving(&settings, &standings, fal.iter().chain(&replicate).flatten())?;
        let delay = settings.stand_in_delay;
        let policy = Policy::new().retries(0).backoff(Backoff::constant(delay).cap(delay)).patience(delay);
        let policy = settings.deadline.map_or(policy, |deadline| policy.deadline(deadline));
        let mut primary_headers = HeaderMap::new();
        if settings.fal_no_retry {
            primary_headers.insert(HeaderName::from_static("x-fal-no-retry"), HeaderValue::from_static("1"));
        }
        let origins = checks::origins(&settings, &texts)?;
        let mut config = Self {
            asked_at: AskedAt::new(&settings, &origins, &texts),
            origins,
            deployments: checks::deployments(&settings, &catalogue)?,
            catalogue,
            standings,
            fal,
            replicate,
            texts,
            version_page: [Candidate::new(version_page).retries(0)],
            domains: domains.into_names(),
            triggers: settings.triggers.clone(),
            variants: settings.variants,
            losses: settings.losses,
            outputs_as_data: settings.outputs_as_data,
            primary_headers,
            poll_interval: settings.poll_interval,
            records: settings.store.clone(),
            // A question for a job may be repeated whatever became of it.
            job_policy: policy.repeat_unknown(true),
            policy,
            breaker: settings.breaker.breaker(),
            request_limit: settings.request_limit,
            answer_limit: settings.answer_limit,
            cache: settings.cache.answers(&settings),
            check_answers: settings.check_answers,
            primary_limit: settings.primary_limit,
            primary_limit_of_preset: settings.primary_limit_of_preset,
            on_failover: settings.on_failover.clone(),
            listeners: settings.listeners.clone(),
            off: settings.off,
            effective: String::new(),
        };
        config.effective = effective::told(&config, &mut settings);
        Ok(config)
    }

    /// Who is asked for this model, if anybody but its own provider may answer.
    pub(crate) fn plan(&self, provider: ProviderName, row: usize) -> Option<&Plan> {
        let plans = match provider {
            ProviderName::Fal => &self.fal,
            ProviderName::Replicate => &self.replicate,
            _ => return None,
        };
        plans.get(row)?.as_ref()
    }

    /// The provider of this name, if it stands in.
    pub(crate) fn standing(&self, provider: ProviderName) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.provider == provider)
    }

    /// Who can stand in, as there is a key: for media, in this order, then for text.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let builder = Config::builder().nexa_api_key("nexa-key");
    /// let config: Config = builder.key(ProviderName::OpenAi, "openai-key").build()?;
    /// assert_eq!(config.stand_ins().collect::<Vec<_>>(), [ProviderName::Nexa, ProviderName::OpenAi]);
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn stand_ins(&self) -> impl Iterator<Item = ProviderName> {
        let media = self.standings.iter().map(|standing| standing.provider);
        let keyed = self.texts.speakers.iter().filter(|speaker| speaker.has_key());
        media.chain(keyed.map(|speaker| speaker.provider).filter(|name| self.standing(*name).is_none()))
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

    pub(crate) fn domain_names(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(String::as_str)
    }

    /// The models that `fallbacks` name and no table has: they are asked by these names as they are. A new model is one of them, and so
    /// is a misspelt one, which nobody else would notice before it has to stand in.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let builder = Config::builder().key(ProviderName::Anthropic, "anthropic-key");
    /// let config: Config = builder.fallbacks("gpt-4o", ["anthropic/claude-sonet-4-6"]).build()?;
    /// assert_eq!(config.unlisted().collect::<Vec<_>>(), ["anthropic/claude-sonet-4-6"]);
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn unlisted(&self) -> impl Iterator<Item = &str> {
        self.texts.unlisted.iter().map(String::as_str)
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

    /// The answers that may be used again, if any may.
    pub(crate) const fn cache(&self) -> Option<&Answers> {
        self.cache.as_ref()
    }

    /// Whether the asked provider's healthy answers are read and judged before they are handed on.
    pub(crate) const fn check_answers(&self) -> bool {
        self.check_answers
    }

    /// The asked provider's limit, if the user set one.
    pub(crate) fn primary_limit_within(&self, deadline: Duration) -> Option<Duration> {
        self.primary_limit.filter(|limit| !self.primary_limit_of_preset || *limit < deadline)
    }

    /// Every setting that a file can say, in the order of the plan.
    ///
    /// ```
    /// use failover_mapping::Config;
    ///
    /// let deadline = Config::settings().find(|setting| setting.name == "deadline").expect("it is one");
    /// assert_eq!(deadline.variables, ["FAILOVER_DEADLINE"]);
    /// ```
    pub fn settings() -> impl Iterator<Item = Setting> {
        sample::settings()
    }

    /// A configuration file to begin with: every setting as a comment, with its default, or with an example where it has none.
    #[must_use]
    pub fn example_file() -> String {
        sample::file()
    }

    /// Whether it starts switched off.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.off
    }

    /// Tells the user's callback. A panic in it ends there.
    pub fn notify(&self, provenance: &Provenance) {
        if let Some(Observer(observer)) = &self.on_failover {
            // What the callback leaves behind half done is its own; nothing of ours is in its reach.
            let _ = catch_unwind(AssertUnwindSafe(|| observer(provenance)));
        }
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
