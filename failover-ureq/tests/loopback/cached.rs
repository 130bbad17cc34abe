//! Answers that are used again, over real sockets: who was asked is counted.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::{Builder, CacheStore, Failover, Freshness};
use ureq::{Body, http::Response};

use crate::scene::{FLUX_DEV, FLUX_SCHNELL, Scene, agent, json_of, prompt, provenance, served_by};

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
    let scene = Scene::new();
    let agent = agent(scene.failover(keeping(&scene)));
    let first = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!((served_by(&first), cached(&first)), (None, None), "it is handed on untouched");
    let first = json_of(first);
    let again = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!((served_by(&again), cached(&again)), (Some("fal"), Some("fresh")));
    assert!(again.headers().contains_key("age") && again.headers().contains_key("x-failover-age"));
    assert!(provenance(&again).cached.is_some());
    assert_eq!(ureq::ResponseExt::get_uri(&again).path(), FLUX_DEV);
    assert_eq!((json_of(again), scene.counts()), (first, [1, 0, 0]));
    assert!(scene.seen.lock().unwrap().is_empty());
}

#[test]
fn a_stand_in_s_answer_is_used_again_too() {
    let scene = Scene::new();
    scene.replicate.always(Reply::status(503));
    let agent = agent(scene.failover(keeping(&scene)));
    let body = serde_json::json!({ "input": prompt() });
    let first = scene.ask_replicate(&agent, FLUX_SCHNELL, &body);
    let again = scene.ask_replicate(&agent, FLUX_SCHNELL, &body);
    assert_eq!((served_by(&first), cached(&first)), (Some("nexaapi"), None));
    assert_eq!((served_by(&again), cached(&again)), (Some("nexaapi"), Some("fresh")));
    assert_eq!(first.status(), again.status());
    assert_eq!((json_of(first), scene.counts()), (json_of(again), [0, 1, 1]));
}

#[test]
fn when_everybody_has_failed_a_stale_answer_serves_whatever_a_status_is() {
    let scene = Scene::new();
    let rainy = scene.builder().cache(Freshness::new(Duration::ZERO).stale_if_error(HOUR));
    let failover = scene.failover(rainy);
    let strict: ureq::Agent = ureq::Agent::config_builder().middleware(failover.clone()).build().into();
    let lenient = agent(failover);
    let first = json_of(scene.ask_fal(&lenient, &prompt()).unwrap());
    scene.fal.always(Reply::status(503));
    scene.nexa.always(Reply::status(503));
    for agent in [strict, lenient] {
        let stale = scene.ask_fal(&agent, &prompt()).unwrap();
        assert_eq!((served_by(&stale), cached(&stale)), (Some("fal"), Some("stale")));
        assert_eq!(provenance(&stale).attempts.first().unwrap().status, Some(503));
        assert_eq!(json_of(stale), first);
    }
    assert_eq!(scene.seen.lock().unwrap().len(), 2);
    let other = scene.ask_fal(&agent(scene.failover(keeping(&scene))), &prompt()).unwrap();
    assert_eq!((other.status().as_u16(), served_by(&other)), (503, Some("nobody")), "nothing lies there");
}

#[test]
fn of_eight_threads_one_asks() {
    let scene = Scene::new();
    let agent = agent(scene.failover(keeping(&scene)));
    let all_here = Barrier::new(8);
    let answers: Vec<_> = thread::scope(|scope| {
        let callers = [(); 8].map(|()| {
            scope.spawn(|| {
                all_here.wait();
                json_of(scene.ask_fal(&agent, &prompt()).unwrap())
            })
        });
        callers.map(|caller| caller.join().unwrap()).into()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(scene.counts(), [1, 0, 0]);
}

#[test]
fn another_caller_is_asked_for_and_so_is_one_who_wants_a_new_answer() {
    let scene = Scene::new();
    let agent = agent(scene.failover(keeping(&scene)));
    scene.ask_fal(&agent, &prompt()).unwrap();
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let yours = agent.post(&url).header("Authorization", "Key yours").send_json(prompt()).unwrap();
    let nobody_s = agent.post(&url).send_json(prompt()).unwrap();
    let mine = agent.post(&url).header("Authorization", crate::scene::FAL_KEY);
    let anew = mine.header("Cache-Control", "no-cache").send_json(prompt()).unwrap();
    assert_eq!([&yours, &nobody_s, &anew].map(cached), [None; 3]);
    assert_eq!(scene.counts(), [4, 0, 0]);
}

#[test]
fn what_is_too_long_to_be_kept_comes_whole_and_errors_are_not_kept() {
    let scene = Scene::new();
    let long =
        format!("{{\"images\":[{{\"url\":\"https://a.example/b.png\"}}],\"x\":\"{}\"}}", "y".repeat(100_000));
    scene.fal.script([Reply::json(200, long.as_str()), Reply::json(200, long.as_str()), Reply::status(400)]);
    let agent = agent(scene.failover(keeping(&scene).answer_limit(10_000)));
    for _ in 0..2 {
        let answer = scene.ask_fal(&agent, &prompt()).unwrap().into_body().read_to_string().unwrap();
        assert!(answer == long);
    }
    assert_eq!(scene.ask_fal(&agent, &prompt()).unwrap().status().as_u16(), 400);
    assert_eq!(cached(&scene.ask_fal(&agent, &prompt()).unwrap()), None);
    assert_eq!(scene.counts(), [4, 0, 0]);
}

struct Panics;

impl CacheStore for Panics {
    fn get(&self, _: &str) -> Option<Vec<u8>> {
        panic!("on purpose")
    }

    fn put(&self, _: &str, _: Vec<u8>, _: Duration) {
        panic!("on purpose")
    }
}

#[test]
fn a_store_that_panics_is_as_good_as_none() {
    let scene = Scene::new();
    let agent = agent(scene.failover(keeping(&scene).cache_store(Panics)));
    for asked in 1..=2 {
        let answer = scene.ask_fal(&agent, &prompt()).unwrap();
        assert_eq!((cached(&answer), scene.counts()), (None, [asked, 0, 0]));
    }
}

#[test]
fn agents_share_what_one_failover_keeps() {
    let scene = Scene::new();
    let failover = scene.failover(keeping(&scene));
    let first = Arc::new(agent(failover.clone()));
    scene.ask_fal(&first, &prompt()).unwrap();
    assert_eq!(cached(&scene.ask_fal(&agent(failover), &prompt()).unwrap()), Some("fresh"));
}
