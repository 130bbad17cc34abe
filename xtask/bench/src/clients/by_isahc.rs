//! isahc, bare and wrapped; blocking, as its own thread does the work in either case.

use std::hint::black_box;

use failover_isahc::{Client, Failover, ProviderName};
use http::{Request, Response};
use isahc::{Body, Error, HttpClient, ReadResponseExt};

use super::limits::Limits;
use super::row::{Row, Table, Work};
use super::stage::{ASKED, PAINTED, REFUSED, STOOD_IN, Stage};

pub(super) fn table() -> Table {
    let rows = vec![
        Row::new("isahc, bare", |stage| {
            let (client, url) = (bare(), Stage::asked_of(&stage.healthy));
            Box::new(move || painted(client.send(request(&url))))
        }),
        Row::new("isahc, drop-in, healthy", |stage| {
            let client = wrapped(stage, &stage.healthy);
            let url = Stage::asked_of(&stage.healthy);
            Box::new(move || painted(client.send(request(&url))))
        })
        .against("isahc, bare")
        .limits(Limits::NONE.ratio(1.02)),
        Row::new("isahc, drop-in, not ours", |stage| {
            let client = wrapped(stage, &stage.healthy);
            let url = Stage::asked_of(&stage.other);
            Box::new(move || painted(client.send(request(&url))))
        })
        .against("isahc, bare")
        .limits(Limits::NONE.allocations(0.0)),
        Row::new("isahc, two bare requests, the first refused", |stage| two_bare(stage, bare())),
        // What ours does: on a used connection, libcurl may send it, and its provider bill it, twice.
        Row::new("(the same, the second on a new connection)", |stage| two_bare(stage, unkept()))
            .against("isahc, two bare requests, the first refused"),
        Row::new("isahc, drop-in, fails over", |stage| {
            let client = wrapped(stage, &stage.busy);
            let url = Stage::asked_of(&stage.busy);
            Box::new(move || {
                let mut answer = client.send(request(&url)).expect("somebody stands in");
                assert_eq!(answer.headers()["x-failover-served-by"], "nexaapi");
                assert_ne!(length(&mut answer), 0);
            })
        })
        .against("isahc, two bare requests, the first refused")
        .limits(Limits::NONE.ratio(1.10)),
    ];
    Table { title: "isahc: one request on loopback", rows }
}

/// What is done before anything is waited for: the future is made, and dropped.
pub(super) fn passing() -> [Row; 2] {
    const URL: &str = "https://api.example.com/v1/images";
    [
        Row::new("isahc, a request made", |_| {
            let client = bare();
            Box::new(move || drop(black_box(client.send_async(request(URL)))))
        })
        .together(64),
        Row::new("isahc, drop-in, a request made", |stage| {
            let client = wrapped(stage, &stage.healthy);
            Box::new(move || drop(black_box(client.send_async(request(URL)))))
        })
        .together(64)
        .against("isahc, a request made")
        .limits(Limits::NONE.nanos(100.0).allocations(0.0)),
    ]
}

/// With the defaults; the proxies of the environment are not on loopback.
pub(super) fn bare() -> HttpClient {
    use isahc::config::Configurable;
    HttpClient::builder().proxy(None).build().expect("a thread can be started")
}

/// One that keeps no connection, as ours for stand-ins.
fn unkept() -> HttpClient {
    use isahc::config::Configurable;
    HttpClient::builder().proxy(None).connection_cache_size(0).build().expect("a thread can be started")
}

/// One that fails over for the provider at `fal`, and goes on asking it however often it refuses.
fn wrapped(stage: &Stage, fal: &str) -> Client {
    failover(stage, fal).wrap(bare())
}

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

pub(super) fn request(url: &str) -> Request<&'static str> {
    Request::post(url)
        .header("authorization", "Key fal-key-0123456789abcdef")
        .header("content-type", "application/json")
        .body(ASKED)
        .expect("the URL is sound")
}

pub(super) fn painted(answer: Result<Response<Body>, Error>) {
    let mut answer = answer.expect("the provider is healthy");
    assert!(!answer.headers().contains_key("x-failover-served-by"), "somebody stood in");
    assert_eq!(length(&mut answer), PAINTED.len());
}

fn length(answer: &mut Response<Body>) -> usize {
    black_box(answer.bytes().expect("the answer is whole")).len()
}

fn two_bare(stage: &Stage, other: HttpClient) -> Work {
    let (own, busy, nexa) = (bare(), Stage::asked_of(&stage.busy), Stage::asked_of(&stage.nexa));
    Box::new(move || {
        let mut refused = own.send(request(&busy)).expect("a refusal is an answer");
        assert_eq!(length(&mut refused), REFUSED.len());
        let mut answer = other.send(request(&nexa)).expect("the stand-in is healthy");
        assert_eq!(length(&mut answer), STOOD_IN.len());
    })
}
