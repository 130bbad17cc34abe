//! NexaAPI by jobs: pending, processing, and how it ends.

use crate::client::{Answer, Client, ask};
use failover_testkit::{JobEnd, Provider, Reply};
use std::thread;

const KEY: &str = "Authorization: Bearer secret\r\n";
const BODY: &str = r#"{"model":"flux-dev","prompt":"cat","seed":7}"#;

fn generate(nexa: &Provider) -> Answer {
    Client::of(nexa).post("/v1/images/generate", KEY, BODY).answer()
}

fn poll(nexa: &Provider) -> Answer {
    ask(nexa, "GET", "/v1/jobs/job-00000001", KEY)
}

fn standing(status: &str) -> String {
    format!(
        r#"{{"id":"job-00000001","status":"{status}","model":"flux-dev","created_at":"2026-11-20T23:00:00.000Z""#
    )
}

const ENDED: &str = r#","completed_at":"2026-11-20T23:00:02.000Z""#;

#[test]
fn a_job_is_pending_then_processing_then_completed() {
    let nexa = Provider::nexa();
    nexa.jobs(3);
    let unfinished = |status| format!("{}}}", standing(status));
    let answer = generate(&nexa);
    assert_eq!((answer.code, answer.body), (200, unfinished("pending")));
    for status in ["pending", "processing", "processing"] {
        assert_eq!(poll(&nexa).body, unfinished(status));
    }
    let url = "https://media.nexa-api.example/images/00000001-0.png";
    for _ in 0..2 {
        let answer = poll(&nexa);
        assert_eq!(answer.code, 200);
        assert_eq!(
            answer.body,
            format!(
                r#"{}{ENDED},"result":{{"url":"{url}","images":[{{"url":"{url}"}}],"width":1024,"height":1024,"seed":7}},"cost":0.02}}"#,
                standing("completed")
            )
        );
    }
}

#[test]
fn without_jobs_the_result_is_in_the_answer_again() {
    let nexa = Provider::nexa();
    nexa.jobs(1);
    generate(&nexa);
    nexa.jobs(0);
    assert!(generate(&nexa).body.starts_with(r#"{"id":"job-00000002","status":"completed","#));
    assert_eq!(poll(&nexa).body, format!("{}}}", standing("pending")));
    assert!(poll(&nexa).body.starts_with(&standing("completed")));
}

#[test]
fn a_job_may_end_badly() {
    for (end, expected) in [
        (JobEnd::Failed, format!(r#"{}{ENDED},"error":"The model failed."}}"#, standing("failed"))),
        (JobEnd::Cancelled, format!("{}{ENDED}}}", standing("cancelled"))),
        (JobEnd::Never, format!("{}}}", standing("processing"))),
        (JobEnd::Word("expired"), format!("{}}}", standing("expired"))),
        (JobEnd::Gone, r#"{"detail":"Not Found"}"#.to_owned()),
    ] {
        let nexa = Provider::nexa();
        nexa.jobs(1);
        nexa.jobs_end(end);
        generate(&nexa);
        nexa.jobs_end(JobEnd::Completed);
        assert_eq!(poll(&nexa).body, format!("{}}}", standing("pending")));
        for _ in 0..3 {
            let answer = poll(&nexa);
            assert_eq!(answer.body, expected);
            assert_eq!(answer.code, if end == JobEnd::Gone { 404 } else { 200 });
        }
    }
}

#[test]
fn a_generation_may_fail_in_its_first_answer() {
    let nexa = Provider::nexa();
    nexa.jobs_end(JobEnd::Failed);
    let answer = generate(&nexa);
    assert_eq!(answer.code, 200);
    assert!(answer.body.starts_with(&standing("failed")), "{}", answer.body);
}

#[test]
fn a_poll_takes_its_reply_from_the_script_and_then_does_not_count() {
    let nexa = Provider::nexa();
    nexa.jobs(1);
    generate(&nexa);
    nexa.script([Reply::status(503)]);
    assert_eq!(poll(&nexa).code, 503);
    assert_eq!(poll(&nexa).body, format!("{}}}", standing("pending")));
}

#[test]
fn a_job_is_told_to_whoever_has_a_key_and_knows_its_id() {
    let nexa = Provider::nexa();
    nexa.jobs(1);
    generate(&nexa);
    assert_eq!(ask(&nexa, "GET", "/v1/jobs/job-00000001", "").code, 401);
    assert_eq!(ask(&nexa, "GET", "/v1/jobs/job-1", KEY).code, 404);
    assert_eq!(ask(&nexa, "DELETE", "/v1/jobs/job-00000001", KEY).code, 404);
}

#[test]
fn jobs_of_many_clients_are_told_apart() {
    let nexa = Provider::nexa();
    nexa.jobs(2);
    let run = |seed: usize| {
        let body = format!(r#"{{"seed":{seed}}}"#);
        let answer = Client::of(&nexa).post("/v1/images/generate", KEY, &body).answer().body;
        let id = answer.split('"').nth(3).unwrap().to_owned();
        let [_, _, last] = [(); 3].map(|()| ask(&nexa, "GET", &format!("/v1/jobs/{id}"), KEY).body);
        assert!(last.contains(r#""status":"completed""#) && last.contains(&format!(r#""seed":{seed}}}"#)));
    };
    thread::scope(|scope| {
        for seed in 0..8 {
            let run = &run;
            scope.spawn(move || run(seed));
        }
    });
    assert_eq!(nexa.count(), 32);
}
