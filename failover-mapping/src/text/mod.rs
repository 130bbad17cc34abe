//! Text out of a prompt, by whoever has a key: OpenAI, Anthropic, Together, and every provider that speaks as OpenAI does.
//!
//! An adapter's `Failover::text()` begins an [`Ask`], and its `ask()` comes back with a [`Text`], or with a [`TextError`] that has every
//! provider's reason:
//!
//! ```text
//! let answer = failover.text().model("gpt-4o").prompt("Why is the sky blue?").ask().await?;
//! println!("{answer} ({} {}, {:?})", answer.provider, answer.model, answer.usage);
//! ```
//!
//! # Who is asked
//!
//! The model at its own provider, if that has a key, then those who stand in for it: the first of its class at every other provider who
//! has a key, unless [`Builder::fallbacks`](crate::Builder::fallbacks) says otherwise. Each has a circuit breaker by the name of
//! provider and model, with the settings of [`Builder::breaker`](crate::Builder::breaker). They are apart from those of the same name
//! for the requests of the caller's own, and `Failover::states()` shows them as `openai/gpt-4o (text)` once a call had them in its list.
//!
//! # How
//!
//! One after the other, unless said: [`race`](Ask::race), [`hedge`](Ask::hedge), [`by_health`](Ask::by_health),
//! [`cached`](Ask::cached), all of which go together. What a refusal means is judged as for the requests of the caller's own: a
//! rate limit or an outage is answered elsewhere, and asked again here as far as [`retries`](Ask::retries) and
//! [`Builder::text_patience`](crate::Builder::text_patience) allow; a chat that is too long for a model goes to another model; a
//! refusal for what it asks ends the call, as does a mistake that the first provider finds.
//!
//! # What is told
//!
//! [`Text`] and [`TextError`] have the timeline of the call, and whoever listens by [`Builder::on_event`](crate::Builder::on_event) hears
//! of it as it happens. [`Builder::on_failover`](crate::Builder::on_failover) is about requests of the caller's own. With the kill
//! switch off (`Failover::switch_off`) the first provider is asked alone.
//!
//! Neither what is asked nor what is answered is ever printed, but by [`Text`]'s `Display`.
//!
//! # For adapters
//!
//! An async adapter brings a [`Sender`] and its time ([`Awaited`]), a blocking one the loop ([`Block`], [`Blocking`]). Everything else is
//! decided here: [`Plan`] says who is asked and how, [`Errand`] what, [`Attempt`] what an answer is worth, [`Desk`] what all calls
//! share.

mod answer;
mod ask;
mod desk;
mod errand;
mod error;
mod message;
mod plan;
mod ways;
mod who;
mod wishes;

pub use answer::{Stop, Text, Written};
pub use ask::{Ask, Cost};
pub use desk::{Desk, Question};
pub use errand::{Attempt, Errand};
pub use error::{ProviderError, TextError};
pub use message::{Message, Role};
pub use plan::Plan;
pub use ways::{Awaited, Block, Blocking, Sender};

pub use crate::chat::Usage;
