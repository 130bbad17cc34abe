//! One provider, several models: the first that works. What is a provider in a call is any name, so a chain of models is a
//! list like any other, each model with a breaker of its own.
//!
//! NexaAPI is one of the testkit here, which knows every model; the one in demand is overloaded.

use std::error::Error;
use std::time::Duration;

use failover_isahc::calls::{Calls, Provider};
use failover_testkit::{Provider as Fake, Reply};
use futures_lite::future::block_on;
use isahc::prelude::*;
use isahc::{HttpClient, Request};
use serde_json::{Value, json};

/// The model that is wanted, and those that will do. Any id that the provider has may stand here.
const CHAIN: [&str; 4] = ["flux-schnell", "flux-dev", "sdxl", "dall-e-3"];

/// The URL of an image.
async fn generate(client: &HttpClient, base: &str, model: &str, prompt: &str) -> Result<String, String> {
    let body = json!({ "model": model, "prompt": prompt, "width": 1024, "height": 1024 });
    let request = Request::post(format!("{base}/v1/images/generate"))
        .header("Authorization", "Bearer any")
        .header("Content-Type", "application/json")
        .body(body.to_string())
        .map_err(|error| error.to_string())?;
    let mut answer = client.send_async(request).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status()));
    }
    let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
    Ok(answer["url"].as_str().unwrap_or_default().to_owned())
}

/// The image by the first model that works, or what became of each.
async fn generate_with_fallback(calls: &Calls, client: &HttpClient, base: &str, prompt: &str) -> Value {
    let model = |model: &'static str| Provider::new(model, move || generate(client, base, model, prompt));
    match calls.ask(CHAIN.map(model)).is_valid(|url| !url.is_empty()).run().await {
        Ok(got) => {
            println!("{}", got.report);
            json!({ "url": got.value, "model": got.provider, "status": "success" })
        }
        Err(failed) => {
            println!("{failed}");
            json!({ "status": "all_models_failed" })
        }
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let nexa = Fake::nexa();
    let calls = Calls::builder().timeout(Duration::from_secs(60)).build()?;
    let client = HttpClient::new()?;

    nexa.script([Reply::status(503), Reply::status(429)]);
    let got = block_on(generate_with_fallback(&calls, &client, &nexa.url(), "a lighthouse at dusk"));
    println!("{got:#}\n");
    assert_eq!((&got["model"], &got["status"]), (&json!("sdxl"), &json!("success")));
    let models = nexa.seen().iter().filter(|seen| seen.mentions("1024")).count();
    assert_eq!(models, 3, "each was asked once");

    nexa.always(Reply::status(503));
    let got = block_on(generate_with_fallback(&calls, &client, &nexa.url(), "a lighthouse at dusk"));
    println!("{got:#}");
    assert_eq!(got, json!({ "status": "all_models_failed" }));
    Ok(())
}
