//! A FAL and a Replicate request through one reqwest client, answered by NexaAPI when they cannot be answered otherwise.
//!
//! With `FAL_KEY`, `REPLICATE_API_TOKEN` and `NEXA_API_KEY` it asks these providers, or what stands at `FAL_BASE_URL`,
//! `REPLICATE_BASE_URL` and `NEXA_BASE_URL`. Without them it rehearses an outage offline, against the testkit's fakes.

use std::env;
use std::error::Error;

use failover_reqwest::{Builder, Failover, Provenance, ProviderName};
use failover_testkit::{Provider, Reply};
use reqwest_middleware::{ClientBuilder, RequestBuilder};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let var = |name: &str| env::var(name).ok();
    if var("FAL_KEY").is_some() { run(var).await } else { rehearse().await }
}

/// FAL and Replicate are down.
pub(crate) async fn rehearse() -> Result<(), Box<dyn Error>> {
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
    .await
}

async fn run(var: impl Fn(&str) -> Option<String>) -> Result<(), Box<dyn Error>> {
    let key = |name: &str| var(name).ok_or_else(|| format!("{name} is not set"));
    let fal = var("FAL_BASE_URL").unwrap_or_else(|| "https://fal.run".to_owned());
    let replicate = var("REPLICATE_BASE_URL").unwrap_or_else(|| "https://api.replicate.com".to_owned());
    let failover: Failover = Builder::from_vars(&var)
        .provider_url(ProviderName::Fal, fal.as_str())
        .provider_url(ProviderName::Replicate, replicate.as_str())
        .build()?;
    let client = ClientBuilder::new(reqwest::Client::new()).with(failover).build();

    let url = format!("{fal}/fal-ai/flux/dev");
    let request = client
        .post(&url)
        .header("Authorization", format!("Key {}", key("FAL_KEY")?))
        .json(&json!({ "prompt": "a lighthouse at dusk", "image_size": "square_hd", "seed": 7 }));
    ask("fal", &url, request).await?;

    let url = format!("{replicate}/v1/models/black-forest-labs/flux-schnell/predictions");
    let request = client
        .post(&url)
        .bearer_auth(key("REPLICATE_API_TOKEN")?)
        .header("Prefer", "wait")
        .json(&json!({ "input": { "prompt": "a lighthouse at dusk", "aspect_ratio": "16:9" } }));
    ask("replicate", &url, request).await
}

/// Sends one request as any reqwest user would, and shows what came of it.
async fn ask(asked: &str, url: &str, request: RequestBuilder) -> Result<(), Box<dyn Error>> {
    println!("> POST {url}");
    let response = request.send().await?;
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
    let served_by = response.headers().get("x-failover-served-by").and_then(|name| name.to_str().ok());
    println!("< {} {}", response.status().as_u16(), served_by.unwrap_or(asked));
    println!("{:#}\n", response.json::<Value>().await?);
    Ok(())
}
