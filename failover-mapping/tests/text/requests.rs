//! What each provider is asked, and what it could not be told.

use failover_mapping::text::{Message, Role, Stop, Usage};
use failover_mapping::{Config, ProviderName, Substitution};
use serde_json::{Value, json};

use crate::scene::{Scene, builder, done, refuses, says, tried};

/// What was sent: address, headers and body, without keys.
fn sent(scene: &Scene) -> String {
    let sent = scene.sent.lock().unwrap();
    let shown = sent.iter().map(|request| {
        let mut headers: Vec<_> =
            request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        format!("{} {}\n{}\n{body:#}", request.method(), request.uri(), headers.join("\n"))
    });
    shown.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn a_prompt_is_enough() {
    let scene = Scene::whole();
    scene.all_say(&refuses(500, "server_error", "out of order"));
    done(scene.text().model("gpt-4o").prompt("Why is the sky blue?").ask()).unwrap_err();
    insta::assert_snapshot!(sent(&scene));
}

#[test]
fn a_whole_chat_with_all_that_can_be_said_about_it() {
    let scene = Scene::whole();
    scene.all_say(&refuses(500, "server_error", "out of order"));
    let chat = scene
        .text()
        .model("gpt-4o")
        .system("Be brief.")
        .messages([Message::user("One?"), Message::assistant("Two."), Message::new(Role::User, "Three?")])
        .messages([(Role::User, "Well?")])
        .max_tokens(200)
        .temperature(1.5)
        .stop(["END", "\n\n"]);
    done(chat.ask()).unwrap_err();
    insta::assert_snapshot!(sent(&scene));
}

#[test]
fn what_a_provider_cannot_be_told_is_reported() {
    let losses = |scene: &Scene, model: &str| {
        let ask = scene.text().model(model).prompt("hello").temperature(1.5);
        let text = done(ask.ask()).unwrap();
        text.losses.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let scene = Scene::whole();
    assert_eq!(losses(&scene, "gpt-4o"), [""; 0]);
    assert_eq!(losses(&scene, "claude-haiku-4-5"), ["max_tokens defaulted", "temperature clamped"]);
    assert_eq!(losses(&scene, "gpt-5.4"), ["temperature dropped"]);
    // Where losses are refused, such a one is passed over.
    let scene = Scene::new(builder().losses(false));
    let text = done(scene.text().model("claude-haiku-4-5").prompt("hello").temperature(1.5).ask()).unwrap();
    assert_eq!((text.provider, text.losses.len()), (ProviderName::Together, 0));
    let refused: Vec<_> = text.report.attempts.iter().map(ToString::to_string).collect();
    assert!(refused[0].contains("cannot take this request"), "{refused:?}");
    assert_eq!(scene.hosts(), ["api.together.xyz"], "what is not asked is not sent");
}

#[test]
fn the_answer_says_where_it_comes_from() {
    let scene = Scene::whole();
    scene.script("openai", [refuses(503, "overloaded", "later")]);
    let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!(
        (text.to_string(), text.text.as_str()),
        ("a text by anthropic".to_owned(), "a text by anthropic")
    );
    assert_eq!((text.provider, text.model.as_str()), (ProviderName::Anthropic, "claude-sonnet-4-6"));
    assert_eq!((text.substitution, text.stop), (Substitution::Variant, Stop::Complete));
    assert_eq!((text.usage, text.cached), (Some(Usage::new(12, 5)), None));
    insta::assert_snapshot!(text.report.to_string());
    let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
    assert_eq!((text.provider, text.substitution), (ProviderName::OpenAi, Substitution::Same));
}

#[test]
fn why_it_ends_is_told() {
    let answer = |reason: &str, message: Value| {
        says(
            200,
            &json!({ "id": "chatcmpl-1", "model": "gpt-4o-2024-11-20", "choices": [{
            "index": 0, "finish_reason": reason, "message": message,
        }] }),
        )
    };
    let said = |text: &str| json!({ "role": "assistant", "content": text, "refusal": null });
    let refused = json!({ "role": "assistant", "content": null, "refusal": "I cannot help with that." });
    for (line, stop, text) in [
        (answer("stop", said("whole")), Stop::Complete, "whole"),
        (answer("eos", said("whole")), Stop::Complete, "whole"),
        (answer("length", said("hal")), Stop::Length, "hal"),
        (answer("content_filter", said("some")), Stop::Refused, "some"),
        (answer("stop", refused), Stop::Refused, "I cannot help with that."),
    ] {
        let scene = Scene::whole();
        scene.script("openai", [line]);
        let got = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
        assert_eq!((got.stop, got.text.as_str()), (stop, text));
        assert_eq!((got.model.as_str(), got.usage), ("gpt-4o-2024-11-20", None), "as the answer has it");
        assert_eq!(scene.hosts(), ["api.openai.com"], "a refusal is not routed around");
    }
}

#[test]
fn a_limit_that_leaves_no_room_for_a_word_is_no_answer() {
    let scene = Scene::whole();
    let empty = json!({ "role": "assistant", "content": "", "refusal": null });
    let line = json!({ "choices": [{ "index": 0, "finish_reason": "length", "message": empty }] });
    scene.script("openai", [says(200, &line)]);
    let result = done(scene.text().model("gpt-4o").prompt("hello").ask());
    assert_eq!(tried(&result), ["openai/gpt-4o", "anthropic/claude-sonnet-4-6"]);
}

#[test]
fn a_provider_of_the_users_own_is_asked_where_it_is() {
    let mine = ProviderName::other("mine").unwrap();
    let builder = Config::builder().text_provider(mine, "https://mine.example/api").key(mine, "any");
    let scene = Scene::new(builder);
    let text = done(scene.text().model("mine/writer").prompt("hello").max_tokens(5).ask()).unwrap();
    assert_eq!((text.provider, text.model.as_str()), (mine, "writer"));
    insta::assert_snapshot!(sent(&scene));
}
