//! A gateway that is told to stop.

use std::time::Duration;

use failover_testkit::Reply;

use crate::read::read_openai;
use crate::scene::{Running, Scene, gpt};

#[tokio::test]
async fn streams_end_and_nobody_new_is_let_in() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().token_pace(Duration::from_millis(5)));
    let gateway = scene.gateway().await;
    let base = gateway.base.clone();
    let stream = gateway.openai(&gpt(true)).await;
    let served = gateway.stop();
    let read = read_openai(stream).await;
    assert_eq!(read.text, scene.openai.text());
    assert!(read.complete && read.clean);
    served.await.unwrap().unwrap();
    let late = crate::scene::plain().get(format!("{base}/healthz")).send().await;
    assert!(late.unwrap_err().is_connect());
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(3));
    let builder = scene.builder().idle_limit(Duration::from_secs(600));
    let gateway = Running::with_grace(Duration::from_millis(20), builder, |_| {}).await;
    let mut stream = gateway.openai(&gpt(true)).await;
    assert!(stream.chunk().await.unwrap().is_some(), "it has begun");
    gateway.stop().await.unwrap().unwrap();
}
