//! What the user can ask for beyond the defaults: answers that are checked, refusals seen whole, a request with wishes of its
//! own, switches at run time; and what happens if the same failover is installed twice.

use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::{CircuitState, Failover, PerRequest, ProviderName};
use ureq::Agent;

use crate::scene::{FAL_KEY, FLUX_DEV, Scene, agent, json_of, prompt, provenance, served_by};

/// ureq's default: a failing status is an error.
fn strict(failover: Failover) -> Agent {
    Agent::config_builder().middleware(failover).build().into()
}

#[test]
fn junk_is_answered_by_a_stand_in_where_answers_are_checked() {
    let junk = [
        Reply::json(200, "{\"images\":[]}"),
        Reply::json(200, ""),
        Reply::json(200, "{\"images\":[{\"ur"),
        Reply::status(200).body("<html><body>Welcome</body></html>").header("Content-Type", "text/html"),
    ];
    for junk in junk {
        let scene = Scene::new();
        scene.fal.always(junk);
        let unread = scene.ask_fal(&scene.agent(), &prompt()).unwrap();
        assert_eq!(
            (unread.status().as_u16(), served_by(&unread)),
            (200, None),
            "unless said, it is handed on"
        );
        let checking = agent(scene.failover(scene.builder().check_answers(true)));
        let answer = scene.ask_fal(&checking, &prompt()).unwrap();
        assert_eq!(served_by(&answer), Some("nexaapi"));
        assert!(provenance(&answer).maybe_billed);
        assert_eq!(scene.counts(), [2, 0, 1]);
    }
}

#[test]
fn a_healthy_answer_that_was_checked_is_as_it_came() {
    let scene = Scene::new();
    let body = format!(
        "{{\"images\":[{{\"url\":\"{}/files/a.png\"}}],\"note\":\"{}\"}}",
        scene.fal.url(),
        "x".repeat(200_000)
    );
    scene.fal.always(Reply::json(200, body.as_str()).header("X-Own", "kept"));
    let checking = agent(scene.failover(scene.builder().check_answers(true)));
    let mut answer = scene.ask_fal(&checking, &prompt()).unwrap();
    assert_eq!((served_by(&answer), answer.headers()["x-own"].to_str().unwrap()), (None, "kept"));
    assert_eq!(answer.body().content_length(), Some(body.len() as u64));
    assert!(answer.body_mut().read_to_string().unwrap() == body);
    // What is longer than the limit is nobody's to judge, and as it came too.
    let hasty = agent(scene.failover(scene.builder().check_answers(true).answer_limit(1000)));
    let mut answer = scene.ask_fal(&hasty, &prompt()).unwrap();
    assert_eq!(served_by(&answer), None);
    assert!(answer.body_mut().read_to_string().unwrap() == body);
    assert_eq!(scene.counts(), [2, 0, 0]);
}

#[test]
fn rich_sees_the_hint_of_an_error() {
    let scene = Scene::new();
    scene.fal.script([Reply::status(429).header("Retry-After", "600")]);
    let rich = strict(scene.failover(scene.builder()).rich(true));
    assert_eq!(served_by(&scene.ask_fal(&rich, &prompt()).unwrap()), Some("nexaapi"));
    // Left alone as long as it wants to be: FAL is healthy again, and not asked.
    scene.pass(Duration::from_secs(599));
    assert_eq!(served_by(&scene.ask_fal(&rich, &prompt()).unwrap()), Some("nexaapi"));
    scene.pass(Duration::from_secs(2));
    assert_eq!(served_by(&scene.ask_fal(&rich, &prompt()).unwrap()), None);
    assert_eq!(scene.counts(), [2, 0, 2]);
}

#[test]
fn rich_gives_the_caller_what_its_agent_would() {
    for (status_as_error, status) in [(true, 404), (false, 404), (true, 503), (false, 503)] {
        let scene = Scene::new();
        scene.fal.always(Reply::status(status));
        scene.nexa.always(Reply::status(500));
        let failover = scene.failover(scene.builder()).rich(status_as_error);
        let agent = if status_as_error { strict(failover) } else { agent(failover) };
        match scene.ask_fal(&agent, &prompt()) {
            Err(ureq::Error::StatusCode(code)) => assert!(status_as_error && code == status),
            Ok(answer) => assert!(!status_as_error && answer.status() == status),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Cancelling what is done already is a 400 of ours.
#[test]
fn rich_goes_for_answers_of_ours_too() {
    let scene = Scene::new();
    scene.queue.always(Reply::status(503));
    let rich = strict(scene.failover(scene.builder()).rich(true));
    let url = format!("{}{FLUX_DEV}", scene.queue.url());
    let job = json_of(rich.post(url).header("Authorization", FAL_KEY).send_json(prompt()).unwrap());
    let cancel = job["cancel_url"].as_str().unwrap().to_owned();
    let refused = rich.put(&cancel).header("Authorization", FAL_KEY).send_empty();
    assert!(matches!(refused, Err(ureq::Error::StatusCode(400))));
    let answer = agent(scene.failover(scene.builder()).rich(false)).put(&cancel).send_empty().unwrap();
    assert_eq!(json_of(answer)["status"], "ALREADY_COMPLETED");
}

#[test]
fn one_request_can_be_without_failover_or_have_another_order() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    let builder = scene
        .builder()
        .key(ProviderName::Replicate, "replicate-key-of-ours")
        .stand_in_url(ProviderName::Replicate, scene.replicate.url())
        .stand_ins([ProviderName::Nexa, ProviderName::Replicate]);
    let failover = scene.failover(builder);
    let client = agent(failover.clone());
    let ask = |wishes: PerRequest| {
        let request = client.post(format!("{}{FLUX_DEV}", scene.fal.url())).extension(wishes);
        request.send_json(prompt()).unwrap()
    };
    let plain = ask(PerRequest::off());
    assert_eq!((plain.status().as_u16(), served_by(&plain)), (503, None));
    assert_eq!(scene.counts(), [1, 0, 0]);
    let other = ask(PerRequest::new().order([ProviderName::Replicate]));
    assert_eq!(served_by(&other), Some("replicate"));
    let usual = ask(PerRequest::new());
    assert_eq!(served_by(&usual), Some("nexaapi"));
    // All that go through a handle want the same, and share what is learnt.
    let handle = agent(failover.per_request(PerRequest::new().order([ProviderName::Replicate])));
    assert_eq!(served_by(&scene.ask_fal(&handle, &prompt()).unwrap()), Some("replicate"));
    let learnt = ask(PerRequest::new());
    assert_eq!(
        (served_by(&learnt), scene.fal.count()),
        (Some("nexaapi"), 4),
        "three failures opened the circuit"
    );
}

#[test]
fn switches_work_at_run_time_for_all_agents_of_one_failover() {
    let scene = Scene::new();
    let failover = scene.failover(scene.builder());
    let (one, other) = (agent(failover.clone()), agent(failover.clone()));
    failover.force_open("fal").unwrap();
    assert_eq!(failover.state("fal/fal-ai/flux/dev"), Some(CircuitState::ForcedOpen));
    assert!(failover.states().any(|(_, state)| state == CircuitState::Closed));
    for agent in [&one, &other] {
        assert_eq!(served_by(&scene.ask_fal(agent, &prompt()).unwrap()), Some("nexaapi"));
    }
    assert_eq!(scene.counts(), [0, 0, 2], "a healthy FAL is not asked");
    failover.release("fal").unwrap();
    failover.switch_off();
    scene.fal.script([Reply::status(503)]);
    assert_eq!(scene.ask_fal(&one, &prompt()).unwrap().status().as_u16(), 503);
    failover.switch_on();
    assert!(failover.force_closed("fal-ai").unwrap_err().to_string().starts_with("name is no fault domain"));
    assert_eq!(served_by(&scene.ask_fal(&other, &prompt()).unwrap()), None);
    assert_eq!(scene.counts(), [2, 0, 2]);
}

#[test]
fn installed_twice_is_installed_once() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    scene.nexa.always(Reply::status(500));
    let (one, other) = (scene.failover(scene.builder()), scene.failover(scene.builder()));
    let config = Agent::config_builder().middleware(one.clone()).middleware(one).middleware(other);
    let twice: Agent = config.http_status_as_error(false).build().into();
    let answer = scene.ask_fal(&twice, &prompt()).unwrap();
    assert_eq!((answer.status().as_u16(), served_by(&answer)), (503, Some("nobody")));
    assert_eq!(scene.counts(), [1, 0, 2], "one request, and two attempts on the stand-in");
}
