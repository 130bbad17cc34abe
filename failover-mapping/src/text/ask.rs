//! A text that is about to be asked for: the prompt, who writes it, and how they are asked.

use std::fmt;
use std::time::Duration;

use failover_core::{Freshness, Hedge};

use super::message::Message;
use super::wishes::{Cached, Wishes};
use crate::engine::Engine;
use crate::provider::ProviderName;

/// A text that is about to be asked for. Nobody is asked before [`ask`](Self::ask), which an async adapter's users await.
///
/// Adapters hand it out as `Failover::text()`. `W` is the adapter's way to ask: [`Awaited`](super::Awaited) or
/// [`Blocking`](super::Blocking).
#[must_use = "nobody is asked before ask()"]
pub struct Ask<'f, W> {
    pub(super) engine: &'f Engine,
    pub(super) way: W,
    pub(super) wishes: Wishes,
}

/// That the caller knows what asking several at once costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// Each of those who were asked may charge for what it wrote, or had begun to write, though only one answer is used.
    EveryAttemptIsBilled,
}

impl<'f, W> Ask<'f, W> {
    /// Of those who are set up in this engine, by this way.
    pub fn new(engine: &'f Engine, way: W) -> Self {
        Self { engine, way, wishes: Wishes::default() }
    }

    /// The question: the user's next message.
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.messages([Message::user(prompt)])
    }

    /// More of the chat, behind what was said of it before. It ends with the user's turn; consecutive messages of one role are one
    /// turn.
    pub fn messages<M: Into<Message>>(mut self, messages: impl IntoIterator<Item = M>) -> Self {
        self.wishes.messages.extend(messages.into_iter().map(Into::into));
        self
    }

    /// What the program wants of every answer.
    pub fn system(self, text: impl Into<String>) -> Self {
        self.messages([Message::system(text)])
    }

    /// The model: by its name alone, if a table has it, else as `provider/model`. It is asked at its own provider, if that has a
    /// key, and then those are who stand in for it: see [`Builder::fallbacks`](crate::Builder::fallbacks). Unless said, it is the
    /// first large model of whoever has a key.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.wishes.model = Some(model.into());
        self
    }

    /// Only these providers are asked, in this order, each with the model, or the one that stands in for it there.
    pub fn order(mut self, providers: impl IntoIterator<Item = ProviderName>) -> Self {
        self.wishes.order = Some(providers.into_iter().collect());
        self
    }

    /// The most tokens of the answer. Unless said, the provider's own limit; for a provider that has none, 4,096.
    pub fn max_tokens(mut self, tokens: u64) -> Self {
        self.wishes.max_tokens = Some(tokens);
        self
    }

    /// From 0 to 2. Who takes less is told the nearest, and [`Text::losses`](super::Text::losses) says so.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.wishes.temperature = Some(temperature);
        self
    }

    /// The answer ends before any of these.
    pub fn stop<T: Into<String>>(mut self, sequences: impl IntoIterator<Item = T>) -> Self {
        self.wishes.stop = sequences.into_iter().map(Into::into).collect();
        self
    }

    /// The whole call ends so long after it began, in place of [`Builder::deadline`](crate::Builder::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.wishes.deadline = Some(deadline);
        self
    }

    /// The longest that one attempt may take. Unless said, [`Builder::stand_in_limit`](crate::Builder::stand_in_limit), or two
    /// minutes; and where one is asked after the other, half of the deadline, so that there is time for another.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.wishes.limit = Some(limit);
        self
    }

    /// How often each provider is asked again before the next one is, in place of
    /// [`Builder::text_retries`](crate::Builder::text_retries).
    pub fn retries(mut self, retries: u32) -> Self {
        self.wishes.retries = Some(retries);
        self
    }

    /// All at once: the first answer wins. A failure, however fast, does not. `cost` acknowledges that each of them may be billed:
    /// the losers are called off, but what they were sent they may finish all the same.
    ///
    /// A deadline and a limit belong to it: 30 s in all and 10 s for each, say.
    pub fn race(self, cost: Cost) -> Self {
        self.hedge(Hedge::race(), cost)
    }

    /// Asks the next one before the present one has failed: after a time ([`Hedge::after`]), or when it takes longer than it mostly
    /// does ([`Hedge::after_percentile`]). `cost` acknowledges that each of them may be billed.
    pub fn hedge(mut self, hedge: Hedge, cost: Cost) -> Self {
        let Cost::EveryAttemptIsBilled = cost;
        self.wishes.hedge = Some(hedge);
        self
    }

    /// The healthiest first, in place of the order: who failed less lately, then who was quicker. When nobody is healthy, all are
    /// asked.
    pub fn by_health(mut self) -> Self {
        self.wishes.by_health = true;
        self
    }

    /// An answer to the same question is used again while it is fresh; many who ask the same at once cause one request; and when
    /// everybody has failed, a stale answer serves, and [`Text::cached`](super::Text::cached) says so.
    ///
    /// The same question is the same chat with the same wishes, of the same models, whoever asks: put into the prompt what an answer
    /// depends on. For how long says [`Builder::cache`](crate::Builder::cache); where that says nothing, an answer is fresh for an
    /// hour, and may serve as a stale one for a day after. The latest 1,024 answers are kept, in memory.
    pub fn cached(mut self) -> Self {
        self.wishes.cached = Some(Cached::AsSet);
        self
    }

    /// As [`cached`](Self::cached), for so long.
    pub fn cached_for(mut self, freshness: Freshness) -> Self {
        self.wishes.cached = Some(Cached::For(freshness));
        self
    }
}

impl<W> fmt::Debug for Ask<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wishes { model, order, messages, hedge, by_health, cached, .. } = &self.wishes;
        f.debug_struct("Ask")
            .field("model", model)
            .field("order", order)
            .field("messages", &messages.len())
            .field("hedge", hedge)
            .field("by_health", by_health)
            .field("cached", cached)
            .finish_non_exhaustive()
    }
}
