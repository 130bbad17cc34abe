//! What the providers' HTTP APIs look like, as data, and the pure functions that translate one into another.
//!
//! A request to FAL or Replicate that fails there can be answered by NexaAPI. This crate knows which requests those are
//! ([`Config::route`]), what NexaAPI is asked instead ([`Exchange::request`]), what an answer means
//! ([`Exchange::primary_answered`], [`Exchange::stand_in_answered`]) and how it looks in the shape of the provider that the
//! caller asked ([`Exchange::conclude`]). It does no I/O, reads no clock and keeps no state: an adapter for an HTTP client tells
//! it what happened and when, and `failover_core` decides who is asked next.
//!
//! ```text
//!  caller's request ── route ── exchange ──────────────── healthy: untouched, nothing was parsed
//!                        │          │
//!                  not ours:        ├─ request ──► NexaAPI ──► stand_in_answered ──► answer, in the asked shape
//!                  passed on        └─ provenance: who was asked, what each said, what was lost
//! ```
//!
//! What is known about a provider stands in a data file ([`ProviderData`]), and is read by functions that know no provider:
//! model rows, parameter rows with a codec out of a closed list, answer shapes, verdicts on a status. Hosts and
//! authentication are code. Models match exactly or not at all; everything that a translation drops, clamps or
//! approximates is a [`Loss`] in the [`Provenance`].
//!
//! Today the synchronous image generation of both providers is answered: `POST https://fal.run/{model}`, and Replicate's
//! `POST /v1/models/{owner}/{name}/predictions` and `POST /v1/predictions` with `Prefer: wait`.
//!
//! ```
//! use failover_mapping::{Config, Moment, Target};
//! use http::{HeaderMap, Method, Uri};
//!
//! let config: Config = Config::builder().nexa_api_key("nexa-key").build()?;
//! let uri = Uri::from_static("https://fal.run/fal-ai/flux/dev");
//! let target = Target::of_uri(&Method::POST, &uri).expect("it names a host");
//! let route = config.route(&target, &HeaderMap::new()).expect("flux/dev has a row");
//! let exchange = route.exchange(br#"{"prompt": "a cat"}"#, Moment::EPOCH).expect("it is within the limit");
//! assert_eq!(config.domain_name(exchange.candidates()[0].provider()), "fal/fal-ai/flux/dev");
//! assert_eq!(config.domain_name(exchange.candidates()[1].provider()), "nexaapi/flux-dev");
//! # Ok::<(), failover_mapping::ConfigError>(())
//! ```

mod builder;
mod catalogue;
mod check;
mod codec;
mod config;
mod credentials;
mod data;
mod error;
mod exchange;
mod form;
mod hint;
mod history;
mod json;
mod loss;
mod nexa;
mod origin;
mod provenance;
mod provider;
mod read;
mod redact;
mod route;
mod shape;
mod triggers;
mod unanswered;
mod verdict;

pub use builder::Builder;
pub use catalogue::{Catalogue, Resolved};
pub use config::{Config, FromConfig};
pub use data::{
    Answer, AnswerKeys, Codec, Envelope, Field, HeaderIs, Input, Model, ProviderData, Refusal, Size,
    Substitution, Task, Verdict,
};
pub use error::ConfigError;
pub use exchange::{Conclusion, Exchange, Flight};
pub use failover_core::{Fault, Moment, Skip};
pub use loss::{Loss, LossKind};
pub use provenance::{Asked, Attempt, Passed, Provenance, Served};
pub use provider::ProviderName;
pub use route::{Route, Target};
pub use triggers::Triggers;
pub use unanswered::Unanswered;
