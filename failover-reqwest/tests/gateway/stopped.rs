//! A gateway that is told to stop.

use std::time::Duration;

use failover_testkit::Reply;

use crate::app::Patience;
use crate::read::read_openai;
use crate::scene::{PATIENT, Running, Scene, gpt};

#[tokio::test]
async fn streams_end_and_nobody_new_is_let_in() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().token_pace(Duration::from_millis(5)));
    let gateway = scene.gateway().await;
    let base = gateway.base.clone();
    let stream = gateway.openai(&gpt(true)).await;
    let (_again, served) = gateway.stop();
    let read = read_openai(stream).await;
    assert_eq!(read.text, scene.openai.text());
    assert!(read.complete && read.clean);
    served.await.unwrap();
    let late = crate::scene::plain().get(format!("{base}/healthz")).send().await;
    assert!(late.unwrap_err().is_connect());
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(3));
    let builder = scene.builder().idle_limit(Duration::from_secs(600));
    let patience = Patience { grace: Duration::from_millis(20), ..PATIENT };
    let gateway = Running::with_patience(patience, builder, |_| {}).await;
    let mut stream = gateway.openai(&gpt(true)).await;
    assert!(stream.chunk().await.unwrap().is_some(), "it has begun");
    let (_again, served) = gateway.stop();
    served.await.unwrap();
    assert!(rest(stream).await.is_err());
}

/// What comes until its end.
async fn rest(mut stream: reqwest::Response) -> reqwest::Result<()> {
    while stream.chunk().await?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn who_says_so_twice_does_not_wait() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(3));
    let gateway = Running::new(scene.builder().idle_limit(Duration::from_secs(600)), |_| {}).await;
    let mut stream = gateway.openai(&gpt(true)).await;
    assert!(stream.chunk().await.unwrap().is_some(), "it has begun");
    let (again, served) = gateway.stop();
    again.send(()).unwrap();
    served.await.unwrap();
    assert!(rest(stream).await.is_err());
}
