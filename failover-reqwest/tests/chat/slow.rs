//! Callers who read slowly, or not at all: their time is not the provider's.

use std::time::Duration;

use failover_reqwest::{CircuitState, Failover, StreamPolicy};
use failover_testkit::Reply;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::time::sleep;

use crate::scene::{Scene, Side, plain};

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
                    eprintln!("DBG {} {:?}", piece.len(), String::from_utf8_lossy(&piece));
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
    let scene = Scene::new();
    // 60 tokens, and as many comments as make it too long for the buffers of two sockets.
    let comment = format!(": {}\n\n", "x".repeat(1000));
    let event = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"}}]}\n\n";
    let end = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let body = format!("{}{end}", format!("{event}{comment}").repeat(60_000));
    let size = body.len();
    scene.openai.always(Reply::json(200, body).content_type("text/event-stream"));
    let (_, client) = built(&scene, StreamPolicy::Error);
    let before = resident();
    let mut response = scene.stream(Side::OpenAi, &client).await.unwrap();
    let _first = response.chunk().await.unwrap();
    sleep(LONG).await;
    // The provider holds its answer once more for the wire; a third copy would be ours.
    let grown = resident().saturating_sub(before);
    assert!(grown < size + size / 2, "{grown} more bytes, for a stream of {size}");
    let read = crate::read::read_openai(response).await;
    assert!(read.complete && read.clean);
}

/// Bytes in memory, where the system tells.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<usize>().ok()).unwrap_or(0) * 1024
}
