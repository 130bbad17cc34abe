//! An OpenAI and an Anthropic on loopback, and a client that fails over between them, used blocking or in a future.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use failover_isahc::{Builder, Client, Failover, PerRequest, Provenance, ProviderName};
use failover_testkit::Provider;
use futures_lite::future::block_on;
use futures_lite::io::BlockOn;
use isahc::http::{Request, Response, request};
use isahc::{AsyncBody, Body, Error, HttpClient};
use serde_json::{Value, json};

pub(crate) const OPENAI_KEY: &str = "openai-secret-0001";
pub(crate) const ANTHROPIC_KEY: &str = "anthropic-secret-0002";
/// What the caller shows the provider that it asks.
pub(crate) const CALLERS_KEY: &str = "callers-secret-0004";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Blocking,
    Future,
}

impl Way {
    /// Every test is run once with blocking calls, and once in futures.
    pub(crate) const BOTH: [Self; 2] = [Self::Blocking, Self::Future];
}

pub(crate) struct Scene {
    pub(crate) way: Way,
    pub(crate) openai: Provider,
    pub(crate) anthropic: Provider,
    seen: Arc<Mutex<Vec<Provenance>>>,
}

impl Scene {
    /// Everybody is healthy.
    pub(crate) fn new(way: Way) -> Self {
        Self { way, openai: Provider::openai(), anthropic: Provider::anthropic(), seen: Arc::default() }
    }

    /// Anthropic stands in for OpenAI, and the other way round. Limits are short, as they are real time here.
    pub(crate) fn builder(&self) -> Builder<Failover> {
        let seen = Arc::clone(&self.seen);
        Failover::builder()
            .key(ProviderName::OpenAi, OPENAI_KEY)
            .key(ProviderName::Anthropic, ANTHROPIC_KEY)
            .provider_url(ProviderName::OpenAi, self.openai.url())
            .provider_url(ProviderName::Anthropic, self.anthropic.url())
            .stand_in_url(ProviderName::OpenAi, format!("{}/v1", self.openai.url()))
            .stand_in_url(ProviderName::Anthropic, self.anthropic.url())
            .fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-5"])
            .fallbacks("claude-sonnet-4-5", ["openai/gpt-4o"])
            .first_token_limit(Duration::from_millis(300))
            .idle_limit(Duration::from_millis(300))
            .on_failover(move |provenance| seen.lock().expect("never poisoned").push(provenance.clone()))
    }

    pub(crate) fn client(&self) -> Client {
        client(self.builder())
    }

    /// The provider that is asked.
    pub(crate) const fn own(&self, side: Side) -> &Provider {
        match side {
            Side::OpenAi => &self.openai,
            Side::Anthropic => &self.anthropic,
        }
    }

    /// The one that stands in for it.
    pub(crate) const fn other(&self, side: Side) -> &Provider {
        self.own(side.other())
    }

    /// How many requests each of the two has seen.
    pub(crate) fn counts(&self, side: Side) -> [usize; 2] {
        [self.own(side).count(), self.other(side).count()]
    }

    /// The caller's request to this provider.
    pub(crate) fn to(&self, side: Side) -> request::Builder {
        match side {
            Side::OpenAi => Request::post(format!("{}/v1/chat/completions", self.openai.url()))
                .header("Authorization", format!("Bearer {CALLERS_KEY}")),
            Side::Anthropic => Request::post(format!("{}/v1/messages", self.anthropic.url()))
                .header("x-api-key", CALLERS_KEY)
                .header("anthropic-version", "2023-06-01"),
        }
        .header("Content-Type", "application/json")
    }

    pub(crate) fn send(
        &self,
        client: &Client,
        request: request::Builder,
        body: &Value,
    ) -> Result<Response<Body>, Error> {
        match self.way {
            Way::Blocking => client.send(request.body(body.to_string()).expect("a request")),
            Way::Future => {
                let request = request.body(body.to_string()).expect("a request");
                block_on(client.send_async(request)).map(blocking)
            }
        }
    }

    /// A question whose answer is to come whole.
    pub(crate) fn ask(&self, side: Side, client: &Client) -> Response<Body> {
        self.send(client, self.to(side), &side.question(false)).expect("an answer")
    }

    /// A question whose answer is to come as a stream, with its usage.
    pub(crate) fn stream(&self, side: Side, client: &Client) -> Response<Body> {
        self.send(client, self.to(side), &side.question(true)).expect("an answer")
    }

    /// As that, with wishes of its own.
    pub(crate) fn stream_as(&self, side: Side, client: &Client, wishes: PerRequest) -> Response<Body> {
        self.send(client, self.to(side).extension(wishes), &side.question(true)).expect("an answer")
    }

    /// The histories of all requests that were not simply answered.
    pub(crate) fn told(&self) -> Vec<Provenance> {
        self.seen.lock().expect("never poisoned").clone()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this went wrong the {:?} way", self.way);
        }
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

    pub(crate) fn question(self, stream: bool) -> Value {
        let mut body = json!({
            "model": self.model(),
            "max_tokens": 1000,
            "messages": [{ "role": "user", "content": "why is the sky blue?" }],
            "stream": stream,
        });
        if stream && self == Self::OpenAi {
            body["stream_options"] = json!({ "include_usage": true });
        }
        body
    }

    /// The text of a whole answer in its shape.
    pub(crate) fn text_of(self, answer: &Value) -> &str {
        let text = match self {
            Self::OpenAi => &answer["choices"][0]["message"]["content"],
            Self::Anthropic => &answer["content"][0]["text"],
        };
        text.as_str().unwrap_or_else(|| panic!("no text: {answer}"))
    }
}

impl From<Side> for ProviderName {
    fn from(side: Side) -> Self {
        match side {
            Side::OpenAi => Self::OpenAi,
            Side::Anthropic => Self::Anthropic,
        }
    }
}

pub(crate) fn client(builder: Builder<Failover>) -> Client {
    builder.build().expect("a good configuration").wrap(HttpClient::new().expect("a client"))
}

/// An answer to a future, to be read like the others.
pub(crate) fn blocking(response: Response<AsyncBody>) -> Response<Body> {
    response.map(|body| match body.len() {
        Some(length) => Body::from_reader_sized(BlockOn::new(body), length),
        None => Body::from_reader(BlockOn::new(body)),
    })
}

pub(crate) fn served_by<B>(response: &Response<B>) -> Option<&str> {
    response.headers().get("x-failover-served-by").map(|name| name.to_str().expect("ASCII"))
}
