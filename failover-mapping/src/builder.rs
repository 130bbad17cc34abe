//! The settings of a `Failover`, the same for every HTTP client.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use failover_core::Breaker;

use crate::config::{Config, FromConfig, Observer};
use crate::credentials::Secret;
use crate::error::ConfigError;
use crate::provenance::Provenance;
use crate::provider::ProviderName;
use crate::settings::{Dialect, OwnData, Settings};
use crate::store::{Records, Store};
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
///     .stand_in_attempts(3)
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

impl<F: FromConfig> Builder<F> {
    /// The defaults. Only NexaAPI's key is missing.
    pub fn new() -> Self {
        Self { settings: Settings::default(), built: PhantomData }
    }

    /// The defaults, with `NEXA_API_KEY` and, where they are set, `NEXA_BASE_URL`, `FAL_KEY` and `REPLICATE_API_TOKEN` as
    /// `lookup` finds them. The last two are used only if [`stand_ins`](Self::stand_ins) names their providers.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let mut builder = Self::new();
        let keys = [
            (ProviderName::Nexa, "NEXA_API_KEY"),
            (ProviderName::Fal, "FAL_KEY"),
            (ProviderName::Replicate, "REPLICATE_API_TOKEN"),
        ];
        for (provider, variable) in keys {
            builder.settings.keys.extend(lookup(variable).map(|key| (provider, Secret::new(key))));
        }
        builder.settings.nexa_base_url = lookup("NEXA_BASE_URL");
        builder
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Who stands in, in this order: NexaAPI unless said. Each needs a key. FAL and Replicate stand in for each other where
    /// a model exists on both, and never for themselves.
    pub fn stand_ins(self, providers: impl IntoIterator<Item = ProviderName>) -> Self {
        let providers = providers.into_iter().collect();
        self.with(|settings| settings.stand_ins = providers)
    }

    /// The key of a stand-in. It is sent to that provider only, and never printed.
    pub fn key(self, provider: ProviderName, key: impl Into<String>) -> Self {
        let key = Secret::new(key.into());
        self.with(|settings| {
            settings.keys.retain(|(known, _)| *known != provider);
            settings.keys.push((provider, key));
        })
    }

    /// The key for NexaAPI.
    pub fn nexa_api_key(self, key: impl Into<String>) -> Self {
        self.key(ProviderName::Nexa, key)
    }

    /// Where NexaAPI is asked; a path prefix is allowed. `https:`, or `http:` on this machine.
    pub fn nexa_base_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.with(|settings| settings.nexa_base_url = Some(url))
    }

    /// How NexaAPI's parameters and models are called.
    pub fn nexa_dialect(self, dialect: Dialect) -> Self {
        self.with(|settings| settings.nexa_dialect = dialect)
    }

    /// NexaAPI is asked by way of RapidAPI, under this host of theirs, with RapidAPI's key as its own.
    pub fn nexa_rapidapi_host(self, host: impl Into<String>) -> Self {
        let host = host.into();
        self.with(|settings| settings.nexa_rapidapi_host = Some(host))
    }

    /// Where FAL or Replicate is asked as a stand-in, if not at its usual host.
    pub fn stand_in_url(self, provider: ProviderName, url: impl Into<String>) -> Self {
        let url = url.into();
        self.with(|settings| settings.stand_in_urls.push((provider, url)))
    }

    /// How often a stand-in is asked at most; 2 unless said.
    pub fn stand_in_attempts(self, attempts: u32) -> Self {
        self.with(|settings| settings.stand_in_attempts = attempts)
    }

    /// The wait between two attempts on a stand-in; 1 s unless said.
    pub fn stand_in_delay(self, delay: Duration) -> Self {
        self.with(|settings| settings.stand_in_delay = delay)
    }

    /// The longest an attempt on a stand-in may take, all questions for its job included; 60 s unless said, and 600 s for a
    /// video.
    pub fn stand_in_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.stand_in_limit = Some(limit))
    }

    /// The wait between two questions for a stand-in's job; 2 s unless said, as in NexaAPI's own SDK.
    pub fn poll_interval(self, interval: Duration) -> Self {
        self.with(|settings| settings.poll_interval = interval)
    }

    /// A further origin at which FAL's queue is asked, besides `queue.fal.run` and its backup. Scheme, host and port only.
    pub fn fal_queue_url(self, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        self.with(|settings| settings.fal_queue_urls.push(origin))
    }

    /// A further host from which a stand-in's files may be fetched, where the caller wants them as data:
    /// `https://cdn.example`, or `https://*.cdn.example` with all below it.
    pub fn media_host(self, provider: ProviderName, host: impl Into<String>) -> Self {
        let host = host.into();
        self.with(|settings| settings.media_hosts.push((provider, host)))
    }

    /// The model behind a deployment on Replicate, both as `owner/name`: requests to a deployment do not name it.
    pub fn deployment(self, deployment: impl Into<String>, model: impl Into<String>) -> Self {
        let both = (deployment.into(), model.into());
        self.with(|settings| settings.deployments.push(both))
    }

    /// Whether a variant of a model may stand in for it; so it may unless said. If not, the request is not failed over to
    /// that stand-in, and the provenance says why.
    pub fn variants(self, allowed: bool) -> Self {
        self.with(|settings| settings.variants = allowed)
    }

    /// Whether a stand-in may serve that cannot be told all that the caller asks: a field dropped, clamped or approximated.
    /// So it may unless said. If not, the request is not failed over to it, and the provenance says why.
    pub fn losses(self, allowed: bool) -> Self {
        self.with(|settings| settings.losses = allowed)
    }

    /// Whether the files that a stand-in made for a Replicate request are handed out as data URIs. Replicate's Python client
    /// sends its token to whatever host an output names; data names none.
    pub fn outputs_as_data(self, on: bool) -> Self {
        self.with(|settings| settings.outputs_as_data = on)
    }

    /// Whether FAL is told not to repeat requests by itself (`x-fal-no-retry`); not unless said. Its queue repeats a failing
    /// request up to ten times before it answers.
    pub fn fal_no_retry(self, on: bool) -> Self {
        self.with(|settings| settings.fal_no_retry = on)
    }

    /// Where results are kept that the ids of failed-over jobs have no room for; in memory unless said.
    pub fn store(self, store: impl Store + 'static) -> Self {
        self.with(|settings| settings.store = Records::of_user(store))
    }

    /// A further origin at which this provider is asked: a proxy, or a fake on loopback. Scheme, host and port only.
    pub fn provider_url(self, provider: ProviderName, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        self.with(|settings| settings.provider_urls.push((provider, origin)))
    }

    /// Which failures make a stand-in answer.
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
        let own = OwnData { provider: Some(provider), file: file.into(), toml: toml.into() };
        self.with(|settings| settings.data.push(own))
    }

    /// A further provider, in TOML of the same form: a `[host]` says where it is and how it is shown its key, the rest how it
    /// is asked and answers. Its key is set by [`key`](Self::key), its turn by [`stand_ins`](Self::stand_ins).
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let acme = r#"
    ///     model-key = "model" # the key of the body that names the model
    ///     job = "/jobs/{id}"  # where a job's state is
    ///
    ///     [host]
    ///     name = "acme"
    ///     base-url = "https://api.acme.example"
    ///     authentication = { header = "x-api-key" }
    ///
    ///     [endpoints]
    ///     image = "/images"
    ///
    ///     [answer]
    ///     url = ["url"]
    ///     nested = ["images"]
    ///     id = ["id"]
    ///     failed = ["failed"]
    ///     pending = ["queued", "running"]
    ///
    ///     [inputs]
    ///     image = [
    ///         { field = "prompt", key = "text", codec = "text" },
    ///         { field = "width", key = "w", codec = "integer", max = 2048 },
    ///         { field = "height", key = "h", codec = "integer", max = 2048 },
    ///     ]
    ///
    ///     [[models]]
    ///     model = "flux-dev" # the neutral name
    ///     id = "flux"        # its own
    ///     task = "image"
    /// "#;
    /// let name = ProviderName::other("acme").expect("it is a name");
    /// let builder = Config::builder().provider("acme.toml", acme).key(name, "acme-key").stand_ins([name]);
    /// let config = builder.build()?;
    /// assert_eq!(config.catalogue().resolve(ProviderName::Fal, "fal-ai/flux/dev", name).map(|row| row.stand_in), Some("flux"));
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn provider(self, file: impl Into<String>, toml: impl Into<String>) -> Self {
        let own = OwnData { provider: None, file: file.into(), toml: toml.into() };
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
            .field("stand_ins", &self.settings.stand_ins)
            .field("keys", &self.settings.keys)
            .field("stand_in_attempts", &self.settings.stand_in_attempts)
            .field("stand_in_delay", &self.settings.stand_in_delay)
            .field("triggers", &self.settings.triggers)
            .finish_non_exhaustive()
    }
}
