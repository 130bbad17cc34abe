//! Who is asked: the model at its own provider, then those who stand in.

use std::time::Duration;

use failover_mapping::text::Message;
use failover_mapping::{CircuitState, Config, ProviderName, Substitution};

use crate::scene::{Scene, builder, done, refusal, refuses, tried};

/// Everybody is out of order, so that all are asked.
fn out_of_order(scene: &Scene) {
    scene.all_say(&refuses(500, "server_error", "out of order"));
}

#[test]
fn its_own_provider_is_asked_first_and_then_the_first_of_its_class_at_each_other() {
    let scene = Scene::whole();
    out_of_order(&scene);
    for (model, expected) in [
        ("gpt-4o", ["openai/gpt-4o", "anthropic/claude-sonnet-4-6", "together/zai-org/GLM-5.3"]),
        ("claude-3-opus", ["anthropic/claude-3-opus", "openai/gpt-5.4", "together/zai-org/GLM-5.3"]),
        (
            "gpt-3.5-turbo",
            ["openai/gpt-3.5-turbo", "anthropic/claude-haiku-4-5", "together/openai/gpt-oss-120b"],
        ),
    ] {
        assert_eq!(tried(&done(scene.text().model(model).prompt("hello").ask())), expected);
    }
}

#[test]
fn who_is_not_named_is_the_first_large_model_of_whoever_has_a_key() {
    let result = done(Scene::whole().text().prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-5.4"]);
    let scene = Scene::new(Config::builder().key(ProviderName::Together, "any"));
    let text = done(scene.text().prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.model.as_str()), (ProviderName::Together, "zai-org/GLM-5.3"));
    assert_eq!(text.substitution, Substitution::Same);
}

#[test]
fn one_whose_provider_has_no_key_is_asked_of_those_who_stand_in() {
    let scene = Scene::new(Config::builder().key(ProviderName::Anthropic, "any"));
    let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.substitution), (ProviderName::Anthropic, Substitution::Variant));
    assert_eq!(scene.hosts(), ["api.anthropic.com"]);
}

#[test]
fn a_provider_before_the_model_names_one_that_is_in_no_table() {
    let scene = Scene::whole();
    let text = done(scene.text().model("anthropic/claude-next").prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.model.as_str()), (ProviderName::Anthropic, "claude-next"));
    // This one is Together's, slash and all.
    let text = done(scene.text().model("openai/gpt-oss-120b").prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.model.as_str()), (ProviderName::Together, "openai/gpt-oss-120b"));
}

#[test]
fn the_user_says_who_stands_in_for_which_model() {
    let mine = ProviderName::other("mine").unwrap();
    let builder = builder()
        .text_provider(mine, "https://mine.example/v1")
        .key(mine, "any")
        .fallbacks("gpt-4o", ["openai/gpt-4o-mini", "mine/writer"])
        .fallbacks("tuned", ["anthropic/claude-haiku-4-5"]);
    let scene = Scene::new(builder);
    out_of_order(&scene);
    let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-4o", "openai/gpt-4o-mini", "mine/writer"]);
    let scene = Scene::new(self::builder().fallbacks("tuned", ["anthropic/claude-haiku-4-5"]));
    let text = done(scene.text().model("tuned").prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.model.as_str()), (ProviderName::Anthropic, "claude-haiku-4-5"));
}

#[test]
fn the_caller_says_who_is_asked_in_which_order() {
    let scene = Scene::whole();
    out_of_order(&scene);
    let order = [ProviderName::Together, ProviderName::OpenAi, ProviderName::Together];
    let result = done(scene.text().model("gpt-4o").order(order).prompt("hello").ask());
    assert_eq!(tried(&result), ["together/zai-org/GLM-5.3", "openai/gpt-4o"]);
    let result = done(scene.text().order([ProviderName::Anthropic]).prompt("hello").ask());
    assert_eq!(tried(&result), ["anthropic/claude-sonnet-4-6"]);
}

#[test]
fn variants_that_are_refused_are_not_asked() {
    let scene = Scene::new(builder().variants(false));
    out_of_order(&scene);
    let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-4o"]);
    let scene = Scene::new(builder().variants(false).fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-6"]));
    out_of_order(&scene);
    let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-4o", "anthropic/claude-sonnet-4-6"]);
}

#[test]
fn a_call_that_makes_no_sense_asks_nobody_and_says_why() {
    let scene = Scene::whole();
    let media = Scene::new(Config::builder().nexa_api_key("any"));
    let lone = Scene::new(Config::builder().key(ProviderName::OpenAi, "any"));
    let strict = Scene::new(Config::builder().key(ProviderName::OpenAi, "any").variants(false));
    let refused = [
        refusal(done(media.text().prompt("hello").ask())),
        refusal(done(scene.text().model("my-model").prompt("hello").ask())),
        refusal(done(scene.text().model("openai/").prompt("hello").ask())),
        refusal(done(strict.text().model("claude-opus-4-1").prompt("hello").ask())),
        refusal(done(lone.text().model("anthropic/claude-next").prompt("hello").ask())),
        refusal(done(lone.text().order([ProviderName::Anthropic]).prompt("hello").ask())),
        refusal(done(scene.text().order([ProviderName::Fal]).prompt("hello").ask())),
        refusal(done(scene.text().order([]).prompt("hello").ask())),
        refusal(done(scene.text().ask())),
        refusal(done(scene.text().prompt(" \n").ask())),
        refusal(done(scene.text().messages([Message::user("a"), Message::assistant("b")]).ask())),
        refusal(done(scene.text().prompt("hello").max_tokens(0).ask())),
        refusal(done(scene.text().prompt("hello").temperature(f64::NAN).ask())),
        refusal(done(scene.text().prompt("hello").temperature(-0.1).ask())),
        refusal(done(scene.text().prompt("hello").stop([""]).ask())),
        refusal(done(scene.text().prompt("hello").deadline(Duration::ZERO).ask())),
        refusal(done(scene.text().prompt("hello").limit(Duration::ZERO).ask())),
    ];
    insta::assert_snapshot!(refused.join("\n"));
    assert!(scene.hosts().is_empty());
}

#[test]
fn the_kill_switch_leaves_the_first_alone() {
    let scene = Scene::whole();
    out_of_order(&scene);
    scene.engine.switch_off();
    let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-4o"]);
    scene.engine.switch_on();
    assert_eq!(tried(&done(scene.text().model("gpt-4o").prompt("hello").ask())).len(), 3);
}

#[test]
fn breakers_are_listed_and_forced_with_the_others() {
    let scene = Scene::whole();
    let now = failover_mapping::Moment::EPOCH;
    let of_text = || scene.engine.states(now).filter(|(name, _)| name.ends_with(" (text)")).count();
    assert_eq!(of_text(), 0, "nobody was asked yet");
    done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!(of_text(), 3, "whoever could have been");
    let name = "openai/gpt-4o (text)";
    assert_eq!(scene.engine.state(name, now), Some(CircuitState::Closed));

    scene.engine.force_open("openai").unwrap();
    assert_eq!(scene.engine.state(name, now), Some(CircuitState::ForcedOpen));
    let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.report.skipped.len()), (ProviderName::Anthropic, 1));
    scene.engine.release("openai").unwrap();
    let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!(text.provider, ProviderName::OpenAi);

    scene.engine.force_open(name).unwrap();
    let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!(text.provider, ProviderName::Anthropic);
    assert!(scene.engine.force_open("openai/none (text)").is_err());
}
