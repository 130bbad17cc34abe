//! Where callers ask a provider, and for which models: what a program needs that asks in their place.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use failover_mapping::{ChatApi, Config, ProviderName};

use ProviderName::{Anthropic, Fal, Nexa, OpenAi, Replicate, Together};

#[test]
fn a_provider_is_asked_at_home_unless_the_user_says_where() {
    let vllm = ProviderName::other("vllm").unwrap();
    let builder = Config::builder()
        .nexa_api_key("nexa-key-0001")
        .key(OpenAi, "openai-key-0002")
        .text_provider(vllm, "http://127.0.0.1:8000/openai/v1");
    let config = builder.clone().build().unwrap();
    let asked = |provider| config.asked_at(provider).unwrap();
    assert_eq!(asked(OpenAi), "https://api.openai.com/v1");
    assert_eq!(asked(Together), "https://api.together.xyz/v1");
    assert_eq!(asked(Anthropic), "https://api.anthropic.com");
    assert_eq!(asked(vllm), "http://127.0.0.1:8000/openai/v1");
    assert_eq!((asked(Fal), asked(Replicate)), ("https://fal.run", "https://api.replicate.com"));
    assert_eq!((config.fal_queue_asked_at(), config.asked_at(Nexa)), ("https://queue.fal.run", None));
    assert_eq!((config.chat_api(vllm), config.chat_api(Fal)), (Some(ChatApi::Completions), None));

    let config = builder
        .provider_url(OpenAi, "http://127.0.0.1:8001")
        .provider_url(Anthropic, "http://127.0.0.1:8002/")
        .provider_url(vllm, "http://127.0.0.1:8003")
        .provider_url(Fal, "http://127.0.0.1:8004")
        .provider_url(Fal, "http://127.0.0.1:8005")
        .fal_queue_url("http://127.0.0.1:8006")
        // Where it stands in is another question.
        .stand_in_url(Together, "http://127.0.0.1:8007/v1")
        .build()
        .unwrap();
    let asked = |provider| config.asked_at(provider).unwrap();
    assert_eq!(asked(OpenAi), "http://127.0.0.1:8001/v1");
    assert_eq!(asked(Anthropic), "http://127.0.0.1:8002");
    assert_eq!(asked(vllm), "http://127.0.0.1:8003/openai/v1");
    assert_eq!(asked(Together), "https://api.together.xyz/v1");
    assert_eq!((asked(Fal), config.fal_queue_asked_at()), ("http://127.0.0.1:8004", "http://127.0.0.1:8006"));
}

#[test]
fn a_model_that_only_fallbacks_name_is_listed_and_the_one_for_all_others_is_not() {
    let config = Config::builder()
        .key(Anthropic, "anthropic-key-0001")
        .fallbacks("openai/our-tune", ["anthropic/claude-sonnet-4-5"])
        .fallbacks("*", ["anthropic/claude-haiku-4-5"])
        .fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-5"])
        .build()
        .unwrap();
    let ours: Vec<_> = config.text_models().filter(|it| it.id == "our-tune").collect();
    assert_eq!((ours.len(), ours[0].provider), (1, OpenAi));
    assert_eq!(ours[0].stand_ins, [(Anthropic, "claude-sonnet-4-5")]);
    assert!(config.text_models().all(|model| model.id != "*"));
    let gpt: Vec<_> = config.text_models().filter(|it| it.id == "gpt-4o").collect();
    assert_eq!(gpt.len(), 1, "what the tables have is listed once");
}
