//! A text by whoever can write it: the model at its own provider, then those who stand in, one after the other. `generate_text` is
//! what an article builds by hand.
//!
//! With `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `TOGETHER_API_KEY` it asks these providers. Without them it rehearses offline, against
//! the testkit's fakes.

use std::env;
use std::error::Error;

use failover_reqwest::text::TextError;
use failover_reqwest::{Builder, Failover, ProviderName};
use failover_testkit::{Provider, Reply};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "TOGETHER_API_KEY"];
    let is_live = keys.iter().any(|key| env::var_os(key).is_some());
    if is_live { run(Failover::builder_from_env()).await } else { rehearse().await }
}

/// OpenAI is out of order, and Anthropic wants to be left alone.
pub(crate) async fn rehearse() -> Result<(), Box<dyn Error>> {
    let (openai, anthropic, together) = (Provider::openai(), Provider::anthropic(), Provider::together());
    openai.always(Reply::status(500));
    anthropic.always(Reply::status(429).header("Retry-After", "30"));
    let builder = Failover::builder()
        .key(ProviderName::OpenAi, "any")
        .stand_in_url(ProviderName::OpenAi, format!("{}/v1", openai.url()))
        .key(ProviderName::Anthropic, "any")
        .stand_in_url(ProviderName::Anthropic, anthropic.url())
        .key(ProviderName::Together, "any")
        .stand_in_url(ProviderName::Together, format!("{}/v1", together.url()));
    run(builder).await
}

async fn generate_text(failover: &Failover, prompt: &str, model: &str) -> Result<String, TextError> {
    let answer = failover.text().model(model).prompt(prompt).ask().await?;
    println!("{}", answer.report);
    let tokens = answer.usage.map_or_else(String::new, |usage| format!(", {} tokens in all", usage.total()));
    println!("{} {} wrote it{tokens}", answer.provider, answer.model);
    Ok(answer.text)
}

async fn run(builder: Builder<Failover>) -> Result<(), Box<dyn Error>> {
    // Nobody is asked twice: a program of its own would leave the two repeats that are usual.
    let failover = builder.text_retries(0).build()?;
    for model in ["gpt-4o", "claude-3-opus"] {
        println!("> {model}");
        println!("{}\n", generate_text(&failover, "Why is the sky blue?", model).await?);
    }
    Ok(())
}
