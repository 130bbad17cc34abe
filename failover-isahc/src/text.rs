//! Text out of a prompt, by whoever has a key: OpenAI, Anthropic, Together, and every provider that speaks as OpenAI does.
//!
//! ```no_run
//! use failover_isahc::{Failover, text::TextError};
//!
//! async fn generate_text(failover: &Failover, prompt: &str, model: &str) -> Result<String, TextError> {
//!     let ask = failover.text().model(model).prompt(prompt);
//!     Ok(ask.by_health().cached().ask().await?.text)
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let failover = Failover::from_env()?; // OPENAI_API_KEY, ANTHROPIC_API_KEY, TOGETHER_API_KEY
//!     let answer = generate_text(&failover, "Why is the sky blue?", "gpt-4o");
//!     println!("{}", futures_lite::future::block_on(answer)?); // within a future: answer.await
//!     Ok(())
//! }
//! ```
//!
//! # Who is asked
//!
//! The model at its own provider, if that has a key, then those who stand in for it: the first of its class at every other provider
//! who has a key, unless [`Builder::fallbacks`](crate::Builder::fallbacks) says otherwise. `provider/model` names a model that is in
//! no table. [`Ask::order`] names the providers.
//!
//! # How
//!
//! | | |
//! |---|---|
//! | one after the other | unless said |
//! | [`Ask::race`] | all at once; 30 s in all ([`Ask::deadline`]) and 10 s for each ([`Ask::limit`]) suit it |
//! | [`Ask::hedge`] | the next one when the present one takes long |
//! | [`Ask::by_health`] | who failed less and was quicker lately comes first |
//! | [`Ask::cached`] | an answer is used again for an hour, and a day longer when everybody has failed |
//!
//! They go together. A rate limit or an outage is answered by another provider; a chat that is too long for a model, by another
//! model; a refusal for what it asks is not routed around: a model that refuses is an answer ([`Stop::Refused`]), a provider that does
//! so ends the call.
//!
//! Providers are asked through the client for stand-ins ([`Failover::with_stand_in_client`](crate::Failover::with_stand_in_client)),
//! each with its own key. An answer is no longer than [`Builder::answer_limit`](crate::Builder::answer_limit). The circuit breakers are
//! those of text, apart from those for requests of your own: [`Failover::states`](crate::Failover::states) shows them as
//! `openai/gpt-4o (text)`, and [`Failover::force_open`](crate::Failover::force_open) of a provider is for both.
//! [`PerRequest`](crate::PerRequest) is for requests of your own only.
//!
//! The future may be dropped at any time. A request of isahc's that is dropped goes on until something arrives for it, or until its
//! limit.

use std::time::{Duration, SystemTime};

use failover_core::Fault;
pub use failover_core::{Freshness, Hedge};
use failover_mapping::text::{self, Awaited, Sender};
pub use failover_mapping::text::{Cost, Message, ProviderError, Role, Stop, Text, TextError, Usage};
use http::{HeaderMap, Request, StatusCode};

use crate::{Clock, Failover, attempt};

/// A text that is about to be asked for: [`Failover::text`] begins it.
pub type Ask<'f> = text::Ask<'f, Awaited<Through<'f>, Clock>>;

/// The client for stand-ins.
#[derive(Clone, Copy, Debug)]
pub struct Through<'f>(&'f Failover);

impl Failover {
    /// Text out of a prompt, by whoever has a key: see [`text`](crate::text).
    pub fn text(&self) -> Ask<'_> {
        Ask::new(&self.engine, Awaited::new(Through(self), self.clock.clone()))
    }
}

impl Sender for Through<'_> {
    async fn send(
        &self,
        request: Request<Vec<u8>>,
        limit: Duration,
        most: usize,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
        let Failover { stand_in, clock, .. } = self.0;
        attempt::stand_in(stand_in, request, Some(limit), most, clock).await
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
