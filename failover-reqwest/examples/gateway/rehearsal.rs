//! Providers on this machine, to try the gateway without a key: those that are asked are down, and those that stand in are well.

use std::num::NonZero;
use std::time::Duration;

use failover_reqwest::{Breaker, Builder, Failover, ProviderName};
use failover_testkit::{Provider, Reply};

use ProviderName::{Anthropic, Fal, OpenAi, Replicate};

/// They live as long as this does.
pub(crate) struct Rehearsal {
    asked: [Provider; 5],
    openai: Provider,
    anthropic: Provider,
    nexa: Provider,
}

impl Rehearsal {
    /// Whoever is asked says 503, whatever it is asked for.
    pub(crate) fn new() -> Self {
        let asked = [
            Provider::openai(),
            Provider::anthropic(),
            Provider::fal(),
            Provider::fal_queue(),
            Provider::replicate(),
        ];
        asked.iter().for_each(|provider| provider.always(Reply::status(503)));
        let nexa = Provider::nexa();
        nexa.jobs(2);
        nexa.media_here(true);
        Self { asked, openai: Provider::openai(), anthropic: Provider::anthropic(), nexa }
    }

    /// The settings with which they are asked. The keys are any.
    pub(crate) fn builder(&self) -> Builder<Failover> {
        let [openai, anthropic, fal, queue, replicate] = &self.asked;
        // Whoever is asked is down here, and well where it stands in, as nobody is outside: one breaker for both would judge by either.
        let breaker = Breaker::new().failures(NonZero::<u8>::MAX).pause(Duration::ZERO);
        Failover::builder()
            .key(OpenAi, "rehearsed-openai-key")
            .key(Anthropic, "rehearsed-anthropic-key")
            .nexa_api_key("rehearsed-nexa-key")
            .provider_url(OpenAi, openai.url())
            .provider_url(Anthropic, anthropic.url())
            .provider_url(Fal, fal.url())
            .fal_queue_url(queue.url())
            .provider_url(Replicate, replicate.url())
            .stand_in_url(OpenAi, format!("{}/v1", self.openai.url()))
            .stand_in_url(Anthropic, self.anthropic.url())
            .nexa_base_url(self.nexa.url())
            .breaker(breaker)
            .poll_interval(Duration::from_millis(100))
    }
}
