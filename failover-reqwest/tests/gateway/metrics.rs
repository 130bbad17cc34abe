//! What is counted.

use std::time::Duration;

use failover_testkit::Reply;

use crate::read::read_openai;
use crate::scene::{Running, Scene, gpt, served_by};

async fn metrics(gateway: &Running) -> String {
    gateway.get("/metrics").send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn attempts_calls_breakers_and_requests_are_counted() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let gateway = scene.gateway().await;
    for stream in [false, true] {
        gateway.openai(&gpt(stream)).await.bytes().await.unwrap();
    }
    let text = metrics(&gateway).await;
    for line in [
        "# TYPE failover_attempts_total counter",
        "failover_calls_total{asked=\"openai\",served_by=\"anthropic\"} 2",
        "failover_attempts_total{provider=\"anthropic\",model=\"claude-sonnet-4-5\",outcome=\"answered\"} 2",
        "failover_breaker_transitions_total{domain=\"openai/gpt-4o\",to=\"open\"} 1",
        "failover_gateway_requests_total{route=\"/v1/{*rest}\",status=\"200\"} 2",
        "# TYPE failover_circuit_state gauge",
        "failover_circuit_state{domain=\"openai/gpt-4o\",state=\"open\"} 1",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
    let types: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
    assert!(types.windows(2).all(|pair| pair[0] != pair[1]), "each is said once:\n{text}");
}

#[tokio::test]
async fn a_stream_is_in_flight_until_it_ends() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(3));
    let gateway = Running::new(scene.builder().idle_limit(Duration::from_secs(1)), |_| {}).await;
    let stream = gateway.openai(&gpt(true)).await;
    // This one, and the stream, which stands still.
    assert!(metrics(&gateway).await.contains("\nfailover_gateway_in_flight 2\n"));
    assert!(!read_openai(stream).await.complete);
    assert!(metrics(&gateway).await.contains("\nfailover_gateway_in_flight 1\n"));
}

#[tokio::test]
async fn it_is_healthy() {
    let gateway = Scene::new().gateway().await;
    let response = gateway.get("/healthz").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn models_that_callers_make_up_are_counted_together() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let builder = scene.builder().text_retries(0).fallbacks("*", ["anthropic/claude-sonnet-4-5"]);
    let gateway = Running::new(builder, |_| {}).await;
    for model in ["made-up-1", "made-up-2", "made-up-\n3", "made-up-4"] {
        let mut body = gpt(false);
        body["model"] = model.into();
        assert_eq!(served_by(&gateway.openai(&body).await), Some("anthropic"));
    }
    let text = metrics(&gateway).await;
    assert!(!text.contains("made-up"), "{text}");
    for line in [
        "failover_attempts_total{provider=\"openai\",model=\"other\",outcome=\"overloaded\"} 3",
        "failover_skips_total{provider=\"openai\",model=\"other\",reason=\"circuit open\"} 1",
        "failover_attempts_total{provider=\"anthropic\",model=\"claude-sonnet-4-5\",outcome=\"answered\"} 4",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
}
