//! Streams that nobody waits for any more, and observers that panic.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use failover_reqwest::observe::Event;
use failover_reqwest::{CircuitState, Failover, ProviderName, StreamPolicy};
use failover_testkit::Reply;
use reqwest_middleware::ClientBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::scene::{Scene, Side, client, gpt, plain};

/// Polls it so many times, or to its end.
async fn polled<F: Future>(times: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        let ready = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = ready {
            return Some(output);
        }
        // Sockets have their turn.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    None
}

/// Whoever is dropped at whatever point leaves the breakers as they were.
#[tokio::test]
async fn dropped_at_every_poll() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        let slow = || Reply::healthy().token_pace(Duration::from_millis(1));
        scene.anthropic.always(slow().chunks_of(100));
        let failover = scene.builder().stream_policy(policy).build().unwrap().with_stand_in_client(plain());
        let client = ClientBuilder::new(plain()).with(failover.clone()).build();
        let mut done = false;
        for polls in 0..400 {
            // The asked provider fails once, and not twice in a row.
            scene.openai.heal();
            scene.openai.script([slow().cut_after_tokens(3)]);
            let whole = polled(polls, async {
                let response = scene.stream(Side::OpenAi, &client).await.unwrap();
                Side::OpenAi.read(response).await
            });
            if let Some(read) = whole.await {
                assert!(read.complete || policy == StreamPolicy::Error);
                done = true;
                break;
            }
            failover.release("openai").unwrap();
            assert_eq!(
                failover.state(&Side::Anthropic.domain()),
                Some(CircuitState::Closed),
                "{polls} polls"
            );
        }
        assert!(done, "{policy}");
    }
}

/// Before the head and in mid-stream: with the caller goes the connection to the provider.
#[tokio::test]
async fn the_provider_sees_its_caller_leave() {
    for head in [false, true] {
        let scene = Scene::new();
        let (url, left) = stalls(head).await;
        let failover = scene.builder().provider_url(ProviderName::OpenAi, url.as_str());
        let failover =
            failover.first_token_limit(Duration::from_secs(60)).idle_limit(Duration::from_secs(60));
        let client = client(failover);
        let request = client.post(format!("{url}/v1/chat/completions")).json(&gpt(true)).send();
        if head {
            let mut response = request.await.unwrap();
            response.chunk().await.unwrap().expect("it begins");
            drop(response);
        } else {
            assert!(tokio::time::timeout(Duration::from_millis(100), request).await.is_err());
        }
        let left = tokio::time::timeout(Duration::from_secs(10), left).await;
        left.expect("the connection is closed").unwrap();
    }
}

/// Takes one request, says a token of its answer if it says anything, and tells when its client has left.
async fn stalls(head: bool) -> (String, oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (leaves, left) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 16 * 1024];
        assert!(stream.read(&mut asked).await.unwrap() > 0);
        if head {
            let event =
                "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            stream.write_all(format!("{head}{event}").as_bytes()).await.unwrap();
        }
        while stream.read(&mut asked).await.is_ok_and(|count| count > 0) {}
        let _ = leaves.send(());
    });
    (url, left)
}

#[tokio::test]
async fn a_dropped_stream_is_told_of() {
    for head in [false, true] {
        let (scene, told) = (Scene::new(), Arc::new(Mutex::new(Vec::new())));
        let reply = if head { Reply::healthy().stall_after_tokens(3) } else { Reply::silence() };
        scene.openai.always(reply);
        let listen = Arc::clone(&told);
        let builder = scene.builder().first_token_limit(Duration::from_secs(60)).on_event(move |event| {
            if let Event::Dropped { .. } = event {
                listen.lock().unwrap().push(event.to_string());
            }
        });
        let client = client(builder);
        let call = scene.stream(Side::OpenAi, &client);
        if head {
            drop(call.await.unwrap());
        } else {
            assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
        }
        assert_eq!(*told.lock().unwrap(), ["#1 openai gpt-4o: nobody waits for it any more"]);
        assert_eq!(scene.told_times(), 0);
    }
}

/// It is the observer's own affair: the stream ends as it should, and so does the next.
#[tokio::test]
async fn an_observer_that_panics() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        scene.openai.always(Reply::healthy().cut_after_tokens(3));
        let builder = scene.builder().stream_policy(policy);
        let failover: Failover = builder.on_failover(|_| panic!("an observer")).build().unwrap();
        let client = ClientBuilder::new(plain()).with(failover.with_stand_in_client(plain())).build();
        for _ in 0..2 {
            let read = Side::OpenAi.read(scene.stream(Side::OpenAi, &client).await.unwrap()).await;
            assert_eq!(read.complete, policy != StreamPolicy::Error);
            assert_eq!(read.error.as_deref(), (policy == StreamPolicy::Error).then_some("stream_truncated"));
        }
    }
}
