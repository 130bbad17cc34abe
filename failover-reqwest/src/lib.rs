//! Failover for [reqwest]: when FAL or Replicate cannot answer, another provider does, in the shape of the one that was asked.
//!
//! ```no_run
//! use failover_reqwest::Failover;
//! use serde_json::{Value, json};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
//!         .with(Failover::from_env()?) // the one line: NEXA_API_KEY is the stand-in's key
//!         .build();
//!
//!     let answer: Value = client
//!         .post("https://fal.run/fal-ai/flux/dev")
//!         .header("Authorization", format!("Key {}", std::env::var("FAL_KEY")?))
//!         .json(&json!({ "prompt": "a lighthouse at dusk" }))
//!         .send()
//!         .await?
//!         .json()
//!         .await?;
//!     println!("{}", answer["images"][0]["url"]);
//!     Ok(())
//! }
//! ```
//!
//! # Which requests are answered
//!
//! * FAL, at once: `POST https://fal.run/{model}`, also with `sync_mode`, where the files are wanted as data.
//! * FAL's queue, `https://queue.fal.run`: submit, status (with or without logs), status stream, result and cancel.
//! * Replicate: the three routes that create a prediction, with or without `Prefer: wait`; get and cancel; the page of a
//!   version, which clients ask for after they have created a prediction.
//!
//! For the models that have a row: images, videos, speech and transcriptions. [`Failover::config`] shows the tables.
//!
//! # What happens to a request
//!
//! * A request that has no stand-in (another host, another model, another method) passes through as it is.
//! * The asked provider is asked first, once, through the caller's own client. A healthy answer is handed on untouched.
//! * On a trigger (429, 500, 502, 503, 504, no connection, a reset, a timeout) NexaAPI is asked, through a client of ours that
//!   follows no redirect and sends NexaAPI's key and nothing of the caller's. [`Builder::stand_ins`] names others, and their
//!   order.
//! * A stand-in that works on a job is asked for it until it is done, where the caller waits for the result.
//! * Its answer comes back with the status, keys and types of the asked provider, and with a [`Provenance`]: as an extension
//!   of the response, and as `x-failover-*` headers. Its `url()` is the one that was asked.
//! * When all stand-ins fail too, the caller gets the asked provider's own answer or error, of its exact type. Only where there
//!   is none, because a deadline of ours passed first, the error is an [`Unanswered`],
//!   inside [`reqwest_middleware::Error::Middleware`].
//! * A provider's model that failed three times in a row is left alone for a while ([`Breaker`]).
//! * A future that is dropped before it is done leaves the circuit breakers in order: a probe in flight is given back. Nobody
//!   is told of it, though what was in flight may still be done, and billed.
//!
//! # Jobs that were failed over
//!
//! Where the caller is given a job (FAL's queue, Replicate), its id begins with `nx_` and says all that is needed to ask for
//! it: which provider works on it, or the result itself. Send what asks for it through a client with this middleware; any
//! will do, also in another process or after a restart. It is answered in the asked provider's shape, never reaches that
//! provider, and never starts another generation.
//!
//! * A result that is too long for an id, and what an answer repeats of the request (a prompt, Replicate's `input`), lies in
//!   the [`Store`]: in memory, unless [`Builder::store`] says otherwise.
//! * NexaAPI cannot cancel. FAL's clients hear `ALREADY_COMPLETED`, Replicate's how the job stands.
//! * Such an answer carries a [`Provenance`], and [`Builder::on_failover`] is not called again.
//! * Replicate's Python client sends its token to whatever host an output names: [`Builder::outputs_as_data`] hands out
//!   Replicate's outputs as data URIs.
//! * Files for data URIs are fetched without a key, from a stand-in's own hosts and those of [`Builder::media_host`] only.
//!
//! # What reqwest leaves us
//!
//! * The tokio runtime needs its timer: `enable_all()`, as `#[tokio::main]` has it.
//! * A streamed or multipart body cannot be sent twice and is not read ahead: such a request passes through as it is, as does
//!   one that is longer than [`Builder::request_limit`].
//! * An error has no room for a [`Provenance`]: set [`Builder::on_failover`] to see it all the same.
//! * [`Builder::deadline`] and [`Builder::primary_limit`] bound the asked provider until its headers are there, redirects included;
//!   the body of an answer that is handed on is the caller's to wait for.
//! * Redirects of the asked provider are followed, or not, as the caller's client is set up, before its answer is judged.
//! * The body of a refused answer is read by a task while a stand-in is asked. Where it says why it was refused or until when,
//!   its beginning is read before: for a second at most, 64 KiB at most.
//! * Other middlewares see the request to the asked provider only. A retrying one belongs *inside*, added after this one:
//!   then a stand-in is asked when its retries are used up.
//!
//! # Features
//!
//! * `rustls` (on by default): TLS for the requests to stand-ins.
//! * `system-proxy` (on by default): stand-ins are asked through the proxy that the environment names.
#![forbid(unsafe_code)]

mod attempt;
mod clock;
mod error;
mod kept;
mod run;

use std::fmt;
use std::sync::Arc;

use failover_core::Fleet;
use reqwest::{Client, Request, Response};
use reqwest_middleware::{Middleware, Next};

pub use failover_core::{Breaker, Fault, Skip};
use failover_mapping::FromConfig;
pub use failover_mapping::{
    Asked, Attempt, Builder, Catalogue, Config, ConfigError, Declined, Dialect, ListPrice, Loss, LossKind,
    OtherName, Passed, Price, Provenance, ProviderName, Resolved, Served, Store, Substitution, Task,
    Translated, Triggers, Unanswered,
};

use crate::clock::Clock;

/// A reqwest middleware. Clones share one state: what one client learns about a provider, all know.
#[derive(Clone)]
pub struct Failover {
    shared: Arc<Shared>,
    stand_in: Client,
}

struct Shared {
    config: Config,
    fleet: Fleet,
    clock: Clock,
}

impl Failover {
    /// The settings, to be changed and built. [`Builder::nexa_api_key`] is the only one without a default.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// The default settings, with `NEXA_API_KEY` and, if set, `NEXA_BASE_URL`, `FAL_KEY` and `REPLICATE_API_TOKEN` from the
    /// environment; see [`Builder::from_vars`].
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
        &self.shared.config
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
        let fleet = Fleet::new(config.domains(), config.breaker());
        Ok(Self { shared: Arc::new(Shared { config, fleet, clock: Clock::new() }), stand_in })
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
        run::run(self, request, extensions, next).await
    }
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failover").field("config", &self.shared.config).finish_non_exhaustive()
    }
}
