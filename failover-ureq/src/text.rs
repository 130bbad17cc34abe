//! Text out of a prompt, by whoever has a key: OpenAI, Anthropic, Together, and every provider that speaks as OpenAI does.
//!
//! ```no_run
//! use failover_ureq::{Failover, text::TextError};
//!
//! fn generate_text(failover: &Failover, prompt: &str, model: &str) -> Result<String, TextError> {
//!     let ask = failover.text().model(model).prompt(prompt);
//!     Ok(ask.by_health().cached().ask()?.text)
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let failover = Failover::from_env()?; // OPENAI_API_KEY, ANTHROPIC_API_KEY, TOGETHER_API_KEY
//!     println!("{}", generate_text(&failover, "Why is the sky blue?", "gpt-4o")?);
//!
//!     let answer = failover.text().prompt("A haiku about the sea").ask()?;
//!     println!("{answer}\n{} {}, {:?}", answer.provider, answer.model, answer.usage);
//!     println!("{}", answer.report); // who was asked, and what became of it
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
//! | one after the other, within this thread | unless said |
//! | [`Ask::race`] | all at once, a thread for each; 30 s in all ([`Ask::deadline`]) and 10 s for each ([`Ask::limit`]) suit it |
//! | [`Ask::hedge`] | the next one when the present one takes long, a thread for each |
//! | [`Ask::by_health`] | who failed less and was quicker lately comes first |
//! | [`Ask::cached`] | an answer is used again for an hour, and a day longer when everybody has failed |
//!
//! They go together. A rate limit or an outage is answered by another provider; a chat that is too long for a model, by another
//! model; a refusal for what it asks is not routed around: a model that refuses is an answer ([`Stop::Refused`]), a provider that does
//! so ends the call.
//!
//! Providers are asked through the agent for stand-ins ([`Failover::with_stand_in_agent`](crate::Failover::with_stand_in_agent)), each
//! with its own key. An answer is no longer than [`Builder::answer_limit`](crate::Builder::answer_limit). The circuit breakers are
//! those of text, apart from those for requests of your own: [`Failover::states`](crate::Failover::states) shows them as
//! `openai/gpt-4o (text)`, and [`Failover::force_open`](crate::Failover::force_open) of a provider is for both.
//! [`PerRequest`](crate::PerRequest) is for requests of your own only.
//!
//! A thread cannot be stopped: one that lost a race goes on until its limit, and then finds nobody to tell.

use std::sync::Arc;
use std::time::SystemTime;

use failover_core::Moment;
pub use failover_core::{Freshness, Hedge};
use failover_mapping::calls::Served;
use failover_mapping::text::{self, Block, Blocking, Errand, Plan, Written};
pub use failover_mapping::text::{Cost, Message, ProviderError, Role, Stop, Text, TextError, Usage};

use crate::calls::{Calls, Provider, ThreadProvider};
use crate::{Failover, attempt};

/// A text that is about to be asked for: [`Failover::text`] begins it.
pub type Ask<'f> = text::Ask<'f, Blocking<Through<'f>>>;

/// The agent for stand-ins.
#[derive(Clone, Copy, Debug)]
pub struct Through<'f>(&'f Failover);

impl Failover {
    /// Text out of a prompt, by whoever has a key: see [`text`](crate::text).
    pub fn text(&self) -> Ask<'_> {
        Ask::new(&self.engine, Blocking::new(Through(self)))
    }

    /// One attempt.
    fn write(&self, errand: &Errand, ends: Option<Moment>) -> Result<Written, ProviderError> {
        let config = self.engine.config();
        let (request, attempt) = errand.begin(config)?;
        let left = ends.map_or(errand.limit(), |ends| ends.since(self.clock.now()).min(errand.limit()));
        match attempt::stand_in(&self.stand_in, request, Some(left), config.answer_limit()) {
            Ok((parts, body)) => attempt.answered((parts.status, &parts.headers, &body), SystemTime::now),
            Err(fault) => Err(attempt.failed(fault)),
        }
    }
}

impl Block for Through<'_> {
    fn run(&self, plan: Plan) -> Result<Served<Written>, TextError> {
        let Self(failover) = *self;
        let Plan { errands, policy, at_once, cache, .. } = plan;
        let calls = Calls::of(Arc::clone(failover.engine.text().roster()), failover.clock.clone());
        let ends = policy.ends(failover.clock.now());
        let models: Vec<_> = errands.iter().map(Errand::model).collect();
        if at_once {
            let ask = calls.ask_threads(errands.into_iter().map(|errand| {
                let (name, failover) = (errand.name().to_owned(), failover.clone());
                ThreadProvider::new(name, move || failover.write(&errand, ends))
            }));
            let ask = ask.classify(ProviderError::verdict).with_policy(policy).with_models(models);
            match &cache {
                Some((cache, question)) => ask.cached(cache, *question).run(),
                None => ask.run(),
            }
        } else {
            let ask = calls.ask(
                errands
                    .iter()
                    .map(|errand| Provider::new(errand.name(), move || failover.write(errand, ends))),
            );
            let ask = ask.classify(ProviderError::verdict).with_policy(policy).with_models(models);
            match &cache {
                Some((cache, question)) => ask.cached(cache, *question).run(),
                None => ask.run(),
            }
        }
    }
}
