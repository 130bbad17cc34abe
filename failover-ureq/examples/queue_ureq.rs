//! A job for FAL's queue through one ureq agent: submitted, asked after, fetched; done by NexaAPI if FAL's queue is down.
//!
//! With `FAL_KEY` and `NEXA_API_KEY` it asks these providers, or what stands at `FAL_QUEUE_BASE_URL` and `NEXA_BASE_URL`. Without
//! them it rehearses an outage offline, against the testkit's fakes.

use std::env;
use std::error::Error;
use std::thread;
use std::time::Duration;

use failover_testkit::{Provider, Reply};
use failover_ureq::{Builder, Failover, Provenance};
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

/// The wait between two questions for the job, that of FAL's JavaScript client.
const PAUSE: Duration = Duration::from_millis(500);

fn main() -> Result<(), Box<dyn Error>> {
    let var = |name: &str| env::var(name).ok();
    if var("FAL_KEY").is_some() { run(var, PAUSE) } else { rehearse(PAUSE) }
}

/// FAL's queue is down, and NexaAPI takes its time.
pub(crate) fn rehearse(pause: Duration) -> Result<(), Box<dyn Error>> {
    let (queue, nexa) = (Provider::fal_queue(), Provider::nexa());
    queue.always(Reply::status(503));
    nexa.jobs(2);
    let var = |name: &str| match name {
        "FAL_KEY" | "NEXA_API_KEY" => Some("any".to_owned()),
        "FAL_QUEUE_BASE_URL" => Some(queue.url()),
        "NEXA_BASE_URL" => Some(nexa.url()),
        _ => None,
    };
    run(var, pause)
}

fn run(var: impl Fn(&str) -> Option<String>, pause: Duration) -> Result<(), Box<dyn Error>> {
    let key = format!("Key {}", var("FAL_KEY").ok_or("FAL_KEY is not set")?);
    let queue = var("FAL_QUEUE_BASE_URL").unwrap_or_else(|| "https://queue.fal.run".to_owned());
    let failover: Failover = Builder::from_vars(&var).fal_queue_url(queue.as_str()).build()?;
    let agent: Agent =
        Agent::config_builder().middleware(failover).http_status_as_error(false).build().into();

    let url = format!("{queue}/fal-ai/flux/dev");
    let input = json!({ "prompt": "a lighthouse at dusk", "image_size": "square_hd", "seed": 7 });
    let job = show("POST", &url, agent.post(&url).header("Authorization", &key).send_json(&input)?)?;

    let status_url = job["status_url"].as_str().ok_or("the job was not accepted")?;
    loop {
        let state = show("GET", status_url, agent.get(status_url).header("Authorization", &key).call()?)?;
        match state["status"].as_str() {
            Some("COMPLETED") => break,
            Some("IN_QUEUE" | "IN_PROGRESS") => thread::sleep(pause),
            _ => return Err("the job's state is not known".into()),
        }
    }

    let response_url = job["response_url"].as_str().ok_or("the job has no result")?;
    show("GET", response_url, agent.get(response_url).header("Authorization", &key).call()?)?;
    Ok(())
}

/// Shows what came of a request, and reads the answer.
fn show(method: &str, url: &str, mut response: Response<Body>) -> Result<Value, Box<dyn Error>> {
    println!("> {method} {url}");
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
    let served_by = response.headers().get("x-failover-served-by").and_then(|name| name.to_str().ok());
    println!("< {} {}", response.status().as_u16(), served_by.unwrap_or("fal"));
    let answer = response.body_mut().read_json()?;
    println!("{answer:#}\n");
    Ok(answer)
}
