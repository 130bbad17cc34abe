//! The handle: settings, state and switches of one failover, behind as many clients as are wanted.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

use failover_core::CircuitState;
use failover_mapping::{Builder, Config, ConfigError, Engine, FromConfig, PerRequest};
use reqwest::{Client, Request, Response};
use reqwest_middleware::{Middleware, Next};

use crate::clock::Clock;
use crate::own::Passed;
use crate::{attempt, run};

/// A reqwest middleware. Clones share one state: what one client learns about a provider, all know.
#[derive(Clone)]
pub struct Failover {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stand_in: Client,
    pub(crate) wishes: Option<PerRequest>,
}

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
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

    /// Asks stand-ins through `client`: one with a company's certificates, say, or a proxy. Build it with redirects off
    /// ([`reqwest::redirect::Policy::none`]): it carries the stand-in's key, and reqwest cannot be told so later.
    #[must_use]
    pub fn with_stand_in_client(self, client: Client) -> Self {
        Self { stand_in: client, ..self }
    }

    /// The settings as they were checked: the tables of models, and the translation by hand.
    ///
    /// ```
    /// use failover_reqwest::{Failover, ProviderName};
    ///
    /// let failover = Failover::builder().nexa_api_key("nexa-key").build()?;
    /// let config = failover.config();
    /// let row = config.catalogue().resolve_fal("fal-ai/flux/dev").expect("it has a row");
    /// assert_eq!((row.by, row.stand_in), (ProviderName::Nexa, "flux-dev"));
    ///
    /// let body = br#"{"prompt": "a cat", "acceleration": "high"}"#;
    /// let translated = config.translate(ProviderName::Fal, "fal-ai/flux/dev", body, ProviderName::Nexa)?;
    /// assert_eq!(translated.losses[0].to_string(), "acceleration dropped");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn config(&self) -> &Config {
        self.shared.engine.config()
    }

    /// A handle that shares everything with this one, and wants this for all requests that go through it.
    ///
    /// A request's own [`PerRequest`], given by [`reqwest_middleware::RequestBuilder::with_extension`], goes before.
    #[must_use]
    pub fn per_request(&self, wishes: PerRequest) -> Self {
        Self { wishes: Some(wishes), ..self.clone() }
    }

    /// The kill switch: from now on every request passes through as it is. See [`Engine::switch_off`].
    pub fn switch_off(&self) {
        self.shared.engine.switch_off();
    }

    /// Undoes [`Failover::switch_off`].
    pub fn switch_on(&self) {
        self.shared.engine.switch_on();
    }

    /// Whether it is switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.shared.engine.is_off()
    }

    /// The present state of a fault domain's circuit breaker: `fal/fal-ai/flux/dev`. None if there is no such domain.
    #[must_use]
    pub fn state(&self, domain: &str) -> Option<CircuitState> {
        self.shared.engine.state(domain, self.shared.clock.now())
    }

    /// All fault domains, with the present states of their circuit breakers.
    pub fn states(&self) -> impl Iterator<Item = (&str, CircuitState)> {
        self.shared.engine.states(self.shared.clock.now())
    }

    /// Nobody asks this fault domain any more, or this provider: `fal`. See [`Engine::force_open`].
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn force_open(&self, name: &str) -> Result<(), ConfigError> {
        self.shared.engine.force_open(name)
    }

    /// This fault domain, or this provider, is asked however it fails. See [`Engine::force_closed`].
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn force_closed(&self, name: &str) -> Result<(), ConfigError> {
        self.shared.engine.force_closed(name)
    }

    /// Its breaker judges for itself again, as if it were new. See [`Engine::release`].
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn release(&self, name: &str) -> Result<(), ConfigError> {
        self.shared.engine.release(name)
    }
}

impl FromConfig for Failover {
    fn from_config(config: Config) -> Result<Self, ConfigError> {
        let stand_in = attempt::stand_in_client().map_err(|_| {
            ConfigError::setting(
                "stand_in_client",
                "cannot be set up: the TLS backend does not start on this machine",
            )
        })?;
        let shared = Shared { engine: Engine::new(config), clock: Clock::new() };
        Ok(Self { shared: Arc::new(shared), stand_in, wishes: None })
    }
}

#[async_trait::async_trait]
impl Middleware for Failover {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let wishes = extensions.get::<PerRequest>().cloned();
        run::run(self, request, wishes.as_ref(), Passed { extensions, next }).await
    }
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failover").field("engine", &self.shared.engine).finish_non_exhaustive()
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
