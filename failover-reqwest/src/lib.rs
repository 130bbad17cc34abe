//! Failover for [reqwest]: when FAL, Replicate, OpenAI, Anthropic or Together cannot answer, another provider
//! does, in the shape of the one that was asked.
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
//! And [chats](#chats) of OpenAI, Anthropic and Together, whole or as a stream.
//!
//! # What happens to a request
//!
//! * A request that has no stand-in (another host, another model, another method) passes through as it is.
//! * The asked provider is asked first, once, through the caller's own client. A healthy answer is handed on untouched.
//! * On a trigger (429, 500, 502, 503, 504, 529, no connection, a reset, a timeout) NexaAPI is asked, through a client of ours that
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
//! # Chats
//!
//! A chat (`POST /v1/chat/completions` of OpenAI, Together and every [`Builder::text_provider`]; `POST /v1/messages` of Anthropic) is
//! answered by whoever of them has a key of yours, each by its first model of the asked one's class ([`Config::text_models`]), or as
//! [`Builder::fallbacks`] says. The answer is in the asked API's shape, a stream of events if one was asked for, and names the
//! model that answered.
//!
//! * Both APIs are translated into each other: what the system says, turns, images, tools and their results, stop sequences, limits,
//!   how words are chosen, usage, why it ended. What has no counterpart is lost, and the [`Provenance`] tells; where it would
//!   change the answer's shape (`n`, `logprobs`, a JSON schema), nobody stands in.
//! * A rate limit is waited for if it is short ([`Builder::text_patience`]); an account without credit is not asked twice; a chat that is
//!   too long for a model goes to another model; what a provider refuses for its content is the caller's to know.
//! * The asked provider is asked again before a stand-in is ([`Builder::text_retries`]), where its request can be sent twice.
//! * A stream is handed on with its first token: until then another provider takes over unseen, also when nothing but keep-alives has
//!   come for [`Builder::first_token_limit`]. One that breaks off later, or is silent for [`Builder::idle_limit`], ends with an error in
//!   the asked API's shape, and the body with a [`StreamBroken`]; or as [`Builder::stream_policy`] says. It never ends as if it were
//!   complete.
//! * When everybody has failed, the caller gets its own provider's answer, with `x-should-retry: false`, so that OpenAI's and
//!   Anthropic's own clients do not begin anew.
//!
//! Text without a request of your own, here the `generate_text` that an article builds by hand ([`text`]):
//!
//! ```
//! use failover_reqwest::{Failover, text::TextError};
//!
//! async fn generate_text(failover: &Failover, prompt: &str, model: &str) -> Result<String, TextError> {
//!     let ask = failover.text().model(model).prompt(prompt);
//!     Ok(ask.by_health().cached().ask().await?.text)
//! }
//! ```
//!
//! # What else there is
//!
//! * Text out of a prompt, by whoever has a key, with race, hedge, health and cache ([`text`], [`Failover::text`]).
//! * Settings from the program ([`Failover::builder`]), the environment ([`Failover::from_env`]) and a file
//!   ([`Failover::from_file`]): [`Setting`] lists them, [`Preset`] has sets for two kinds of work. [`Config`] prints the plan, and who
//!   said what in it.
//! * One request otherwise: without failover, with a deadline, in another order ([`PerRequest`], an extension of the request).
//! * While it runs: what the circuit breakers are at ([`Failover::states`]), breakers forced open or closed, and a switch that
//!   lets every request pass through ([`Failover::switch_off`]).
//! * Answers that may be used again, and old ones when everybody has failed ([`Builder::cache`]); answers that claim success and
//!   are none ([`Builder::check_answers`]).
//! * What happens, as it happens: [`Builder::on_failover`], [`Builder::on_event`], spans and counters ([`observe`]).
//! * Without reqwest-middleware: one request of a plain client ([`SendFailover`]), or a stack of tower services (feature `tower`).
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
//! # Rehearse it
//!
//! ```
//! use failover_reqwest::{Failover, ProviderName, StreamPolicy};
//! use failover_testkit::{Fault, Provider};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (openai, anthropic) = (Provider::openai(), Provider::anthropic());
//! openai.misbehave(Fault::StreamCut); // after 40 of 60 tokens
//! let failover = Failover::builder()
//!     .key(ProviderName::Anthropic, "any")
//!     .stand_in_url(ProviderName::Anthropic, anthropic.url())
//!     .provider_url(ProviderName::OpenAi, openai.url())
//!     .stream_policy(StreamPolicy::Buffer)
//!     .build()?;
//! let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(failover).build();
//!
//! let chat = r#"{"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}"#;
//! let request = client.post(format!("{}/v1/chat/completions", openai.url())).bearer_auth("any").body(chat);
//! let events = request.send().await?.text().await?;
//! assert!(events.contains("anthropic60") && !events.contains("openai40")); // whole, and all of it by one
//! # Ok(())
//! # }
//! ```
//!
//! # Any callable
//!
//! The same for async functions of your own, which need no HTTP, and none of it is built without the feature `http`: see
//! [`calls`].
//!
//! ```
//! use failover_reqwest::Calls;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let temperature = Calls::new().call([("thermometer", async || "21.5".parse::<f64>())]).await?;
//! assert_eq!((temperature.value, temperature.provider.as_str()), (21.5, "thermometer"));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! * `http` (on by default): the middleware. Without it only [`calls`] is there, and neither reqwest nor HTTP is built.
//! * `rustls` (on by default): TLS for the requests to stand-ins.
//! * `system-proxy` (on by default): stand-ins are asked through the proxy that the environment names.
//! * `tower`: `Failover` as a layer of tower, around a reqwest client or a stack of services that ends in one.
//! * `cache` (on with `http`): a [`Cache`](calls::Cache) for [`calls`].
//! * `metrics`: counters and a histogram of `metrics`, listed in [`observe`].
//! * `tracing`: a span for each call and its events, of `tracing`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "http")]
mod attempt;
pub mod calls;
mod clock;
#[cfg(feature = "http")]
mod error;
#[cfg(feature = "http")]
mod failover;
#[cfg(feature = "http")]
mod kept;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "http")]
mod own;
#[cfg(feature = "http")]
mod run;
#[cfg(feature = "http")]
mod send;
#[cfg(feature = "http")]
mod stream;
#[cfg(feature = "http")]
pub mod text;

pub use calls::Calls;
pub use failover_core::{Breaker, CircuitState, Fault, Skip};
#[cfg(feature = "http")]
pub use failover_mapping::cache::{CacheStore, Cached, Freshness};
#[cfg(feature = "http")]
pub use failover_mapping::chat::streams::StreamBroken;
pub use failover_mapping::observe;
#[cfg(feature = "http")]
pub use failover_mapping::{
    Asked, Attempt, Builder, Catalogue, ChatApi, Config, ConfigError, Declined, Dialect, ListPrice, Loss,
    LossKind, OtherName, Passed, PerRequest, Preset, Price, Provenance, ProviderName, Resolved, Served,
    Setting, Store, StreamPolicy, Substitution, Task, TextModel, Translated, Triggers, Unanswered,
};

#[cfg(feature = "http")]
pub use failover::Failover;
#[cfg(feature = "tower")]
pub use layer::FailoverService;
#[cfg(feature = "http")]
pub use send::SendFailover;
