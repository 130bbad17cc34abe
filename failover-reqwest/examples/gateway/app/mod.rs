//! The gateway as a router: which path is whose, and what every request has in common.
//!
//! | path | asked |
//! |---|---|
//! | `/v1/..` | the provider of chat completions that the settings name, OpenAI unless they do |
//! | `/v1/messages..` | Anthropic |
//! | `/v1/models` | nobody: the tables |
//! | `/{provider}/v1/..` | a provider of text, by its name |
//! | `/replicate/v1/..` | Replicate |
//! | `/fal/..`, `/queue/..` | FAL, at once and by way of its queue |
//! | `/api/fal/proxy` | FAL, as FAL's own proxy for browsers does it |
//! | `/healthz`, `/metrics` | nobody |
//!
//! All of it goes through `send_failover`, so what has no stand-in passes through to the provider that was asked.

mod addresses;
mod body;
mod forward;
mod guard;
mod headers;
mod large;
mod lines;
mod log;
mod metrics;
mod models;
mod proxy;
mod refusal;
mod serve;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use failover_reqwest::{ChatApi, Failover, ProviderName};
use http::StatusCode;

use self::forward::{Door, forward};
pub(crate) use self::guard::{Token, may_listen};
pub(crate) use self::log::line;
pub(crate) use self::metrics::Counters;
use self::refusal::{Refusal, Shape};
pub(crate) use self::serve::{Patience, listen, serve};

/// What is not the failover's own.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What a caller has to show in `x-gateway-token`.
    pub(crate) token: Option<Token>,
    /// Under which URL callers reach the gateway, if not the one that their request names: behind a proxy with TLS, say.
    pub(crate) public_url: Option<String>,
    /// Who is asked for what comes to `/v1`.
    pub(crate) completions: ProviderName,
    /// FAL's key for callers of `/api/fal/proxy` that have none: browsers.
    pub(crate) fal_key: Option<String>,
    /// How long the body of a request may take to arrive, and that of an answer that is read whole.
    pub(crate) body_limit: Duration,
    /// Asks the providers that callers ask for. It has to follow no redirect, as the caller does that.
    pub(crate) client: reqwest::Client,
    /// What has been counted, by the failover's events and here.
    pub(crate) counters: Arc<Counters>,
}

/// What all requests share.
pub(crate) struct Gateway {
    failover: Failover,
    settings: Settings,
}

type Shared = State<Arc<Gateway>>;

/// The router.
pub(crate) fn app(failover: Failover, settings: Settings) -> Router {
    let gateway = Arc::new(Gateway { failover, settings });
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one))
        .route("/v1/messages", any(messages))
        .route("/v1/messages/{*rest}", any(messages))
        .route("/v1/{*rest}", any(completions))
        .route("/{provider}/v1/models", get(models::list))
        .route("/{provider}/v1/models/{*id}", get(models::one))
        .route("/{provider}/v1/{*rest}", any(named))
        .route("/replicate/v1/{*rest}", any(replicate))
        .route("/fal/{*rest}", any(fal))
        .route("/queue/{*rest}", any(queue))
        .route("/api/fal/proxy", any(proxy::proxy))
        .route("/metrics", get(metrics::text))
        .fallback(nowhere)
        .method_not_allowed_fallback(otherwise)
        .layer(from_fn_with_state(Arc::clone(&gateway), guard::admit))
        .layer(from_fn_with_state(Arc::clone(&gateway), metrics::count))
        .route("/healthz", get(async || "ok\n"))
        .with_state(gateway)
}

async fn completions(State(gateway): Shared, request: Request) -> Response {
    chat(&gateway, gateway.settings.completions, "", request).await
}

async fn messages(State(gateway): Shared, request: Request) -> Response {
    chat(&gateway, ProviderName::Anthropic, "", request).await
}

async fn named(State(gateway): Shared, request: Request) -> Response {
    let name = first_segment(request.uri().path()).to_owned();
    match ProviderName::by_name(&name) {
        Some(provider) => chat(&gateway, provider, &format!("/{name}"), request).await,
        None => nowhere(State(gateway), request).await,
    }
}

/// A provider of text, below this path of ours.
async fn chat(gateway: &Gateway, provider: ProviderName, below: &str, request: Request) -> Response {
    let config = gateway.failover.config();
    let (Some(api), Some(base)) = (config.chat_api(provider), config.asked_at(provider)) else {
        return Refusal::nowhere(gateway.shape(request.uri().path())).into_response();
    };
    // The base URL of chat completions has a `/v1` of its own, or what stands in its place.
    let dropped = if api == ChatApi::Completions { format!("{below}/v1") } else { below.to_owned() };
    forward(gateway, Door::new(Shape::Chat(api), base, &dropped, request.uri()), request).await
}

async fn replicate(State(gateway): Shared, request: Request) -> Response {
    let base = gateway.failover.config().asked_at(ProviderName::Replicate).unwrap_or_default();
    let door = Door::new(Shape::Replicate, base, "/replicate", request.uri());
    let shown = format!("{}/replicate", gateway.base(&request));
    forward(&gateway, door.showing(shown, &["https://api.replicate.com"]), request).await
}

async fn fal(State(gateway): Shared, request: Request) -> Response {
    let base = gateway.failover.config().asked_at(ProviderName::Fal).unwrap_or_default();
    forward(&gateway, Door::new(Shape::Fal, base, "/fal", request.uri()), request).await
}

async fn queue(State(gateway): Shared, request: Request) -> Response {
    let base = gateway.failover.config().fal_queue_asked_at();
    let door = Door::new(Shape::Fal, base, "/queue", request.uri());
    let shown = format!("{}/queue", gateway.base(&request));
    forward(&gateway, door.showing(shown, &["https://queue.fal.run", "https://queue.falrun.com"]), request)
        .await
}

/// Of another method.
async fn otherwise(State(gateway): Shared, request: Request) -> Response {
    let shape = gateway.shape(request.uri().path());
    Refusal::new(shape, StatusCode::METHOD_NOT_ALLOWED, "the gateway is asked for this by GET")
        .into_response()
}

async fn nowhere(State(gateway): Shared, request: Request) -> Response {
    Refusal::nowhere(gateway.shape(request.uri().path())).into_response()
}

impl Gateway {
    /// How an error is to look that comes from this path.
    fn shape(&self, path: &str) -> Shape {
        let first = first_segment(path);
        match first {
            "replicate" => Shape::Replicate,
            "fal" | "queue" | "api" => Shape::Fal,
            "v1" if path.starts_with("/v1/messages") => Shape::Chat(ChatApi::Messages),
            name => {
                let provider = ProviderName::by_name(name);
                let api = provider.and_then(|name| self.failover.config().chat_api(name));
                Shape::Chat(api.unwrap_or(ChatApi::Completions))
            }
        }
    }

    /// The URL under which the caller reaches the gateway.
    ///
    /// A caller that lies about the host is the one who reads the lie.
    fn base(&self, request: &Request) -> String {
        let named = || format!("http://{}", guard::host(request).unwrap_or("localhost"));
        self.settings.public_url.clone().unwrap_or_else(named)
    }
}

fn first_segment(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}
