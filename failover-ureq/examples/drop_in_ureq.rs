//! A FAL and a Replicate request through one ureq agent, answered by NexaAPI when they cannot be answered otherwise.
//!
//! With `FAL_KEY`, `REPLICATE_API_TOKEN` and `NEXA_API_KEY` it asks these providers, or what stands at `FAL_BASE_URL`,
//! `REPLICATE_BASE_URL` and `NEXA_BASE_URL`. Without them it rehearses an outage offline, against the testkit's fakes.

use std::env;
use std::error::Error;

use failover_testkit::{Provider, Reply};
use failover_ureq::{Builder, Failover, Provenance, ProviderName};
use serde_json::{Value, json};
use ureq::Agent;

fn main() -> Result<(), Box<dyn Error>> {
    let var = |name: &str| env::var(name).ok();
    if var("FAL_KEY").is_some() { run(var) } else { rehearse() }
}

/// FAL and Replicate are down.
pub(crate) fn rehearse() -> Result<(), Box<dyn Error>> {
    let (fal, replicate, nexa) = (Provider::fal(), Provider::replicate(), Provider::nexa());
    fal.always(Reply::status(429));
    replicate.always(Reply::status(500));
    run(|name| match name {
        "FAL_KEY" | "REPLICATE_API_TOKEN" | "NEXA_API_KEY" => Some("any".to_owned()),
        "FAL_BASE_URL" => Some(fal.url()),
        "REPLICATE_BASE_URL" => Some(replicate.url()),
        "NEXA_BASE_URL" => Some(nexa.url()),
        _ => None,
    })
}

fn run(var: impl Fn(&str) -> Option<String>) -> Result<(), Box<dyn Error>> {
    let key = |name: &str| var(name).ok_or_else(|| format!("{name} is not set"));
    let fal = var("FAL_BASE_URL").unwrap_or_else(|| "https://fal.run".to_owned());
    let replicate = var("REPLICATE_BASE_URL").unwrap_or_else(|| "https://api.replicate.com".to_owned());
    let failover: Failover = Builder::from_vars(&var)
        .provider_url(ProviderName::Fal, fal.as_str())
        .provider_url(ProviderName::Replicate, replicate.as_str())
        .build()?;
    let agent: Agent =
        Agent::config_builder().middleware(failover).http_status_as_error(false).build().into();

    ask(
        &agent,
        "fal",
        &format!("{fal}/fal-ai/flux/dev"),
        &[("Authorization", format!("Key {}", key("FAL_KEY")?))],
        &json!({ "prompt": "a lighthouse at dusk", "image_size": "square_hd", "seed": 7 }),
    )?;
    ask(
        &agent,
        "replicate",
        &format!("{replicate}/v1/models/black-forest-labs/flux-schnell/predictions"),
        &[
            ("Authorization", format!("Bearer {}", key("REPLICATE_API_TOKEN")?)),
            ("Prefer", "wait".to_owned()),
        ],
        &json!({ "input": { "prompt": "a lighthouse at dusk", "aspect_ratio": "16:9" } }),
    )
}

/// Sends one request as any ureq user would, and shows what came of it.
fn ask(
    agent: &Agent,
    asked: &str,
    url: &str,
    headers: &[(&str, String)],
    body: &Value,
) -> Result<(), Box<dyn Error>> {
    println!("> POST {url}");
    let mut request = agent.post(url);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let mut response = request.send_json(body)?;
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
    let served_by = response.headers().get("x-failover-served-by").and_then(|name| name.to_str().ok());
    println!("< {} {}", response.status().as_u16(), served_by.unwrap_or(asked));
    println!("{:#}\n", response.body_mut().read_json::<Value>()?);
    Ok(())
}
