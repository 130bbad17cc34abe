//! Streams that say nothing at length, or nothing that can be read.

use std::time::Duration;

use failover_reqwest::{Fault, ProviderName, StreamPolicy};
use failover_testkit::{KeepAlive, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::read::read_openai;
use crate::scene::{Scene, Side, client, gpt, served_by};
use crate::trouble::recorded;

/// What keeps the line of a stand-in busy is no token, and nothing that the caller would see.
#[tokio::test]
async fn a_stand_in_that_keeps_the_line_busy_is_no_answer() {
    for alive in [KeepAlive::Comment, KeepAlive::Ping, KeepAlive::Role] {
        for policy in StreamPolicy::ALL {
            let scene = Scene::new();
            scene.openai.always(Reply::status(503));
            let busy = Reply::healthy().first_token_after(Duration::from_secs(20));
            scene.anthropic.always(busy.keep_alive(alive, Duration::from_millis(20)));
            let models = ["anthropic/claude-sonnet-4-5", "together/meta-llama/Llama-3.3-70B-Instruct-Turbo"];
            let client = client(scene.builder().fallbacks("gpt-4o", models).stream_policy(policy));
            let response = scene.stream(Side::OpenAi, &client).await.unwrap();
            assert_eq!(served_by(&response), Some("together"), "{alive:?}");
            let read = read_openai(response).await;
            assert_eq!((read.text, read.restarts.len()), (scene.together.text(), 0));
            assert!(read.complete && read.clean);
        }
    }
}

/// Nor is it behind a token: the idle limit is for tokens.
#[tokio::test]
async fn a_stream_that_only_keeps_the_line_busy_stalls() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        let url = busy().await;
        let client =
            client(scene.builder().provider_url(ProviderName::OpenAi, url.as_str()).stream_policy(policy));
        let request = client.post(format!("{url}/v1/chat/completions")).json(&gpt(true));
        let response = tokio::time::timeout(Duration::from_secs(20), async {
            read_openai(request.send().await.unwrap()).await
        });
        let read = response.await.expect("a limit is met");
        if policy == StreamPolicy::Error {
            assert_eq!((read.text.as_str(), read.error.as_deref()), ("word", Some("stream_stalled")));
        } else {
            assert!(read.complete && read.text == scene.anthropic.text(), "{policy}: {read:?}");
        }
    }
}

/// Answers the first request with a token, and then with what is none for as long as its client stays.
async fn busy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut vec![0; 16 * 1024]).await.unwrap() > 0);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        let token = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n";
        let nothing = ": busy\n\ndata: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
        stream.write_all(format!("{head}{token}").as_bytes()).await.unwrap();
        while stream.write_all(nothing.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    url
}

/// A few unreadable events are skipped; a stream of nothing else is none.
#[tokio::test]
async fn a_stream_that_cannot_be_read_is_answered_by_another() {
    for side in Side::BOTH {
        for junk in ["data: {\"half\n\n".repeat(50), "no event at all".repeat(50), String::new()] {
            let scene = Scene::new();
            scene.own(side).always(recorded(&junk));
            let response = scene.stream(side, &scene.client()).await.unwrap();
            assert_eq!(served_by(&response), Some(side.other().name()), "{junk:.20}");
            assert!(side.read(response).await.complete);
            assert_eq!(scene.counts_of(side), [1, 1]);
        }
    }
}

/// However long somebody goes on saying nothing, it is not kept.
#[tokio::test]
async fn a_flood_without_a_token_is_given_up() {
    for side in Side::BOTH {
        let scene = Scene::new();
        let nothing = match side {
            Side::OpenAi => {
                "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n"
            }
            Side::Anthropic => "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        };
        let events = nothing.repeat((2 << 20) / nothing.len());
        scene.own(side).always(recorded(&events));
        let limits = scene.builder().answer_limit(1 << 20).stream_buffer(1 << 20);
        let client = client(limits.first_token_limit(Duration::from_secs(60)));
        let response = scene.stream(side, &client).await.unwrap();
        assert_eq!(served_by(&response), Some(side.other().name()));
        assert!(side.read(response).await.complete);
        assert_eq!(scene.told().attempts[0].fault, Some(Fault::Malformed));
    }
}
