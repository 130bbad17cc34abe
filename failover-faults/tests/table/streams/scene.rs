//! The two providers of one cell, and what is set for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_mapping::chat::StreamPolicy;
use failover_mapping::{Builder, FromConfig, ProviderName};
use failover_testkit::{Fault, Pace, Provider};
use http::Request;
use serde_json::json;

const CALLERS_KEY: &str = "caller-secret-0001";
const COOKIE: &str = "session=caller-secret-0002";
const STAND_INS_KEY: &str = "stand-in-secret-0003";

/// In every secret of the caller's.
const CALLERS: &str = "caller-secret";

pub(crate) const MODEL: &str = "gpt-4o";

/// What is given to the first token, and to each after it, where one does not come: several times what a busy machine takes for the
/// stand-in's, as that has no more time.
const SHORT: Duration = Duration::from_secs(2);

/// Where nothing is to pass.
const LONG: Duration = Duration::from_secs(30);

/// The late first token comes after 5 s, and what keeps the line busy until then every 250 ms.
const PACE: Pace = Pace::PUBLISHED.faster(4);

/// Who stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// A provider of the user's own, which speaks OpenAI's API.
    Compatible,
    Anthropic,
}

impl Other {
    pub(crate) const ALL: [Self; 2] = [Self::Compatible, Self::Anthropic];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Compatible => "vllm",
            Self::Anthropic => "anthropic",
        }
    }

    pub(crate) const fn model(self) -> &'static str {
        match self {
            Self::Compatible => "llama-3.3-70b",
            Self::Anthropic => "claude-sonnet-4-5",
        }
    }
}

pub(crate) struct Scene {
    pub(crate) openai: Provider,
    pub(crate) stand_in: Provider,
    pub(crate) other: Other,
    fault: Fault,
    policy: StreamPolicy,
    /// All that the caller was told.
    told: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    pub(crate) fn new(fault: Fault, policy: StreamPolicy, other: Other) -> Self {
        let openai = Provider::openai();
        openai.misbehave_at(fault, PACE);
        let stand_in = match other {
            Other::Compatible => Provider::openai_compatible(other.name()),
            Other::Anthropic => Provider::anthropic(),
        };
        if fault == Fault::CutAndPrefillRejected {
            stand_in.misbehave_at(Fault::PrefillRejected, PACE);
        }
        Self { openai, stand_in, other, fault, policy, told: Arc::default() }
    }

    pub(crate) fn builder<F: FromConfig>(&self) -> Builder<F> {
        let told = Arc::clone(&self.told);
        let limit = if self.hangs() { SHORT } else { LONG };
        let builder = Builder::new()
            .provider_url(ProviderName::OpenAi, self.openai.url())
            .fallbacks(MODEL, [format!("{}/{}", self.other.name(), self.other.model())])
            .stream_policy(self.policy)
            .first_token_limit(limit)
            .idle_limit(limit)
            .on_failover(move |provenance| {
                told.lock().unwrap().push(format!("{provenance}\n{provenance:?}"))
            });
        match self.other {
            Other::Compatible => {
                let name = ProviderName::other(self.other.name()).unwrap();
                let url = format!("{}/v1", self.stand_in.url());
                builder.text_provider(name, url).key(name, STAND_INS_KEY)
            }
            Other::Anthropic => builder
                .stand_in_url(ProviderName::Anthropic, self.stand_in.url())
                .key(ProviderName::Anthropic, STAND_INS_KEY),
        }
    }

    fn hangs(&self) -> bool {
        matches!(self.fault, Fault::Silence | Fault::SlowFirstToken | Fault::StreamStalls)
    }

    /// The time limit that the caller gives its own client: where nobody else has one.
    pub(crate) fn limit_of_unguarded_client(&self) -> Option<Duration> {
        matches!(self.fault, Fault::StreamStalls | Fault::StreamNeverEnds).then_some(SHORT)
    }

    /// What the caller asks.
    pub(crate) fn question(&self) -> Request<String> {
        let body = json!({
            "model": MODEL,
            "messages": [{ "role": "user", "content": "why is the sky blue?" }],
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        Request::post(format!("{}/v1/chat/completions", self.openai.url()))
            .header("authorization", format!("Bearer {CALLERS_KEY}"))
            .header("cookie", COOKIE)
            .header("content-type", "application/json")
            .body(body.to_string())
            .unwrap()
    }

    pub(crate) fn tell(&self, text: String) {
        self.told.lock().unwrap().push(text);
    }

    /// How many requests the asked provider saw, and the stand-in.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.openai.count(), self.stand_in.count())
    }

    /// Credentials belong to one provider, and to no text.
    pub(crate) fn check_secrets(&self) {
        for seen in self.stand_in.seen() {
            assert!(!seen.mentions(CALLERS), "the stand-in was sent a secret of the caller's");
            assert!(seen.mentions(STAND_INS_KEY), "the stand-in was not sent its key");
        }
        for seen in self.openai.seen() {
            assert!(!seen.mentions(STAND_INS_KEY), "the asked provider was sent the stand-in's key");
        }
        for text in self.told.lock().unwrap().iter() {
            assert!(!text.contains(CALLERS) && !text.contains(STAND_INS_KEY), "a secret was told: {text}");
        }
    }
}
