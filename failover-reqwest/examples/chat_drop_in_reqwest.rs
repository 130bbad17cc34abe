//! Two chats through one reqwest client, one of OpenAI's and one of Anthropic's, each answered by the other one when it cannot be
//! answered otherwise; and one whose answer comes as a stream, token by token.
//!
//! With `OPENAI_API_KEY` and `ANTHROPIC_API_KEY` it asks these providers. Without them it rehearses an outage offline, against the
//! testkit's fakes.

use std::env;
use std::error::Error;

use failover_reqwest::{Builder, Failover, Provenance, ProviderName};
use failover_testkit::{Provider, Reply};
use reqwest::Response;
use reqwest_middleware::ClientBuilder;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (openai, anthropic) = ("https://api.openai.com", "https://api.anthropic.com");
    match (env::var("OPENAI_API_KEY"), env::var("ANTHROPIC_API_KEY")) {
        (Ok(first), Ok(second)) => {
            run(Failover::builder_from_env(), (openai, &first), (anthropic, &second)).await
        }
        _ => rehearse().await,
    }
}

/// Each of them is down when it is asked, and well when it stands in.
pub(crate) async fn rehearse() -> Result<(), Box<dyn Error>> {
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
    run(builder, (&openai.url(), "any"), (&anthropic.url(), "any")).await
}

async fn run(
    builder: Builder<Failover>,
    (openai, openai_key): (&str, &str),
    (anthropic, anthropic_key): (&str, &str),
) -> Result<(), Box<dyn Error>> {
    // Who stands in, the tables say, unless you do.
    let failover = builder
        .fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-5"])
        .fallbacks("claude-haiku-4-5", ["openai/gpt-4o-mini"])
        .build()?;
    let client = ClientBuilder::new(reqwest::Client::new()).with(failover).build();
    let question = json!([{ "role": "user", "content": "Why is the sky blue?" }]);

    let request = client.post(format!("{openai}/v1/chat/completions")).bearer_auth(openai_key);
    let response = request.json(&json!({ "model": "gpt-4o", "messages": question })).send().await?;
    show("gpt-4o of openai", &response);
    let answer: Value = response.json().await?;
    println!("{}\n", answer["choices"][0]["message"]["content"].as_str().unwrap_or_default());

    let response = client
        .post(format!("{anthropic}/v1/messages"))
        .header("x-api-key", anthropic_key)
        .header("anthropic-version", "2023-06-01")
        .json(&json!({ "model": "claude-haiku-4-5", "max_tokens": 500, "messages": question }))
        .send()
        .await?;
    show("claude-haiku-4-5 of anthropic", &response);
    let answer: Value = response.json().await?;
    println!("{}\n", answer["content"][0]["text"].as_str().unwrap_or_default());

    let request = client.post(format!("{openai}/v1/chat/completions")).bearer_auth(openai_key);
    let body = json!({ "model": "gpt-4o", "messages": question, "stream": true });
    let response = request.json(&body).send().await?;
    show("gpt-4o of openai, as a stream", &response);
    read(response).await
}

/// Shows what came of a chat. Of a stream, it is what is known when it begins.
fn show(asked: &str, response: &Response) {
    println!("> {asked}");
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
}

/// Shows the text of a stream of chat completions as it comes. It must have its end.
async fn read(mut response: Response) -> Result<(), Box<dyn Error>> {
    let mut rest = Vec::new();
    // A stream that breaks off ends with an error.
    while let Some(chunk) = response.chunk().await? {
        rest.extend_from_slice(&chunk);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let Some(data) = line.trim_ascii_end().strip_prefix(b"data: ") else { continue };
            if data == b"[DONE]" {
                println!();
                return Ok(());
            }
            let chunk: Value = serde_json::from_slice(data)?;
            print!("{}", chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        }
    }
    Err("the stream has no end".into())
}
