//! Answers that are used again, over real sockets: who was asked is counted.

use std::time::Duration;

use failover_reqwest::{Builder, Failover, Freshness};
use failover_testkit::Reply;
use reqwest::Response;

use crate::scene::{FAL_KEY, FLUX_DEV, FLUX_SCHNELL, Scene, client, json_of, prompt, provenance, served_by};

const HOUR: Duration = Duration::from_secs(3_600);

fn keeping(scene: &Scene) -> Failover {
    built(scene.builder().cache(Freshness::new(HOUR).stale_if_error(HOUR)))
}

fn built(builder: Builder<Failover>) -> Failover {
    builder.build().unwrap()
}

/// `fresh` or `stale`.
fn cached(response: &Response) -> Option<&str> {
    response.headers().get("x-failover-cache").map(|how| how.to_str().unwrap())
}

#[tokio::test]
async fn a_fresh_answer_is_served_again_and_nobody_is_asked() {
    let scene = Scene::new();
    let client = client(keeping(&scene));
    let first = scene.ask_fal(&client, &prompt()).await.unwrap();
    assert_eq!((served_by(&first), cached(&first)), (None, None), "it is handed on untouched");
    let first = json_of(first).await;
    let again = scene.ask_fal(&client, &prompt()).await.unwrap();
    assert_eq!((served_by(&again), cached(&again)), (Some("fal"), Some("fresh")));
    assert!(again.headers().contains_key("age") && again.headers().contains_key("x-failover-age"));
    assert!(provenance(&again).cached.is_some());
    assert_eq!(again.url().path(), FLUX_DEV);
    assert_eq!((json_of(again).await, scene.counts()), (first, [1, 0, 0]));
    assert!(scene.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_stand_in_s_answer_is_used_again_too() {
    let scene = Scene::new();
    scene.replicate.always(Reply::status(503));
    let client = client(keeping(&scene));
    let body = serde_json::json!({ "input": prompt() });
    let first = scene.ask_replicate(&client, FLUX_SCHNELL, &body).await;
    let again = scene.ask_replicate(&client, FLUX_SCHNELL, &body).await;
    assert_eq!((served_by(&first), cached(&first)), (Some("nexaapi"), None));
    assert_eq!((served_by(&again), cached(&again)), (Some("nexaapi"), Some("fresh")));
    assert_eq!((json_of(first).await, scene.counts()), (json_of(again).await, [0, 1, 1]));
}

#[tokio::test]
async fn when_everybody_has_failed_a_stale_answer_serves() {
    let scene = Scene::new();
    let rainy = Freshness::new(Duration::ZERO).stale_if_error(HOUR);
    let caching = client(built(scene.builder().cache(rainy)));
    let first = json_of(scene.ask_fal(&caching, &prompt()).await.unwrap()).await;
    scene.fal.always(Reply::reset());
    scene.nexa.always(Reply::status(503));
    let stale = scene.ask_fal(&caching, &prompt()).await.unwrap();
    assert_eq!((served_by(&stale), cached(&stale)), (Some("fal"), Some("stale")));
    assert_eq!(provenance(&stale).attempts.len(), 3);
    assert_eq!(json_of(stale).await, first);
    assert_eq!(scene.seen.lock().unwrap().len(), 1);
    assert!(scene.ask_fal(&client(keeping(&scene)), &prompt()).await.is_err(), "nothing lies there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_tasks_one_asks() {
    let scene = Scene::new();
    let client = client(keeping(&scene));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let url = format!("{}{FLUX_DEV}", scene.fal.url());
        let request = client.post(url).header("Authorization", FAL_KEY).json(&prompt());
        tasks.spawn(async move { json_of(request.send().await.unwrap()).await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(scene.counts(), [1, 0, 0]);
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_the_asking_to_another() {
    let scene = Scene::new();
    scene.fal.script([Reply::silence()]);
    let client = client(keeping(&scene));
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let ask = || client.post(&url).header("Authorization", FAL_KEY).json(&prompt()).send();
    let leader = tokio::spawn(ask());
    while scene.fal.count() == 0 {
        tokio::task::yield_now().await;
    }
    let mut follower = Box::pin(ask());
    let first = tokio::select! {
        biased;
        answer = &mut follower => Some(answer),
        () = tokio::task::yield_now() => None,
    };
    assert!(first.is_none() && scene.fal.count() == 1, "it waits, and asks nobody");
    leader.abort();
    let answer = follower.await.unwrap();
    assert_eq!((cached(&answer), scene.counts()), (None, [2, 0, 0]));
}

#[tokio::test]
async fn another_caller_is_asked_for_and_so_is_one_who_wants_a_new_answer() {
    let scene = Scene::new();
    let caching = client(keeping(&scene));
    scene.ask_fal(&caching, &prompt()).await.unwrap();
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let post = || caching.post(&url).json(&prompt());
    let yours = post().header("Authorization", "Key yours").send().await.unwrap();
    let anew =
        post().header("Authorization", FAL_KEY).header("Cache-Control", "no-cache").send().await.unwrap();
    assert_eq!([cached(&yours), cached(&anew)], [None, None]);
    assert_eq!(scene.counts(), [3, 0, 0]);
}

/// Two clients whose keys are default headers look alike from here.
#[tokio::test]
async fn keys_that_clients_add_behind_us_are_not_mixed_up() {
    let scene = Scene::new();
    let failover = keeping(&scene);
    for key in ["Key mine", "Key yours"] {
        let headers = [(reqwest::header::AUTHORIZATION, key.parse().unwrap())].into_iter().collect();
        let http = reqwest::Client::builder().default_headers(headers).build().unwrap();
        let client = reqwest_middleware::ClientBuilder::new(http).with(failover.clone()).build();
        let answer =
            client.post(format!("{}{FLUX_DEV}", scene.fal.url())).json(&prompt()).send().await.unwrap();
        assert_eq!(cached(&answer), None);
    }
    let asked: Vec<_> =
        scene.fal.seen().iter().map(|seen| seen.header("authorization").map(str::to_owned)).collect();
    assert_eq!(asked, [Some("Key mine".to_owned()), Some("Key yours".to_owned())]);
}

#[tokio::test]
async fn what_is_too_long_to_be_kept_comes_whole() {
    let scene = Scene::new();
    let long =
        format!("{{\"images\":[{{\"url\":\"https://a.example/b.png\"}}],\"x\":\"{}\"}}", "y".repeat(100_000));
    scene.fal.always(Reply::json(200, long.as_str()));
    let cache = Freshness::new(HOUR);
    let client = client(built(scene.builder().cache(cache).answer_limit(10_000)));
    for asked in 1..=2 {
        let answer = scene.ask_fal(&client, &prompt()).await.unwrap();
        assert!(answer.text().await.unwrap() == long);
        assert_eq!(scene.counts(), [asked, 0, 0]);
    }
}
