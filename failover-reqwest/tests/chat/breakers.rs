//! What streams mean for the circuit breakers.

use std::num::NonZeroU8;
use std::time::Duration;

use failover_reqwest::{Breaker, CircuitState, Failover, StreamPolicy};
use failover_testkit::Reply;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

use crate::scene::{Scene, Side, plain, served_by};

fn built(builder: failover_reqwest::Builder<Failover>) -> (Failover, ClientWithMiddleware) {
    let failover = builder.build().unwrap().with_stand_in_client(plain());
    (failover.clone(), ClientBuilder::new(plain()).with(failover).build())
}

/// However it breaks, and whoever takes over: three in a row, and the next call does not ask.
#[tokio::test]
async fn three_broken_streams_open_the_breaker() {
    let ways = [
        Reply::healthy().stall_after_tokens(5),
        Reply::healthy().cut_after_tokens(5),
        Reply::healthy().error_after_tokens(5),
        Reply::silence(),
    ];
    for side in Side::BOTH {
        for policy in [StreamPolicy::Error, StreamPolicy::Buffer] {
            for way in ways.clone() {
                let scene = Scene::new();
                scene.own(side).always(way);
                let (failover, client) = built(scene.builder().stream_policy(policy));
                for _ in 0..3 {
                    assert_eq!(failover.state(&side.domain()), Some(CircuitState::Closed));
                    side.read(scene.stream(side, &client).await.unwrap()).await;
                }
                assert!(matches!(failover.state(&side.domain()), Some(CircuitState::Open(_))));
                let response = scene.stream(side, &client).await.unwrap();
                assert_eq!(served_by(&response), Some(side.other().name()));
                assert!(response.headers()["x-failover-skipped"].to_str().unwrap().contains(side.name()));
                assert!(side.read(response).await.complete);
                assert_eq!(scene.own(side).count(), 3);
            }
        }
    }
}

/// S15 in short: the dead primary is asked a few times in its outage, and serves soon after it.
#[tokio::test]
async fn s15_an_outage() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let breaker = Breaker::new().failures(NonZeroU8::new(3).unwrap()).pause(Duration::from_millis(400));
    let (failover, client) = built(scene.builder().breaker(breaker).text_retries(0));
    for _ in 0..20 {
        let read = Side::OpenAi.read(scene.stream(Side::OpenAi, &client).await.unwrap()).await;
        assert!(read.complete && read.text == scene.anthropic.text());
    }
    assert!(scene.openai.count() <= 5, "asked {} times", scene.openai.count());
    scene.openai.heal();
    // A probe goes through as soon as the break is over.
    loop {
        let response = scene.stream(Side::OpenAi, &client).await.unwrap();
        let own = served_by(&response).is_none();
        assert!(Side::OpenAi.read(response).await.complete);
        if own {
            break;
        }
    }
    assert_eq!(failover.state(&Side::OpenAi.domain()), Some(CircuitState::Closed));
}

/// A stream proves a provider healthy when it is complete, and not by its first token.
#[tokio::test]
async fn a_probe_is_over_with_its_stream() {
    let scene = Scene::new();
    let breaker = Breaker::new().failures(NonZeroU8::MIN).pause(Duration::from_millis(1));
    let (failover, client) = built(scene.builder().breaker(breaker).text_retries(0));
    scene.openai.script([Reply::status(503)]);
    side_read(&scene, &client).await;
    let state = || failover.state(&Side::OpenAi.domain()).unwrap();
    assert!(state() != CircuitState::Closed);
    // The break is over by now: a millisecond, and a jitter of a part of it.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let probe = scene.stream(Side::OpenAi, &client).await.unwrap();
    assert_eq!((served_by(&probe), state()), (None, CircuitState::HalfOpen));
    // Nobody waits for its end.
    drop(probe);
    let probe = scene.stream(Side::OpenAi, &client).await.unwrap();
    assert_eq!(served_by(&probe), None, "the probe was given back");
    assert!(Side::OpenAi.read(probe).await.complete);
    assert_eq!(state(), CircuitState::Closed);
}

async fn side_read(scene: &Scene, client: &ClientWithMiddleware) {
    assert!(Side::OpenAi.read(scene.stream(Side::OpenAi, client).await.unwrap()).await.complete);
}
