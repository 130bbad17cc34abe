//! Texts by whoever is healthy: who failed lately is asked last, and is left alone for five minutes after three failures in a row.
//!
//! With `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `TOGETHER_API_KEY` it asks these providers. Without them it rehearses offline, against
//! the testkit's fakes.

use std::env;
use std::error::Error;
use std::time::Duration;

use failover_testkit::{Provider, Reply};
use failover_ureq::{Breaker, Builder, Failover, ProviderName};

fn main() -> Result<(), Box<dyn Error>> {
    let keys = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "TOGETHER_API_KEY"];
    let is_live = keys.iter().any(|key| env::var_os(key).is_some());
    if is_live { run(Failover::builder_from_env()) } else { rehearse() }
}

/// OpenAI is out of order.
pub(crate) fn rehearse() -> Result<(), Box<dyn Error>> {
    let (openai, anthropic, together) = (Provider::openai(), Provider::anthropic(), Provider::together());
    openai.always(Reply::status(500));
    let builder = Failover::builder()
        .key(ProviderName::OpenAi, "any")
        .stand_in_url(ProviderName::OpenAi, format!("{}/v1", openai.url()))
        .key(ProviderName::Anthropic, "any")
        .stand_in_url(ProviderName::Anthropic, anthropic.url())
        .key(ProviderName::Together, "any")
        .stand_in_url(ProviderName::Together, format!("{}/v1", together.url()));
    run(builder)
}

fn run(builder: Builder<Failover>) -> Result<(), Box<dyn Error>> {
    let five_minutes = Breaker::new().pause(Duration::from_secs(300));
    let failover = builder.text_retries(0).breaker(five_minutes).build()?;
    for question in ["Why is the sky blue?", "And why is it red at dusk?", "And black at night?"] {
        let answer = failover.text().model("gpt-4o").prompt(question).by_health().ask()?;
        println!("> {question}\n{}\n{answer}\n", answer.report);
    }
    for (name, state) in failover.states().filter(|(name, _)| name.ends_with(" (text)")) {
        println!("{name}: {state:?}");
    }
    Ok(())
}
