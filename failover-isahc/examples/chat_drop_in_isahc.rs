//! Two chats through one isahc client and without a runtime, one of OpenAI's and one of Anthropic's, each answered by the other one
//! when it cannot be answered otherwise; and one whose answer comes as a stream, token by token.
//!
//! With `OPENAI_API_KEY` and `ANTHROPIC_API_KEY` it asks these providers. Without them it rehearses an outage offline, against the
//! testkit's fakes.

use std::env;
use std::error::Error;

use failover_isahc::{Builder, Failover, Provenance, ProviderName};
use failover_testkit::{Provider, Reply};
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, StreamExt, future};
use isahc::http::{Response, request};
use isahc::prelude::*;
use isahc::{AsyncBody, HttpClient, Request};
use serde_json::{Value, json};

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
    let client = failover.wrap(HttpClient::new()?);
    let question = json!([{ "role": "user", "content": "Why is the sky blue?" }]);
    let to_openai = || {
        post(&format!("{openai}/v1/chat/completions")).header("Authorization", format!("Bearer {openai_key}"))
    };
    let to_anthropic = || {
        post(&format!("{anthropic}/v1/messages"))
            .header("x-api-key", anthropic_key)
            .header("anthropic-version", "2023-06-01")
    };

    let body = json!({ "model": "gpt-4o", "messages": question });
    let mut response = client.send(to_openai().body(body.to_string())?)?;
    show("gpt-4o of openai", &response);
    println!(
        "{}\n",
        response.json::<Value>()?["choices"][0]["message"]["content"].as_str().unwrap_or_default()
    );

    let body = json!({ "model": "claude-haiku-4-5", "max_tokens": 500, "messages": question });
    let mut response = client.send(to_anthropic().body(body.to_string())?)?;
    show("claude-haiku-4-5 of anthropic", &response);
    println!("{}\n", response.json::<Value>()?["content"][0]["text"].as_str().unwrap_or_default());

    // Any executor will do.
    future::block_on(async {
        let body = json!({ "model": "gpt-4o", "messages": question, "stream": true });
        let response = client.send_async(to_openai().body(body.to_string())?).await?;
        show("gpt-4o of openai, as a stream", &response);
        read(response).await
    })
}

fn post(url: &str) -> request::Builder {
    Request::post(url).header("Content-Type", "application/json")
}

/// Shows what came of a chat. Of a stream, it is what is known when it begins.
fn show<B>(asked: &str, response: &Response<B>) {
    println!("> {asked}");
    let provenance = response.extensions().get::<Provenance>();
    for line in provenance.map(ToString::to_string).unwrap_or_default().lines() {
        println!("  {line}");
    }
}

/// Shows the text of a stream of chat completions as it comes. It must have its end.
async fn read(response: Response<AsyncBody>) -> Result<(), Box<dyn Error>> {
    let mut lines = BufReader::new(response.into_body()).lines();
    while let Some(line) = lines.next().await {
        let line = line?; // a stream that breaks off ends with an error
        let Some(data) = line.strip_prefix("data: ") else { continue };
        if data == "[DONE]" {
            println!();
            return Ok(());
        }
        let chunk: Value = serde_json::from_str(data)?;
        print!("{}", chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    Err("the stream has no end".into())
}
