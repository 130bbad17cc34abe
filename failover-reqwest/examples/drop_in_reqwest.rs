//! A FAL and a Replicate request through one reqwest client, answered by NexaAPI when they cannot be answered otherwise.
//!
//! Needs `FAL_KEY`, `REPLICATE_API_TOKEN` and `NEXA_API_KEY`. `FAL_BASE_URL`, `REPLICATE_BASE_URL` and `NEXA_BASE_URL` point it
//! elsewhere: at the testkit's fakes, for one.

use std::env;
use std::error::Error;

use failover_reqwest::{Builder, Failover, Provenance, ProviderName};
use reqwest_middleware::{ClientBuilder, RequestBuilder};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = |name: &str| env::var(name).map_err(|_| format!("{name} is not set"));
    let fal = env::var("FAL_BASE_URL").unwrap_or_else(|_| "https://fal.run".to_owned());
    let replicate = env::var("REPLICATE_BASE_URL").unwrap_or_else(|_| "https://api.replicate.com".to_owned());
    let failover: Failover = Builder::from_vars(|name| env::var(name).ok())
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
