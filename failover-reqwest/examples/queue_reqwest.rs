//! A job for FAL's queue through one reqwest client: submitted, asked after, fetched; done by NexaAPI if FAL's queue is down.
//!
//! With `FAL_KEY` and `NEXA_API_KEY` it asks these providers, or what stands at `FAL_QUEUE_BASE_URL` and `NEXA_BASE_URL`. Without
//! them it rehearses an outage offline, against the testkit's fakes.

use std::env;
use std::error::Error;
use std::time::Duration;

use failover_reqwest::{Builder, Failover, Provenance};
use failover_testkit::{Provider, Reply};
use reqwest::Response;
use reqwest_middleware::ClientBuilder;
use serde_json::{Value, json};

/// The wait between two questions for the job, that of FAL's JavaScript client.
const PAUSE: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let var = |name: &str| env::var(name).ok();
    if var("FAL_KEY").is_some() { run(var, PAUSE).await } else { rehearse(PAUSE).await }
}

/// FAL's queue is down, and NexaAPI takes its time.
pub(crate) async fn rehearse(pause: Duration) -> Result<(), Box<dyn Error>> {
    let (queue, nexa) = (Provider::fal_queue(), Provider::nexa());
    queue.always(Reply::status(503));
    nexa.jobs(2);
    let var = |name: &str| match name {
        "FAL_KEY" | "NEXA_API_KEY" => Some("any".to_owned()),
        "FAL_QUEUE_BASE_URL" => Some(queue.url()),
        "NEXA_BASE_URL" => Some(nexa.url()),
        _ => None,
    };
    run(var, pause).await
}

async fn run(var: impl Fn(&str) -> Option<String>, pause: Duration) -> Result<(), Box<dyn Error>> {
    let key = format!("Key {}", var("FAL_KEY").ok_or("FAL_KEY is not set")?);
    let queue = var("FAL_QUEUE_BASE_URL").unwrap_or_else(|| "https://queue.fal.run".to_owned());
    let failover: Failover = Builder::from_vars(&var).fal_queue_url(queue.as_str()).build()?;
    let client = ClientBuilder::new(reqwest::Client::new()).with(failover).build();

    let url = format!("{queue}/fal-ai/flux/dev");
    let input = json!({ "prompt": "a lighthouse at dusk", "image_size": "square_hd", "seed": 7 });
    let response = client.post(&url).header("Authorization", &key).json(&input).send().await?;
    let job = show("POST", &url, response).await?;

    let status_url = job["status_url"].as_str().ok_or("the job was not accepted")?;
    loop {
        let response = client.get(status_url).header("Authorization", &key).send().await?;
        let state = show("GET", status_url, response).await?;
        match state["status"].as_str() {
            Some("COMPLETED") => break,
            Some("IN_QUEUE" | "IN_PROGRESS") => tokio::time::sleep(pause).await,
            _ => return Err("the job's state is not known".into()),
        }
    }

    let response_url = job["response_url"].as_str().ok_or("the job has no result")?;
    let response = client.get(response_url).header("Authorization", &key).send().await?;
    show("GET", response_url, response).await?;
    Ok(())
}

/// Shows what came of a request, and reads the answer.
async fn show(method: &str, url: &str, response: Response) -> Result<Value, Box<dyn Error>> {
    println!("> {method} {url}");
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
    let served_by = response.headers().get("x-failover-served-by").and_then(|name| name.to_str().ok());
    println!("< {} {}", response.status().as_u16(), served_by.unwrap_or("fal"));
    let answer = response.json().await?;
    println!("{answer:#}\n");
    Ok(answer)
}
