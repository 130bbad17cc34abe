//! A gateway on loopback, with providers on loopback behind it.

use std::sync::Arc;
use std::time::Duration;

use failover_reqwest::{Builder, Failover, ProviderName};
use failover_testkit::Provider;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::app::{Counters, Patience, Settings, Token, app, listen, serve};

/// What callers show the providers.
pub(crate) const CALLERS_KEY: &str = "callers-secret-0001";
pub(crate) const OPENAI_KEY: &str = "openai-secret-0002";
pub(crate) const ANTHROPIC_KEY: &str = "anthropic-secret-0003";
pub(crate) const NEXA_KEY: &str = "nexa-secret-0004";
pub(crate) const FAL_KEY: &str = "fal-secret-0005";
/// The gateway's own.
pub(crate) const TOKEN: &str = "gateway-secret-0006";

/// Who is asked, and who stands in, apart.
pub(crate) struct Scene {
    pub(crate) openai: Provider,
    pub(crate) anthropic: Provider,
    pub(crate) fal: Provider,
    pub(crate) queue: Provider,
    pub(crate) replicate: Provider,
    pub(crate) nexa: Provider,
}

impl Scene {
    /// Everybody is healthy.
    pub(crate) fn new() -> Self {
        Self {
            openai: Provider::openai(),
            anthropic: Provider::anthropic(),
            fal: Provider::fal(),
            queue: Provider::fal_queue(),
            replicate: Provider::replicate(),
            nexa: Provider::nexa(),
        }
    }

    pub(crate) fn builder(&self) -> Builder<Failover> {
        Failover::builder()
            .key(ProviderName::OpenAi, OPENAI_KEY)
            .key(ProviderName::Anthropic, ANTHROPIC_KEY)
            .nexa_api_key(NEXA_KEY)
            .provider_url(ProviderName::OpenAi, self.openai.url())
            .provider_url(ProviderName::Anthropic, self.anthropic.url())
            .provider_url(ProviderName::Fal, self.fal.url())
            .fal_queue_url(self.queue.url())
            .provider_url(ProviderName::Replicate, self.replicate.url())
            .stand_in_url(ProviderName::OpenAi, format!("{}/v1", self.openai.url()))
            .stand_in_url(ProviderName::Anthropic, self.anthropic.url())
            .nexa_base_url(self.nexa.url())
            .fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-5"])
            .fallbacks("claude-sonnet-4-5", ["openai/gpt-4o"])
            .first_token_limit(Duration::from_millis(500))
            .stand_in_delay(Duration::from_millis(1))
            .poll_interval(Duration::from_millis(1))
    }

    pub(crate) async fn gateway(&self) -> Running {
        Running::new(self.builder(), |_| {}).await
    }

    /// Nobody has seen a key that is not for it.
    pub(crate) fn assert_no_key_leaked(&self) {
        let all = [CALLERS_KEY, OPENAI_KEY, ANTHROPIC_KEY, NEXA_KEY, FAL_KEY, TOKEN];
        // OpenAI and Anthropic stand in as well as being asked.
        let known = [
            (&self.openai, vec![CALLERS_KEY, OPENAI_KEY]),
            (&self.anthropic, vec![CALLERS_KEY, ANTHROPIC_KEY]),
            (&self.fal, vec![CALLERS_KEY, FAL_KEY]),
            (&self.queue, vec![CALLERS_KEY, FAL_KEY]),
            (&self.replicate, vec![CALLERS_KEY]),
            (&self.nexa, vec![NEXA_KEY]),
        ];
        for (provider, own) in known {
            for seen in provider.seen() {
                for key in all.into_iter().filter(|key| !own.contains(key)) {
                    assert!(!seen.mentions(key), "{key} reached {provider:?}");
                }
            }
        }
    }
}

/// A gateway that serves.
pub(crate) struct Running {
    pub(crate) base: String,
    pub(crate) client: Client,
    stop: oneshot::Sender<()>,
    again: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Longer than any test takes.
pub(crate) const PATIENT: Patience =
    Patience { head: Duration::from_secs(600), grace: Duration::from_secs(600) };

impl Running {
    /// With these settings changed.
    pub(crate) async fn new(builder: Builder<Failover>, change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_patience(PATIENT, builder, change).await
    }

    /// With this patience with its callers.
    pub(crate) async fn with_patience(
        patience: Patience,
        builder: Builder<Failover>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let counters = Arc::new(Counters::default());
        let counted = Arc::clone(&counters);
        let builder = builder.on_event(move |event| counted.hear(event));
        let failover = builder.build().expect("a good configuration").with_stand_in_client(plain());
        let mut settings = Settings {
            token: None,
            public_url: None,
            completions: ProviderName::OpenAi,
            fal_key: Some(FAL_KEY.to_owned()),
            body_limit: Duration::from_secs(60),
            client: plain(),
            counters,
        };
        change(&mut settings);
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let (again, stopped_again) = oneshot::channel();
        let serving = serve(listener, app(failover, settings), patience, told(stopped), told(stopped_again));
        Self { base, client: plain(), stop, again, served: tokio::spawn(serving) }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).json(body)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    pub(crate) async fn openai(&self, body: &Value) -> Response {
        self.post("/v1/chat/completions", body).bearer_auth(CALLERS_KEY).send().await.unwrap()
    }

    pub(crate) async fn anthropic(&self, body: &Value) -> Response {
        let request = self.post("/v1/messages", body).header("x-api-key", CALLERS_KEY);
        request.header("anthropic-version", "2023-06-01").send().await.unwrap()
    }

    /// A connection of which the test writes every byte.
    pub(crate) async fn connection(&self) -> TcpStream {
        TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap()
    }

    /// What the gateway says to this, until it ends the connection.
    pub(crate) async fn says_to(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut connection = self.connection().await;
        connection.write_all(bytes.as_ref()).await.unwrap();
        let mut said = Vec::new();
        connection.read_to_end(&mut said).await.unwrap();
        String::from_utf8(said).unwrap()
    }

    /// Says that it is to stop: how it says so again, and what is over when it has.
    pub(crate) fn stop(self) -> (oneshot::Sender<()>, JoinHandle<()>) {
        self.stop.send(()).expect("it serves");
        (self.again, self.served)
    }
}

/// Until somebody says so, who has not simply gone.
async fn told(said: oneshot::Receiver<()>) {
    if said.await.is_err() {
        std::future::pending::<()>().await;
    }
}

pub(crate) fn token() -> Option<Token> {
    Some(Token::new(TOKEN).expect("long enough"))
}

/// A client that is set up at once: it knows no certificates, and nobody asks for any here.
pub(crate) fn plain() -> Client {
    let builder = Client::builder().tls_certs_only([]).retry(reqwest::retry::never());
    builder.redirect(reqwest::redirect::Policy::none()).build().expect("a client")
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

pub(crate) async fn json_of(response: Response) -> Value {
    response.json().await.expect("JSON")
}
