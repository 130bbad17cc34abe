//! The checked settings, with everything precomputed that requests have in common.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use failover_core::{Backoff, Breaker, Candidate, Limits, Policy, ProviderId};
use http::uri::Authority;
use http::{HeaderValue, Uri};

use crate::builder::{Builder, Settings};
use crate::catalogue::Catalogue;
use crate::data::Task;
use crate::error::ConfigError;
use crate::origin::{self, Origin};
use crate::provenance::Provenance;
use crate::provider::ProviderName;
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
    pub(crate) origins: Vec<(ProviderName, Origin)>,
    fal: Vec<Option<[Candidate; 2]>>,
    replicate: Vec<Option<[Candidate; 2]>>,
    domains: Vec<String>,
    pub(crate) image_url: Uri,
    /// NexaAPI is on this machine.
    pub(crate) local: bool,
    pub(crate) authorization: HeaderValue,
    pub(crate) triggers: Triggers,
    policy: Policy,
    breaker: Breaker,
    request_limit: usize,
    answer_limit: usize,
    on_failover: Option<Observer>,
}

/// After this long without an answer, a request to the asked provider that nobody waits for any more counts against it. No
/// adapter ends an attempt for it; without it, a provider that hangs would never be blamed by callers who give up
/// on their own. Thirty seconds are several times what the slowest of the image models takes.
const FIRST_ANSWER: Duration = Duration::from_secs(30);

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
        let authorization =
            settings.nexa_api_key.as_ref().ok_or_else(crate::credentials::Secret::missing)?.bearer()?;
        check_limits(&settings)?;
        settings.triggers.check()?;
        let catalogue = Catalogue::with(&settings.data)?;

        let mut origins = Origin::built_in();
        for (provider, text) in &settings.provider_urls {
            if *provider == ProviderName::Nexa {
                return Err(ConfigError::setting(
                    "provider_url",
                    "is for FAL and Replicate: use nexa_base_url(..)",
                ));
            }
            origins.push((*provider, Origin::parse(text)?));
        }

        let mut domains = Domains::default();
        let retries = settings.nexa_attempts - 1;
        let limits = Limits::NONE.with_first_answer(FIRST_ANSWER);
        let half = settings.deadline.map(|deadline| deadline / 2).filter(|half| !half.is_zero());
        let limits = settings.primary_limit.or(half).map_or(limits, |limit| limits.with_total(limit));
        let mut candidates = |provider| {
            let rows = 0..catalogue.provider(provider).models.len();
            rows.map(|row| {
                let Some(source) = catalogue.source(provider, row) else { return Ok(None) };
                let mut intern = |provider, model: &str| {
                    let too_many = || catalogue.place(source.provider, row).refuse("models", "are too many");
                    domains.intern(provider, model).ok_or_else(too_many)
                };
                let primary = Candidate::new(intern(provider, &source.model.id)?).retries(0).limits(limits);
                let stand_in = Candidate::new(intern(ProviderName::Nexa, &source.stand_in.model.id)?)
                    .retries(retries)
                    .limits(Limits::NONE.with_total(settings.nexa_limit));
                Ok(Some([primary, stand_in]))
            })
            .collect::<Result<Vec<_>, ConfigError>>()
        };
        let (fal, replicate) = (candidates(ProviderName::Fal)?, candidates(ProviderName::Replicate)?);

        let endpoint =
            catalogue.provider(ProviderName::Nexa).endpoints.get(&Task::Image).map_or("", String::as_str);
        let (image_url, local) = origin::nexa_endpoint(&settings.nexa_base_url, endpoint)?;
        let policy = Policy::new()
            .retries(0)
            .backoff(Backoff::constant(settings.nexa_delay).cap(settings.nexa_delay))
            .patience(settings.nexa_delay);
        Ok(Self {
            catalogue,
            origins,
            fal,
            replicate,
            domains: domains.0,
            image_url,
            local,
            authorization,
            triggers: settings.triggers,
            policy: settings.deadline.map_or(policy, |deadline| policy.deadline(deadline)),
            breaker: settings.breaker,
            request_limit: settings.request_limit,
            answer_limit: settings.answer_limit,
            on_failover: settings.on_failover,
        })
    }

    /// Who is asked for this model, if anybody but its own provider may answer.
    pub(crate) fn candidates(&self, provider: ProviderName, row: usize) -> Option<&[Candidate; 2]> {
        let plans = match provider {
            ProviderName::Fal => &self.fal,
            ProviderName::Replicate => &self.replicate,
            ProviderName::Nexa => return None,
        };
        plans.get(row)?.as_ref()
    }

    /// The tables.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the user wants of every call.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
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

fn check_limits(settings: &Settings) -> Result<(), ConfigError> {
    let none = |limit: Option<Duration>| limit.is_some_and(|limit| limit.is_zero());
    let refusals = [
        (settings.nexa_attempts == 0, "nexa_attempts", "is zero: nobody would stand in; leave it out for 2"),
        (
            settings.request_limit == 0,
            "request_limit",
            "is zero: no request would be failed over; leave it out for 8 MiB",
        ),
        (settings.answer_limit == 0, "answer_limit", "is zero: no answer would fit; leave it out for 32 MiB"),
        (settings.nexa_limit.is_zero(), "nexa_limit", "is zero: leave it out for 60 s, or give it some time"),
        (none(settings.deadline), "deadline", "is zero: leave it out for no limit, or give it some time"),
        (
            none(settings.primary_limit),
            "primary_limit",
            "is zero: leave it out for half of the deadline, or give it some time",
        ),
    ];
    match refusals.into_iter().find(|(zero, ..)| *zero) {
        Some((_, field, problem)) => Err(ConfigError::setting(field, problem)),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Domains(Vec<String>);

impl Domains {
    fn intern(&mut self, provider: ProviderName, model: &str) -> Option<ProviderId> {
        let name = format!("{provider}/{model}");
        let slot = self.0.iter().position(|known| *known == name).unwrap_or(self.0.len());
        let id = u16::try_from(slot).ok()?;
        if slot == self.0.len() {
            self.0.push(name);
        }
        Some(ProviderId::new(id))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.image_url.scheme_str().unwrap_or_default();
        let authority = self.image_url.authority().map_or("", Authority::as_str);
        let origins: Vec<_> =
            self.origins.iter().map(|(provider, origin)| format!("{provider} at {origin}")).collect();
        f.debug_struct("Config")
            .field("nexa", &format_args!("{scheme}://{authority}"))
            .field("origins", &origins)
            .field("triggers", &self.triggers)
            .field("policy", &self.policy)
            .field("breaker", &self.breaker)
            .field("request_limit", &self.request_limit)
            .field("answer_limit", &self.answer_limit)
            .finish_non_exhaustive()
    }
}
