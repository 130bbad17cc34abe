//! Jobs that were failed over, over real sockets: one generation, whatever is asked about it afterwards, and by whom.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_testkit::{JobEnd, Reply, Seen};
use failover_ureq::Store;
use serde_json::{Value, json};
use ureq::{Agent, Error, ResponseExt};

use crate::scene::{FAL_KEY, FLUX_DEV, REPLICATE_KEY, Scene, agent, json_of, prompt, provenance, served_by};

const FLUX: &str = "/v1/models/black-forest-labs/flux-schnell/predictions";

/// Submits to the queue, which is down, and gives what the caller hears.
fn submit(scene: &Scene, agent: &Agent, body: &Value) -> Value {
    scene.queue.always(Reply::status(503));
    let url = format!("{}{FLUX_DEV}", scene.queue.url());
    let response = agent.post(url).header("Authorization", FAL_KEY).send_json(body).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nexaapi")));
    json_of(response)
}

/// Asks one of the job's URLs: the status, and what was said.
fn get(agent: &Agent, url: &Value) -> (u16, Value) {
    let url = url.as_str().expect("a URL");
    let response = agent.get(url).header("Authorization", FAL_KEY).call().unwrap();
    // A job that cannot be asked for, or whose result is gone, is served by nobody.
    let lost = matches!(response.status().as_u16(), 500 | 503);
    assert!(served_by(&response) == Some("nexaapi") || (lost && served_by(&response) == Some("nobody")));
    assert_eq!(response.get_uri().to_string(), url, "it says where it was asked");
    (response.status().as_u16(), json_of(response))
}

fn words(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
}

#[test]
fn a_queue_job_is_submitted_once_polled_and_fetched() {
    let scene = Scene::new();
    scene.nexa.jobs(2);
    let agent = scene.agent();
    let job = submit(&scene, &agent, &prompt());
    assert_eq!(job["status"], "IN_QUEUE");
    assert!(job["request_id"].as_str().unwrap().starts_with("nx_"), "{job}");
    for url in ["status_url", "response_url", "cancel_url"] {
        let url = job[url].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/fal-ai/flux/requests/nx_", scene.queue.url())), "{url}");
    }
    scene.queue.heal();
    let polls = [(202, "IN_QUEUE"), (202, "IN_PROGRESS"), (200, "COMPLETED")];
    for (code, word) in polls {
        let (status, said) = get(&agent, &job["status_url"]);
        assert_eq!((status, said["status"].as_str()), (code, Some(word)));
        assert_eq!(said["request_id"], job["request_id"]);
    }
    let (status, result) = get(&agent, &job["response_url"]);
    assert_eq!(status, 200);
    assert!(result["images"][0]["url"].is_string() && result["prompt"] == prompt()["prompt"], "{result}");
    assert_eq!((scene.queue.count(), scene.generations()), (1, 1));
    let nexa = scene.nexa.seen();
    assert_eq!(nexa.len(), 5, "{:?}", words(&nexa));
    for seen in &nexa[1..] {
        assert!(seen.method == "GET" && seen.path.starts_with("/v1/jobs/job-"), "{seen:?}");
        assert!(seen.header("content-length").is_none() && seen.header("transfer-encoding").is_none());
    }
    assert_eq!(scene.elapsed(), Duration::ZERO, "nobody waited");
    assert_eq!(scene.seen.lock().unwrap().len(), 1, "a question for a job is none that was failed over");
}

#[test]
fn another_process_answers_for_the_id() {
    let scene = Scene::new();
    scene.nexa.jobs(1);
    let job = submit(&scene, &scene.agent(), &prompt());
    let other = scene.agent();
    let said: Vec<_> = (0..3).map(|_| get(&other, &job["status_url"]).1["status"].clone()).collect();
    assert_eq!(said, ["IN_QUEUE", "COMPLETED", "COMPLETED"]);
    let (status, result) = get(&scene.agent(), &job["response_url"]);
    assert!(status == 200 && result["images"][0]["url"].is_string(), "{result}");
    assert_eq!((scene.queue.count(), scene.generations()), (1, 1));
}

#[test]
fn a_result_that_is_here_already_is_asked_of_nobody() {
    let scene = Scene::new();
    let job = submit(&scene, &scene.agent(), &prompt());
    scene.nexa.forget();
    let other = scene.agent();
    assert_eq!(get(&other, &job["status_url"]).1["status"], "COMPLETED");
    let (status, result) = get(&other, &job["response_url"]);
    assert!(status == 200 && result["images"][0]["url"].is_string(), "{result}");
    assert_eq!((scene.queue.count(), scene.nexa.count()), (1, 0));
}

#[test]
fn the_states_of_a_job_come_as_a_stream() {
    let scene = Scene::new();
    scene.nexa.jobs(2);
    let agent = agent(scene.failover(scene.builder().poll_interval(Duration::from_millis(300))));
    let job = submit(&scene, &agent, &prompt());
    let url = format!("{}/stream", job["status_url"].as_str().unwrap());
    let mut response = agent.get(url).call().unwrap();
    assert_eq!(response.body().mime_type(), Some("text/event-stream"));
    let text = response.body_mut().read_to_string().unwrap();
    let events: Vec<Value> = text
        .split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    assert_eq!(events.last().unwrap()["status"], "COMPLETED");
    assert_eq!((scene.queue.count(), scene.generations()), (1, 1));
    assert_eq!(scene.elapsed(), Duration::from_millis(600), "a pause before each further question");
}

#[test]
fn a_cancel_comes_too_late_and_reaches_nobody() {
    let scene = Scene::new();
    scene.nexa.jobs(5);
    let job = submit(&scene, &scene.agent(), &prompt());
    scene.nexa.forget();
    let url = job["cancel_url"].as_str().unwrap();
    let response = scene.agent().put(url).send_empty().unwrap();
    assert_eq!((response.status().as_u16(), response.get_uri().to_string().as_str()), (400, url));
    assert_eq!(json_of(response), json!({ "status": "ALREADY_COMPLETED" }));
    assert_eq!((scene.queue.count(), scene.nexa.count()), (1, 0));
}

/// As it is set up unless the caller says otherwise.
fn strict(scene: &Scene) -> Agent {
    Agent::config_builder().middleware(scene.failover(scene.builder())).build().into()
}

#[test]
fn a_failing_status_of_ours_is_what_the_caller_wants_it_to_be() {
    let scene = Scene::new();
    scene.nexa.jobs(1);
    scene.nexa.jobs_end(JobEnd::Failed);
    let strict = strict(&scene);
    let job = submit(&scene, &strict, &prompt());
    let url = |name: &str| job[name].as_str().unwrap();
    assert!(matches!(strict.put(url("cancel_url")).send_empty(), Err(Error::StatusCode(400))));
    assert!(matches!(strict.get(url("response_url")).call(), Err(Error::StatusCode(400))));
    assert_eq!(get(&strict, &job["status_url"]).0, 200);
    let ended = get(&strict, &job["status_url"]).1;
    assert!(ended["status"] == "COMPLETED" && ended["error"].is_string(), "{ended}");
    assert!(matches!(strict.get(url("response_url")).call(), Err(Error::StatusCode(500))));
    let lenient = strict.get(url("response_url")).config().http_status_as_error(false).build().call();
    assert_eq!(lenient.unwrap().status(), 500);
}

#[test]
fn an_id_that_nobody_gave_out_is_unknown_and_asked_of_nobody() {
    let scene = Scene::new();
    let agent = scene.agent();
    let forged = [
        format!("{}/fal-ai/flux/requests/nx_/status", scene.queue.url()),
        format!("{}/fal-ai/flux/requests/nx_eyJhIjoiZmFsIn0", scene.queue.url()),
        format!("{}/v1/predictions/nx_{}", scene.replicate.url(), "A".repeat(20_000)),
    ];
    for url in forged {
        let response = agent.get(&url).header("Authorization", FAL_KEY).call().unwrap();
        assert_eq!((response.status().as_u16(), response.get_uri().to_string()), (404, url));
    }
    assert_eq!((scene.counts(), scene.queue.count()), ([0, 0, 0], 0));
}

#[test]
fn a_job_that_cannot_be_asked_for_now_is_not_lost() {
    let scene = Scene::new();
    scene.nexa.jobs(1);
    let agent = scene.agent();
    let job = submit(&scene, &agent, &prompt());
    scene.nexa.always(Reply::status(500));
    assert_eq!(get(&agent, &job["status_url"]).0, 503);
    scene.nexa.heal();
    scene.pass(Duration::from_secs(60));
    assert_eq!(get(&agent, &job["status_url"]).0, 202);
    assert_eq!((scene.queue.count(), scene.generations()), (1, 1));
}

#[test]
fn a_prediction_that_nobody_waits_for_is_polled_to_its_end() {
    let scene = Scene::new();
    scene.replicate.always(Reply::status(500));
    scene.nexa.jobs(2);
    let agent = scene.agent();
    let create = |input: &Value| {
        let request = agent.post(format!("{}{FLUX}", scene.replicate.url()));
        request.header("Authorization", REPLICATE_KEY).send_json(input).unwrap()
    };
    let input = json!({ "input": { "prompt": "a lighthouse" } });
    let response = create(&input);
    assert_eq!((response.status().as_u16(), served_by(&response)), (201, Some("nexaapi")));
    let created = json_of(response);
    assert_eq!((&created["status"], &created["input"]), (&json!("starting"), &input["input"]));
    let polls: Vec<_> = (0..3).map(|_| get(&agent, &created["urls"]["get"]).1).collect();
    let words: Vec<_> = polls.iter().map(|prediction| prediction["status"].clone()).collect();
    assert_eq!(words, ["starting", "processing", "succeeded"]);
    assert!(polls[2]["output"][0].is_string() && polls[2]["id"] == created["id"], "{}", polls[2]);
    let cancel = agent.post(created["urls"]["cancel"].as_str().unwrap()).send_empty().unwrap();
    assert_eq!((cancel.status().as_u16(), json_of(cancel)["status"].as_str()), (200, Some("succeeded")));
    assert_eq!((scene.replicate.count(), scene.generations()), (1, 1));
}

#[test]
fn the_page_of_a_version_outlives_an_outage() {
    const HASH: &str = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b";
    let scene = Scene::new();
    let url = format!("{}/v1/models/stability-ai/sdxl/versions/{HASH}", scene.replicate.url());
    let ask = |agent: &Agent| agent.get(&url).header("Authorization", REPLICATE_KEY).call().unwrap();
    let healthy = ask(&scene.agent());
    assert_eq!(served_by(&healthy), None);
    scene.replicate.always(Reply::status(503));
    for agent in [scene.agent(), strict(&scene)] {
        let response = ask(&agent);
        assert_eq!((response.status().as_u16(), response.get_uri().to_string()), (200, url.clone()));
        assert_eq!(json_of(response)["id"], HASH);
    }
    scene.replicate.always(Reply::reset());
    assert_eq!(json_of(ask(&scene.agent()))["id"], HASH);
    for seen in scene.replicate.seen() {
        assert!(seen.header("content-length").is_none() && seen.header("transfer-encoding").is_none());
    }
    assert_eq!(scene.counts(), [0, 4, 0]);
}

/// A store that several processes share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<HashMap<String, Vec<u8>>>>);

impl Store for Shared {
    fn put(&self, id: &str, record: Vec<u8>) {
        self.0.lock().unwrap().insert(id.to_owned(), record);
    }

    fn get(&self, id: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(id).cloned()
    }
}

#[test]
fn a_result_too_long_for_its_id_lies_in_the_store() {
    let scene = Scene::new();
    let url = format!("https://cdn.example/{}.png", "x".repeat(1_200));
    scene.nexa.always(Reply::json(200, json!({ "url": url }).to_string()));
    let store = Shared::default();
    let new = || agent(scene.failover(scene.builder().store(store.clone())));
    let job = submit(&scene, &new(), &prompt());
    assert!(job["request_id"].as_str().unwrap().len() <= 1_000);
    let (status, result) = get(&new(), &job["response_url"]);
    assert_eq!((status, &result["images"][0]["url"]), (200, &json!(url)));
    let (status, lost) = get(&scene.agent(), &job["response_url"]);
    assert_eq!(status, 500, "a job that failed, in FAL's words: {lost}");
    assert_eq!((scene.queue.count(), scene.generations()), (1, 1), "never a second generation");
}

#[test]
fn a_healthy_queue_is_untouched() {
    /// A job's whole life, with what the server saw and the caller heard.
    fn life(scene: &Scene, agent: &Agent) -> Vec<String> {
        let base = scene.queue.url();
        let mut heard = Vec::new();
        let mut tell = |response: Result<ureq::http::Response<ureq::Body>, Error>| {
            let mut response = response.unwrap();
            assert!(response.extensions().get::<failover_ureq::Provenance>().is_none());
            let text = response.body_mut().read_to_string().unwrap();
            heard.push(format!("{:?} {:?} {text}", response.status(), response.headers()));
            text
        };
        let url = format!("{base}{FLUX_DEV}?fal_max_queue_length=3");
        let job = tell(agent.post(url).header("Authorization", FAL_KEY).send_json(prompt()));
        let job: Value = serde_json::from_str(&job).unwrap();
        let url = |name: &str| job[name].as_str().unwrap();
        tell(agent.get(format!("{}?logs=1", url("status_url"))).call());
        tell(agent.put(url("cancel_url")).send_empty());
        tell(agent.get(format!("{}/stream", url("status_url"))).call());
        tell(agent.get(url("response_url")).header("Authorization", FAL_KEY).call());
        tell(agent.get(format!("{base}/fal-ai/flux/requests/none/status")).call());
        heard.extend(scene.queue.seen().iter().map(|seen| format!("{seen:?}")));
        heard.iter().map(|line| line.replace(base.strip_prefix("http://").unwrap(), "HERE")).collect()
    }
    let (direct, through) = (Scene::new(), Scene::new());
    let bare: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    assert_eq!(life(&direct, &bare), life(&through, &through.agent()));
    assert_eq!((through.queue.count(), through.counts()), (6, [0, 0, 0]));
    assert!(through.seen.lock().unwrap().is_empty(), "the observer was called");
}

#[test]
fn a_fal_request_waits_for_nexas_job() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(429));
    scene.nexa.jobs(3);
    let agent = agent(scene.failover(scene.builder().poll_interval(Duration::from_millis(250))));
    let response = scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some("nexaapi")));
    assert_eq!(provenance(&response).attempts.len(), 2, "one attempt, however long the talk");
    assert!(json_of(response)["images"][0]["url"].is_string());
    let polls = scene.nexa.count() - 1;
    assert_eq!((scene.fal.count(), scene.generations()), (1, 1));
    assert_eq!(scene.elapsed(), Duration::from_millis(250) * u32::try_from(polls).unwrap());
}
