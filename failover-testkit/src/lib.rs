//! Providers on loopback that answer, refuse, stall, cut and lie on command, to rehearse a failover.
//!
//! A [`Provider`] is a small HTTP/1.1 server on a free port of 127.0.0.1 that stands for FAL, Replicate, NexaAPI, OpenAI, Together or
//! Anthropic. Left alone it answers as the real one would on a good day, in the shapes that its clients expect. A script of [`Reply`]
//! values gives it a bad day, one request at a time or from now on, and its log ([`Seen`]) holds every request that
//! reached it, so a rehearsal can also prove what was *not* sent: no second bill, no key of somebody else.
//!
//! Nothing leaves the machine, no key is real, nothing is generated. The URLs of media in the answers lead nowhere,
//! or to a sample on the same provider.
//!
//! ```
//! use failover_testkit::{Provider, Reply};
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! fn generate(base: &str) -> std::io::Result<String> {
//!     let mut stream = TcpStream::connect(base.trim_start_matches("http://"))?;
//!     stream.write_all(b"POST /fal-ai/flux/dev HTTP/1.1\r\nHost: loopback\r\nConnection: close\r\n")?;
//!     stream.write_all(b"Content-Length: 16\r\n\r\n{\"prompt\":\"cat\"}")?;
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer)?;
//!     Ok(answer)
//! }
//!
//! let fal = Provider::fal();
//! fal.script([Reply::status(429).header("Retry-After", "7"), Reply::healthy().cut_after(10)]);
//!
//! assert!(generate(&fal.url())?.starts_with("HTTP/1.1 429 Too Many Requests"));
//! assert!(generate(&fal.url())?.ends_with("\r\n\r\n{\"images\":")); // ten bytes, then the line went dead
//! assert!(generate(&fal.url())?.contains("https://v3.fal.media/files/")); // the script is over: healthy
//!
//! assert_eq!(fal.count(), 3);
//! assert!(fal.seen().iter().all(|request| request.mentions("cat")));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Those who chat say sixty tokens that name them ([`Provider::text`]), so that a rehearsal can tell who answered, and how much of
//! an answer arrived before its stream broke off:
//!
//! ```
//! use failover_testkit::{Provider, Reply};
//! # use std::io::{Read, Write};
//! # use std::net::TcpStream;
//! # fn chat(base: &str, body: &str) -> std::io::Result<String> {
//! #     let mut stream = TcpStream::connect(base.trim_start_matches("http://"))?;
//! #     let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: loopback\r\nAuthorization: Bearer key\r\nConnection: close\r\n";
//! #     write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len())?;
//! #     let mut answer = String::new();
//! #     stream.read_to_string(&mut answer)?;
//! #     Ok(answer)
//! # }
//!
//! let openai = Provider::openai();
//! openai.script([Reply::healthy().bad_event_at(3).cut_after_tokens(40)]);
//! let asked = r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;
//!
//! let broken = chat(&openai.url(), asked)?; // your client, and what it makes of half a stream
//! assert!(broken.contains(" openai40") && !broken.contains(" openai41") && !broken.contains("[DONE]"));
//! let sound = chat(&openai.url(), asked)?;
//! assert!(sound.contains(" openai60") && sound.contains("data: [DONE]"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Every failure that a failover has to survive has a name. [`Fault::ALL`] and [`Fault::STREAMED`] list them, and one line puts one
//! on:
//!
//! ```
//! use failover_testkit::{Fault, Provider};
//!
//! let (fal, openai) = (Provider::fal(), Provider::openai());
//! let base = fal.misbehave(Fault::TruncatedJson); // where your client asks, for as long as `fal` lives
//! openai.misbehave(Fault::StreamCut); // after 40 of 60 tokens
//! # assert_eq!(base, fal.url());
//! ```
//!
//! What they are made of can be mixed by hand:
//!
//! | to rehearse | write |
//! |---|---|
//! | nobody listens | [`refused()`], or drop the provider |
//! | nobody answers the door | [`blackholed()`] |
//! | rate limit, with or without a hint | `Reply::status(429).header("Retry-After", "7")`, `Reply::status(429)` |
//! | outage | `provider.always(Reply::status(503))`, over with [`Provider::heal`] |
//! | connection lost before an answer | [`Reply::reset`] |
//! | a provider that hangs | [`Reply::silence`] |
//! | a slow provider | `Reply::healthy().delay(Duration::from_secs(2))` |
//! | half an answer | `Reply::healthy().cut_after(100)`, `reset_after(100)` |
//! | an answer byte by byte | `Reply::healthy().slow_head(pause)`, `slow_body(pause)` |
//! | a huge answer, on the wire or only when it is unpacked | `Reply::healthy().padded(1 << 24)`, `bomb(1 << 24)` |
//! | 1xx answers before the answer, or without end | `Reply::healthy().after_interim(10)`, `after_interim(u64::MAX)` |
//! | a 200 that is none | `Reply::status(200).body("<html>").content_type("text/html")`, `Reply::json(200, "{}")` |
//! | a job that takes its time | [`Provider::fal_queue`], [`Provider::replicate`] without `Prefer: wait`, `nexa.jobs(3)` |
//! | a job that fails, never ends, or is lost | `provider.jobs_end(JobEnd::Failed)`, `JobEnd::Never`, `JobEnd::Gone` |
//! | a stream that breaks off | `Reply::healthy().cut_after_tokens(40)`, `reset_after_tokens(40)`, `cut_after(1000)` (bytes) |
//! | a stream that falls silent, or says that it failed | `Reply::healthy().stall_after_tokens(20)`, `error_after_tokens(20)` |
//! | a stream that is slow to start, its line kept busy | `Reply::healthy().first_token_after(wait).keep_alive(KeepAlive::Ping, every)` |
//! | a stream that is slow | `Reply::healthy().token_pace(pause)` |
//! | a stream with an event that is no JSON | `Reply::healthy().bad_event_at(10)` |
//! | a stream without its last word, or its end | `Reply::healthy().without_done()`, `stays_open()` |
//! | a stream oddly written | `Reply::healthy().crlf().chunks_of(7)` |
//! | a call of a tool | `Reply::healthy().tool_call("weather", "{}")` |
//! | a refusal for a reason, in the provider's own words | [`Reply::context_too_long`], [`Reply::content_policy`], [`Reply::quota`], [`Reply::overloaded`] |
//! | a model that refuses to go on with what another began | `Reply::healthy().rejects_prefill()` |
//! | one model that has a bad day | `provider.model("gpt-4o", Reply::status(503))` |
//! | media that can be fetched | `provider.media_here(true)` |
//!
//! Answers repeat themselves from run to run: ids and seeds count up from the provider's start and dates are fixed, so
//! they can be compared with a snapshot.

mod acceptor;
mod answer;
mod asked;
mod blackholed;
mod bomb;
mod chat;
mod connections;
mod conversation;
mod fal;
mod fault;
mod goaway;
mod inlet;
mod jobs;
mod json;
mod kind;
mod media;
mod nexa;
mod outlet;
mod pace;
mod provider;
mod refused;
mod replicate;
mod reply;
mod request;
mod script;
mod seen;
mod stage;
mod stream;

pub use blackholed::blackholed;
pub use fault::{Fault, NoSuchFault};
pub use jobs::JobEnd;
pub use pace::Pace;
pub use provider::Provider;
pub use refused::refused;
pub use reply::Reply;
pub use reply::upset::KeepAlive;
pub use seen::Seen;
