//! An OpenAI and an Anthropic on loopback, and an agent that fails over between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_testkit::Provider;
use failover_ureq::{Builder, Failover, Provenance, ProviderName};
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body, Error};

pub(crate) const OPENAI_KEY: &str = "openai-secret-0001";
pub(crate) const ANTHROPIC_KEY: &str = "anthropic-secret-0002";
/// What the caller shows the provider that it asks.
pub(crate) const CALLERS_KEY: &str = "callers-secret-0004";

pub(crate) struct Scene {
    pub(crate) openai: Provider,
    pub(crate) anthropic: Provider,
    seen: Arc<Mutex<Vec<Provenance>>>,
}

impl Scene {
    /// Everybody is healthy.
    pub(crate) fn new() -> Self {
        Self { openai: Provider::openai(), anthropic: Provider::anthropic(), seen: Arc::default() }
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
            .on_failover(move |provenance| seen.lock().expect("never poisoned").push(provenance.clone()))
    }

    pub(crate) fn agent(&self) -> Agent {
        agent(self.builder())
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

    pub(crate) fn send(&self, side: Side, agent: &Agent, body: &Value) -> Result<Response<Body>, Error> {
        match side {
            Side::OpenAi => agent
                .post(format!("{}/v1/chat/completions", self.openai.url()))
                .header("Authorization", format!("Bearer {CALLERS_KEY}")),
            Side::Anthropic => agent
                .post(format!("{}/v1/messages", self.anthropic.url()))
                .header("x-api-key", CALLERS_KEY)
                .header("anthropic-version", "2023-06-01"),
        }
        .send_json(body)
    }

    /// A question whose answer is to come whole.
    pub(crate) fn ask(&self, side: Side, agent: &Agent) -> Response<Body> {
        self.send(side, agent, &side.question(false)).expect("an answer")
    }

    /// A question whose answer is to come as a stream, with its usage.
    pub(crate) fn stream(&self, side: Side, agent: &Agent) -> Response<Body> {
        self.send(side, agent, &side.question(true)).expect("an answer")
    }

    /// The histories of all requests that were not simply answered.
    pub(crate) fn told(&self) -> Vec<Provenance> {
        self.seen.lock().expect("never poisoned").clone()
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

/// Once for each that can be asked.
pub(crate) fn each(test: impl Fn(&Scene, Side)) {
    for side in Side::BOTH {
        test(&Scene::new(), side);
    }
}

/// Statuses are answers, as most callers of JSON APIs have it.
pub(crate) fn agent(builder: Builder<Failover>) -> Agent {
    let failover = builder.build().expect("a good configuration");
    Agent::config_builder().middleware(failover).http_status_as_error(false).build().into()
}

pub(crate) fn json_of(mut response: Response<Body>) -> Value {
    response.body_mut().read_json().expect("JSON")
}

pub(crate) fn served_by(response: &Response<Body>) -> Option<&str> {
    response.headers().get("x-failover-served-by").map(|name| name.to_str().expect("ASCII"))
}
