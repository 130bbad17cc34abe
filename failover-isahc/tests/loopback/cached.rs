//! Answers that are used again, over real sockets: who was asked is counted.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use failover_isahc::{Builder, Client, Failover, Freshness};
use failover_testkit::Reply;
use isahc::http::Response;
use isahc::{Body, HttpClient};

use crate::scene::{FLUX_SCHNELL, Scene, Way, json_of, prompt, provenance, served_by};

const HOUR: Duration = Duration::from_secs(3_600);

fn keeping(scene: &Scene) -> Builder<Failover> {
    scene.builder().cache(Freshness::new(HOUR).stale_if_error(HOUR))
}

/// `fresh` or `stale`.
fn cached(response: &Response<Body>) -> Option<&str> {
    response.headers().get("x-failover-cache").map(|how| how.to_str().unwrap())
}

#[test]
fn a_fresh_answer_is_served_again_and_nobody_is_asked() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller_of(keeping(&scene));
        let first = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((served_by(&first), cached(&first)), (None, None), "it is handed on untouched");
        let first = json_of(first);
        let again = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((served_by(&again), cached(&again)), (Some("fal"), Some("fresh")));
        assert!(again.headers().contains_key("age") && again.headers().contains_key("x-failover-age"));
        assert!(provenance(&again).cached.is_some());
        assert_eq!((json_of(again), scene.counts()), (first, [1, 0, 0]));
    }
}

#[test]
fn a_stand_in_s_answer_is_used_again_too() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.replicate.always(Reply::status(503));
        let caller = scene.caller_of(keeping(&scene));
        let body = serde_json::json!({ "input": prompt() });
        let first = scene.ask_replicate(&caller, FLUX_SCHNELL, &body);
        let again = scene.ask_replicate(&caller, FLUX_SCHNELL, &body);
        assert_eq!((served_by(&again), cached(&again)), (Some("nexaapi"), Some("fresh")));
        assert_eq!((json_of(first), scene.counts()), (json_of(again), [0, 1, 1]));
    }
}

#[test]
fn when_everybody_has_failed_a_stale_answer_serves() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let rainy = Freshness::new(Duration::ZERO).stale_if_error(HOUR);
        let caller = scene.caller_of(scene.builder().cache(rainy));
        let first = json_of(scene.ask_fal(&caller, &prompt()).unwrap());
        scene.fal.always(Reply::status(503));
        scene.nexa.always(Reply::status(503));
        let stale = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((served_by(&stale), cached(&stale)), (Some("fal"), Some("stale")));
        assert_eq!(json_of(stale), first);
    }
}

#[test]
fn of_eight_threads_one_asks() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let failover = scene.failover(keeping(&scene));
        let all_here = Barrier::new(8);
        let answers: Vec<_> = thread::scope(|scope| {
            let callers = [(); 8].map(|()| {
                scope.spawn(|| {
                    let caller = scene.caller_with(HttpClient::new().unwrap(), failover.clone());
                    all_here.wait();
                    json_of(scene.ask_fal(&caller, &prompt()).unwrap())
                })
            });
            callers.map(|caller| caller.join().unwrap()).into()
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(scene.counts(), [1, 0, 0]);
    }
}

#[test]
fn a_caller_who_goes_away_leaves_the_asking_to_another() {
    let scene = Scene::new(Way::Future);
    scene.fal.script([Reply::silence()]);
    let client = Client::new(HttpClient::new().unwrap(), scene.failover(keeping(&scene)));
    let ask = || client.send_async(scene.to_fal().body(prompt().to_string()).unwrap());
    futures_lite::future::block_on(async {
        let mut leader = Box::pin(ask());
        while scene.fal.count() == 0 {
            assert!(futures_lite::future::poll_once(&mut leader).await.is_none());
            futures_lite::future::yield_now().await;
        }
        let mut follower = Box::pin(ask());
        assert!(futures_lite::future::poll_once(&mut follower).await.is_none());
        drop(leader);
        follower.await.unwrap();
    });
    assert_eq!(scene.counts(), [2, 0, 0]);
}
