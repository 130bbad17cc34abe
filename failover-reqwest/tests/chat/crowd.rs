//! Many streams at once, while the asked provider comes and goes.

use std::sync::Arc;
use std::time::Duration;

use failover_reqwest::{Breaker, StreamPolicy};
use failover_testkit::Reply;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::scene::{Scene, Side, client};

/// So many are under way at once: each takes a thread of the provider's and a few sockets.
const AT_ONCE: usize = 200;

/// One crowd at a time is enough for a small machine.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn flaps(calls: usize, side: Side, policy: StreamPolicy) {
    let _alone = ALONE.lock().await;
    let scene = Arc::new(Scene::new());
    // Every way to fail, and as many good answers as bad ones.
    let ways = [
        Reply::healthy(),
        Reply::healthy().cut_after_tokens(7),
        Reply::healthy(),
        Reply::status(503),
        Reply::healthy().chunks_of(50),
        Reply::healthy().error_after_tokens(0),
        Reply::healthy(),
        Reply::healthy().stall_after_tokens(3),
        Reply::healthy().without_done(),
        Reply::reset(),
        Reply::healthy(),
    ];
    scene.own(side).script(ways.into_iter().cycle().take(calls * 2));
    // The machine is busy: only those who stall are to meet a limit. And the asked provider is asked again soon.
    let (long, idle, pause) = (Duration::from_secs(60), Duration::from_secs(5), Duration::from_millis(50));
    let builder = scene.builder().stream_policy(policy).first_token_limit(long).idle_limit(idle);
    let client = client(builder.breaker(Breaker::new().pause(pause)));
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    for _ in 0..calls {
        let (scene, client, room) = (scene.clone(), client.clone(), room.clone());
        under_way.spawn(async move {
            let _room = room.acquire().await.unwrap();
            let response =
                scene.stream(side, &client).await.unwrap_or_else(|error| panic!("{error}: {}", scene.told()));
            let read = side.read(response).await;
            (read, [scene.own(side).text(), scene.other(side).text()])
        });
    }
    let (mut whole, mut typed) = (0, 0);
    while let Some(call) = under_way.join_next().await {
        let (read, texts) = call.unwrap();
        if read.complete && read.clean {
            assert!(texts.contains(&read.text) && read.error.is_none(), "neither's: {read:?}");
            assert_eq!(read.usage, Some(72));
            whole += 1;
        } else {
            assert!(!read.complete && read.error.is_some() && read.broken.is_some(), "untyped: {read:?}");
            assert!(texts.iter().any(|text| text.starts_with(&read.text)), "{read:?}");
            typed += 1;
        }
    }
    assert_eq!(whole + typed, calls);
    assert!(scene.own(side).count() > calls / 10, "the asked provider had its part in it");
    if policy == StreamPolicy::Error {
        assert!(typed < calls / 2, "{typed} broken");
    } else {
        let seen = scene.seen.lock().unwrap();
        let unserved: Vec<_> = seen.iter().filter(|history| history.served.is_none()).collect();
        assert_eq!(typed, 0, "somebody can always take over: {unserved:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_held_back() {
    flaps(1000, Side::OpenAi, StreamPolicy::Buffer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_streams_shown_at_once() {
    flaps(200, Side::Anthropic, StreamPolicy::Error).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_streams_begun_anew() {
    flaps(200, Side::Anthropic, StreamPolicy::Restart).await;
}
