//! Whole answers that break off, where nobody can stand in.

use std::time::Duration;

use failover_testkit::Reply;

use serde_json::json;

use crate::scene::{Running, Scene, gpt, json_of, served_by};

#[tokio::test]
async fn half_an_answer_is_a_refusal_whether_answers_are_checked_or_not() {
    for checked in [false, true] {
        let scene = Scene::new();
        scene.openai.always(Reply::healthy().cut_after(200));
        scene.anthropic.always(Reply::status(503));
        let gateway = Running::new(scene.builder().check_answers(checked), |_| {}).await;
        let response = gateway.openai(&gpt(false)).await;
        assert_eq!(response.status().as_u16(), 502);
        let error = json_of(response).await;
        assert!(error["error"]["message"].as_str().unwrap().contains("broke off"), "{error}");
    }
}

#[tokio::test]
async fn a_kind_is_the_same_in_capitals() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().content_type("Application/JSON; charset=utf-8").cut_after(200));
    scene.anthropic.always(Reply::status(503));
    let gateway = Running::new(scene.builder(), |_| {}).await;
    assert_eq!(gateway.openai(&gpt(false)).await.status().as_u16(), 502);
}

#[tokio::test]
async fn a_json_answer_longer_than_the_limit_is_handed_on_as_it_comes() {
    let scene = Scene::new();
    let long = format!("{{\"data\":\"{}\"}}", "x".repeat(100_000));
    scene.openai.always(Reply::json(200, long.as_str()));
    let gateway = Running::new(scene.builder().answer_limit(1_000), |_| {}).await;
    let response = gateway.openai(&gpt(false)).await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (200, long));
}

#[tokio::test]
async fn an_answer_that_trickles_is_given_up() {
    let scene = Scene::new();
    let slow = Reply::healthy().slow_body(Duration::from_secs(60));
    for provider in [&scene.openai, &scene.replicate, &scene.queue] {
        provider.always(slow.clone());
    }
    let gateway = Running::new(scene.builder(), |it| it.body_limit = Duration::from_millis(50)).await;
    let response = gateway.openai(&gpt(false)).await;
    assert_eq!(response.status().as_u16(), 504);
    assert_eq!(json_of(response).await["error"]["type"], "server_error");
    let prompt = json!({ "prompt": "a cat", "input": { "prompt": "a cat" } });
    for path in ["/replicate/v1/models/black-forest-labs/flux-dev/predictions", "/queue/fal-ai/flux/dev"] {
        let response = gateway.post(path, &prompt).header("authorization", "Key any").send().await.unwrap();
        assert_eq!(response.status().as_u16(), 504, "{path}");
    }
}

#[tokio::test]
async fn a_checked_answer_that_trickles_is_anothers_to_make_good() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().slow_body(Duration::from_secs(60)));
    let builder = scene.builder().check_answers(true).primary_limit(Duration::from_millis(300));
    let gateway = Running::new(builder, |_| {}).await;
    assert_eq!(served_by(&gateway.openai(&gpt(false)).await), Some("anthropic"));
}
