//! FAL's queue: submit, ask, fetch, cancel.

use crate::client::{Answer, ask, get, post};
use failover_testkit::{JobEnd, Provider};

const ID: &str = "00000000-0000-4000-8000-000000000001";
const JOB: &str = "/fal-ai/flux/requests/00000000-0000-4000-8000-000000000001";
const IN_PROGRESS: &str = r#"{"detail":"Request is still in progress"}"#;

fn submitted() -> (Provider, Answer) {
    let queue = Provider::fal_queue();
    let answer = post(&queue, "/fal-ai/flux/dev?fal_max_queue_length=9", r#"{"prompt":"cat","seed":7}"#);
    (queue, answer)
}

fn status(queue: &Provider) -> Answer {
    get(queue, &format!("{JOB}/status"))
}

/// The three URLs as every answer has them.
fn urls(queue: &Provider) -> String {
    let job = format!("{}{JOB}", queue.url());
    format!(
        r#""request_id":"{ID}","response_url":"{job}","status_url":"{job}/status","cancel_url":"{job}/cancel""#
    )
}

#[test]
fn a_job_is_submitted_asked_after_and_fetched() {
    let (queue, answer) = submitted();
    let urls = urls(&queue);
    assert_eq!(answer.code, 200);
    assert_eq!(
        answer.body,
        format!(r#"{{"status":"IN_QUEUE",{urls},"queue_position":0,"logs":null,"metrics":{{}}}}"#)
    );
    for (code, expected) in [
        (202, format!(r#"{{"status":"IN_QUEUE","queue_position":0,{urls}}}"#)),
        (202, format!(r#"{{"status":"IN_PROGRESS","logs":[],{urls}}}"#)),
        (200, format!(r#"{{"status":"COMPLETED","logs":null,"metrics":{{"inference_time":1.2}},{urls}}}"#)),
    ] {
        let early = get(&queue, JOB);
        assert_eq!((early.code, early.body.as_str()), (400, IN_PROGRESS));
        let answer = status(&queue);
        assert_eq!((answer.code, &answer.body), (code, &expected));
        assert_eq!(answer.header("x-fal-request-id"), Some(ID));
    }
    let result = get(&queue, JOB);
    assert_eq!((result.code, result.header("x-fal-request-id")), (200, Some(ID)));
    assert!(result.body.starts_with(r#"{"images":[{"url":"https://v3.fal.media/files/rehearsal/1-0.jpg""#));
    assert!(result.body.ends_with(r#""seed":7,"has_nsfw_concepts":[false],"prompt":"cat"}"#));
    assert_eq!(get(&queue, JOB).body, result.body);
    assert_eq!(queue.count(), 9);
}

#[test]
fn the_result_has_the_shape_of_the_model_that_was_submitted() {
    let queue = Provider::fal_queue();
    queue.jobs(0);
    post(&queue, "/fal-ai/kling-video/v2/master/text-to-video", "{}");
    let job = format!("/fal-ai/kling-video/requests/{ID}");
    assert!(get(&queue, &job).body.starts_with(r#"{"video":{"url":"https://v3.fal.media/"#));
    assert_eq!(get(&queue, &format!("{job}/status")).code, 200);
}

#[test]
fn a_namespace_is_part_of_the_address() {
    let queue = Provider::fal_queue();
    let answer = post(&queue, "/workflows/acme/poster/fast", "{}");
    assert!(answer.body.contains(&format!("{}/workflows/acme/poster/requests/{ID}/status\"", queue.url())));
    assert_eq!(get(&queue, &format!("/workflows/acme/poster/requests/{ID}/status")).code, 202);
    assert_eq!(post(&queue, "/comfy/acme", "{}").code, 404);
}

#[test]
fn the_stream_tells_what_is_left() {
    let words = |answer: &Answer| -> Vec<String> {
        let events = answer.body.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
        events.map(|data| data.split('"').nth(3).unwrap().to_owned()).collect()
    };
    let stream = format!("{JOB}/status/stream?logs=1");
    let (queue, _) = submitted();
    let answer = get(&queue, &stream);
    assert_eq!((answer.code, answer.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(words(&answer), ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
    assert_eq!(words(&get(&queue, &stream)), ["COMPLETED"]);
    assert_eq!(get(&queue, JOB).code, 200);

    let (queue, _) = submitted();
    assert_eq!([status(&queue).code, status(&queue).code], [202, 202]);
    assert_eq!(words(&get(&queue, &stream)), ["IN_PROGRESS", "COMPLETED"]);
}

#[test]
fn logs_are_told_to_whoever_wants_them() {
    for (query, lines) in [("", 0), ("?logs=0", 0), ("?logs=false", 0), ("?logs=1", 2), ("?x=1&logs=true", 2)]
    {
        let (queue, _) = submitted();
        let answers = (0..3).map(|_| get(&queue, &format!("{JOB}/status{query}")).body);
        assert_eq!(answers.filter(|body| body.contains(r#""logs":[{"message":""#)).count(), lines, "{query}");
    }
}

#[test]
fn a_cancellation_is_asked_for() {
    let (queue, _) = submitted();
    let cancel = |job: &str| {
        let answer = ask(&queue, "PUT", &format!("{job}/cancel"), "");
        (answer.code, answer.body)
    };
    assert_eq!(cancel(JOB), (202, r#"{"status":"CANCELLATION_REQUESTED"}"#.to_owned()));
    assert_eq!([status(&queue).code, status(&queue).code, status(&queue).code], [202, 202, 200]);
    assert_eq!(cancel(JOB), (400, r#"{"status":"ALREADY_COMPLETED"}"#.to_owned()));
    assert_eq!(cancel("/fal-ai/flux/requests/x"), (404, r#"{"status":"NOT_FOUND"}"#.to_owned()));
}

#[test]
fn what_is_no_job_is_not_found() {
    let (queue, _) = submitted();
    for (method, path, code) in [
        ("GET", "/fal-ai/flux/requests/x", 404),
        ("GET", "/fal-ai/flux/requests/x/status", 404),
        ("GET", "/fal-ai/flux/requests/x/status/stream", 404),
        ("GET", &JOB.replace("flux", "wan"), 404),
        ("GET", &JOB.replace("flux", "flux/dev"), 405),
        ("POST", JOB, 404),
        ("GET", "/fal-ai/flux", 405),
        ("POST", "/flux", 404),
    ] {
        let answer = ask(&queue, method, path, "");
        assert_eq!(answer.code, code, "{method} {path}");
        assert!(answer.body.starts_with(r#"{"detail":""#), "{path}");
    }
}

#[test]
fn a_job_may_end_badly() {
    for (end, said, code, word) in [
        (JobEnd::Failed, "COMPLETED", 503, r#""error_type":"runner_scheduling_failure""#),
        (JobEnd::Cancelled, "COMPLETED", 499, r#""error_type":"client_cancelled""#),
        (JobEnd::Never, "IN_PROGRESS", 400, r#""logs":[]"#),
        (JobEnd::Word("EXPIRED"), "EXPIRED", 400, r#""logs":null"#),
    ] {
        let queue = Provider::fal_queue();
        queue.jobs(1);
        queue.jobs_end(end);
        post(&queue, "/fal-ai/flux/dev", "{}");
        assert!(status(&queue).body.contains("IN_QUEUE"));
        let body = status(&queue).body;
        assert!(body.starts_with(&format!(r#"{{"status":"{said}","#)) && body.contains(word), "{body}");
        assert_eq!(get(&queue, JOB).code, code, "{end:?}");
    }
    let queue = Provider::fal_queue();
    queue.jobs_end(JobEnd::Gone);
    post(&queue, "/fal-ai/flux/dev", "{}");
    assert_eq!([status(&queue).code, status(&queue).code, status(&queue).code], [202, 202, 404]);
    assert_eq!([get(&queue, JOB).code, ask(&queue, "PUT", &format!("{JOB}/cancel"), "").code], [404, 404]);
}
