//! A FAL request that waits and a Replicate request that does not, through one isahc client and without a runtime: answered by
//! NexaAPI when they cannot be answered otherwise.
//!
//! With `FAL_KEY`, `REPLICATE_API_TOKEN` and `NEXA_API_KEY` it asks these providers, or what stands at `FAL_BASE_URL`,
//! `REPLICATE_BASE_URL` and `NEXA_BASE_URL`. Without them it rehearses an outage offline, against the testkit's fakes.

use std::env;
use std::error::Error;

use failover_isahc::{Builder, Failover, Provenance, ProviderName};
use failover_testkit::{Provider, Reply};
use futures_lite::future::block_on;
use isahc::http::Response;
use isahc::prelude::*;
use isahc::{HttpClient, Request};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let var = |name: &str| env::var(name).ok();
    if var("FAL_KEY").is_some() { ask(var) } else { rehearse() }
}

/// FAL and Replicate are down.
pub(crate) fn rehearse() -> Result<(), Box<dyn Error>> {
    let (fal, replicate, nexa) = (Provider::fal(), Provider::replicate(), Provider::nexa());
    fal.always(Reply::status(429));
    replicate.always(Reply::status(500));
    ask(|name| match name {
        "FAL_KEY" | "REPLICATE_API_TOKEN" | "NEXA_API_KEY" => Some("any".to_owned()),
        "FAL_BASE_URL" => Some(fal.url()),
        "REPLICATE_BASE_URL" => Some(replicate.url()),
        "NEXA_BASE_URL" => Some(nexa.url()),
        _ => None,
    })
}

fn ask(var: impl Fn(&str) -> Option<String>) -> Result<(), Box<dyn Error>> {
    let key = |name: &str| var(name).ok_or_else(|| format!("{name} is not set"));
    let fal = var("FAL_BASE_URL").unwrap_or_else(|| "https://fal.run".to_owned());
    let replicate = var("REPLICATE_BASE_URL").unwrap_or_else(|| "https://api.replicate.com".to_owned());
    let failover: Failover = Builder::from_vars(&var)
        .provider_url(ProviderName::Fal, fal.as_str())
        .provider_url(ProviderName::Replicate, replicate.as_str())
        .build()?;
    let client = failover.wrap(HttpClient::new()?);

    let url = format!("{fal}/fal-ai/flux/dev");
    let request = Request::post(&url)
        .header("Authorization", format!("Key {}", key("FAL_KEY")?))
        .header("Content-Type", "application/json")
        .body(
            json!({ "prompt": "a lighthouse at dusk", "image_size": "square_hd", "seed": 7 }).to_string(),
        )?;
    println!("> POST {url}");
    let mut response = client.send(request)?;
    show("fal", &response);
    println!("{:#}\n", response.json::<Value>()?);

    let url = format!("{replicate}/v1/models/black-forest-labs/flux-schnell/predictions");
    let request = Request::post(&url)
        .header("Authorization", format!("Bearer {}", key("REPLICATE_API_TOKEN")?))
        .header("Content-Type", "application/json")
        .header("Prefer", "wait")
        .body(json!({ "input": { "prompt": "a lighthouse at dusk", "aspect_ratio": "16:9" } }).to_string())?;
    // Any executor will do.
    block_on(async {
        println!("> POST {url}");
        let mut response = client.send_async(request).await?;
        show("replicate", &response);
        println!("{:#}\n", response.json::<Value>().await?);
        Ok(())
    })
}

/// Shows what came of a request.
fn show<B>(asked: &str, response: &Response<B>) {
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
    let served_by = response.headers().get("x-failover-served-by").and_then(|name| name.to_str().ok());
    println!("< {} {}", response.status().as_u16(), served_by.unwrap_or(asked));
}
