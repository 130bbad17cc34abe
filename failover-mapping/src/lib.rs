//! What the providers' HTTP APIs look like, as data, and the pure functions that translate one into another.
//!
//! A request to FAL or Replicate that fails there can be answered by NexaAPI, by the other of the two, or by a provider that
//! the user declares; a chat with OpenAI, Anthropic or Together, by whoever of them has a key. This crate knows which requests those are ([`Config::route`]), what a stand-in is asked instead
//! ([`Exchange::ask`]), what answers mean ([`Exchange::own_answered`], [`Exchange::answered`]) and how they look in the shape
//! of the provider that the caller asked ([`Exchange::conclude`]). It does no I/O and reads no clock: an adapter for an HTTP
//! client tells it what happened and when, and `failover_core` decides who is asked next.
//!
//! ```
//! use failover_mapping::{Config, ProviderName};
//!
//! let config: Config = Config::builder().nexa_api_key("nexa-key").build()?;
//! let (url, body) = ("https://fal.run/fal-ai/flux/schnell", br#"{"prompt": "a cat", "image_size": "square"}"#);
//! let (request, translated) = config.build_request(url, body, ProviderName::Nexa)?;
//! assert_eq!(request.uri(), "https://api.nexa-api.com/v1/images/generate");
//! assert_eq!(translated.model, "flux-schnell");
//! println!("{config}"); // the plan: who is asked, who stands in, and every setting
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```text
//!  caller's request ── route ── exchange ───────── healthy: untouched, nothing was parsed
//!                        │          │
//!                  not ours:        ├─ ask ──► Send, Pause, Send, .. ──► answer, in the asked shape
//!                  passed on        └─ provenance: who was asked, what each said, what was lost
//! ```
//!
//! # What is answered
//!
//! | asked | answered |
//! |---|---|
//! | `POST https://fal.run/{model}` | when the stand-in has the result; its job is asked for until then |
//! | `POST https://queue.fal.run/{model}` | at once, with an id of ours |
//! | `GET ../requests/{id}[/status[/stream]]`, `PUT ../requests/{id}/cancel` | if the id is ours: from the stand-in's job, or from the id itself |
//! | `POST https://api.replicate.com/v1/models/{owner}/{name}/predictions`, `/v1/predictions` with a model or a known version, `/v1/deployments/..` as the user says | with `Prefer: wait` when the result is there or the time is up, else at once |
//! | `GET /v1/predictions/{id}`, `POST ../cancel` | if the id is ours |
//! | `GET /v1/models/{owner}/{name}/versions/{hash}` | in an outage, as far as a client needs it |
//! | `POST https://api.openai.com/v1/chat/completions`, Together's, and that of every [`Builder::text_provider`] | whole, or as a stream of events |
//! | `POST https://api.anthropic.com/v1/messages` | likewise |
//!
//! Everything else is passed on: other hosts, methods and models, webhooks, uploads, the jobs of the providers themselves.
//! The models stand in the README ([`Catalogue`] and [`Config::text_models`] have them), what becomes of each parameter in
//! `COVERAGE.md`.
//!
//! # How it knows
//!
//! What is known about a provider stands in a data file ([`ProviderData`]), and is read by functions that know no provider:
//! model rows, parameter rows with a codec out of a closed list ([`Codec`]), answer shapes, verdicts on a status. A request is
//! read into a neutral form ([`Field`]) and written from it, so a provider is described once, and not once per pair. Hosts and
//! authentication are code and settings. Models match exactly or not at all; everything that a translation drops, clamps or
//! approximates is a [`Loss`] in the [`Provenance`], and a user can refuse it ([`Builder::losses`], [`Builder::variants`]).
//!
//! # Who stands in
//!
//! NexaAPI, unless the user names others, in the user's order:
//!
//! ```
//! use failover_mapping::{Config, ProviderName};
//!
//! let config: Config = Config::builder()
//!     .nexa_api_key("nexa-key")
//!     .key(ProviderName::Fal, "fal-key")
//!     .key(ProviderName::Replicate, "replicate-token")
//!     .stand_ins([ProviderName::Replicate, ProviderName::Fal, ProviderName::Nexa])
//!     .variants(false) // the same model or nobody
//!     .build()?;
//! # Ok::<(), failover_mapping::ConfigError>(())
//! ```
//!
//! Text has stand-ins of its own: everybody who has a key, each with its first model of the asked one's class, or as
//! [`Builder::text_stand_ins`] and [`Builder::fallbacks`] say. With such a key alone, NexaAPI's is not needed.
//!
//! # Chats and their streams
//!
//! OpenAI's chat completions and Anthropic's messages are read into one neutral form and written from it, requests, answers and events
//! alike ([`ChatApi`] by hand, [`EventTranslator`] for a stream). An adapter that can read a body as it comes drives a stream by
//! [`chat::streams`]: it is handed on with its first token, and what happens when it breaks off after that, [`StreamPolicy`] says. One
//! that cannot hands on the asked provider's stream, and a stand-in's whole answer as a complete one. Text without a request of the
//! caller's own is [`text`].
//!
//! # Jobs that were failed over
//!
//! The id that the caller is handed holds the stand-in's job, or the finished result, so that another process can answer for
//! it. What does not fit (a long result, the prompt that some answers echo) lies in a [`Store`]. No question for a job ever
//! starts another generation, and none is sent to a provider that does not know the id.
//!
//! # By hand
//!
//! [`Config::build_request`], [`Config::translate`], [`Config::should_failover`] and the [`Catalogue`] are the engine without
//! an adapter. A call goes so:
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
//!
//! # Any callable
//!
//! What the adapters' `Calls` share, for functions of the user's own, is [`calls`]; it needs nothing of HTTP. What a program
//! sees of all of it is [`observe`], and answers that may be used again are [`cache`].
//!
//! # Features
//!
//! * `http` (on by default): all that is known about HTTP APIs. Without it there are [`calls`] and [`observe`] only.
//! * `cache` (on with `http`): [`cache::Cache`], for callables.
//! * `metrics`: counters and a histogram of `metrics`, listed in [`observe`].
//! * `tracing`: a span for each call and its events, of `tracing`.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "http")]
mod answers;
#[cfg(feature = "http")]
mod builder;
#[cfg(feature = "http")]
mod by_hand;
pub mod cache;
pub mod calls;
#[cfg(feature = "http")]
mod catalogue;
#[cfg(feature = "http")]
pub mod chat;
#[cfg(feature = "http")]
mod check;
#[cfg(feature = "http")]
mod codec;
#[cfg(feature = "http")]
mod conclude;
#[cfg(feature = "http")]
mod config;
#[cfg(feature = "http")]
mod coverage;
#[cfg(feature = "http")]
mod credentials;
#[cfg(feature = "http")]
mod data;
#[cfg(feature = "http")]
mod engine;
#[cfg(feature = "http")]
mod errand;
#[cfg(feature = "http")]
mod error;
#[cfg(feature = "http")]
mod exchange;
#[cfg(feature = "http")]
mod field;
#[cfg(feature = "http")]
mod flight;
#[cfg(feature = "http")]
mod follow;
#[cfg(feature = "http")]
mod form;
#[cfg(feature = "http")]
mod gather;
#[cfg(feature = "http")]
mod generation;
#[cfg(feature = "http")]
mod hint;
#[cfg(feature = "http")]
mod history;
#[cfg(feature = "http")]
mod json;
#[cfg(feature = "http")]
mod language;
#[cfg(feature = "http")]
mod loss;
#[cfg(feature = "http")]
mod media;
pub mod observe;
#[cfg(feature = "http")]
mod origin;
#[cfg(feature = "http")]
mod own;
#[cfg(feature = "http")]
mod per_request;
mod plain;
#[cfg(feature = "http")]
mod prefer;
mod preset;
#[cfg(feature = "http")]
mod provenance;
#[cfg(feature = "http")]
mod provider;
#[cfg(feature = "http")]
mod read;
#[cfg(feature = "http")]
mod recall;
#[cfg(feature = "http")]
mod redact;
#[cfg(feature = "http")]
mod route;
#[cfg(feature = "http")]
mod settings;
#[cfg(feature = "http")]
mod shape;
#[cfg(feature = "http")]
mod standing;
#[cfg(feature = "http")]
mod store;
#[cfg(feature = "http")]
mod talk;
#[cfg(feature = "http")]
mod target;
#[cfg(feature = "http")]
pub mod text;
#[cfg(feature = "http")]
mod ticket;
#[cfg(feature = "http")]
mod triggers;
#[cfg(feature = "http")]
mod unanswered;
#[cfg(feature = "http")]
mod verdict;
#[cfg(feature = "http")]
mod write;

#[cfg(feature = "http")]
pub use builder::Builder;
#[cfg(feature = "http")]
pub use by_hand::{Declined, Translated};
#[cfg(feature = "http")]
pub use catalogue::{Catalogue, Resolved};
#[cfg(feature = "http")]
pub use chat::{ChatApi, EventTranslator, StreamPolicy, Usage};
#[cfg(feature = "http")]
pub use config::{Config, FromConfig, TextModel};
#[cfg(feature = "http")]
pub use coverage::{Coverage, Covered};
#[cfg(feature = "http")]
pub use data::{
    Answer, AnswerKeys, Authentication, Codec, Envelope, Field, HeaderIs, Host, Input, Model, Only,
    Price as ListPrice, ProviderData, Refusal, Size, Substitution, Task, Verdict,
};
#[cfg(feature = "http")]
pub use engine::Engine;
#[cfg(feature = "http")]
pub use error::ConfigError;
#[cfg(feature = "http")]
pub use exchange::Exchange;
pub use failover_core::{CircuitState, Fault, Moment, Skip};
#[cfg(feature = "http")]
pub use flight::{Body, Conclusion, Flight, READ_AHEAD, READ_TIME, Read, Step};
#[cfg(feature = "http")]
pub use loss::{Loss, LossKind};
#[cfg(feature = "http")]
pub use per_request::PerRequest;
pub use preset::Preset;
#[cfg(feature = "http")]
pub use provenance::{Asked, Attempt, Passed, Price, Provenance, Served};
#[cfg(feature = "http")]
pub use provider::{OtherName, ProviderName};
#[cfg(feature = "http")]
pub use recall::Recalled;
#[cfg(feature = "http")]
pub use route::Route;
#[cfg(feature = "http")]
pub use settings::{Dialect, sample::Setting};
#[cfg(feature = "http")]
pub use store::Store;
#[cfg(feature = "http")]
pub use target::Target;
#[cfg(feature = "http")]
pub use triggers::Triggers;
#[cfg(feature = "http")]
pub use unanswered::Unanswered;
