//! ureq, bare and with the middleware.

use std::hint::black_box;
use std::time::Duration;

use failover_ureq::{Failover, ProviderName};
use http::{Request, Response};
use ureq::middleware::{Middleware, MiddlewareNext};
use ureq::{Agent, Body, Error, SendBody};

use super::limits::Limits;
use super::row::{Row, Table, Work};
use super::stage::{ASKED, PAINTED, REFUSED, STOOD_IN, Stage};

const HEALTHY: Limits = Limits::NONE.ratio(1.02).allocations(3.0).instructions(2_000.0);

pub(super) fn table() -> Table {
    let rows = vec![
        Row::new("ureq, bare", |stage| {
            let (agent, url) = (agent(None::<Failover>, true), Stage::asked_of(&stage.healthy));
            Box::new(move || painted(asked(&agent, &url)))
        }),
        Row::new("ureq, a middleware that does nothing", |stage| {
            let (agent, url) = (agent(Some(nothing), true), Stage::asked_of(&stage.healthy));
            Box::new(move || painted(asked(&agent, &url)))
        })
        .against("ureq, bare"),
        Row::new("ureq, drop-in, healthy", |stage| {
            let failover = failover(stage, &stage.healthy);
            let (agent, url) = (agent(Some(failover), true), Stage::asked_of(&stage.healthy));
            Box::new(move || painted(asked(&agent, &url)))
        })
        .against("ureq, bare")
        .limits(HEALTHY),
        Row::new("ureq, drop-in, not ours", |stage| {
            let failover = failover(stage, &stage.healthy);
            let (agent, url) = (agent(Some(failover), true), Stage::asked_of(&stage.other));
            Box::new(move || painted(asked(&agent, &url)))
        })
        .against("ureq, a middleware that does nothing")
        .limits(Limits::NONE.allocations(0.0)),
        Row::new("ureq, two bare requests, the first refused", |stage| two_bare(stage, false, None)),
        // What ours has: with one, ureq looks up the host in a thread that it starts for it.
        Row::new("(the same, the second with a time limit)", |stage| {
            two_bare(stage, false, Some(Duration::from_secs(60)))
        })
        .against("ureq, two bare requests, the first refused"),
        Row::new("ureq, drop-in, fails over", |stage| fails_over(stage, false))
            .against("ureq, two bare requests, the first refused")
            .limits(Limits::NONE.ratio(1.10)),
        Row::new("ureq, two bare requests, statuses as errors", |stage| two_bare(stage, true, None)),
        Row::new("ureq, drop-in, fails over, statuses as errors", |stage| fails_over(stage, true))
            .against("ureq, two bare requests, statuses as errors")
            .limits(Limits::NONE.ratio(1.10)),
    ];
    Table { title: "ureq: one request on loopback", rows }
}

/// Behind the middleware there is an answer at once.
pub(super) fn passing() -> [Row; 2] {
    [
        Row::new("ureq, nothing, then an answer", |_| passed(nothing)).together(64),
        Row::new("ureq, drop-in, then an answer", |stage| passed(failover(stage, &stage.healthy)))
            .together(64)
            .against("ureq, nothing, then an answer")
            .limits(Limits::NONE.nanos(100.0).allocations(0.0)),
    ]
}

/// An agent with the defaults but for what is said; the proxies of the environment are not on loopback.
fn agent(middleware: Option<impl Middleware>, status_as_error: bool) -> Agent {
    let config = Agent::config_builder().proxy(None).http_status_as_error(status_as_error);
    let config = match middleware {
        Some(middleware) => config.middleware(middleware),
        None => config,
    };
    config.build().into()
}

/// One that fails over for the provider at `fal`, and goes on asking it however often it refuses.
pub(super) fn failover(stage: &Stage, fal: &str) -> Failover {
    let failover = Failover::builder()
        .nexa_api_key("nexa-key")
        .nexa_base_url(&stage.nexa)
        .provider_url(ProviderName::Fal, fal)
        .build()
        .expect("the settings are sound");
    failover.force_closed("fal").expect("there is a provider of that name");
    failover
}

fn nothing(request: Request<SendBody<'_>>, next: MiddlewareNext<'_>) -> Result<Response<Body>, Error> {
    next.handle(request)
}

pub(super) fn asked(agent: &Agent, url: &str) -> Result<Response<Body>, Error> {
    agent
        .post(url)
        .header("authorization", "Key fal-key-0123456789abcdef")
        .header("content-type", "application/json")
        .send(ASKED)
}

pub(super) fn painted(answer: Result<Response<Body>, Error>) {
    let mut answer = answer.expect("the provider is healthy");
    assert!(!answer.headers().contains_key("x-failover-served-by"), "somebody stood in");
    assert_eq!(length(&mut answer), PAINTED.len());
}

fn length(answer: &mut Response<Body>) -> usize {
    black_box(answer.body_mut().read_to_vec().expect("the answer is whole")).len()
}

fn two_bare(stage: &Stage, status_as_error: bool, limit: Option<Duration>) -> Work {
    let own = agent(None::<Failover>, status_as_error);
    let other = Agent::config_builder().proxy(None).http_status_as_error(false).timeout_global(limit);
    let other: Agent = other.build().into();
    let (busy, nexa) = (Stage::asked_of(&stage.busy), Stage::asked_of(&stage.nexa));
    Box::new(move || {
        match asked(&own, &busy) {
            Ok(mut refused) => assert_eq!(length(&mut refused), REFUSED.len()),
            Err(error) => assert!(matches!(error, Error::StatusCode(_)), "{error}"),
        }
        let mut answer = asked(&other, &nexa).expect("the stand-in is healthy");
        assert_eq!(length(&mut answer), STOOD_IN.len());
    })
}

fn fails_over(stage: &Stage, status_as_error: bool) -> Work {
    let failover = failover(stage, &stage.busy);
    let (agent, url) = (agent(Some(failover), status_as_error), Stage::asked_of(&stage.busy));
    Box::new(move || {
        let mut answer = asked(&agent, &url).expect("somebody stands in");
        assert_eq!(answer.headers()["x-failover-served-by"], "nexaapi");
        assert_ne!(length(&mut answer), 0);
    })
}

fn passed(middleware: impl Middleware) -> Work {
    let answer = |_: Request<SendBody<'_>>, _: MiddlewareNext<'_>| -> Result<Response<Body>, Error> {
        Ok(Response::new(Body::builder().data(Vec::new())))
    };
    let agent: Agent =
        Agent::config_builder().proxy(None).middleware(middleware).middleware(answer).build().into();
    Box::new(move || {
        black_box(agent.post("https://api.example.com/v1/images").send(ASKED).expect("it is answered"));
    })
}
