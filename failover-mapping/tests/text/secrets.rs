//! No key and nothing of the chat is shown, and each key goes to its own provider only.

use failover_mapping::text::Message;

use crate::scene::{ANTHROPIC_KEY, OPENAI_KEY, Scene, TOGETHER_KEY, done, refuses};

const PROMPT: &str = "my password is hunter2";

fn assert_silent(shown: &str) {
    for secret in [OPENAI_KEY, ANTHROPIC_KEY, TOGETHER_KEY, "hunter2", "a text by"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn nothing_is_printed_with_the_rest() {
    let scene = Scene::whole();
    let ask = scene.text().model("gpt-4o").system(PROMPT).prompt(PROMPT).stop([PROMPT]).cached();
    assert_silent(&format!("{ask:?} {:?} {:?}", Message::user(PROMPT), scene.engine));
    let text = done(ask.ask()).unwrap();
    assert_silent(&format!("{text:?} {}", text.report));
    assert_silent(&format!("{:?}", scene.engine.text()));
}

#[test]
fn errors_show_neither_keys_nor_the_chat() {
    let scene = Scene::whole();
    let echo = |key: &str| {
        let message = format!("Incorrect API key provided: {key}, for the prompt `{PROMPT}`.");
        refuses(401, "invalid_api_key", &message)
    };
    scene.always("openai", echo(OPENAI_KEY));
    scene.always("anthropic", echo("anthropi**********0002"));
    scene.always("together", echo("together-secret-00"));
    let error = done(scene.text().model("gpt-4o").prompt(PROMPT).ask()).unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.failures());
    assert_silent(&shown);
    assert!(!shown.contains("0002") && !shown.contains("together-secret"), "{shown}");
    insta::assert_snapshot!(error.to_string());
}

#[test]
fn each_key_goes_to_its_own_provider() {
    let scene = Scene::whole();
    scene.all_say(&refuses(500, "server_error", "out of order"));
    done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap_err();
    let keys = [OPENAI_KEY, ANTHROPIC_KEY, TOGETHER_KEY];
    let sent = scene.sent.lock().unwrap();
    assert_eq!(sent.len(), 3);
    for (place, request) in sent.iter().enumerate() {
        let headers: Vec<_> = request.headers().values().map(|value| value.to_str().unwrap()).collect();
        for (other, key) in keys.iter().enumerate() {
            assert_eq!(headers.iter().any(|header| header.contains(key)), other == place);
        }
    }
}
