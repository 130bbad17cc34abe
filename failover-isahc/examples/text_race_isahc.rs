//! A text by whoever is the first to write it: all are asked at once, 10 s for each and 30 s in all.
//!
//! With `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `TOGETHER_API_KEY` it asks these providers. Without them it rehearses offline, against
//! the testkit's fakes.

use std::env;
use std::error::Error;
use std::time::Duration;

use failover_isahc::text::Cost;
use failover_isahc::{Builder, Failover, ProviderName};
use failover_testkit::{Provider, Reply};
use futures_lite::future::block_on;

fn main() -> Result<(), Box<dyn Error>> {
    let keys = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "TOGETHER_API_KEY"];
    let is_live = keys.iter().any(|key| env::var_os(key).is_some());
    if is_live { block_on(run(Failover::builder_from_env())) } else { rehearse() }
}

/// OpenAI hangs, and Anthropic is out of order.
pub(crate) fn rehearse() -> Result<(), Box<dyn Error>> {
    let (openai, anthropic, together) = (Provider::openai(), Provider::anthropic(), Provider::together());
    openai.always(Reply::silence());
    anthropic.always(Reply::status(500));
    let builder = Failover::builder()
        .key(ProviderName::OpenAi, "any")
        .stand_in_url(ProviderName::OpenAi, format!("{}/v1", openai.url()))
        .key(ProviderName::Anthropic, "any")
        .stand_in_url(ProviderName::Anthropic, anthropic.url())
        .key(ProviderName::Together, "any")
        .stand_in_url(ProviderName::Together, format!("{}/v1", together.url()));
    block_on(run(builder))
}

async fn run(builder: Builder<Failover>) -> Result<(), Box<dyn Error>> {
    let failover = builder.text_retries(0).build()?;
    let answer = failover
        .text()
        .prompt("Why is the sky blue?")
        .race(Cost::EveryAttemptIsBilled)
        .limit(Duration::from_secs(10))
        .deadline(Duration::from_secs(30))
        .ask()
        .await?;
    println!("{}\n{answer}\n{} {} was the first", answer.report, answer.provider, answer.model);
    Ok(())
}
