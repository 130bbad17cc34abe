//! A 200 that is no stream, where one was wanted.

use std::time::Duration;

use failover_reqwest::StreamPolicy;
use failover_testkit::{Fault, Reply};

use crate::scene::{Scene, Side, client, gpt, served_by};

const JUNK: [Fault; 5] =
    [Fault::TruncatedJson, Fault::ErrorInSuccess, Fault::Html, Fault::Empty, Fault::DeepJson];

#[tokio::test]
async fn junk_is_anothers_to_make_good_whatever_the_policy() {
    for policy in [StreamPolicy::Error, StreamPolicy::Restart, StreamPolicy::Buffer] {
        for side in [Side::OpenAi, Side::Anthropic] {
            for fault in JUNK {
                let scene = Scene::new();
                scene.own(side).misbehave(fault);
                let client = client(scene.builder().text_retries(0).stream_policy(policy));
                let response = scene.stream(side, &client).await.unwrap();
                let case = format!("{fault}, {}, {policy}", side.name());
                assert_eq!(served_by(&response), Some(side.other().name()), "{case}");
                let read = side.read(response).await;
                assert_eq!((read.text.as_str(), read.complete), (&*scene.other(side).text(), true), "{case}");
                assert_eq!(scene.counts_of(side), [1, 1], "{case}");
            }
        }
    }
}

#[tokio::test]
async fn half_a_body_is_too() {
    let scene = Scene::new();
    scene.openai.always(Reply::json(200, "{\"choices\":[]}".repeat(100).as_str()).cut_after(500));
    let client = client(scene.builder().text_retries(0));
    let response = scene.stream(Side::OpenAi, &client).await.unwrap();
    assert_eq!(served_by(&response), Some("anthropic"));
}

#[tokio::test]
async fn a_stream_whose_first_event_nobody_would_read_is_too() {
    let scene = Scene::new();
    let events = " data: {\"choices\":[{\"delta\":{\"content\":\"lost\"}}]}\n\ndata: [DONE]\n\n";
    scene.openai.always(Reply::json(200, events).content_type("text/plain"));
    let response = scene.stream(Side::OpenAi, &client(scene.patient().text_retries(0))).await.unwrap();
    assert_eq!(served_by(&response), Some("anthropic"));
    scene.anthropic.always(Reply::json(200, events).content_type("text/plain"));
    scene.openai.always(Reply::status(503));
    let response = scene.stream(Side::OpenAi, &client(scene.patient().text_retries(0))).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
}

#[tokio::test]
async fn junk_is_handed_on_where_nobody_can_make_it_good() {
    let scene = Scene::new();
    scene.openai.misbehave(Fault::Html);
    scene.anthropic.always(Reply::status(503));
    let client = client(scene.builder().text_retries(0));
    let response = scene.stream(Side::OpenAi, &client).await.unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nobody")));
    assert!(response.text().await.unwrap().contains("We will be back soon"));
}

#[tokio::test]
async fn a_whole_answer_is_an_answer() {
    let scene = Scene::new();
    let whole = scene.ask_openai(&scene.client(), &gpt(false)).await.unwrap().text().await.unwrap();
    scene.openai.always(Reply::json(200, whole.as_str()));
    let response = scene.stream(Side::OpenAi, &scene.client()).await.unwrap();
    assert_eq!((response.text().await.unwrap(), scene.counts_of(Side::OpenAi)), (whole, [2, 0]));
}

#[tokio::test]
async fn a_stream_that_does_not_say_so_is_guarded_like_any_other() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().content_type("text/plain").stall_after_tokens(20));
    let mut response = scene.stream(Side::OpenAi, &scene.client()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain");
    let mut text = String::new();
    // It goes on as it comes: the rest never does.
    while !text.contains("openai20") {
        text.push_str(str::from_utf8(&response.chunk().await.unwrap().expect("more")).unwrap());
    }
    let client = client(scene.builder().stream_policy(StreamPolicy::Buffer));
    let response = scene.stream(Side::OpenAi, &client).await.unwrap();
    assert_eq!(Side::OpenAi.read(response).await.text, scene.anthropic.text());
}

#[tokio::test]
async fn an_encoded_success_is_handed_on_unread() {
    let scene = Scene::new();
    scene.openai.always(Reply::json(200, "packed").header("Content-Encoding", "x-own"));
    let response = scene.stream(Side::OpenAi, &scene.client()).await.unwrap();
    assert_eq!((served_by(&response), scene.counts()), (None, [1, 0]));
    assert_eq!(response.text().await.unwrap(), "packed");
}

#[tokio::test]
async fn a_stand_ins_stream_that_does_not_say_so_is_one_too() {
    for policy in [StreamPolicy::Error, StreamPolicy::Restart, StreamPolicy::Buffer] {
        for side in [Side::OpenAi, Side::Anthropic] {
            let scene = Scene::new();
            scene.own(side).always(Reply::status(503));
            let labels = ["text/plain", "application/json"];
            for label in labels {
                scene.other(side).always(Reply::healthy().content_type(label));
                let client = client(scene.patient().text_retries(0).stream_policy(policy));
                let response = scene.stream(side, &client).await.unwrap();
                let case = format!("{label}, {}, {policy}", side.name());
                assert_eq!(served_by(&response), Some(side.other().name()), "{case}");
                assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8", "{case}");
                let read = side.read(response).await;
                assert_eq!((read.text.as_str(), read.complete), (&*scene.other(side).text(), true), "{case}");
            }
            assert_eq!(scene.counts_of(side), [labels.len(); 2], "{policy}");
        }
    }
}

/// An error whose body looks like one is none, and what is encoded cannot be read.
#[tokio::test]
async fn a_stand_ins_stream_that_cannot_be_one_is_none() {
    let events =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"no\"},\"finish_reason\":\"stop\"}]}\n\n";
    for reply in [
        Reply::json(503, events).content_type("text/plain"),
        Reply::json(200, events).content_type("text/plain").header("Content-Encoding", "x-own"),
    ] {
        let scene = Scene::new();
        scene.anthropic.always(Reply::status(503));
        scene.openai.always(reply);
        let client = client(scene.patient().text_retries(0));
        let response = scene.stream(Side::Anthropic, &client).await.unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(scene.openai.count(), 1);
    }
    // The same, with nothing amiss, byte by byte.
    let scene = Scene::new();
    scene.anthropic.always(Reply::status(503));
    let sound = Reply::json(200, events).content_type("text/plain").header("Content-Encoding", "Identity");
    scene.openai.always(sound.slow_body(Duration::from_millis(2)));
    let client = client(scene.patient().text_retries(0));
    let read = Side::Anthropic.read(scene.stream(Side::Anthropic, &client).await.unwrap()).await;
    assert_eq!((read.text.as_str(), read.complete), ("no", true));
}

#[tokio::test]
async fn a_stand_ins_stream_that_does_not_say_so_goes_on_as_it_comes() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    scene.anthropic.always(Reply::healthy().content_type("text/plain").stall_after_tokens(20));
    let client = client(scene.patient().text_retries(0));
    let mut response = scene.stream(Side::OpenAi, &client).await.unwrap();
    let mut text = String::new();
    while !text.contains("anthropic20") {
        text.push_str(str::from_utf8(&response.chunk().await.unwrap().expect("more")).unwrap());
    }
}
