//! What the user can ask for beyond the defaults: other ways in, answers that are checked, a request with wishes of its own,
//! switches at run time; and what happens if the same failover is installed twice.

use std::time::Duration;

use failover_reqwest::{CircuitState, PerRequest, ProviderName, SendFailover, Unanswered};
use failover_testkit::Reply;
use reqwest_middleware::ClientBuilder;

use crate::scene::{FAL_KEY, FLUX_DEV, Scene, client, json_of, prompt, provenance, served_by};

#[tokio::test]
async fn junk_is_answered_by_a_stand_in_where_answers_are_checked() {
    let junk = [
        Reply::json(200, "{\"images\":[]}"),
        Reply::json(200, ""),
        Reply::json(200, "{\"images\":[{\"ur"),
        Reply::status(200).body("<html><body>Welcome</body></html>").header("Content-Type", "text/html"),
    ];
    for junk in junk {
        let scene = Scene::new();
        scene.fal.always(junk);
        let unread = scene.ask_fal(&scene.client(), &prompt()).await.unwrap();
        assert_eq!(
            (unread.status().as_u16(), served_by(&unread)),
            (200, None),
            "unless said, it is handed on"
        );
        let checking = client(scene.builder().check_answers(true).build().unwrap());
        let answer = scene.ask_fal(&checking, &prompt()).await.unwrap();
        assert_eq!(served_by(&answer), Some("nexaapi"));
        assert!(provenance(&answer).maybe_billed);
        assert_eq!(scene.counts(), [2, 0, 1]);
    }
}

#[tokio::test]
async fn a_healthy_answer_that_was_checked_is_as_it_came() {
    let scene = Scene::new();
    let body = format!(
        "{{\"images\":[{{\"url\":\"{}/files/a.png\"}}],\"note\":\"{}\"}}",
        scene.fal.url(),
        "x".repeat(200_000)
    );
    scene.fal.always(Reply::json(200, body.as_str()).header("X-Own", "kept"));
    let checking = client(scene.builder().check_answers(true).build().unwrap());
    let answer = scene.ask_fal(&checking, &prompt()).await.unwrap();
    assert_eq!((served_by(&answer), answer.headers()["x-own"].to_str().unwrap()), (None, "kept"));
    assert_eq!(answer.url().path(), FLUX_DEV);
    assert_eq!(answer.content_length(), Some(body.len() as u64));
    assert!(answer.text().await.unwrap() == body);
    // What is longer than the limit is nobody's to judge, and as it came too.
    let hasty = client(scene.builder().check_answers(true).answer_limit(1000).build().unwrap());
    let answer = scene.ask_fal(&hasty, &prompt()).await.unwrap();
    assert_eq!(served_by(&answer), None);
    assert!(answer.text().await.unwrap() == body);
    assert_eq!(scene.counts(), [2, 0, 0]);
}

#[tokio::test]
async fn half_an_answer_says_no_length_that_it_does_not_have() {
    let scene = Scene::new();
    scene.fal.always(Reply::json(200, "{\"images\":[]}".repeat(100).as_str()).cut_after(500));
    scene.nexa.always(Reply::status(503));
    let checking = client(scene.builder().check_answers(true).build().unwrap());
    let half = scene.ask_fal(&checking, &prompt()).await.unwrap();
    assert_eq!((half.status().as_u16(), half.content_length()), (200, None));
    assert!(half.bytes().await.is_err());
}

#[tokio::test]
async fn a_plain_client_keeps_its_type_and_its_errors() {
    let scene = Scene::new();
    let failover = scene.builder().build().unwrap();
    let plain = reqwest::Client::new();
    let ask = || {
        let request = plain.post(format!("{}{FLUX_DEV}", scene.fal.url())).json(&prompt());
        request.header("Authorization", FAL_KEY).send_failover(&failover)
    };
    let healthy: reqwest::Response = ask().await.unwrap();
    assert_eq!(served_by(&healthy), None);
    scene.fal.script([Reply::status(503)]);
    let stood_in = ask().await.unwrap();
    assert_eq!((served_by(&stood_in), stood_in.url().path()), (Some("nexaapi"), FLUX_DEV));
    let nexa = scene.nexa.seen().pop().unwrap();
    assert!(!format!("{nexa:?}").contains("fal-secret"));

    // Nobody is there any more: the error is the client's own, with all that it tells.
    let (url, gone) = (scene.fal.url(), Scene::new());
    let failover = gone.builder().provider_url(ProviderName::Fal, url.as_str()).build().unwrap();
    gone.nexa.always(Reply::status(500));
    drop(scene);
    let error: reqwest::Error =
        reqwest::Client::new().post(format!("{url}{FLUX_DEV}")).send_failover(&failover).await.unwrap_err();
    assert!(error.is_connect());
    // And a request that cannot be built is the caller's to mend.
    assert!(plain.post("no URL").send_failover(&failover).await.unwrap_err().is_builder());
}

#[tokio::test]
async fn a_plain_client_hears_by_an_answer_that_the_time_is_up() {
    let scene = Scene::new();
    scene.fal.always(Reply::silence());
    scene.nexa.always(Reply::silence());
    let deadline = PerRequest::new().deadline(Duration::from_millis(120));
    let failover = scene.builder().build().unwrap().per_request(deadline);
    let request = reqwest::Client::new().post(format!("{}{FLUX_DEV}", scene.fal.url())).json(&prompt());
    let answer = request.send_failover(&failover).await.unwrap();
    assert_eq!((answer.status().as_u16(), served_by(&answer)), (504, Some("nobody")));
    assert!(answer.extensions().get::<Unanswered>().is_some());
    let body = json_of(answer).await;
    assert!(body["detail"].as_str().unwrap().starts_with("no provider answered:"), "{body}");
}

#[cfg(feature = "tower")]
#[tokio::test]
async fn a_stack_of_tower_services_fails_over() {
    use tower::{ServiceBuilder, ServiceExt};

    let scene = Scene::new();
    let failover = scene.builder().build().unwrap();
    let stack = ServiceBuilder::new().layer(failover.clone()).service(reqwest::Client::new());
    let ask = || {
        let request = reqwest::Client::new().post(format!("{}{FLUX_DEV}", scene.fal.url())).json(&prompt());
        stack.clone().oneshot(request.header("Authorization", FAL_KEY).build().unwrap())
    };
    assert_eq!(served_by(&ask().await.unwrap()), None);
    scene.fal.script([Reply::status(503)]);
    let stood_in = ask().await.unwrap();
    assert_eq!((served_by(&stood_in), stood_in.url().path()), (Some("nexaapi"), FLUX_DEV));
    assert_eq!(scene.counts(), [2, 0, 1]);
    // Errors are boxed, and within the box as they were.
    scene.nexa.always(Reply::status(500));
    scene.fal.always(Reply::reset());
    let error = ask().await.unwrap_err();
    assert!(error.downcast_ref::<reqwest::Error>().unwrap().is_request());
    // Twice in a stack is once.
    let twice = ServiceBuilder::new().layer(failover.clone()).layer(failover).service(reqwest::Client::new());
    let (fal, nexa) = (scene.fal.count(), scene.nexa.count());
    let request =
        reqwest::Client::new().post(format!("{}/fal-ai/flux/schnell", scene.fal.url())).json(&prompt());
    twice.oneshot(request.build().unwrap()).await.unwrap_err();
    assert_eq!((scene.fal.count() - fal, scene.nexa.count() - nexa), (1, 2), "two attempts on the stand-in");
}

#[tokio::test]
async fn one_request_can_be_without_failover_or_have_another_order() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    let failover = scene
        .builder()
        .key(ProviderName::Replicate, "replicate-key-of-ours")
        .stand_in_url(ProviderName::Replicate, scene.replicate.url())
        .stand_ins([ProviderName::Nexa, ProviderName::Replicate])
        .build()
        .unwrap();
    let all = client(failover.clone());
    let ask = async |wishes: PerRequest| {
        let request = all.post(format!("{}{FLUX_DEV}", scene.fal.url())).json(&prompt());
        request.with_extension(wishes).send().await.unwrap()
    };
    let plain = ask(PerRequest::off()).await;
    assert_eq!((plain.status().as_u16(), served_by(&plain)), (503, None));
    assert_eq!(scene.counts(), [1, 0, 0]);
    let other = ask(PerRequest::new().order([ProviderName::Replicate])).await;
    assert_eq!(served_by(&other), Some("replicate"));
    let usual = ask(PerRequest::new()).await;
    assert_eq!(served_by(&usual), Some("nexaapi"));
    // All that go through a handle want the same, and share what is learnt.
    let handle = client(failover.per_request(PerRequest::new().order([ProviderName::Replicate])));
    assert_eq!(served_by(&scene.ask_fal(&handle, &prompt()).await.unwrap()), Some("replicate"));
    let learnt = ask(PerRequest::new()).await;
    assert_eq!(
        (served_by(&learnt), scene.fal.count()),
        (Some("nexaapi"), 4),
        "three failures opened the circuit"
    );
}

#[tokio::test]
async fn switches_work_at_run_time_for_all_clients_of_one_failover() {
    let scene = Scene::new();
    let failover = scene.builder().build().unwrap();
    let (one, other) = (client(failover.clone()), client(failover.clone()));
    failover.force_open("fal").unwrap();
    assert_eq!(failover.state("fal/fal-ai/flux/dev"), Some(CircuitState::ForcedOpen));
    for client in [&one, &other] {
        assert_eq!(served_by(&scene.ask_fal(client, &prompt()).await.unwrap()), Some("nexaapi"));
    }
    assert_eq!(scene.counts(), [0, 0, 2], "a healthy FAL is not asked");
    failover.release("fal").unwrap();
    failover.switch_off();
    scene.fal.script([Reply::status(503)]);
    assert_eq!(scene.ask_fal(&one, &prompt()).await.unwrap().status().as_u16(), 503);
    failover.switch_on();
    assert!(failover.force_closed("fal-ai").unwrap_err().to_string().starts_with("name is no fault domain"));
    assert_eq!(served_by(&scene.ask_fal(&other, &prompt()).await.unwrap()), None);
    assert_eq!(scene.counts(), [2, 0, 2]);
}

#[tokio::test]
async fn installed_twice_is_installed_once() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.nexa.always(Reply::status(500));
    let (one, other) = (scene.builder().build().unwrap(), scene.builder().build().unwrap());
    let twice = ClientBuilder::new(reqwest::Client::new()).with(one.clone()).with(one).with(other).build();
    let answer = scene.ask_fal(&twice, &prompt()).await.unwrap();
    assert_eq!((answer.status().as_u16(), served_by(&answer)), (503, Some("nobody")));
    assert_eq!(scene.counts(), [1, 0, 2], "one request, and two attempts on the stand-in");
}
