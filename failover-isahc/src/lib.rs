//! Failover for [isahc]: when FAL, Replicate, OpenAI, Anthropic or Together cannot answer, another provider
//! does, in the shape of the one that was asked.
//! Without tokio, for plain threads and for any executor (smol, async-std, an actor system).
//!
//! ```no_run
//! use failover_isahc::Failover;
//! use isahc::{Request, prelude::*};
//! use serde_json::Value;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // The one line: NEXA_API_KEY is the stand-in's key.
//!     let client = Failover::from_env()?.wrap(isahc::HttpClient::new()?);
//!
//!     let request = Request::post("https://fal.run/fal-ai/flux/dev")
//!         .header("Authorization", format!("Key {}", std::env::var("FAL_KEY")?))
//!         .header("Content-Type", "application/json")
//!         .body(r#"{"prompt": "a lighthouse at dusk"}"#)?;
//!     let answer: Value = client.send(request)?.json()?; // or client.send_async(request).await?.json().await?
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
//!   of the response, and as `x-failover-*` headers.
//! * When all stand-ins fail too, the caller gets the asked provider's own answer, or isahc's own error. Only where there
//!   is none, because a deadline of ours passed first, the error is one of ours: [`unanswered`] finds it.
//! * A provider's model that failed three times in a row is left alone for a while ([`Breaker`]).
//! * A future that is dropped before it is done leaves the circuit breakers in order: a probe in flight is given back. Nobody
//!   is told of it, though what was in flight may still be done, and billed.
//!
//! # Jobs that were failed over
//!
//! Where the caller is given a job (FAL's queue, Replicate), its id begins with `nx_` and says all that is needed to ask for
//! it: which provider works on it, or the result itself. Send what asks for it through a [`Client`]; any will do, also in
//! another process or after a restart. It is answered in the asked provider's shape, never reaches that provider, and never
//! starts another generation.
//!
//! * A result that is too long for an id, and what an answer repeats of the request (a prompt, Replicate's `input`), lies in
//!   the [`Store`]: in memory, unless [`Builder::store`] says otherwise.
//! * NexaAPI cannot cancel. FAL's clients hear `ALREADY_COMPLETED`, Replicate's how the job stands.
//! * Such an answer carries a [`Provenance`], and [`Builder::on_failover`] is not called again.
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
//! use failover_isahc::{Failover, text::TextError};
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
//!
//! # What isahc leaves us
//!
//! As measured on isahc 2.0.2 with libcurl 8.22; a test names each that is ours to close.
//!
//! * **A request may be sent twice.** Where a connection that is used again is lost before the answer, libcurl sends the
//!   request again, a POST as well, and the asked provider may bill both. The client for stand-ins keeps no connection, so it
//!   sends once. Of the caller's client that is the caller's to say:
//!   [`connection_cache_size(0)`](isahc::HttpClientBuilder::connection_cache_size); no request can say so by itself.
//! * **What is dropped may go on.** isahc looks at a transfer that nobody waits for when something arrives, and not before. A
//!   stand-in's ends at its limit all the same. The asked provider's ends at the caller's own
//!   [`timeout`](isahc::config::Configurable::timeout), if there is one.
//! * A header whose value is not visible ASCII makes isahc panic. Through a [`Client`] it is an invalid request, and nothing is
//!   sent. A default header of the caller's client is not seen from here.
//! * A head that breaks off, and a `Content-Length` that is no number or too large for one, are a 200 for isahc. An answer of a
//!   stand-in's is compared with its declared length and must hold what was asked for; the asked provider's where answers are
//!   checked.
//! * isahc decompresses without a bound. Stand-ins are asked for plain answers, and these are read up to
//!   [`Builder::answer_limit`].
//! * `json()` and `bytes()` of isahc make room for as much as an answer declares before it has come: a server that declares
//!   10^18 bytes ends the process. Where answers are checked, such an answer of the asked provider's is answered by a stand-in.
//! * A limit of zero is none for isahc, and one that never ends an error. Ours are kept within what it can count.
//! * The body of a chat that is streamed drives the rest of the call, in whatever executor reads it, or in a plain thread. By then
//!   the asked provider cannot be asked again. One that breaks off ends with an [`io::Error`](std::io::Error) that holds a
//!   [`StreamBroken`]. A stand-in's connection that nobody reads any more stays for as long as a token may take.
//! * A body that is not a buffer (a reader, a file) cannot be sent again and is not read ahead: such a request passes through as
//!   it is, as does one that is longer than [`Builder::request_limit`].
//! * [`Builder::deadline`] and [`Builder::primary_limit`] bound the asked provider until its headers are there, redirects included;
//!   the body of an answer that is handed on is the caller's to wait for.
//! * Redirects of the asked provider are followed, or not, as the caller's client is set up, before its answer is judged.
//!   Other headers than `Authorization` and `Cookie` go along, such as `X-Fal-Key`: isahc sends them to whatever host it is told.
//! * [`effective_uri`](isahc::ResponseExt::effective_uri) on an answer of a stand-in's names the URL that was asked, as far as
//!   the asked provider gave an answer too; else, nothing. Only isahc can make that mark. As with every answer of isahc's, the
//!   extensions of an answer cannot be cloned: that panics.
//! * libcurl, as isahc builds it, opens no socket whose file descriptor is 1,024 or more. A process with so many files open gets a
//!   failed connection for every request, and that is blamed on whoever was asked: keep to a few hundred calls at a time.
//! * With a logger that listens to `isahc::wire` at level `trace`, isahc logs all that is sent, keys included.
//!
//! # Rehearse it
//!
//! Asynchronous, on a clock and an executor of your own choice; here, those of a plain thread:
//!
//! ```
//! use failover_isahc::{Failover, ProviderName};
//! use failover_testkit::{Provider, Reply};
//! use isahc::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (fal, nexa) = (Provider::fal(), Provider::nexa());
//! fal.always(Reply::status(429));
//! let failover = Failover::builder()
//!     .nexa_api_key("any")
//!     .nexa_base_url(nexa.url())
//!     .provider_url(ProviderName::Fal, fal.url())
//!     .build()?;
//! let client = failover.wrap(isahc::HttpClient::new()?);
//!
//! let url = format!("{}/fal-ai/flux/dev", fal.url());
//! let answer = futures_lite::future::block_on(client.post_async(url.as_str(), r#"{"prompt": "a cat"}"#))?;
//! assert_eq!(answer.headers()["x-failover-served-by"], "nexaapi");
//! assert_eq!(answer.effective_uri().map(ToString::to_string), Some(url));
//! assert_eq!((fal.count(), nexa.count()), (1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # Any callable
//!
//! The same for async functions of your own, whatever they do: see [`calls`].
//!
//! ```
//! use failover_isahc::Calls;
//!
//! let calls = Calls::new();
//! let call = calls.call([("thermometer", async || "21.5".parse::<f64>())]);
//! let temperature = futures_lite::future::block_on(call)?; // within a future: call.await
//! assert_eq!((temperature.value, temperature.provider.as_str()), (21.5, "thermometer"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! * `rustls` (on by default): TLS, by rustls, as isahc's `rustls-tls` has it. Another of isahc's TLS features does as well.
//! * `http2`: HTTP/2, as isahc's `http2` has it.
//! * `metrics`: counters and a histogram of `metrics`, listed in [`observe`].
//! * `tracing`: a span for each call and its events, of `tracing`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod attempt;
pub mod calls;
mod client;
mod clock;
mod error;
mod failover;
mod kept;
mod run;
mod stream;
pub mod text;

pub use calls::Calls;
pub use client::{Client, ResponseFuture};
pub use clock::Clock;
pub use error::unanswered;
pub use failover::Failover;
pub use failover_core::{Breaker, CircuitState, Fault, Skip};
pub use failover_mapping::cache::{CacheStore, Cached, Freshness};
pub use failover_mapping::chat::streams::StreamBroken;
pub use failover_mapping::observe;
pub use failover_mapping::{
    Asked, Attempt, Builder, Catalogue, ChatApi, Config, ConfigError, Declined, Dialect, ListPrice, Loss,
    LossKind, OtherName, Passed, PerRequest, Preset, Price, Provenance, ProviderName, Resolved, Served,
    Setting, Store, StreamPolicy, Substitution, Task, TextModel, Translated, Triggers, Unanswered,
};
