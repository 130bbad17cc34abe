//! An OpenAI, an Anthropic and a Together on loopback, and a client that fails over between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_reqwest::{Builder, Failover, Provenance, ProviderName};
use failover_testkit::Provider;
use reqwest::Response;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Result};
use serde_json::{Value, json};

use crate::read::{Read, read_anthropic, read_openai};

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

    /// For whom is in no hurry: where no limit is to pass, none does on a busy machine either.
    pub(crate) fn patient(&self) -> Builder<Failover> {
        let long = Duration::from_secs(20);
        self.builder().first_token_limit(long).idle_limit(long)
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
        let request =
            client.post(url).header("x-api-key", CALLERS_KEY).header("anthropic-version", "2023-06-01");
        request.json(body).send().await
    }

    /// The provider that is asked.
    pub(crate) fn own(&self, side: Side) -> &Provider {
        match side {
            Side::OpenAi => &self.openai,
            Side::Anthropic => &self.anthropic,
        }
    }

    /// The one that stands in for it.
    pub(crate) fn other(&self, side: Side) -> &Provider {
        self.own(side.other())
    }

    /// How many requests each of the two has seen.
    pub(crate) fn counts_of(&self, side: Side) -> [usize; 2] {
        [self.own(side).count(), self.other(side).count()]
    }

    /// A question whose answer is to come as a stream, with its usage.
    pub(crate) async fn stream(&self, side: Side, client: &ClientWithMiddleware) -> Result<Response> {
        match side {
            Side::OpenAi => self.ask_openai(client, &gpt_with_usage()).await,
            Side::Anthropic => self.ask_anthropic(client, &claude(true)).await,
        }
    }

    /// How often something was told.
    pub(crate) fn told_times(&self) -> usize {
        self.seen.lock().expect("never poisoned").len()
    }

    /// The history of the last request that was not simply answered.
    pub(crate) fn told(&self) -> Provenance {
        self.seen.lock().expect("never poisoned").last().expect("nothing was told").clone()
    }
}

/// Who is asked. The other one stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    OpenAi,
    Anthropic,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::OpenAi, Self::Anthropic];

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::OpenAi => Self::Anthropic,
            Self::Anthropic => Self::OpenAi,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    pub(crate) const fn model(self) -> &'static str {
        match self {
            Self::OpenAi => "gpt-4o",
            Self::Anthropic => "claude-sonnet-4-5",
        }
    }

    /// Its fault domain.
    pub(crate) fn domain(self) -> String {
        format!("{}/{}", self.name(), self.model())
    }

    pub(crate) async fn read(self, response: Response) -> Read {
        match self {
            Self::OpenAi => read_openai(response).await,
            Self::Anthropic => read_anthropic(response).await,
        }
    }
}

pub(crate) fn client(builder: Builder<Failover>) -> ClientWithMiddleware {
    let failover = builder.build().expect("a good configuration").with_stand_in_client(plain());
    ClientBuilder::new(plain()).with(failover).build()
}

/// A client that is set up at once: it knows no certificates, and nobody asks for any here.
pub(crate) fn plain() -> reqwest::Client {
    let builder = reqwest::Client::builder().tls_certs_only([]).no_gzip();
    builder.redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

pub(crate) fn gpt(stream: bool) -> Value {
    json!({
        "model": "gpt-4o",
        "messages": [{ "role": "user", "content": "why is the sky blue?" }],
        "stream": stream,
    })
}

pub(crate) fn gpt_with_usage() -> Value {
    let mut body = gpt(true);
    body["stream_options"] = json!({ "include_usage": true });
    body
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
