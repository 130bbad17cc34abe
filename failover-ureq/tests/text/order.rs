//! One after the other: who is asked next, and who is asked again.

use failover_testkit::Reply;
use failover_ureq::calls::{End, Why};
use failover_ureq::text::{Stop, Usage};
use failover_ureq::{Fault, ProviderName, Substitution};

use crate::scene::{Scene, question};

#[test]
fn the_models_own_provider_answers() {
    let scene = Scene::new();
    let failover = scene.failover();
    let answer = question(&failover).ask().unwrap();
    assert_eq!((answer.text.as_str(), answer.stop), (scene.openai.text().as_str(), Stop::Complete));
    assert_eq!((answer.provider, answer.model.as_str()), (ProviderName::OpenAi, "gpt-4o"));
    assert_eq!((answer.usage, answer.substitution), (Some(Usage::new(12, 60)), Substitution::Same));
    assert_eq!(scene.counts(), [1, 0, 0]);
}

#[test]
fn whoever_cannot_is_stood_in_for() {
    for trouble in [
        Reply::status(429),
        Reply::status(500),
        Reply::overloaded(),
        Reply::quota(),
        Reply::spend_limit(),
        Reply::context_too_long(),
        Reply::status(401),
        Reply::status(404),
        Reply::reset(),
        Reply::healthy().cut_after(40),
        Reply::json(200, "{}"),
        Reply::status(200).body("<html>").content_type("text/html"),
    ] {
        let scene = Scene::new();
        scene.openai.always(trouble.clone());
        let failover = scene.failover();
        let answer = question(&failover).ask().unwrap();
        assert_eq!(answer.text, scene.anthropic.text(), "{trouble:?}");
        assert_eq!((answer.provider, answer.substitution), (ProviderName::Anthropic, Substitution::Variant));
        assert_eq!(scene.counts(), [1, 1, 0], "{trouble:?}");
    }
}

#[test]
fn a_refusal_for_what_it_asks_is_not_routed_around() {
    let scene = Scene::new();
    scene.openai.always(Reply::content_policy());
    let failover = scene.failover();
    let error = question(&failover).ask().unwrap_err();
    assert_eq!((error.why(), error.failures()[0].fault), (&Why::Refused, Fault::ContentPolicy));
    assert_eq!(scene.counts(), [1, 0, 0]);
}

#[test]
fn a_short_hint_is_waited_for() {
    let scene = Scene::new();
    scene.openai.script([Reply::status(429).retry_after_ms(20)]);
    let failover = scene.failover();
    let answer = question(&failover).retries(2).ask().unwrap();
    assert_eq!((answer.provider, scene.counts()), (ProviderName::OpenAi, [2, 0, 0]));
    // A longer one is not, by anybody who shares the breakers.
    scene.openai.script([Reply::status(429).header("Retry-After", "60")]);
    for _ in 0..2 {
        let answer = question(&failover.clone()).retries(2).ask().unwrap();
        assert_eq!(answer.provider, ProviderName::Anthropic);
    }
    assert_eq!(scene.counts(), [3, 2, 0]);
}

#[test]
fn when_everybody_fails_each_says_why() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(429));
    scene.anthropic.always(Reply::overloaded());
    scene.together.always(Reply::reset());
    let failover = scene.failover();
    let error = question(&failover).ask().unwrap_err();
    let causes: Vec<_> = error
        .failures()
        .iter()
        .map(|failure| (failure.provider.as_str(), failure.fault, failure.error().unwrap().status))
        .collect();
    assert_eq!(
        causes,
        [
            ("openai/gpt-4o", Fault::Throttled, Some(429)),
            ("anthropic/claude-sonnet-4-6", Fault::Overloaded, Some(529)),
            ("together/zai-org/GLM-5.3", Fault::Reset, None),
        ]
    );
    assert!(error.to_string().contains("429: Rate limit reached for requests."), "{error}");
    assert_eq!(error.report().attempts.iter().filter(|it| matches!(it.end, End::Failed(_))).count(), 3);
}

#[test]
fn a_whole_chat_is_understood_by_everybody() {
    let scene = Scene::new();
    let failover = scene.failover();
    let asked = || {
        let chat = [("user", "One?"), ("assistant", "Two."), ("user", "Three?")];
        let chat = chat.map(|(role, text)| match role {
            "user" => failover_ureq::text::Message::user(text),
            _ => failover_ureq::text::Message::assistant(text),
        });
        let ask = failover.text().system("Be brief.").messages(chat);
        ask.max_tokens(99).temperature(0.5).stop(["END"]).retries(0)
    };
    for provider in [ProviderName::OpenAi, ProviderName::Anthropic, ProviderName::Together] {
        let answer = asked().order([provider]).ask().unwrap();
        assert_eq!(answer.provider, provider);
    }
    assert_eq!(scene.counts(), [1, 1, 1]);
}
