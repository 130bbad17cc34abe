//! Failover for [ureq]: when FAL or Replicate cannot answer, another provider does, in the shape of the one that was asked.
//!
//! ```no_run
//! use failover_ureq::Failover;
//! use serde_json::{Value, json};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let agent: ureq::Agent = ureq::Agent::config_builder()
//!         .middleware(Failover::from_env()?) // the one line: NEXA_API_KEY is the stand-in's key
//!         .build()
//!         .into();
//!
//!     let answer: Value = agent
//!         .post("https://fal.run/fal-ai/flux/dev")
//!         .header("Authorization", format!("Key {}", std::env::var("FAL_KEY")?))
//!         .send_json(json!({ "prompt": "a lighthouse at dusk" }))?
//!         .body_mut()
//!         .read_json()?;
//!     println!("{}", answer["images"][0]["url"]);
//!     Ok(())
//! }
//! ```
//!
//! # What happens to a request
//!
//! * A request that has no stand-in (another host, another model, another method) passes through as it is.
//! * The asked provider is asked first, once, through the caller's own agent. A healthy answer is handed on untouched.
//! * On a trigger (429, 500, 502, 503, 504, no connection, a reset, a timeout) NexaAPI is asked, through an agent of ours that
//!   follows no redirect and sends NexaAPI's key and nothing of the caller's.
//! * Its answer comes back with the status, keys and types of the asked provider, and with a [`Provenance`]: as an extension
//!   of the response, and as `x-failover-*` headers.
//! * When NexaAPI fails too, the caller gets the asked provider's own answer or error, of its exact type. Only where there
//!   is none, because a deadline of ours passed first, the error is an [`Unanswered`],
//!   inside [`ureq::Error::Other`].
//! * A provider's model that failed three times in a row is left alone for a while ([`Breaker`]).
//!
//! # What ureq leaves us
//!
//! * ureq reports a 4xx or 5xx as [`ureq::Error::StatusCode`] unless told otherwise, without headers: a `Retry-After` is then
//!   invisible, and the error has no room for a [`Provenance`]. Set [`Builder::on_failover`] to see it all the same, or
//!   `http_status_as_error(false)`.
//! * [`Builder::deadline`] and [`Builder::primary_limit`] bound the asked provider through ureq's `timeout_per_call`: they replace
//!   what the caller set there, hold for each redirect anew, and show as [`ureq::Timeout::PerCall`]. The caller's
//!   `timeout_global` holds as well.
//! * A request body is read before it is sent, so that it can be translated, and goes out with a `Content-Length`. One that is
//!   longer than [`Builder::request_limit`] goes out without failover, in chunks unless the caller set its length.
//! * The body of a refused answer is read by a thread while a stand-in is asked.
//! * `ResponseExt::get_uri` on a stand-in's answer gives the asked provider's URL, or NexaAPI's if ureq turned the asked
//!   provider's answer into an error.
//!
//! # Rehearse it
//!
//! ```
//! use failover_testkit::{Provider, Reply};
//! use failover_ureq::{Failover, ProviderName};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (fal, nexa) = (Provider::fal(), Provider::nexa());
//! fal.always(Reply::status(429));
//! let failover = Failover::builder()
//!     .nexa_api_key("any")
//!     .nexa_base_url(nexa.url())
//!     .provider_url(ProviderName::Fal, fal.url())
//!     .build()?;
//! let agent: ureq::Agent = ureq::Agent::config_builder().middleware(failover).build().into();
//!
//! let answer = agent.post(format!("{}/fal-ai/flux/dev", fal.url())).send(r#"{"prompt":"a lighthouse"}"#)?;
//! assert_eq!(answer.headers()["x-failover-served-by"], "nexaapi");
//! assert_eq!((fal.count(), nexa.count()), (1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! * `rustls` (on by default): TLS for the requests to stand-ins.
#![forbid(unsafe_code)]

mod attempt;
mod clock;
mod error;
mod kept;
mod run;

use std::fmt;
use std::sync::Arc;

use failover_core::Fleet;
use ureq::middleware::{Middleware, MiddlewareNext};
use ureq::{Agent, Body, SendBody};

pub use clock::Clock;
pub use failover_core::{Breaker, Fault, Skip};
pub use failover_mapping::{
    Asked, Attempt, Builder, ConfigError, Loss, LossKind, Passed, Provenance, ProviderName, Served,
    Substitution, Triggers, Unanswered,
};
use failover_mapping::{Config, FromConfig};

/// A ureq middleware. Clones share one state: what one agent learns about a provider, all know.
#[derive(Clone)]
pub struct Failover {
    shared: Arc<Shared>,
    stand_in: Agent,
    clock: Clock,
}

struct Shared {
    config: Config,
    fleet: Fleet,
}

impl Failover {
    /// The settings, to be changed and built. [`Builder::nexa_api_key`] is the only one without a default.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// The default settings, with `NEXA_API_KEY` and, if set, `NEXA_BASE_URL` from the environment.
    ///
    /// # Errors
    ///
    /// The variable that is missing or cannot be used, by name.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
    }

    /// As [`Failover::from_env`], with the variables as `lookup` finds them.
    ///
    /// # Errors
    ///
    /// The variable that is missing or cannot be used, by name.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Builder::from_vars(lookup).build()
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
}

impl FromConfig for Failover {
    fn from_config(config: Config) -> Result<Self, ConfigError> {
        let fleet = Fleet::new(config.domains(), config.breaker());
        let shared = Arc::new(Shared { config, fleet });
        Ok(Self { shared, stand_in: attempt::stand_in_agent(), clock: Clock::system() })
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
        f.debug_struct("Failover").field("config", &self.shared.config).finish_non_exhaustive()
    }
}
