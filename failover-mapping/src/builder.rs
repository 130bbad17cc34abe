//! The settings of a `Failover`, the same for every HTTP client.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use failover_core::Breaker;

use crate::config::{Config, FromConfig, Observer};
use crate::credentials::Secret;
use crate::error::ConfigError;
use crate::origin::NEXA_BASE_URL;
use crate::provenance::Provenance;
use crate::provider::ProviderName;
use crate::triggers::Triggers;

/// Builds an adapter's `Failover`, which has it as `Failover::builder()`.
///
/// With `failover-mapping` alone, for an adapter of your own:
///
/// ```
/// use std::time::Duration;
/// use failover_mapping::{Builder, Config, ConfigError, FromConfig};
///
/// struct Failover(Config); // an adapter's
/// impl FromConfig for Failover {
///     fn from_config(config: Config) -> Result<Self, ConfigError> {
///         Ok(Self(config))
///     }
/// }
///
/// let failover: Failover = Builder::new()
///     .nexa_api_key("nexa-key")
///     .nexa_attempts(3)
///     .deadline(Duration::from_secs(90))
///     .on_failover(|provenance| eprintln!("{provenance}"))
///     .build()?;
/// # Ok::<(), ConfigError>(())
/// ```
#[must_use = "nothing is built before build()"]
pub struct Builder<F> {
    pub(crate) settings: Settings,
    built: PhantomData<fn() -> F>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) nexa_api_key: Option<Secret>,
    pub(crate) nexa_base_url: String,
    pub(crate) nexa_attempts: u32,
    pub(crate) nexa_delay: Duration,
    pub(crate) nexa_limit: Duration,
    pub(crate) provider_urls: Vec<(ProviderName, String)>,
    pub(crate) triggers: Triggers,
    pub(crate) deadline: Option<Duration>,
    pub(crate) primary_limit: Option<Duration>,
    pub(crate) request_limit: usize,
    pub(crate) answer_limit: usize,
    pub(crate) breaker: Breaker,
    pub(crate) data: Vec<OwnData>,
    pub(crate) on_failover: Option<Observer>,
}

/// A data file of the user's.
#[derive(Clone)]
pub(crate) struct OwnData {
    pub(crate) provider: ProviderName,
    pub(crate) file: String,
    pub(crate) toml: String,
}

impl<F: FromConfig> Builder<F> {
    /// The defaults. Only NexaAPI's key is missing.
    pub fn new() -> Self {
        let settings = Settings {
            nexa_api_key: None,
            nexa_base_url: NEXA_BASE_URL.to_owned(),
            nexa_attempts: 2,
            nexa_delay: Duration::from_secs(1),
            nexa_limit: Duration::from_secs(60),
            provider_urls: Vec::new(),
            triggers: Triggers::default(),
            deadline: None,
            primary_limit: None,
            request_limit: 8 << 20,
            answer_limit: 32 << 20,
            breaker: Breaker::new(),
            data: Vec::new(),
            on_failover: None,
        };
        Self { settings, built: PhantomData }
    }

    /// The defaults, with `NEXA_API_KEY` and, where it is set, `NEXA_BASE_URL` as `lookup` finds them.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let mut builder = Self::new();
        builder.settings.nexa_api_key = lookup("NEXA_API_KEY").map(Secret::new);
        if let Some(url) = lookup("NEXA_BASE_URL") {
            builder.settings.nexa_base_url = url;
        }
        builder
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// The key for NexaAPI. It is sent to NexaAPI only, and never printed.
    pub fn nexa_api_key(self, key: impl Into<String>) -> Self {
        let key = Secret::new(key.into());
        self.with(|settings| settings.nexa_api_key = Some(key))
    }

    /// Where NexaAPI is asked; a path prefix is allowed. `https:`, or `http:` on this machine.
    pub fn nexa_base_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.with(|settings| settings.nexa_base_url = url)
    }

    /// How often NexaAPI is asked at most; 2 unless said.
    pub fn nexa_attempts(self, attempts: u32) -> Self {
        self.with(|settings| settings.nexa_attempts = attempts)
    }

    /// The wait between two attempts on NexaAPI; 1 s unless said.
    pub fn nexa_delay(self, delay: Duration) -> Self {
        self.with(|settings| settings.nexa_delay = delay)
    }

    /// The longest an attempt on NexaAPI may take; 60 s unless said.
    pub fn nexa_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.nexa_limit = limit)
    }

    /// A further origin at which this provider is asked: a proxy, or a fake on loopback. Scheme, host and port only.
    pub fn provider_url(self, provider: ProviderName, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        self.with(|settings| settings.provider_urls.push((provider, origin)))
    }

    /// Which failures make NexaAPI answer.
    pub fn triggers(self, triggers: Triggers) -> Self {
        self.with(|settings| settings.triggers = triggers)
    }

    /// The call as a whole ends this long after it began; no limit unless said.
    ///
    /// Without a [`primary_limit`](Self::primary_limit) the asked provider may take half of it, so that time is left for a
    /// stand-in when that provider hangs.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|settings| settings.deadline = Some(deadline))
    }

    /// The longest the asked provider may take; unless said, half of the [`deadline`](Self::deadline) if there is one, and
    /// the caller's own timeout in any case.
    pub fn primary_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.primary_limit = Some(limit))
    }

    /// Larger request bodies, in bytes, are passed on without failover; 8 MiB unless said.
    pub fn request_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.request_limit = bytes)
    }

    /// Larger answers of a stand-in, in bytes, are refused; 32 MiB unless said.
    pub fn answer_limit(self, bytes: usize) -> Self {
        self.with(|settings| settings.answer_limit = bytes)
    }

    /// When a provider's model is left alone, and for how long.
    pub fn breaker(self, breaker: Breaker) -> Self {
        self.with(|settings| settings.breaker = breaker)
    }

    /// Rows of your own, in TOML of the form of `failover_mapping::ProviderData`, added to the built-in ones of that provider
    /// or put in place of those of the same name. `file` is what a refusal calls them by. Sets, sizes and ratios that a row
    /// names stand in the same file, in an earlier one, or among the built-in data.
    ///
    /// A neutral name connects a row with NexaAPI's. The built-in ones stand in the README's tables; one of your own needs a
    /// second file, with a row of [`ProviderName::Nexa`] that says `model = "acme"` and NexaAPI's `id`.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let rows = r#"
    ///     [[models]]
    ///     id = "acme/flux-tuned" # asked at https://fal.run/acme/flux-tuned
    ///     model = "flux-dev"     # the neutral name
    ///     task = "image"
    ///     answer = "flux"        # the shape of its answer
    /// "#;
    /// let builder = Config::builder().nexa_api_key("nexa-key"); // or an adapter's `Failover::builder()`
    /// let config = builder.data(ProviderName::Fal, "acme.toml", rows).build()?;
    /// let row = config.catalogue().resolve_fal("acme/flux-tuned").expect("it has a row now");
    /// assert_eq!(row.stand_in, "flux-dev");
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn data(self, provider: ProviderName, file: impl Into<String>, toml: impl Into<String>) -> Self {
        let own = OwnData { provider, file: file.into(), toml: toml.into() };
        self.with(|settings| settings.data.push(own))
    }

    /// Called after every request that was not simply answered by the provider that was asked. A panic in it is caught.
    pub fn on_failover(self, observer: impl Fn(&Provenance) + Send + Sync + 'static) -> Self {
        let observer = Observer(Arc::new(observer));
        self.with(|settings| settings.on_failover = Some(observer))
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be used, by name and with the cure.
    pub fn build(self) -> Result<F, ConfigError> {
        F::from_config(Config::new(self.settings)?)
    }
}

impl<F: FromConfig> Default for Builder<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Clone for Builder<F> {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), built: PhantomData }
    }
}

impl<F> fmt::Debug for Builder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither keys nor URLs: what has not been checked yet may hold a password.
        f.debug_struct("Builder")
            .field("nexa_api_key", &self.settings.nexa_api_key)
            .field("nexa_attempts", &self.settings.nexa_attempts)
            .field("nexa_delay", &self.settings.nexa_delay)
            .field("triggers", &self.settings.triggers)
            .finish_non_exhaustive()
    }
}
