//! Three providers that say what they are told, and a clock that only waiting moves.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use failover_mapping::calls::futures::Runtime;
use failover_mapping::text::{Ask, Awaited, Sender, Text, TextError};
use failover_mapping::{Builder, Config, Engine, Fault, Moment, ProviderName};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};

pub(crate) const OPENAI_KEY: &str = "openai-secret-0001";
pub(crate) const ANTHROPIC_KEY: &str = "anthropic-secret-0002";
pub(crate) const TOGETHER_KEY: &str = "together-secret-0003";

/// What a provider says to one request.
#[derive(Clone)]
pub(crate) enum Says {
    Answer(u16, HeaderMap, String),
    Nothing(Fault),
}

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    now: AtomicU64,
    scripts: Mutex<HashMap<&'static str, VecDeque<Says>>>,
    always: Mutex<HashMap<&'static str, Says>>,
    pub(crate) sent: Mutex<Vec<Request<Vec<u8>>>>,
}

pub(crate) fn builder() -> Builder<Config> {
    Config::builder()
        .key(ProviderName::OpenAi, OPENAI_KEY)
        .key(ProviderName::Anthropic, ANTHROPIC_KEY)
        .key(ProviderName::Together, TOGETHER_KEY)
}

pub(crate) fn says(status: u16, body: &Value) -> Says {
    Says::Answer(status, HeaderMap::new(), body.to_string())
}

/// An error of this status in the shape that all three know how to read.
pub(crate) fn refuses(status: u16, code: &str, message: &str) -> Says {
    says(status, &json!({ "type": "error", "error": { "type": code, "code": code, "message": message } }))
}

impl Says {
    pub(crate) fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
                Self::Answer(status, headers, body)
            }
            nothing @ Self::Nothing(_) => nothing,
        }
    }
}

impl Scene {
    pub(crate) fn new(builder: Builder<Config>) -> Self {
        Self {
            engine: Engine::new(builder.build().unwrap()),
            now: AtomicU64::new(0),
            scripts: Mutex::default(),
            always: Mutex::default(),
            sent: Mutex::default(),
        }
    }

    /// With a key for each.
    pub(crate) fn whole() -> Self {
        Self::new(builder())
    }

    pub(crate) fn script(&self, provider: &'static str, lines: impl IntoIterator<Item = Says>) {
        self.scripts.lock().unwrap().entry(provider).or_default().extend(lines);
    }

    pub(crate) fn always(&self, provider: &'static str, line: Says) {
        self.always.lock().unwrap().insert(provider, line);
    }

    pub(crate) fn all_say(&self, line: &Says) {
        for provider in ["openai", "anthropic", "together"] {
            self.always(provider, line.clone());
        }
    }

    pub(crate) fn heal(&self) {
        self.always.lock().unwrap().clear();
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Without repeats on one provider.
    pub(crate) fn text(&self) -> Ask<'_, Awaited<&Self, &Self>> {
        Ask::new(&self.engine, Awaited::new(self, self)).retries(0)
    }

    /// The hosts that were asked.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|request| request.uri().host().unwrap().to_owned()).collect()
    }

    pub(crate) fn forget(&self) {
        self.sent.lock().unwrap().clear();
    }
}

/// Polls until it is done: nothing here ever waits for anybody.
pub(crate) fn done<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Who was asked, in order.
pub(crate) fn tried(result: &Result<Text, TextError>) -> Vec<&str> {
    match result {
        Ok(text) => text.report.tried().collect(),
        Err(error) => error.report().tried().collect(),
    }
}

/// Why nobody was asked, without the lines after it.
pub(crate) fn refusal(result: Result<Text, TextError>) -> String {
    let error = result.unwrap_err();
    assert!(error.failures().is_empty() && error.report().attempts.is_empty(), "{error}");
    error.why().to_string()
}

impl Sender for &Scene {
    async fn send(
        &self,
        request: Request<Vec<u8>>,
        _: Duration,
        most: usize,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
        let provider = match request.uri().host().unwrap() {
            "api.openai.com" => "openai",
            "api.anthropic.com" => "anthropic",
            "api.together.xyz" => "together",
            _ => "mine",
        };
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        self.sent.lock().unwrap().push(request);
        let scripted = self.scripts.lock().unwrap().get_mut(provider).and_then(VecDeque::pop_front);
        let always = || self.always.lock().unwrap().get(provider).cloned();
        match scripted.or_else(always).unwrap_or_else(|| healthy(provider, &body)) {
            Says::Answer(_, _, body) if body.len() > most => Err(Fault::Malformed),
            Says::Answer(status, headers, body) => {
                Ok((StatusCode::from_u16(status).unwrap(), headers, body.into_bytes()))
            }
            Says::Nothing(fault) => Err(fault),
        }
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

fn healthy(provider: &str, asked: &Value) -> Says {
    let (text, model) = (format!("a text by {provider}"), &asked["model"]);
    says(
        200,
        &match provider {
            "anthropic" => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": model,
                "content": [{ "type": "text", "text": text }],
                "stop_reason": "end_turn", "stop_sequence": null,
                "usage": { "input_tokens": 12, "output_tokens": 5 },
            }),
            _ => json!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
                "choices": [{
                    "index": 0, "finish_reason": "stop",
                    "message": { "role": "assistant", "content": text, "refusal": null },
                }],
                "usage": { "prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17 },
            }),
        },
    )
}

/// It passes the time when it is waited for, and not before.
pub(crate) struct Slept<S>(S, Duration);

impl Future for Slept<&Scene> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0.pass(self.1 + Duration::from_millis(1));
        Poll::Ready(())
    }
}

impl Runtime for &Scene {
    type Sleep = Slept<Self>;

    fn now(&self) -> Moment {
        Moment::after_epoch(Duration::from_millis(self.now.load(Ordering::Relaxed)))
    }

    fn sleep(&self, time: Duration) -> Slept<Self> {
        Slept(self, time)
    }

    fn seed(&self) -> u64 {
        42
    }
}
