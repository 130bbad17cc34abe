//! What a caller hears while nothing can be shown. It is the one thing that takes its 10 s.

use std::time::{Duration, Instant};

use failover_reqwest::StreamPolicy;
use failover_testkit::Reply;

use crate::scene::{Scene, Side, client, served_by};

/// The asked provider's stream is held back and stalls: the caller gets a sign of life, and then the stand-in's answer.
#[tokio::test]
async fn a_stream_that_is_held_back_shows_that_it_lives() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(5));
    let idle = Duration::from_millis(10_400);
    let client = client(scene.builder().stream_policy(StreamPolicy::Buffer).idle_limit(idle));
    let began = Instant::now();
    let mut response = scene.stream(Side::OpenAi, &client).await.unwrap();
    // Nobody knows yet who will answer.
    assert!(began.elapsed() < idle, "the head has waited for the answer");
    assert_eq!((served_by(&response), scene.counts()), (None, [1, 0]));
    assert_eq!(response.chunk().await.unwrap().unwrap(), ": keep-alive\n\n");
    let read = Side::OpenAi.read(response).await;
    assert_eq!((read.text, read.restarts.len()), (scene.anthropic.text(), 0));
    assert!(read.complete && read.clean && read.usage == Some(72));
    assert_eq!(scene.counts(), [1, 1]);
}
