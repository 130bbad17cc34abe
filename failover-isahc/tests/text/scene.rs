//! An OpenAI, an Anthropic and a Together on loopback.

use failover_isahc::text::Ask;
use failover_isahc::{Builder, Failover, ProviderName};
use failover_testkit::Provider;

pub(crate) const OPENAI_KEY: &str = "openai-secret-0001";
pub(crate) const ANTHROPIC_KEY: &str = "anthropic-secret-0002";
pub(crate) const TOGETHER_KEY: &str = "together-secret-0003";

pub(crate) struct Scene {
    pub(crate) openai: Provider,
    pub(crate) anthropic: Provider,
    pub(crate) together: Provider,
}

impl Scene {
    /// Everybody is healthy.
    pub(crate) fn new() -> Self {
        Self { openai: Provider::openai(), anthropic: Provider::anthropic(), together: Provider::together() }
    }

    pub(crate) fn builder(&self) -> Builder<Failover> {
        Failover::builder()
            .key(ProviderName::OpenAi, OPENAI_KEY)
            .stand_in_url(ProviderName::OpenAi, format!("{}/v1", self.openai.url()))
            .key(ProviderName::Anthropic, ANTHROPIC_KEY)
            .stand_in_url(ProviderName::Anthropic, self.anthropic.url())
            .key(ProviderName::Together, TOGETHER_KEY)
            .stand_in_url(ProviderName::Together, format!("{}/v1", self.together.url()))
    }

    pub(crate) fn failover(&self) -> Failover {
        self.builder().build().unwrap()
    }

    /// How many requests OpenAI, Anthropic and Together have seen.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.openai.count(), self.anthropic.count(), self.together.count()]
    }
}

/// A question for which nobody is asked twice.
pub(crate) fn question(failover: &Failover) -> Ask<'_> {
    failover.text().model("gpt-4o").prompt("Why is the sky blue?").retries(0)
}
