//! The handle: settings, state and switches of one failover, behind as many agents as are wanted.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

use failover_core::CircuitState;
use failover_mapping::{Builder, Config, ConfigError, Engine, FromConfig, PerRequest};
use ureq::middleware::{Middleware, MiddlewareNext};
use ureq::{Agent, Body, SendBody};

use crate::{Clock, attempt, run};

/// A ureq middleware. Clones share one state: what one agent learns about a provider, all know.
#[derive(Clone)]
pub struct Failover {
    pub(crate) engine: Arc<Engine>,
    pub(crate) stand_in: Agent,
    pub(crate) clock: Clock,
    pub(crate) wishes: Option<PerRequest>,
    /// Whether the caller wants failing statuses as errors, where the user said so.
    pub(crate) status_as_error: Option<bool>,
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

    /// What was configured: the tables ([`Config::catalogue`]), and the engine by hand for requests that go out another way
    /// ([`Config::should_failover`], [`Config::build_request`]).
    #[must_use]
    pub fn config(&self) -> &Config {
        self.engine.config()
    }

    /// Asks stand-ins through `agent`: one with a company's certificates, say, or a proxy. Its redirects stay off.
    #[must_use]
    pub fn with_stand_in_agent(self, agent: Agent) -> Self {
        Self { stand_in: agent, ..self }
    }

    /// Reads the time and sleeps by `clock`. Clones share what the time was used for, so this comes before cloning.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Always sees the asked provider's refusals whole: when it wants to be asked again, and FAL's word that a balance is
    /// exhausted. `status_as_error` is what the caller's agent does with a failing status, true unless it was built with
    /// `http_status_as_error(false)`; the caller gets the same.
    ///
    /// Without it, ureq shows an error without headers and body, as [its setting] is by default; and a setting of a single
    /// request's is the caller's own. With it, this one goes for all.
    ///
    /// [its setting]: ureq::config::ConfigBuilder::http_status_as_error
    #[must_use]
    pub fn rich(self, status_as_error: bool) -> Self {
        Self { status_as_error: Some(status_as_error), ..self }
    }

    /// A handle that shares everything with this one, and wants this for all requests that go through it.
    ///
    /// A request's own [`PerRequest`], given by [`ureq::RequestBuilder::extension`], goes before.
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
}

impl FromConfig for Failover {
    fn from_config(config: Config) -> Result<Self, ConfigError> {
        Ok(Self {
            engine: Arc::new(Engine::new(config)),
            stand_in: attempt::stand_in_agent(),
            clock: Clock::system(),
            wishes: None,
            status_as_error: None,
        })
    }
}

impl Middleware for Failover {
    fn handle(
        &self,
        request: http::Request<SendBody<'_>>,
        next: MiddlewareNext<'_>,
    ) -> Result<http::Response<Body>, ureq::Error> {
        run::run(self, request, next)
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
