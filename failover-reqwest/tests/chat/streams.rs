//! Answers that come as streams.

use failover_reqwest::StreamPolicy;
use failover_testkit::Reply;

use crate::read::read_openai;
use crate::scene::{Scene, client, gpt, served_by};

#[tokio::test]
async fn a_healthy_stream_is_handed_on() {
    let scene = Scene::new();
    let response = scene.ask_openai(&scene.client(), &gpt(true)).await.unwrap();
    assert_eq!(served_by(&response), None);
    let read = read_openai(response).await;
    assert_eq!(read.text, scene.openai.text());
    assert!(read.complete && read.clean);
    assert_eq!(scene.counts(), [1, 0]);
}

#[tokio::test]
async fn a_silent_provider_is_answered_for() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let response = scene.ask_openai(&scene.client(), &gpt(true)).await.unwrap();
    assert_eq!(served_by(&response), Some("anthropic"));
    let read = read_openai(response).await;
    assert_eq!((read.text, read.model), (scene.anthropic.text(), "claude-sonnet-4-5".to_owned()));
    assert!(read.complete && read.clean);
    assert_eq!(scene.counts(), [1, 1]);
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error_or_is_held_back() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        scene.openai.always(Reply::healthy().cut_after_tokens(40));
        let client = client(scene.builder().stream_policy(policy));
        let response = scene.ask_openai(&client, &gpt(true)).await.unwrap();
        let read = read_openai(response).await;
        match policy {
            StreamPolicy::Error => {
                assert_eq!(read.text, scene.openai.first_tokens(40));
                assert_eq!(read.error.as_deref(), Some("stream_truncated"));
                assert!(!read.complete && !read.clean);
                assert_eq!(scene.counts(), [1, 0]);
            }
            _ => {
                assert_eq!(read.text, scene.anthropic.text(), "{policy}");
                assert!(read.complete && read.clean);
                assert_eq!(read.restarts.len(), usize::from(policy == StreamPolicy::Restart));
                assert_eq!(scene.counts(), [1, 1]);
            }
        }
    }
}
