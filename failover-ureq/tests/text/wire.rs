//! What goes over the wire, and what must not.

use failover_testkit::Reply;
use failover_ureq::{Fault, ProviderName};

use crate::scene::{ANTHROPIC_KEY, OPENAI_KEY, Scene, TOGETHER_KEY, question};

#[test]
fn each_key_goes_to_its_own_provider_and_no_redirect_is_followed() {
    let scene = Scene::new();
    let elsewhere = format!("{}/v1/chat/completions", scene.together.url());
    scene.openai.always(Reply::status(307).header("Location", &elsewhere));
    scene.anthropic.always(Reply::status(500));
    let failover = scene.failover();
    let answer = question(&failover).ask().unwrap();
    assert_eq!((answer.provider, scene.counts()), (ProviderName::Together, [1, 1, 1]));
    let keys = [OPENAI_KEY, ANTHROPIC_KEY, TOGETHER_KEY];
    for (place, provider) in [&scene.openai, &scene.anthropic, &scene.together].into_iter().enumerate() {
        for seen in provider.seen() {
            for (other, key) in keys.iter().enumerate() {
                assert_eq!(seen.mentions(key), other == place, "{key}");
            }
        }
    }
}

#[test]
fn neither_keys_nor_the_chat_are_printed() {
    let scene = Scene::new();
    let providers = [&scene.openai, &scene.anthropic, &scene.together];
    for (provider, key) in providers.into_iter().zip([OPENAI_KEY, ANTHROPIC_KEY, TOGETHER_KEY]) {
        provider.always(Reply::json(401, format!(r#"{{"error":{{"message":"bad key {key}"}}}}"#)));
    }
    let failover = scene.failover();
    let ask = question(&failover);
    let shown = format!("{ask:?} {failover:?}");
    let error = ask.ask().unwrap_err();
    let shown = format!("{shown} {error} {error:?}");
    assert!(shown.contains("bad key (key)"), "{shown}");
    for secret in [OPENAI_KEY, ANTHROPIC_KEY, TOGETHER_KEY, "sky"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn an_answer_beyond_the_limit_is_none() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().padded(1 << 20));
    let failover = scene.builder().answer_limit(1 << 16).build().unwrap();
    let error = question(&failover).order([ProviderName::OpenAi]).ask().unwrap_err();
    assert_eq!(error.failures()[0].fault, Fault::Malformed);
    let answer = question(&failover).ask().unwrap();
    assert_eq!(answer.provider, ProviderName::Anthropic);
}

#[test]
fn the_kill_switch_leaves_the_first_alone() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(500));
    let failover = scene.failover();
    failover.switch_off();
    question(&failover).ask().unwrap_err();
    assert_eq!(scene.counts(), [1, 0, 0]);
}
