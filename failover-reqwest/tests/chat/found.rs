//! What a hostile reading of the streams and the verdicts found: each failed before it was mended.

use std::time::Duration;

use failover_reqwest::StreamPolicy;
use failover_testkit::Reply;

use crate::scene::{Scene, Side, client, served_by};

/// What had begun to be written is charged for, whatever word the provider has for its failure.
#[tokio::test]
async fn tokens_of_a_stream_that_failed_by_its_own_word_may_be_billed() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::healthy().error_after_tokens(20));
        let client = client(scene.patient().stream_policy(StreamPolicy::Buffer));
        let read = side.read(scene.stream(side, &client).await.unwrap()).await;
        assert_eq!(read.text, scene.other(side).text());
        let told = scene.told();
        assert!(told.attempts[0].maybe_billed, "{side:?}: {:?}", told.attempts[0]);
    }
}

/// x-should-retry: false is the provider's word that asking again is of no use.
#[tokio::test]
async fn who_says_not_to_retry_is_not_asked_again() {
    for stream in [false, true] {
        let scene = Scene::new();
        scene.openai.always(Reply::status(503).header("x-should-retry", "false"));
        let response = scene.ask_openai(&client(scene.patient()), &crate::scene::gpt(stream)).await.unwrap();
        assert_eq!(served_by(&response), Some("anthropic"));
        assert_eq!(scene.counts(), [1, 1], "stream: {stream}");
    }
}

/// A model that is in no table is not its own stand-in.
#[tokio::test]
async fn a_model_is_never_its_own_stand_in_by_way_of_the_asterisk() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let builder = scene.patient().fallbacks("*", ["openai/gpt-new", "anthropic/claude-sonnet-4-5"]);
    let mut body = crate::scene::gpt(false);
    body["model"] = "gpt-new".into();
    let response = scene.ask_openai(&client(builder), &body).await.unwrap();
    assert_eq!(served_by(&response), Some("anthropic"));
    assert_eq!(scene.counts(), [3, 1]);
}

/// DeepSeek's `insufficient_system_resource` ("the request is interrupted") and vLLM's `abort` are no ends of an answer.
#[tokio::test]
async fn an_interrupted_answer_of_a_stand_in_is_no_success() {
    for word in ["insufficient_system_resource", "abort"] {
        for stream in [false, true] {
            for policy in [StreamPolicy::Error, StreamPolicy::Buffer] {
                let scene = Scene::new();
                scene.openai.always(Reply::status(503));
                scene.together.always(Reply::healthy().finish_reason(word));
                let builder = scene
                    .patient()
                    .stream_policy(policy)
                    .fallbacks("gpt-4o", ["together/deepseek-ai/DeepSeek-V3", "anthropic/claude-sonnet-4-5"]);
                let response = scene.ask_openai(&client(builder), &crate::scene::gpt(stream)).await.unwrap();
                let who = served_by(&response).map(str::to_owned);
                let told = response.text().await.unwrap_or_else(|error| format!("error: {error:?}"));
                let end = &told[told.len().saturating_sub(300)..];
                if stream && policy == StreamPolicy::Error {
                    assert!(!end.contains("\"stop\""), "{word} stream {stream} {policy}: {who:?} {end}");
                } else {
                    assert_eq!(who.as_deref(), Some("anthropic"), "{word} stream {stream} {policy}: {end}");
                }
            }
        }
    }
}

/// What the asked provider itself interrupts under `buffer` is answered by another.
#[tokio::test]
async fn an_interrupted_stream_of_the_asked_provider_is_answered_by_another_under_buffer() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().finish_reason("insufficient_system_resource"));
    let client = client(scene.patient().stream_policy(StreamPolicy::Buffer));
    let response = scene.stream(Side::OpenAi, &client).await.unwrap();
    assert_eq!(served_by(&response), Some("anthropic"));
}

/// Where every other event is unreadable, the rest is not sound: half of the text is no answer.
#[tokio::test]
async fn a_text_with_holes_all_over_is_no_success() {
    let mut events = String::new();
    for n in 0..40 {
        events += &format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"w{n} \"}},\"finish_reason\":null}}]{}\n\n",
            if n % 2 == 0 { "}" } else { "" }
        );
    }
    events +=
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let scene = Scene::new();
    scene.openai.always(Reply::json(200, events).content_type("text/event-stream"));
    let client = client(scene.patient().stream_policy(StreamPolicy::Buffer));
    let response = scene.stream(Side::OpenAi, &client).await.unwrap();
    let by = served_by(&response).map(str::to_owned);
    let read = Side::OpenAi.read(response).await;
    assert_eq!(by.as_deref(), Some("anthropic"), "a whole success by the asked provider: {read:?}");
}

/// A stand-in's limit is for a whole answer: a stream that goes on is none that hangs.
#[tokio::test]
async fn a_stream_of_a_stand_in_may_take_longer_than_a_whole_answer() {
    let limit = Duration::from_millis(250);
    for (builder, whole) in [(false, true), (true, false)] {
        let scene = Scene::new();
        scene.openai.always(Reply::status(503));
        scene.anthropic.always(Reply::healthy().token_pace(Duration::from_millis(15)));
        let base = scene.patient().text_retries(0).stand_in_limit(limit);
        let client = client(if builder { base.stream_limit(limit) } else { base });
        let read =
            Side::OpenAi.read(scene.ask_openai(&client, &crate::scene::gpt(true)).await.unwrap()).await;
        assert_eq!((read.complete, read.clean), (whole, whole), "{read:?}");
        assert_eq!(read.text == scene.anthropic.text(), whole);
    }
}
