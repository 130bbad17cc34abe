//! An OpenAI, an Anthropic and a Together on loopback, and a client that fails over between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_reqwest::{Builder, Failover, Provenance, ProviderName};
use failover_testkit::Provider;
use reqwest::Response;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Result};
use serde_json::{Value, json};

pub(crate) const OPENAI_KEY: &str = "openai-secret-0001";
pub(crate) const ANTHROPIC_KEY: &str = "anthropic-secret-0002";
pub(crate) const TOGETHER_KEY: &str = "together-secret-0003";
/// What the caller shows the provider that it asks.
pub(crate) const CALLERS_KEY: &str = "callers-secret-0004";

pub(crate) struct Scene {
    pub(crate) openai: Provider,
    pub(crate) anthropic: Provider,
    pub(crate) together: Provider,
    pub(crate) seen: Arc<Mutex<Vec<Provenance>>>,
}

impl Scene {
    /// Everybody is healthy.
    pub(crate) fn new() -> Self {
        Self {
            openai: Provider::openai(),
            anthropic: Provider::anthropic(),
            together: Provider::together(),
            seen: Arc::default(),
        }
    }

    /// Anthropic stands in for OpenAI, and the other way round. Limits are short, as they are real time here.
    pub(crate) fn builder(&self) -> Builder<Failover> {
        let seen = Arc::clone(&self.seen);
        Failover::builder()
            .key(ProviderName::OpenAi, OPENAI_KEY)
            .key(ProviderName::Anthropic, ANTHROPIC_KEY)
            .key(ProviderName::Together, TOGETHER_KEY)
            .provider_url(ProviderName::OpenAi, self.openai.url())
            .provider_url(ProviderName::Anthropic, self.anthropic.url())
            .provider_url(ProviderName::Together, self.together.url())
            .stand_in_url(ProviderName::OpenAi, format!("{}/v1", self.openai.url()))
            .stand_in_url(ProviderName::Anthropic, self.anthropic.url())
            .stand_in_url(ProviderName::Together, format!("{}/v1", self.together.url()))
            .fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-5"])
            .fallbacks("claude-sonnet-4-5", ["openai/gpt-4o"])
            .first_token_limit(Duration::from_millis(300))
            .idle_limit(Duration::from_millis(300))
            .on_failover(move |provenance| seen.lock().expect("never poisoned").push(provenance.clone()))
    }

    pub(crate) fn client(&self) -> ClientWithMiddleware {
        client(self.builder())
    }

    /// How many requests OpenAI and Anthropic have seen.
    pub(crate) fn counts(&self) -> [usize; 2] {
        [self.openai.count(), self.anthropic.count()]
    }

    pub(crate) async fn ask_openai(&self, client: &ClientWithMiddleware, body: &Value) -> Result<Response> {
        let url = format!("{}/v1/chat/completions", self.openai.url());
        client.post(url).bearer_auth(CALLERS_KEY).json(body).send().await
    }

    pub(crate) async fn ask_anthropic(
        &self,
        client: &ClientWithMiddleware,
        body: &Value,
    ) -> Result<Response> {
        let url = format!("{}/v1/messages", self.anthropic.url());
        let request = client.post(url).header("x-api-key", CALLERS_KEY).header("anthropic-version", "2023-06-01");
        request.json(body).send().await
    }

    /// The history of the last request that was not simply answered.
    pub(crate) fn told(&self) -> Provenance {
        self.seen.lock().expect("never poisoned").last().expect("nothing was told").clone()
    }
}

pub(crate) fn client(builder: Builder<Failover>) -> ClientWithMiddleware {
    let failover = builder.build().expect("a good configuration");
    ClientBuilder::new(reqwest::Client::new()).with(failover).build()
}

pub(crate) fn gpt(stream: bool) -> Value {
    json!({
        "model": "gpt-4o",
        "messages": [{ "role": "user", "content": "why is the sky blue?" }],
        "stream": stream,
    })
}

pub(crate) fn claude(stream: bool) -> Value {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 1000,
        "messages": [{ "role": "user", "content": "why is the sky blue?" }],
        "stream": stream,
    })
}

pub(crate) fn served_by(response: &Response) -> Option<&str> {
    response.headers().get("x-failover-served-by").map(|name| name.to_str().expect("ASCII"))
}

/// A stream as a client reads it.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) model: String,
    /// It said why it stopped, and that it is done.
    pub(crate) complete: bool,
    /// The code of an error within the stream.
    pub(crate) error: Option<String>,
    /// Somebody else has begun anew.
    pub(crate) restarts: usize,
    pub(crate) usage: Option<u64>,
    /// The body ended without an error of the transport.
    pub(crate) clean: bool,
}

/// Reads chat completions to their end.
pub(crate) async fn read_openai(mut response: Response) -> Read {
    let (mut read, mut bytes) = (Read { clean: true, ..Read::default() }, Vec::new());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => {
                read.clean = false;
                break;
            }
        }
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    let mut stopped = false;
    for event in text.split("\n\n") {
        let Some(data) = event.strip_prefix("data: ") else {
            assert!(event.is_empty() || event.starts_with(':'), "not an event: {event:?}");
            continue;
        };
        if data == "[DONE]" {
            read.complete = stopped;
            continue;
        }
        let data: Value = serde_json::from_str(data).expect("JSON");
        if let Some(code) = data["error"]["code"].as_str() {
            read.error = Some(code.to_owned());
        }
        if data["failover"]["restart"] == true {
            read.restarts += 1;
            read.text.clear();
        }
        if let Some(model) = data["model"].as_str() {
            model.clone_into(&mut read.model);
        }
        read.usage = data["usage"]["total_tokens"].as_u64().or(read.usage);
        for choice in data["choices"].as_array().into_iter().flatten() {
            read.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
            stopped |= choice["finish_reason"].is_string();
        }
    }
    read
}
