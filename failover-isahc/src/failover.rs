//! The handle: settings, state and switches of one failover, behind as many clients as are wanted.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

use failover_core::CircuitState;
use failover_mapping::{Builder, Config, ConfigError, Engine, FromConfig, PerRequest, Route, Target};
use http::Request;
use isahc::HttpClient;

use crate::{Client, Clock, attempt};

/// What makes a client of isahc fail over. Clones share one state: what one client learns about a provider, all know.
#[derive(Clone)]
pub struct Failover {
    pub(crate) engine: Arc<Engine>,
    pub(crate) stand_in: HttpClient,
    pub(crate) clock: Clock,
    pub(crate) wishes: Option<PerRequest>,
}

impl Failover {
    /// The settings, to be changed and built. Only a key has no default: [`Builder::nexa_api_key`], or for
    /// text alone a [`Builder::key`] of a provider that writes.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// What the environment says: `NEXA_API_KEY` for media, `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` and `TOGETHER_API_KEY` for text (one
    /// of the four is enough), the keys of other stand-ins, `FAILOVER_..` for each simple setting, and the file that
    /// `FAILOVER_CONFIG` names. [`Setting`](crate::Setting) lists them all.
    ///
    /// # Errors
    ///
    /// The variable, or the line of the file, that is missing or cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder_from_env().build()
    }

    /// As [`Failover::from_env`], with the variables as `lookup` finds them.
    ///
    /// # Errors
    ///
    /// The variable, or the line of the file, that is missing or cannot be used.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Builder::from_vars_and_files(lookup, read).build()
    }

    /// What this configuration file says, and over it what the environment says. [`Config::example_file`] is one to begin with.
    ///
    /// # Errors
    ///
    /// The line of the file, or the variable, that is missing or cannot be used.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::builder_from_file(file).build()
    }

    /// As [`Failover::from_env`], with more to be said: a callback, say. What the builder says goes over it.
    pub fn builder_from_env() -> Builder<Self> {
        Builder::from_vars_and_files(variable, read).none_misspelt(names())
    }

    /// As [`Failover::from_file`], with more to be said.
    pub fn builder_from_file(file: impl AsRef<Path>) -> Builder<Self> {
        Builder::from_file(file, variable, read)
    }

    /// The requests of `http`, with failover: as [`Client::new`].
    #[must_use]
    pub fn wrap(&self, http: HttpClient) -> Client {
        Client::new(http, self.clone())
    }

    /// Asks stand-ins through `client`: one with a company's certificates, say, or a proxy. Its redirects stay off, and its
    /// decompression. Build it with
    /// [`connection_cache_size(0)`](isahc::HttpClientBuilder::connection_cache_size): a request on a connection that is used
    /// again may be sent, and billed, twice.
    #[must_use]
    pub fn with_stand_in_client(self, client: HttpClient) -> Self {
        Self { stand_in: client, ..self }
    }

    /// Reads the time and sleeps by `clock`. Clones share what the time was used for, so this comes before cloning.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The settings as they were checked: the tables of models, and the translation by hand.
    ///
    /// ```
    /// use failover_isahc::{Failover, ProviderName};
    ///
    /// let failover = Failover::builder().nexa_api_key("nexa-key").build()?;
    /// let config = failover.config();
    /// let row = config.catalogue().resolve_fal("fal-ai/flux/dev").expect("it has a row");
    /// assert_eq!((row.by, row.stand_in), (ProviderName::Nexa, "flux-dev"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn config(&self) -> &Config {
        self.engine.config()
    }

    /// A handle that shares everything with this one, and wants this for all requests that go through it.
    ///
    /// A request's own [`PerRequest`], among its extensions, goes before.
    #[must_use]
    pub fn per_request(&self, wishes: PerRequest) -> Self {
        Self { wishes: Some(wishes), ..self.clone() }
    }

    /// The kill switch: from now on every request passes through as it is. See [`Engine::switch_off`].
    pub fn switch_off(&self) {
        self.engine.switch_off();
    }

    /// Undoes [`Failover::switch_off`].
    pub fn switch_on(&self) {
        self.engine.switch_on();
    }

    /// Whether it is switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.engine.is_off()
    }

    /// The present state of a fault domain's circuit breaker: `fal/fal-ai/flux/dev`. None if there is no such domain.
    #[must_use]
    pub fn state(&self, domain: &str) -> Option<CircuitState> {
        self.engine.state(domain, self.clock.now())
    }

    /// All fault domains, with the present states of their circuit breakers.
    pub fn states(&self) -> impl Iterator<Item = (&str, CircuitState)> {
        self.engine.states(self.clock.now())
    }

    /// Nobody asks this fault domain any more, or this provider: `fal`. See [`Engine::force_open`].
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn force_open(&self, name: &str) -> Result<(), ConfigError> {
        self.engine.force_open(name)
    }

    /// This fault domain, or this provider, is asked however it fails. See [`Engine::force_closed`].
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn force_closed(&self, name: &str) -> Result<(), ConfigError> {
        self.engine.force_closed(name)
    }

    /// Its breaker judges for itself again, as if it were new. See [`Engine::release`].
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn release(&self, name: &str) -> Result<(), ConfigError> {
        self.engine.release(name)
    }

    /// Where the request is going, if that is ours.
    pub(crate) fn route<B>(&self, request: &Request<B>) -> Option<Route<'_>> {
        let target = Target::of_uri(request.method(), request.uri())?;
        let wishes = request.extensions().get::<PerRequest>().or(self.wishes.as_ref());
        self.engine.route(&target, request.headers(), wishes)
    }
}

impl FromConfig for Failover {
    fn from_config(config: Config) -> Result<Self, ConfigError> {
        let stand_in = attempt::stand_in_client().map_err(|_| {
            ConfigError::setting("stand_in_client", "cannot be set up: its thread does not start")
        })?;
        let engine = Arc::new(Engine::new(config));
        Ok(Self { engine, stand_in, clock: Clock::system(), wishes: None })
    }
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failover").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// What is not UTF-8 in it is refused by its name, later.
fn variable(name: &str) -> Option<String> {
    Some(std::env::var_os(name)?.to_string_lossy().into_owned())
}

fn names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

fn read(file: &Path) -> io::Result<String> {
    std::fs::read_to_string(file)
}
