//! Callers who read slowly, or not at all: their time is not the provider's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use failover_reqwest::{CircuitState, Failover, ProviderName, StreamPolicy};
use failover_testkit::Reply;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::scene::{Scene, Side, client, gpt, plain};

/// Three times the idle limit.
const LONG: Duration = Duration::from_millis(900);

fn built(scene: &Scene, policy: StreamPolicy) -> (Failover, ClientWithMiddleware) {
    let failover = scene.builder().stream_policy(policy).build().unwrap().with_stand_in_client(plain());
    (failover.clone(), ClientBuilder::new(plain()).with(failover).build())
}

/// Whether events come whole or in pieces.
#[tokio::test]
async fn a_caller_who_reads_slowly_gets_all_of_it() {
    for side in Side::BOTH {
        for reply in [Reply::healthy(), Reply::healthy().chunks_of(7)] {
            let scene = Scene::new();
            scene.own(side).always(reply);
            let (failover, client) = built(&scene, StreamPolicy::Error);
            let mut response = scene.stream(side, &client).await.unwrap();
            let mut text = String::new();
            for pauses in [true, true, false] {
                if pauses {
                    sleep(LONG).await;
                    let piece = response.chunk().await.unwrap().expect("there is more");
                    text.push_str(std::str::from_utf8(&piece).unwrap());
                } else {
                    text.push_str(&response.text().await.expect("all of it comes"));
                    break;
                }
            }
            let last = scene.own(side).text().split(' ').next_back().unwrap().to_owned();
            assert!(text.contains(&last) && !text.contains("stream_stalled"), "{text}");
            assert_eq!(failover.state(&side.domain()), Some(CircuitState::Closed));
            assert_eq!(scene.counts_of(side), [1, 0]);
        }
    }
}

/// Who has looked in vain, and then not for long, finds what has come meanwhile: a piece of a token is no silence.
#[tokio::test]
async fn a_caller_who_looks_away() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::healthy().token_pace(Duration::from_millis(20)).chunks_of(7));
        let (failover, client) = built(&scene, StreamPolicy::Error);
        let mut response = scene.stream(side, &client).await.unwrap();
        while let Ok(piece) = tokio::time::timeout(Duration::from_millis(2), response.chunk()).await {
            piece.unwrap().expect("there is more");
        }
        sleep(LONG).await;
        let text = response.text().await.expect("all of it comes");
        assert!(text.contains(scene.own(side).text().split(' ').next_back().unwrap()), "{text}");
        assert_eq!(failover.state(&side.domain()), Some(CircuitState::Closed));
    }
}

/// The one who begins anew has all its time from when it is asked.
#[tokio::test]
async fn a_caller_who_pauses_before_a_restart() {
    for side in Side::BOTH {
        let scene = Scene::new();
        scene.own(side).always(Reply::healthy().cut_after_tokens(1));
        let (_, client) = built(&scene, StreamPolicy::Restart);
        let mut response = scene.stream(side, &client).await.unwrap();
        let first = response.chunk().await.unwrap().expect("it begins");
        assert!(String::from_utf8_lossy(&first).contains(scene.own(side).first_tokens(1).trim()));
        sleep(LONG).await;
        let text = response.text().await.expect("all of it comes");
        let last = scene.other(side).text().split(' ').next_back().unwrap().to_owned();
        assert!(text.contains(&last), "{text}");
        assert_eq!(scene.counts_of(side), [1, 1]);
    }
}

/// However many callers forget their streams, the provider has done nothing wrong.
#[tokio::test]
async fn a_caller_who_never_reads_proves_nothing() {
    for side in Side::BOTH {
        let scene = Scene::new();
        let (failover, client) = built(&scene, StreamPolicy::Error);
        let mut forgotten = Vec::new();
        for _ in 0..4 {
            forgotten.push(scene.stream(side, &client).await.unwrap());
        }
        sleep(LONG).await;
        drop(forgotten);
        assert_eq!(failover.state(&side.domain()), Some(CircuitState::Closed));
    }
}

/// A provider that is faster than its caller is held back, and not read into memory.
#[tokio::test]
async fn what_the_caller_does_not_take_is_not_read() {
    let (scene, sent) = (Scene::new(), Arc::new(AtomicUsize::new(0)));
    let url = endless(Arc::clone(&sent)).await;
    let builder = scene.builder().provider_url(ProviderName::OpenAi, url.as_str());
    let client = client(builder);
    let request = client.post(format!("{url}/v1/chat/completions")).json(&gpt(true));
    let mut response = request.send().await.unwrap();
    let _first = response.chunk().await.unwrap().expect("it begins");
    sleep(LONG).await;
    let before = sent.load(Ordering::Relaxed);
    // What lies in the buffers of two sockets.
    assert!(before < 64 << 20, "{before} bytes were taken that nobody reads");
    for _ in 0..1000 {
        response.chunk().await.unwrap().expect("there is more");
    }
}

/// Answers the first request with a stream that never ends, as fast as it is taken, and counts it.
async fn endless(sent: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 16 * 1024];
        assert!(stream.read(&mut asked).await.unwrap() > 0);
        let event = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"}}]}\n\n";
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let events = event.repeat(200);
        while stream.write_all(events.as_bytes()).await.is_ok() {
            sent.fetch_add(events.len(), Ordering::Relaxed);
        }
    });
    url
}
