//! Two chats through one ureq agent, one of OpenAI's and one of Anthropic's, each answered by the other one when it cannot be
//! answered otherwise; and one whose answer is wanted as a stream.
//!
//! With `OPENAI_API_KEY` and `ANTHROPIC_API_KEY` it asks these providers. Without them it rehearses an outage offline, against the
//! testkit's fakes.

use std::env;
use std::error::Error;

use failover_testkit::{Provider, Reply};
use failover_ureq::{Builder, Failover, Provenance, ProviderName};
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

fn main() -> Result<(), Box<dyn Error>> {
    let (openai, anthropic) = ("https://api.openai.com", "https://api.anthropic.com");
    match (env::var("OPENAI_API_KEY"), env::var("ANTHROPIC_API_KEY")) {
        (Ok(first), Ok(second)) => run(Failover::builder_from_env(), (openai, &first), (anthropic, &second)),
        _ => rehearse(),
    }
}

/// Each of them is down when it is asked, and well when it stands in.
pub(crate) fn rehearse() -> Result<(), Box<dyn Error>> {
    let (openai, anthropic) = (Provider::openai(), Provider::anthropic());
    openai.model("gpt-4o", Reply::status(503));
    anthropic.model("claude-haiku-4-5", Reply::overloaded());
    let builder = Failover::builder()
        .key(ProviderName::OpenAi, "any")
        .key(ProviderName::Anthropic, "any")
        .provider_url(ProviderName::OpenAi, openai.url())
        .provider_url(ProviderName::Anthropic, anthropic.url())
        .stand_in_url(ProviderName::OpenAi, format!("{}/v1", openai.url()))
        .stand_in_url(ProviderName::Anthropic, anthropic.url());
    run(builder, (&openai.url(), "any"), (&anthropic.url(), "any"))
}

fn run(
    builder: Builder<Failover>,
    (openai, openai_key): (&str, &str),
    (anthropic, anthropic_key): (&str, &str),
) -> Result<(), Box<dyn Error>> {
    // Who stands in, the tables say, unless you do.
    let failover = builder
        .fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-5"])
        .fallbacks("claude-haiku-4-5", ["openai/gpt-4o-mini"])
        .build()?;
    let agent: Agent =
        Agent::config_builder().middleware(failover).http_status_as_error(false).build().into();
    let question = json!([{ "role": "user", "content": "Why is the sky blue?" }]);

    let mut response = agent
        .post(format!("{openai}/v1/chat/completions"))
        .header("Authorization", format!("Bearer {openai_key}"))
        .send_json(json!({ "model": "gpt-4o", "messages": question }))?;
    show("gpt-4o of openai", &response);
    let answer: Value = response.body_mut().read_json()?;
    println!("{}\n", answer["choices"][0]["message"]["content"].as_str().unwrap_or_default());

    let mut response = agent
        .post(format!("{anthropic}/v1/messages"))
        .header("x-api-key", anthropic_key)
        .header("anthropic-version", "2023-06-01")
        .send_json(json!({ "model": "claude-haiku-4-5", "max_tokens": 500, "messages": question }))?;
    show("claude-haiku-4-5 of anthropic", &response);
    let answer: Value = response.body_mut().read_json()?;
    println!("{}\n", answer["content"][0]["text"].as_str().unwrap_or_default());

    // A stand-in's answer comes as a complete stream: ureq guards one until its head.
    let mut response = agent
        .post(format!("{openai}/v1/chat/completions"))
        .header("Authorization", format!("Bearer {openai_key}"))
        .send_json(json!({ "model": "gpt-4o", "messages": question, "stream": true }))?;
    show("gpt-4o of openai, as a stream", &response);
    println!("{}", text_of(&response.body_mut().read_to_string()?)?);
    Ok(())
}

/// Shows what came of a chat.
fn show(asked: &str, response: &Response<Body>) {
    println!("> {asked}");
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
}

/// The text of a stream of chat completions, which must have its end.
fn text_of(stream: &str) -> Result<String, Box<dyn Error>> {
    let (mut text, mut complete) = (String::new(), false);
    for data in stream.lines().filter_map(|line| line.strip_prefix("data: ")) {
        if data == "[DONE]" {
            complete = true;
            continue;
        }
        let chunk: Value = serde_json::from_str(data)?;
        text.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    if complete { Ok(text) } else { Err("the stream broke off".into()) }
}
