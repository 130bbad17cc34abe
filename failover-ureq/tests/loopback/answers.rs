//! Answers that are read before they are judged, files that are handed out as data, and what our settings add to a request.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::{ProviderName, Triggers};
use serde_json::json;

use crate::scene::{FAL_KEY, FLUX_DEV, FLUX_SCHNELL, NEXA_KEY, REPLICATE_KEY, Scene};
use crate::scene::{agent, json_of, prompt, served_by};

const THROTTLED: &str = r#"{"detail":"Request was throttled. Your rate limit resets in ~30s.","status":429}"#;

#[test]
fn a_hint_in_replicates_words_is_respected_until_its_moment() {
    let scene = Scene::new();
    let agent = scene.agent();
    scene.replicate.script([Reply::json(429, THROTTLED)]);
    let ask = || {
        let response = scene.ask_replicate(&agent, FLUX_SCHNELL, &json!({ "input": prompt() }));
        served_by(&response).map(str::to_owned)
    };
    assert_eq!(ask().as_deref(), Some("nexaapi"));
    scene.pass(Duration::from_secs(29));
    assert_eq!(ask().as_deref(), Some("nexaapi"));
    scene.pass(Duration::from_secs(2));
    assert_eq!(ask(), None);
    assert_eq!(scene.counts(), [0, 2, 2]);
}

#[test]
fn what_was_read_to_be_judged_is_handed_back_whole() {
    for length in [0, 10, 64 * 1024, 300_000] {
        let scene = Scene::new();
        let body = format!("{{\"detail\":\"{}\"}}\r\n ", "x".repeat(length));
        scene.fal.always(Reply::json(429, body.as_str()).header("X-Own", "kept"));
        scene.nexa.always(Reply::status(402));
        let mut response = scene.ask_fal(&scene.agent(), &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (429, Some("nobody")));
        assert_eq!(response.headers()["x-own"], "kept");
        assert_eq!(response.headers()["content-length"], body.len().to_string());
        assert!(body.len() > 64 * 1024 || response.body().content_length() == Some(body.len() as u64));
        assert!(response.body_mut().read_to_string().unwrap() == body, "{length}");
    }
}

#[test]
fn fals_refusal_for_want_of_credit_is_known_by_its_words() {
    let scene = Scene::new();
    let builder = scene.builder().triggers(Triggers::default().out_of_credit(true));
    let agent = agent(scene.failover(builder));
    scene.fal.script([Reply::status(403)]);
    let response = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"), "an exhausted balance");
    scene.pass(Duration::from_secs(60));
    scene.fal.script([Reply::json(403, r#"{"detail":"not yours"}"#)]);
    let response = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!((response.status().as_u16(), json_of(response)), (403, json!({ "detail": "not yours" })));
    assert_eq!(scene.counts(), [2, 0, 1]);
}

#[test]
fn words_that_do_not_come_are_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 429 Slow Down\r\ncontent-length: 9\r\n\r\n{");
        let _ = stream.read(&mut [0; 1]); // until the client has gone
    });
    let scene = Scene::new();
    let builder = scene.builder().provider_url(ProviderName::Fal, url.as_str());
    let agent = agent(scene.failover(builder.primary_limit(Duration::from_millis(400))));
    let response = agent.post(format!("{url}{FLUX_DEV}")).send_json(prompt()).unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
}

#[test]
fn files_are_fetched_as_data_without_a_key() {
    let scene = Scene::new();
    scene.nexa.media_here(true);
    let here = scene.builder().media_host(ProviderName::Nexa, scene.nexa.url());
    let agents = [agent(scene.failover(here.clone())), agent(scene.failover(here.outputs_as_data(true)))];
    scene.fal.always(Reply::status(429));
    scene.replicate.always(Reply::status(500));
    let mut body = prompt();
    body["sync_mode"] = json!(true);
    let response = scene.ask_fal(&agents[0], &body).unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
    let file = json_of(response)["images"][0].clone();
    assert!(file["url"].as_str().unwrap().starts_with("data:image/png;base64,iVBOR"), "{file}");

    let input = json!({ "input": { "prompt": "a lighthouse", "num_outputs": 2 } });
    let prediction = json_of(scene.ask_replicate(&agents[1], FLUX_SCHNELL, &input));
    let output = prediction["output"].as_array().unwrap();
    assert!(
        output.len() == 2 && output.iter().all(|url| url.as_str().unwrap().starts_with("data:image/png"))
    );

    let seen = scene.nexa.seen();
    let (fetched, asked): (Vec<_>, Vec<_>) = seen.iter().partition(|seen| seen.path.starts_with("/media/"));
    assert_eq!((fetched.len(), asked.len()), (3, 2));
    for seen in fetched {
        assert!(seen.method == "GET" && seen.body.is_empty() && seen.header("content-length").is_none());
        assert!(seen.header("authorization").is_none() && seen.header("cookie").is_none());
        for key in [FAL_KEY, REPLICATE_KEY, NEXA_KEY] {
            assert!(!seen.mentions(key.rsplit(' ').next().unwrap()), "{seen:?}");
        }
    }
}

#[test]
fn files_on_a_host_that_nobody_declared_are_not_fetched() {
    let scene = Scene::new();
    scene.nexa.media_here(true);
    scene.fal.always(Reply::status(429));
    let mut body = prompt();
    body["sync_mode"] = json!(true);
    let response = scene.ask_fal(&scene.agent(), &body).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (429, Some("nobody")));
    assert!(scene.nexa.seen().iter().all(|seen| !seen.path.starts_with("/media/")));
}

#[test]
fn a_job_keeps_its_keys_where_they_belong() {
    let scene = Scene::new();
    scene.queue.always(Reply::status(503));
    scene.nexa.jobs(1);
    let agent = scene.agent();
    let url = format!("{}{FLUX_DEV}", scene.queue.url());
    let job = json_of(agent.post(url).header("Authorization", FAL_KEY).send_json(prompt()).unwrap());
    for url in ["status_url", "status_url", "response_url"] {
        let url = job[url].as_str().unwrap();
        assert!(!url.contains("secret") && !url.contains("lighthouse"), "ids are logged");
        let poll = agent.get(url).header("Authorization", FAL_KEY).header("Cookie", "sid=caller-secret");
        poll.call().unwrap();
    }
    assert_eq!((scene.queue.count(), scene.nexa.count()), (1, 4));
    let nexa = scene.nexa.seen();
    assert!(nexa.iter().all(|seen| seen.header("authorization").unwrap().ends_with(NEXA_KEY)));
    assert!(nexa.iter().all(|seen| !seen.mentions("fal-secret") && !seen.mentions("caller-secret")));
    assert!(scene.queue.seen().iter().all(|seen| !seen.mentions(NEXA_KEY)));
}

#[test]
fn fal_is_told_not_to_repeat_only_when_asked() {
    const HEADER: &str = "x-fal-no-retry";
    let scene = Scene::new();
    let quiet = agent(scene.failover(scene.builder().fal_no_retry(true)));
    let ask = |agent: &ureq::Agent, own: Option<&str>| {
        let mut request = agent.post(format!("{}{FLUX_DEV}", scene.queue.url()));
        if let Some(own) = own {
            request = request.header(HEADER, own);
        }
        request.send_json(prompt()).unwrap();
        scene.queue.seen().pop().unwrap().header(HEADER).map(str::to_owned)
    };
    assert_eq!(ask(&scene.agent(), None), None);
    assert_eq!(ask(&quiet, None).as_deref(), Some("1"));
    assert_eq!(ask(&quiet, Some("0")).as_deref(), Some("0"), "the caller's own word");
    scene.queue.always(Reply::status(503));
    ask(&quiet, None);
    scene.replicate.always(Reply::status(503));
    scene.ask_replicate(&quiet, FLUX_SCHNELL, &json!({ "input": prompt() }));
    let others = [scene.replicate.seen(), scene.nexa.seen()].concat();
    assert!(others.len() == 3 && others.iter().all(|seen| seen.header(HEADER).is_none()));
}

#[test]
fn fal_stands_in_for_replicate_with_a_key_of_our_own() {
    const OUR_FAL_KEY: &str = "our-fal-secret-0004";
    let scene = Scene::new();
    let builder = scene.builder().stand_ins([ProviderName::Fal, ProviderName::Nexa]);
    let builder =
        builder.key(ProviderName::Fal, OUR_FAL_KEY).stand_in_url(ProviderName::Fal, scene.fal.url());
    let agent = agent(scene.failover(builder));
    scene.replicate.always(Reply::status(500));
    let response = scene.ask_replicate(&agent, FLUX_SCHNELL, &json!({ "input": prompt() }));
    assert_eq!((response.status().as_u16(), served_by(&response)), (201, Some("fal")));
    assert_eq!(scene.counts(), [1, 1, 0]);
    let seen = scene.fal.seen().pop().unwrap();
    assert!(
        seen.header("authorization").unwrap().ends_with(OUR_FAL_KEY) && !seen.mentions("replicate-secret")
    );
}

#[test]
fn the_tables_are_at_hand() {
    let scene = Scene::new();
    let failover = scene.failover(scene.builder());
    let config = failover.config();
    assert!(config.should_failover(429) && !config.should_failover(404));
    let url = "https://fal.run/fal-ai/flux/dev";
    let (request, translated) =
        config.build_request(url, br#"{"prompt":"a cat"}"#, ProviderName::Nexa).unwrap();
    assert!(request.uri().to_string().starts_with(&scene.nexa.url()) && translated.model == "flux-dev");
    assert_eq!(config.catalogue().resolve_fal("fal-ai/flux/dev").unwrap().stand_in, "flux-dev");
}
