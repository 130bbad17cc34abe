//! One provider, several models: the first that works. What is a provider in a call is any name, so a chain of models is a
//! list like any other, each model with a breaker of its own.
//!
//! NexaAPI is one of the testkit here, which knows every model; the one in demand is overloaded.

use std::error::Error;

use failover_testkit::{Provider as Fake, Reply};
use failover_ureq::calls::{Calls, Provider};
use serde_json::{Value, json};
use ureq::Agent;

/// The model that is wanted, and those that will do. Any id that the provider has may stand here.
const CHAIN: [&str; 4] = ["flux-schnell", "flux-dev", "sdxl", "dall-e-3"];

/// The URL of an image.
fn generate(agent: &Agent, base: &str, model: &str, prompt: &str) -> Result<String, ureq::Error> {
    let body = json!({ "model": model, "prompt": prompt, "width": 1024, "height": 1024 });
    let request = agent
        .post(format!("{base}/v1/images/generate"))
        .header("Authorization", "Bearer any")
        .send_json(&body);
    let answer: Value = request?.body_mut().read_json()?;
    Ok(answer["url"].as_str().unwrap_or_default().to_owned())
}

/// The image by the first model that works, or what became of each.
fn generate_with_fallback(calls: &Calls, agent: &Agent, base: &str, prompt: &str) -> Value {
    let model = |model: &'static str| Provider::new(model, move || generate(agent, base, model, prompt));
    match calls.ask(CHAIN.map(model)).is_valid(|url| !url.is_empty()).run() {
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
    let (calls, agent) = (Calls::new(), Agent::new_with_defaults());

    nexa.script([Reply::status(503), Reply::status(429)]);
    let got = generate_with_fallback(&calls, &agent, &nexa.url(), "a lighthouse at dusk");
    println!("{got:#}\n");
    assert_eq!((&got["model"], &got["status"]), (&json!("sdxl"), &json!("success")));
    let models = nexa.seen().iter().filter(|seen| seen.mentions("1024")).count();
    assert_eq!(models, 3, "each was asked once");

    nexa.always(Reply::status(503));
    let got = generate_with_fallback(&calls, &agent, &nexa.url(), "a lighthouse at dusk");
    println!("{got:#}");
    assert_eq!(got, json!({ "status": "all_models_failed" }));
    Ok(())
}
