//! Texts that are used again for an hour, and for a day longer when everybody has failed.
//!
//! With `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `TOGETHER_API_KEY` it asks these providers. Without them it rehearses offline, against
//! the testkit's fakes.

use std::env;
use std::error::Error;
use std::time::Duration;

use failover_testkit::{Provider, Reply};
use failover_ureq::text::Freshness;
use failover_ureq::{Builder, Failover, ProviderName};

fn main() -> Result<(), Box<dyn Error>> {
    let keys = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "TOGETHER_API_KEY"];
    let is_live = keys.iter().any(|key| env::var_os(key).is_some());
    if is_live { run(Failover::builder_from_env()) } else { rehearse() }
}

/// OpenAI answers once, and then they are all out of order.
pub(crate) fn rehearse() -> Result<(), Box<dyn Error>> {
    let (openai, anthropic, together) = (Provider::openai(), Provider::anthropic(), Provider::together());
    openai.script([Reply::healthy()]);
    for provider in [&openai, &anthropic, &together] {
        provider.always(Reply::status(503));
    }
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
    let failover = builder.text_retries(0).build()?;
    // An hour is long: here no answer is fresh, and each serves for a day when everybody has failed.
    let never_fresh = Freshness::new(Duration::ZERO).stale_if_error(Duration::from_secs(24 * 60 * 60));
    let ask = || failover.text().model("gpt-4o").prompt("A haiku about the sea");

    let first = ask().cached().ask()?;
    println!("> asked\n{first}\n{}\n", first.report);
    let again = ask().cached().ask()?;
    println!("> asked again\n{again}\n{}\n", again.report);
    let old = ask().cached_for(never_fresh).ask()?;
    println!("> when all are down\n{old}\n{}", old.report);
    Ok(())
}
