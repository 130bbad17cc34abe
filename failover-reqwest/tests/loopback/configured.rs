//! A configuration file and variables, from the disk to the wire.

use std::path::PathBuf;

use failover_reqwest::{Failover, ProviderName};
use failover_testkit::Reply;

use crate::scene::{NEXA_KEY, Scene, client, prompt, served_by};

/// The file, written for this test alone.
fn written(name: &str, text: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// What the scene is, in a file.
fn text(scene: &Scene) -> String {
    let (nexa, fal) = (scene.nexa.url(), scene.fal.url());
    format!(
        "nexa_base_url = \"{nexa}\"\nnexa_api_key = {{ env = \"THE_KEY\" }}\nprovider_url.fal = \"{fal}\"\n"
    )
}

/// These variables and no others.
fn variables(file: PathBuf, more: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    move |name| match name {
        "FAILOVER_CONFIG" => Some(file.to_str().unwrap().to_owned()),
        "THE_KEY" => Some(NEXA_KEY.to_owned()),
        _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    }
}

#[tokio::test]
async fn a_file_is_read_and_asked_by() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(429));
    let file = written("read.toml", &text(&scene));
    let failover = Failover::from_vars(variables(file, &[("FAILOVER_STAND_IN_ATTEMPTS", "1")])).unwrap();
    let answer = scene.ask_fal(&client(failover.clone()), &prompt()).await.unwrap();
    assert_eq!(served_by(&answer), Some("nexaapi"));
    assert_eq!(scene.nexa.seen()[0].header("authorization"), Some(&*format!("Bearer {NEXA_KEY}")));
    let plan = failover.config().to_string();
    assert!(
        plan.contains("stand_in_attempts = 1") && plan.contains("# FAILOVER_STAND_IN_ATTEMPTS"),
        "{plan}"
    );
}

#[tokio::test]
async fn a_failover_can_start_switched_off() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(429));
    let file = written("off.toml", &text(&scene));
    let failover = Failover::from_vars(variables(file, &[("FAILOVER_OFF", "1")])).unwrap();
    assert!(failover.is_off());
    let passed = scene.ask_fal(&client(failover.clone()), &prompt()).await.unwrap();
    assert_eq!((passed.status().as_u16(), served_by(&passed)), (429, None));
    failover.switch_on();
    assert_eq!(
        served_by(&scene.ask_fal(&client(failover.clone()), &prompt()).await.unwrap()),
        Some("nexaapi")
    );
}

#[test]
fn a_file_that_is_not_there_is_refused_by_name() {
    let missing = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("nobody-wrote.toml");
    let refused = Failover::from_file(&missing).map(drop).unwrap_err().to_string();
    assert!(refused.contains("nobody-wrote.toml: the file cannot be read"), "{refused}");
    let bad = written("bad.toml", "\ndeadine = \"20s\"");
    let refused = Failover::builder_from_file(&bad).nexa_api_key("any").build().map(drop).unwrap_err();
    assert!(refused.to_string().ends_with("bad.toml:2: deadine is no setting: use deadline"), "{refused}");
}

/// A header value that a client would not take, or would split the request by, is never handed to one.
#[tokio::test]
async fn a_key_that_is_none_is_not_sent() {
    for key in ["", "two words", "line\r\nX-Split: 1", "k\u{e9}y", "nul\0"] {
        let scene = Scene::new();
        scene.fal.always(Reply::status(429));
        let builder = scene.builder().key_from(ProviderName::Nexa, move || key.to_owned());
        let failover = builder.build().unwrap();
        let answer = scene.ask_fal(&client(failover.clone()), &prompt()).await.unwrap();
        assert_eq!((answer.status().as_u16(), scene.nexa.count()), (429, 0), "{key:?}");
        let told = scene.seen.lock().unwrap()[0].to_string();
        assert!(told.contains("NexaAPI's key_from(..) gave a key that"), "{told}");
    }
}
