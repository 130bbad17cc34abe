//! Answers that come whole.

use failover_reqwest::ProviderName;
use failover_testkit::Reply;
use serde_json::Value;

use crate::scene::{ANTHROPIC_KEY, CALLERS_KEY, Scene, claude, gpt, served_by};

#[tokio::test]
async fn anthropic_answers_for_openai_in_its_shape() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let response = scene.ask_openai(&scene.client(), &gpt(false)).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("anthropic")));
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"]["content"], scene.anthropic.text());
    assert_eq!(answer["model"], "claude-sonnet-4-5");
    // Once, and two quick repeats.
    assert_eq!(scene.counts(), [3, 1]);
    let asked = &scene.anthropic.seen()[0];
    assert_eq!(asked.header("x-api-key"), Some(ANTHROPIC_KEY));
    assert!(!asked.mentions(CALLERS_KEY) && asked.header("authorization").is_none());
    assert_eq!(scene.told().served.unwrap().provider, ProviderName::Anthropic);
}

#[tokio::test]
async fn openai_answers_for_anthropic_in_its_shape() {
    let scene = Scene::new();
    scene.anthropic.always(Reply::overloaded());
    let response = scene.ask_anthropic(&scene.client(), &claude(false)).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("openai")));
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["type"], "message");
    assert_eq!(answer["content"][0]["text"], scene.openai.text());
    assert_eq!(answer["model"], "gpt-4o");
}

#[tokio::test]
async fn a_healthy_answer_is_handed_on_untouched() {
    let scene = Scene::new();
    let response = scene.ask_openai(&scene.client(), &gpt(false)).await.unwrap();
    assert_eq!(served_by(&response), None);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], scene.openai.text());
    assert_eq!(scene.counts(), [1, 0]);
    assert!(scene.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn one_quick_repeat_is_enough_for_one_broken_answer() {
    let scene = Scene::new();
    scene.openai.script([Reply::status(500)]);
    let response = scene.ask_openai(&scene.client(), &gpt(false)).await.unwrap();
    assert_eq!(served_by(&response), Some("openai"));
    assert_eq!(scene.counts(), [2, 0]);
}

#[tokio::test]
async fn a_request_that_is_too_long_goes_to_another_model_at_once() {
    let scene = Scene::new();
    scene.openai.always(Reply::context_too_long());
    let response = scene.ask_openai(&scene.client(), &gpt(false)).await.unwrap();
    assert_eq!(served_by(&response), Some("anthropic"));
    assert_eq!(scene.counts(), [1, 1]);
}

#[tokio::test]
async fn a_refusal_for_its_content_is_the_callers() {
    let scene = Scene::new();
    scene.openai.always(Reply::content_policy());
    let response = scene.ask_openai(&scene.client(), &gpt(false)).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (400, None));
    assert_eq!(scene.counts(), [1, 0]);
}

#[tokio::test]
async fn an_account_without_money_is_not_asked_twice() {
    let scene = Scene::new();
    scene.openai.always(Reply::quota());
    let client = scene.client();
    for _ in 0..2 {
        let response = scene.ask_openai(&client, &gpt(false)).await.unwrap();
        assert_eq!(served_by(&response), Some("anthropic"));
    }
    assert_eq!(scene.counts(), [1, 2]);
}

#[tokio::test]
async fn when_all_have_failed_the_caller_hears_its_own_provider_and_need_not_repeat() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    scene.anthropic.always(Reply::overloaded());
    let response = scene.ask_openai(&scene.client(), &gpt(false)).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
    assert_eq!(response.headers()["x-should-retry"], "false");
    let answer: Value = response.json().await.unwrap();
    assert!(answer["error"]["message"].is_string(), "{answer}");
}
