//! Failover for [ureq]: when FAL, Replicate, OpenAI, Anthropic or Together cannot answer, another provider
//! does, in the shape of the one that was asked.
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
//! * On a trigger (429, 500, 502, 503, 504, 529, no connection, a reset, a timeout) NexaAPI is asked, through an agent of ours that
//!   follows no redirect and sends NexaAPI's key and nothing of the caller's. FAL and Replicate can stand in for each other
//!   ([`Builder::stand_ins`], [`Builder::key`]).
//! * Its answer comes back with the status, keys and types of the asked provider, and with a [`Provenance`]: as an extension
//!   of the response, and as `x-failover-*` headers.
//! * When NexaAPI fails too, the caller gets the asked provider's own answer or error, of its exact type. Only where there
//!   is none, because a deadline of ours passed first, the error is an [`Unanswered`],
//!   inside [`ureq::Error::Other`].
//! * A provider's model that failed three times in a row is left alone for a while ([`Breaker`]), and one that says how long
//!   it wants to be left alone, in a header or in its words, so long.
//!
//! # What is answered
//!
//! * FAL: `POST https://fal.run/{model}`, and its queue at `queue.fal.run`: submit, status, status stream, result, cancel. A
//!   submit with a webhook is FAL's alone.
//! * Replicate: the three ways to create a prediction, with `Prefer: wait` and without, get, cancel, and the page of a version,
//!   which its clients ask for after they have created one. Deployments as [`Builder::deployment`] names them.
//!
//! * [Chats](#chats) of OpenAI, Anthropic and Together.
//!
//! Which models there are, [`Config::catalogue`] lists.
//!
//! ## Jobs
//!
//! A job that was failed over has an id that begins with `nx_` and says by itself where the job is. Whatever is asked about it
//! is answered by any process with the same configuration, never by the provider that was asked at first, and never
//! with a second generation. A result too long for its id lies in a [`Store`]: in this process's memory unless
//! [`Builder::store`] says otherwise. NexaAPI cannot cancel: FAL's clients hear `ALREADY_COMPLETED`, Replicate's the present state.
//!
//! Where the caller waits for the end (FAL's synchronous requests, `Prefer: wait`, a status stream), NexaAPI's job is asked for
//! every [`Builder::poll_interval`] until [`Builder::stand_in_limit`], and the calling thread sleeps in between.
//!
//! ## Files as data
//!
//! Where the caller wants files as data (FAL's `sync_mode`), they are fetched without any key, from the stand-in's declared
//! hosts only ([`Builder::media_host`]). [`Builder::outputs_as_data`] does so for all of Replicate's: its Python client sends
//! Replicate's token to whatever host an output names. ureq sends nothing by itself; what you add to a download, you send.
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
//! * When everybody has failed, the caller gets its own provider's answer, with `x-should-retry: false`, so that OpenAI's and
//!   Anthropic's own clients do not begin anew.
//!
//! Text without a request of your own, here the `generate_text` that an article builds by hand ([`text`]):
//!
//! ```
//! use failover_ureq::{Failover, text::TextError};
//!
//! fn generate_text(failover: &Failover, prompt: &str, model: &str) -> Result<String, TextError> {
//!     let ask = failover.text().model(model).prompt(prompt);
//!     Ok(ask.by_health().cached().ask()?.text)
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
//!
//! # What ureq leaves us
//!
//! * ureq reports a 4xx or 5xx as [`ureq::Error::StatusCode`] unless told otherwise, without headers and body: a hint when to
//!   come back, and FAL's word that a balance is exhausted, are then invisible, and the error has no room for a
//!   [`Provenance`]. Set [`Builder::on_failover`] to see it all the same, or `http_status_as_error(false)`.
//! * The same setting decides about answers of ours: `ALREADY_COMPLETED` is a 400.
//! * [`Builder::deadline`] and [`Builder::primary_limit`] bound the asked provider through ureq's `timeout_per_call`: they replace
//!   what the caller set there, hold for each redirect anew, and show as [`ureq::Timeout::PerCall`]. The caller's
//!   `timeout_global` holds as well, for the asked provider only.
//! * A stream of a chat (`stream: true`) is guarded until its head: [`Builder::first_token_limit`] bounds it so far, through
//!   `timeout_connect` and `timeout_recv_response`, which replace what the caller set there. Then it is handed on unread, and what
//!   breaks of it is the caller's to see: a [`Builder::stream_policy`] has no effect. Where a stand-in answers, its whole answer comes
//!   as a complete stream of events. The asked provider is asked once, as ureq leaves us no second time.
//! * A request body is read before it is sent, so that it can be translated, and goes out with a `Content-Length`. One that is
//!   longer than [`Builder::request_limit`] goes out without failover, in chunks unless the caller set its length.
//! * The body of a refused answer is read by a thread while a stand-in is asked. Where its words are needed to judge it, they
//!   are waited for, one second at most. Handed back, it is the same bytes; of one longer than 64 KiB ureq's
//!   `Body::content_length` is not told, though the header is there.
//! * `ResponseExt::get_uri` on an answer of ours gives the URL that was asked. Only ureq itself can make that mark, so where the
//!   asked provider gave no answer to take it from, ureq is run on a connection that leads nowhere, by way of its
//!   `unversioned` API. No redirect is in its history.
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
//! # Any callable
//!
//! The same for functions of your own, which need no HTTP, and none of it is built without the feature `http`: see [`calls`].
//!
//! ```
//! use failover_ureq::Calls;
//!
//! let temperature = Calls::new().call([("thermometer", || "21.5".parse::<f64>())])?;
//! assert_eq!((temperature.value, temperature.provider.as_str()), (21.5, "thermometer"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! * `http` (on by default): the middleware. Without it only [`calls`] is there, and neither ureq nor HTTP is built.
//! * `rustls` (on by default): TLS for the requests to stand-ins.
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
#[cfg(feature = "http")]
mod marks;
#[cfg(feature = "http")]
mod run;
#[cfg(feature = "http")]
pub mod text;

pub use calls::Calls;
pub use clock::Clock;
pub use failover_core::{Breaker, CircuitState, Fault, Skip};
#[cfg(feature = "http")]
pub use failover_mapping::cache::{CacheStore, Cached, Freshness};
pub use failover_mapping::observe;
#[cfg(feature = "http")]
pub use failover_mapping::{
    Asked, Attempt, Builder, Catalogue, ChatApi, Config, ConfigError, Declined, Dialect, ListPrice, Loss,
    LossKind, OtherName, Passed, PerRequest, Preset, Price, Provenance, ProviderName, Resolved, Served,
    Setting, Store, StreamPolicy, Substitution, Task, TextModel, Translated, Triggers, Unanswered,
};

#[cfg(feature = "http")]
pub use failover::Failover;
