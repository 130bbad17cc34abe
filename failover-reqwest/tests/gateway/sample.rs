//! The configuration file to start from.

use failover_reqwest::{Builder, Failover, ProviderName};
use failover_testkit::{Provider, Reply};
use serde_json::Value;

use crate::read::read_openai;
use crate::scene::{CALLERS_KEY, Running, Scene, gpt, served_by};

const SAMPLE: &str = include_str!("../../examples/gateway/gateway.toml");

#[tokio::test]
async fn it_does_what_it_says() {
    let scene = Scene::new();
    let local = Provider::openai_compatible("local");
    let key = |name: &str| name.ends_with("_API_KEY").then(|| "a-key".to_owned());
    let read = |file: &std::path::Path| std::fs::read_to_string(file);
    // But for where they are.
    let builder = Builder::<Failover>::from_toml("gateway.toml", SAMPLE, key, read)
        .provider_url(ProviderName::OpenAi, scene.openai.url())
        .stand_in_url(ProviderName::Anthropic, scene.anthropic.url())
        .text_provider(ProviderName::other("local").unwrap(), local.url() + "/v1");
    scene.openai.always(Reply::healthy().cut_after_tokens(40));
    local.always(Reply::status(503));
    let gateway = Running::new(builder, |_| {}).await;
    let read = read_openai(gateway.openai(&gpt(true)).await).await;
    assert_eq!((read.text.as_str(), read.complete), (scene.anthropic.text().as_str(), true));
    scene.openai.always(Reply::healthy().cut_after(200));
    assert_eq!(served_by(&gateway.openai(&gpt(false)).await), Some("anthropic"));
    let mut body = gpt(false);
    body["model"] = "my-model".into();
    let request = gateway.post("/local/v1/chat/completions", &body).bearer_auth(CALLERS_KEY);
    assert_eq!(served_by(&request.send().await.unwrap()), Some("anthropic"));
    let seen = scene.anthropic.seen();
    let asked = |at: usize| serde_json::from_slice::<Value>(&seen[at].body).unwrap()["model"].clone();
    assert_eq!(
        (asked(0), asked(1), asked(2)),
        ("claude-sonnet-4-6".into(), "claude-sonnet-4-6".into(), "claude-haiku-4-5".into())
    );
}
