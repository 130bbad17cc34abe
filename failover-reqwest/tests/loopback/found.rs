//! What was wrong with requests on the way of others, with other orders, and with answers that are kept. Each of these failed
//! before.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_reqwest::{Freshness, PerRequest, ProviderName};
use failover_testkit::Reply;
use reqwest::Response;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};

use crate::scene::{
    FAL_KEY, FLUX_DEV, FLUX_SCHNELL, REPLICATE_KEY, Scene, client, json_of, prompt, served_by,
};

/// A middleware inside that asks Replicate for something of its own first (a better prompt, a moderation, a token).
struct Helper {
    other: ClientWithMiddleware,
    url: String,
    got: Arc<Mutex<Vec<u16>>>,
}
#[async_trait::async_trait]
impl Middleware for Helper {
    async fn handle(
        &self,
        request: reqwest::Request,
        ext: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let answer = self
            .other
            .post(&self.url)
            .header("Authorization", REPLICATE_KEY)
            .header("Prefer", "wait")
            .json(&serde_json::json!({"input": prompt()}))
            .send()
            .await?;
        self.got.lock().unwrap().push(answer.status().as_u16());
        next.run(request, ext).await
    }
}

#[tokio::test]
async fn another_request_made_on_the_way_fails_over_too() {
    let scene = Scene::new();
    scene.replicate.always(Reply::status(503));
    let failover = scene.builder().build().unwrap();
    let got = Arc::<Mutex<Vec<u16>>>::default();
    let helper = Helper {
        other: client(scene.builder().build().unwrap()),
        url: format!("{}{FLUX_SCHNELL}", scene.replicate.url()),
        got: Arc::clone(&got),
    };
    let client = ClientBuilder::new(reqwest::Client::new()).with(failover).with(helper).build();
    scene.ask_fal(&client, &prompt()).await.unwrap();
    assert_eq!(*got.lock().unwrap(), [201], "its outage was not failed over, and nobody was told");
}

/// A caller that decodes by itself.
#[tokio::test]
async fn a_healthy_answer_that_the_caller_decodes_itself_is_not_rejected() {
    let scene = Scene::new();
    scene.fal.always(
        Reply::status(200)
            .content_type("application/json")
            .header("Content-Encoding", "gzip")
            .body(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1]),
    );
    let plain = reqwest::Client::builder().no_gzip().build().unwrap();
    let checking =
        ClientBuilder::new(plain).with(scene.builder().check_answers(true).build().unwrap()).build();
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let a = checking
        .post(url)
        .header("Authorization", FAL_KEY)
        .header("Accept-Encoding", "gzip")
        .json(&prompt())
        .send()
        .await
        .unwrap();
    assert_eq!((served_by(&a), scene.counts()), (None, [1, 0, 0]));
}

#[tokio::test]
async fn last_resort_in_another_order() {
    let scene = Scene::new();
    let f = scene.builder().build().unwrap();
    scene.fal.always(Reply::status(503));
    scene.nexa.always(Reply::status(500));
    for _ in 0..4 {
        let _ = scene.ask_fal(&client(f.clone()), &prompt()).await;
    }
    scene.fal.heal();
    let turned = f.per_request(PerRequest::new().order([ProviderName::Nexa, ProviderName::Fal]));
    let a = scene.ask_fal(&client(turned), &prompt()).await;
    assert!(a.is_ok());
}

/// One failover behind the clients of two tenants of a gateway: one key, and a header that each client adds.
#[tokio::test]
async fn tenants_that_clients_name_behind_us_are_not_mixed_up() {
    let scene = Scene::new();
    let failover = scene.builder().cache(Freshness::new(Duration::from_secs(3600))).build().unwrap();
    let mut cached = vec![];
    for tenant in ["a", "b"] {
        let headers =
            [(http::HeaderName::from_static("x-tenant"), tenant.parse().unwrap())].into_iter().collect();
        let http = reqwest::Client::builder().default_headers(headers).build().unwrap();
        let answer = scene
            .ask_fal(
                &ClientBuilder::new(http)
                    .with(failover.per_request(PerRequest::new().cache_scope(tenant)))
                    .build(),
                &prompt(),
            )
            .await
            .unwrap();
        cached.push(answer.headers().get("x-failover-cache").is_some());
    }
    assert_eq!(cached, [false, false]);
    let same = failover.per_request(PerRequest::new().cache_scope("a"));
    let answer = scene.ask_fal(&client(same), &prompt()).await.unwrap();
    assert!(answer.headers().get("x-failover-cache").is_some());
}

#[cfg(feature = "tower")]
#[tokio::test]
async fn installed_twice_around_a_service_that_spawns_is_installed_once() {
    use tower::{ServiceBuilder, ServiceExt};
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.nexa.always(Reply::status(502));
    let failover = scene.builder().build().unwrap();
    let inner = ServiceBuilder::new().layer(failover.clone()).service(reqwest::Client::new());
    let spawning = tower::service_fn(move |request: reqwest::Request| {
        let inner = inner.clone();
        async move { tokio::spawn(inner.oneshot(request)).await.unwrap() }
    });
    let stack = ServiceBuilder::new().layer(failover).service(spawning);
    let request = reqwest::Client::new()
        .post(format!("{}{FLUX_DEV}", scene.fal.url()))
        .header("Authorization", FAL_KEY)
        .json(&prompt())
        .build()
        .unwrap();
    let _ = stack.oneshot(request).await;
    let counts = scene.counts();
    // without the second installation
    let single = Scene::new();
    single.fal.always(Reply::status(503));
    single.nexa.always(Reply::status(502));
    let _ = single.ask_fal(&single.client(), &prompt()).await;
    assert_eq!(counts, single.counts());
}

/// The question for a job that was failed over, asked by a middleware on the way of another request.
#[tokio::test]
async fn a_job_s_question_on_the_way_of_another_request_does_not_reach_the_provider() {
    struct Polls {
        other: ClientWithMiddleware,
        url: String,
    }
    #[async_trait::async_trait]
    impl Middleware for Polls {
        async fn handle(
            &self,
            request: reqwest::Request,
            ext: &mut http::Extensions,
            next: Next<'_>,
        ) -> reqwest_middleware::Result<Response> {
            let _ = self.other.get(&self.url).header("Authorization", FAL_KEY).send().await;
            next.run(request, ext).await
        }
    }
    let scene = Scene::new();
    scene.queue.always(Reply::status(503));
    let submitted = json_of(scene.submit(&scene.client(), &prompt()).await).await;
    let url = submitted["status_url"].as_str().unwrap().to_owned();
    let before = scene.queue.count();
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(scene.builder().build().unwrap())
        .with(Polls { other: scene.client(), url })
        .build();
    scene.ask_fal(&client, &prompt()).await.unwrap();
    assert_eq!(scene.queue.count(), before, "our id went to FAL, with the caller's key");
}

/// The one who leads has all the time in the world; the one who follows has said how long it waits.
#[tokio::test]
async fn who_follows_keeps_its_own_timeout() {
    let scene = Scene::new();
    scene.fal.always(Reply::silence());
    let client = client(scene.builder().cache(Freshness::new(Duration::from_secs(3600))).build().unwrap());
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    let ask = || client.post(&url).header("Authorization", FAL_KEY).json(&prompt());
    let leader = tokio::spawn(ask().send());
    while scene.fal.count() == 0 {
        tokio::task::yield_now().await;
    }
    let follower = ask().timeout(Duration::from_millis(200)).send();
    let answer = tokio::time::timeout(Duration::from_secs(5), follower).await;
    assert!(answer.is_ok(), "it still waits, and without a cache NexaAPI had answered after 200 ms");
    leader.abort();
}

/// FAL refuses, NexaAPI works by jobs, answers are kept: every wait that there is on the way, and the call dropped in each.
#[tokio::test]
async fn a_call_that_is_dropped_at_any_poll_leaves_breakers_cache_and_pool_in_order() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.nexa.jobs(2);
    let hour = Duration::from_secs(3_600);
    let failover = scene.builder().cache(Freshness::new(hour)).check_answers(true).build().unwrap();
    let client = client(failover.clone());
    let mut dropped = 0;
    loop {
        let body = serde_json::json!({ "prompt": format!("number {dropped}") });
        let (mut call, mut polls) = (Box::pin(scene.ask_fal(&client, &body)), 0);
        let ended = std::future::poll_fn(|context| {
            if polls == dropped {
                return std::task::Poll::Ready(None);
            }
            polls += 1;
            call.as_mut().poll(context).map(Some)
        });
        let ended = ended.await;
        drop(call);
        // Who asks for the same is served, and waits for nobody who is gone.
        let next = tokio::time::timeout(Duration::from_secs(20), scene.ask_fal(&client, &body));
        assert_eq!(served_by(&next.await.expect("it hangs").unwrap()), Some("nexaapi"), "{dropped}");
        assert!(
            failover.state("nexaapi/flux-dev").unwrap() == failover_reqwest::CircuitState::Closed,
            "{dropped}"
        );
        failover.release("fal").unwrap();
        if ended.is_some() {
            break;
        }
        dropped += 1;
    }
    assert!(dropped > 5, "it waited {dropped} times only");
    scene.fal.heal();
    let healthy = scene.ask_fal(&client, &prompt()).await.unwrap();
    assert_eq!((healthy.status().as_u16(), served_by(&healthy)), (200, None));
}
