//! The settings of a `Failover`, the same for every HTTP client.

mod caching;
mod own;
mod sources;
mod texts;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use failover_core::Breaker;

use crate::config::{Config, FromConfig, Observer};
use crate::credentials::{Asking, Key, Secret};
use crate::error::ConfigError;
use crate::observe::Event;
use crate::preset::Preset;
use crate::provenance::Provenance;
use crate::provider::ProviderName;
use crate::settings::source::Source;
use crate::settings::{Dialect, Settings};
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
    /// The defaults. Only a key is missing: NexaAPI's, or for text alone one of OpenAI's, Anthropic's or Together's.
    pub fn new() -> Self {
        Self { settings: Settings::default(), built: PhantomData }
    }

    /// The user says this setting here, which goes over whatever else is said of it.
    fn say(self, name: &str, change: impl FnOnce(&mut Settings)) -> Self {
        self.with(|settings| {
            change(settings);
            let _ = settings.sources.says(name, &Source::Builder); // it goes over everybody
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Settings for a kind of work. Whatever else is said about one of them goes over it, before or after.
    pub fn preset(self, preset: Preset) -> Self {
        self.say("preset", |settings| settings.preset = Some(preset))
    }

    /// Whether it starts switched off: every request passes through as it is, until somebody switches it on.
    pub fn off(self, off: bool) -> Self {
        self.say("off", |settings| settings.off = off)
    }

    /// Who stands in, in this order: NexaAPI unless said. Each needs a key. FAL and Replicate stand in for each other where
    /// a model exists on both, and never for themselves.
    pub fn stand_ins(self, providers: impl IntoIterator<Item = ProviderName>) -> Self {
        let providers = providers.into_iter().collect();
        self.say("stand_ins", |settings| settings.stand_ins = providers)
    }

    /// The key of a stand-in. It is sent to that provider only, and never printed.
    pub fn key(self, provider: ProviderName, key: impl Into<String>) -> Self {
        let key = Key::Given(Secret::new(key.into()));
        self.say(&format!("key.{provider}"), |settings| settings.say_key(provider, key))
    }

    /// The key of a stand-in as the callback gives it, for each request to that provider anew: for keys that rotate.
    ///
    /// It is called from within a request, so it should answer at once. A key that cannot be one, or a panic, means that
    /// nothing is sent: the provider counts as one that refused its key, the provenance says why, and the next stand-in is asked.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let current = Arc::new(Mutex::new("monday-key".to_owned()));
    /// let rotated = Arc::clone(&current);
    /// let config = Config::builder()
    ///     .key_from(ProviderName::Nexa, move || rotated.lock().expect("nobody panics with it").clone())
    ///     .build()?;
    /// *current.lock().expect("nobody panics with it") = "tuesday-key".to_owned(); // from now on
    /// # let _ = config;
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn key_from(
        self,
        provider: ProviderName,
        callback: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        let key = Key::Asked(Asking::new(callback));
        self.say(&format!("key.{provider}"), |settings| settings.say_key(provider, key))
    }

    /// The key for NexaAPI.
    pub fn nexa_api_key(self, key: impl Into<String>) -> Self {
        self.key(ProviderName::Nexa, key)
    }

    /// Where NexaAPI is asked; a path prefix is allowed. `https:`, or `http:` on this machine.
    pub fn nexa_base_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.say("nexa_base_url", |settings| settings.nexa_base_url = Some(url))
    }

    /// How NexaAPI's parameters and models are called.
    pub fn nexa_dialect(self, dialect: Dialect) -> Self {
        self.say("nexa_dialect", |settings| settings.nexa_dialect = dialect)
    }

    /// NexaAPI is asked by way of RapidAPI, under this host of theirs, with RapidAPI's key as its own.
    pub fn nexa_rapidapi_host(self, host: impl Into<String>) -> Self {
        let host = host.into();
        self.say("nexa_rapidapi_host", |settings| settings.nexa_rapidapi_host = Some(host))
    }

    /// Where FAL, Replicate or a provider of text is asked as a stand-in, if not at its usual host: for OpenAI and Together, what
    /// stands before `/chat/completions`, for Anthropic, what stands before `/v1/messages`.
    pub fn stand_in_url(self, provider: ProviderName, url: impl Into<String>) -> Self {
        let url = url.into();
        self.say(&format!("stand_in_url.{provider}"), |settings| {
            settings.stand_in_urls.retain(|(known, _)| *known != provider);
            settings.stand_in_urls.push((provider, url));
        })
    }

    /// How often a stand-in is asked at most; 2 unless said.
    pub fn stand_in_attempts(self, attempts: u32) -> Self {
        self.say("stand_in_attempts", |settings| settings.stand_in_attempts = attempts)
    }

    /// The wait between two attempts on a stand-in; 1 s unless said.
    pub fn stand_in_delay(self, delay: Duration) -> Self {
        self.say("stand_in_delay", |settings| settings.stand_in_delay = delay)
    }

    /// The longest an attempt on a stand-in may take, all questions for its job included; 60 s unless said, 2 min for
    /// text, and 10 min for a video.
    pub fn stand_in_limit(self, limit: Duration) -> Self {
        self.say("stand_in_limit", |settings| settings.stand_in_limit = Some(limit))
    }

    /// The wait between two questions for a stand-in's job; 2 s unless said, as in NexaAPI's own SDK.
    pub fn poll_interval(self, interval: Duration) -> Self {
        self.say("poll_interval", |settings| settings.poll_interval = interval)
    }

    /// A further origin at which FAL's queue is asked, besides `queue.fal.run` and its backup. Scheme, host and port only.
    pub fn fal_queue_url(self, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        self.say("fal_queue_url", |settings| settings.fal_queue_urls.push(origin))
    }

    /// A further host from which a stand-in's files may be fetched, where the caller wants them as data:
    /// `https://cdn.example`, or `https://*.cdn.example` with all below it.
    pub fn media_host(self, provider: ProviderName, host: impl Into<String>) -> Self {
        let host = host.into();
        self.say(&format!("media_host.{provider}"), |settings| settings.media_hosts.push((provider, host)))
    }

    /// The model behind a deployment on Replicate, both as `owner/name`: requests to a deployment do not name it.
    pub fn deployment(self, deployment: impl Into<String>, model: impl Into<String>) -> Self {
        let (deployment, model) = (deployment.into(), model.into());
        self.say(&format!("deployment.{deployment}"), |settings| {
            settings.deployments.retain(|(known, _)| *known != deployment);
            settings.deployments.push((deployment, model));
        })
    }

    /// Whether a variant of a model may stand in for it; so it may unless said. If not, the request is not failed over to
    /// that stand-in, and the provenance says why.
    pub fn variants(self, allowed: bool) -> Self {
        self.say("variants", |settings| settings.variants = allowed)
    }

    /// Whether a stand-in may serve that cannot be told all that the caller asks: a field dropped, clamped or approximated.
    /// So it may unless said. If not, the request is not failed over to it, and the provenance says why.
    pub fn losses(self, allowed: bool) -> Self {
        self.say("losses", |settings| settings.losses = allowed)
    }

    /// Whether the files that a stand-in made for a Replicate request are handed out as data URIs. Replicate's Python client
    /// sends its token to whatever host an output names; data names none.
    pub fn outputs_as_data(self, on: bool) -> Self {
        self.say("outputs_as_data", |settings| settings.outputs_as_data = on)
    }

    /// Whether FAL is told not to repeat requests by itself (`x-fal-no-retry`); not unless said. Its queue repeats a failing
    /// request up to ten times before it answers.
    pub fn fal_no_retry(self, on: bool) -> Self {
        self.say("fal_no_retry", |settings| settings.fal_no_retry = on)
    }

    /// Where results are kept that the ids of failed-over jobs have no room for; in memory unless said.
    pub fn store(self, store: impl Store + 'static) -> Self {
        self.with(|settings| settings.store = Records::of_user(store))
    }

    /// A further origin at which this provider is asked: a proxy, or a fake on loopback. Scheme, host and port only; of a provider
    /// of text, the paths are those that it has at home.
    pub fn provider_url(self, provider: ProviderName, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        self.say(&format!("provider_url.{provider}"), |settings| {
            settings.provider_urls.push((provider, origin))
        })
    }

    /// Which failures make a stand-in answer.
    pub fn triggers(self, triggers: Triggers) -> Self {
        let named = ["statuses", "connect", "reset", "timeout", "out_of_credit"];
        let all = named.iter().fold(self, |it, part| it.say(&format!("triggers.{part}"), |_| {}));
        all.with(|settings| settings.triggers = triggers)
    }

    /// The call as a whole ends this long after it began; no limit unless said.
    ///
    /// Without a [`primary_limit`](Self::primary_limit) the asked provider may take half of it, so that time is left for a
    /// stand-in when that provider hangs.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.say("deadline", |settings| settings.deadline = Some(deadline))
    }

    /// The longest the asked provider may take; unless said, half of the [`deadline`](Self::deadline) if there is one, and
    /// the caller's own timeout in any case.
    pub fn primary_limit(self, limit: Duration) -> Self {
        self.say("primary_limit", |settings| settings.primary_limit = Some(limit))
    }

    /// Larger request bodies, in bytes, are passed on without failover; 8 MiB unless said.
    pub fn request_limit(self, bytes: usize) -> Self {
        self.say("request_limit", |settings| settings.request_limit = bytes)
    }

    /// Larger answers of a stand-in, in bytes, are refused; 32 MiB unless said.
    pub fn answer_limit(self, bytes: usize) -> Self {
        self.say("answer_limit", |settings| settings.answer_limit = bytes)
    }

    /// Reads the asked provider's healthy answers up to [`answer_limit`](Self::answer_limit) and applies the verdict, so that
    /// an empty or error-shaped success is answered by a stand-in. Off unless said: a healthy answer is handed on unread.
    pub fn check_answers(self, on: bool) -> Self {
        self.say("check_answers", |settings| settings.check_answers = on)
    }

    /// When a provider's model is left alone, and for how long.
    pub fn breaker(self, breaker: Breaker) -> Self {
        self.say("breaker", |settings| settings.breaker.whole = Some(breaker))
    }

    /// Called after every request that was not simply answered by the provider that was asked. A panic in it is caught.
    pub fn on_failover(self, observer: impl Fn(&Provenance) + Send + Sync + 'static) -> Self {
        let observer = Observer(Arc::new(observer));
        self.with(|settings| settings.on_failover = Some(observer))
    }

    /// Called with everything that happens, as it happens: see [`observe`](crate::observe). A panic in it is caught.
    pub fn on_event(self, on_event: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.listeners.listen(on_event))
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
