//! Whole answers that break off, where nobody can stand in.

use std::time::Duration;

use failover_testkit::Reply;

use crate::scene::{Running, Scene, gpt, json_of};

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
    scene.openai.always(Reply::healthy().slow_body(Duration::from_secs(60)));
    let gateway = Running::new(scene.builder(), |it| it.body_limit = Duration::from_millis(50)).await;
    let response = gateway.openai(&gpt(false)).await;
    assert_eq!(response.status().as_u16(), 504);
    assert_eq!(json_of(response).await["error"]["type"], "server_error");
}
