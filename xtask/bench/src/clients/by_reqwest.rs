//! reqwest, bare, with middlewares, and with ours. The runtime is tokio's on this thread alone.

use std::hint::black_box;

use failover_reqwest::{Failover, ProviderName, SendFailover};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::runtime::{Builder, Runtime};

use super::limits::Limits;
use super::row::{Row, Table, Work};
use super::stage::{ASKED, PAINTED, REFUSED, STOOD_IN, Stage};

const KEY: &str = "Key fal-key-0123456789abcdef";
const HEALTHY: Limits = Limits::NONE.ratio(1.02).allocations(6.0).instructions(4_000.0);

pub(super) fn table() -> Table {
    let rows = vec![
        Row::new("reqwest, bare", |stage| {
            plain(Stage::asked_of(&stage.healthy), |request| async { painted(request.send().await).await })
        }),
        Row::new("reqwest-middleware, empty", |stage| through(ClientBuilder::new(client()), &stage.healthy))
            .against("reqwest, bare"),
        Row::new("reqwest-middleware, one that does nothing", |stage| {
            through(ClientBuilder::new(client()).with(Nothing), &stage.healthy)
        })
        .against("reqwest, bare"),
        Row::new("reqwest-middleware, reqwest-retry", |stage| {
            let retry = ExponentialBackoff::builder().build_with_max_retries(3);
            let retry = RetryTransientMiddleware::new_with_policy(retry);
            through(ClientBuilder::new(client()).with(retry), &stage.healthy)
        })
        .against("reqwest, bare"),
        Row::new("reqwest, drop-in, healthy", |stage| {
            let failover = failover(stage, &stage.healthy);
            through(ClientBuilder::new(client()).with(failover), &stage.healthy)
        })
        .against("reqwest, bare")
        .limits(HEALTHY),
        Row::new("reqwest, send_failover, healthy", |stage| {
            let failover = failover(stage, &stage.healthy);
            plain(Stage::asked_of(&stage.healthy), move |request| {
                let failover = failover.clone();
                async move { painted(request.send_failover(&failover).await).await }
            })
        })
        .against("reqwest, bare")
        .limits(HEALTHY),
        Row::new("reqwest, drop-in, not ours", |stage| {
            let failover = failover(stage, &stage.healthy);
            through(ClientBuilder::new(client()).with(failover), &stage.other)
        })
        .against("reqwest-middleware, one that does nothing")
        .limits(Limits::NONE.allocations(0.0)),
        Row::new("reqwest, two bare requests, the first refused", two_bare),
        Row::new("reqwest, drop-in, fails over", |stage| {
            let client = ClientBuilder::new(client()).with(failover(stage, &stage.busy)).build();
            let (runtime, url) = (runtime(), Stage::asked_of(&stage.busy));
            Box::new(move || {
                runtime.block_on(async {
                    let request = client.post(&url).header(AUTHORIZATION, KEY);
                    let answer = request.header(CONTENT_TYPE, "application/json").body(ASKED).send().await;
                    stood_in(answer.expect("somebody stands in")).await;
                });
            })
        })
        .against("reqwest, two bare requests, the first refused")
        .limits(Limits::NONE.ratio(1.10)),
        Row::new("reqwest, send_failover, fails over", |stage| {
            let failover = failover(stage, &stage.busy);
            plain(Stage::asked_of(&stage.busy), move |request| {
                let failover = failover.clone();
                async move {
                    stood_in(request.send_failover(&failover).await.expect("somebody stands in")).await;
                }
            })
        })
        .against("reqwest, two bare requests, the first refused")
        .limits(Limits::NONE.ratio(1.10)),
    ];
    Table { title: "reqwest: one request on loopback", rows }
}

/// Behind the middleware there is an answer at once.
pub(super) fn passing() -> [Row; 2] {
    [
        Row::new("reqwest, nothing, then an answer", |_| passed(Nothing)).together(64),
        Row::new("reqwest, drop-in, then an answer", |stage| passed(failover(stage, &stage.healthy)))
            .together(64)
            .against("reqwest, nothing, then an answer")
            .limits(Limits::NONE.nanos(100.0).allocations(0.0)),
    ]
}

/// With the defaults; the proxies of the environment are not on loopback.
fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client without TLS can be built")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime of one thread can be built")
}

/// One that fails over for the provider at `fal`, and goes on asking it however often it refuses.
fn failover(stage: &Stage, fal: &str) -> Failover {
    let failover = Failover::builder()
        .nexa_api_key("nexa-key")
        .nexa_base_url(&stage.nexa)
        .provider_url(ProviderName::Fal, fal)
        .build()
        .expect("the settings are sound");
    failover.force_closed("fal").expect("there is a provider of that name");
    failover
}

struct Nothing;

#[async_trait::async_trait]
impl Middleware for Nothing {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        next.run(request, extensions).await
    }
}

struct Answer;

#[async_trait::async_trait]
impl Middleware for Answer {
    async fn handle(
        &self,
        _: reqwest::Request,
        _: &mut http::Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        Ok(http::Response::new("").into())
    }
}

fn request(client: &Client, url: &str) -> RequestBuilder {
    client.post(url).header(AUTHORIZATION, KEY).header(CONTENT_TYPE, "application/json").body(ASKED)
}

/// A request of a client without middlewares.
fn plain<F: Future<Output = ()>>(url: String, send: impl Fn(RequestBuilder) -> F + 'static) -> Work {
    let (runtime, client) = (runtime(), client());
    Box::new(move || runtime.block_on(send(request(&client, &url))))
}

/// A healthy request through middlewares.
fn through(client: ClientBuilder, base: &str) -> Work {
    let (runtime, client, url) = (runtime(), client.build(), Stage::asked_of(base));
    Box::new(move || {
        runtime.block_on(async {
            let request = client.post(&url).header(AUTHORIZATION, KEY);
            painted(request.header(CONTENT_TYPE, "application/json").body(ASKED).send().await).await;
        });
    })
}

async fn painted<E: std::fmt::Debug>(answer: Result<Response, E>) {
    let answer = answer.expect("the provider is healthy");
    assert!(!answer.headers().contains_key("x-failover-served-by"), "somebody stood in");
    assert_eq!(length(answer).await, PAINTED.len());
}

async fn stood_in(answer: Response) {
    assert_eq!(answer.headers()["x-failover-served-by"], "nexaapi");
    assert_ne!(length(answer).await, 0);
}

async fn length(answer: Response) -> usize {
    black_box(answer.bytes().await.expect("the answer is whole")).len()
}

fn two_bare(stage: &Stage) -> Work {
    let (runtime, own, other) = (runtime(), client(), client());
    let (busy, nexa) = (Stage::asked_of(&stage.busy), Stage::asked_of(&stage.nexa));
    Box::new(move || {
        runtime.block_on(async {
            let refused = request(&own, &busy).send().await.expect("a refusal is an answer");
            assert_eq!(length(refused).await, REFUSED.len());
            let answer = request(&other, &nexa).send().await.expect("the stand-in is healthy");
            assert_eq!(length(answer).await, STOOD_IN.len());
        });
    })
}

fn passed(middleware: impl Middleware) -> Work {
    let client: ClientWithMiddleware = ClientBuilder::new(client()).with(middleware).with(Answer).build();
    let runtime = runtime();
    Box::new(move || {
        runtime.block_on(async {
            let answer = client.post("https://api.example.com/v1/images").body(ASKED).send().await;
            black_box(answer.expect("it is answered"));
        });
    })
}
