//! Replicate's predictions that nobody waited for, and its outputs by model.

use crate::client::{Client, get, post};
use failover_testkit::{JobEnd, Provider};

const SCHNELL: &str = "/v1/models/black-forest-labs/flux-schnell/predictions";
const ID: &str = "rehearsal00000000000000001";
const JOB: &str = "/v1/predictions/rehearsal00000000000000001";
const CANCEL: &str = "/v1/predictions/rehearsal00000000000000001/cancel";

#[test]
fn a_prediction_starts_and_is_asked_after() {
    let replicate = Provider::replicate();
    let base = replicate.url();
    let answer = post(&replicate, SCHNELL, r#"{"input":{"prompt":"cat"}}"#);
    assert_eq!((answer.code, answer.header("preference-applied")), (201, None));
    assert_eq!(
        answer.body,
        format!(
            concat!(
                r#"{{"id":"{ID}","model":"black-forest-labs/flux-schnell","version":"hidden","#,
                r#""input":{{"prompt":"cat"}},"logs":"","error":null,"status":"starting","#,
                r#""created_at":"2026-11-20T23:00:00.000Z","#,
                r#""urls":{{"get":"{base}{JOB}","cancel":"{base}{JOB}/cancel"}}}}"#
            ),
            ID = ID,
            JOB = JOB,
            base = base
        )
    );
    let processing = get(&replicate, JOB);
    assert_eq!(processing.code, 200);
    for part in
        [r#""output":null,"#, r#""status":"processing","#, r#""completed_at":null,"#, r#""metrics":null,"#]
    {
        assert!(processing.body.contains(part), "{part}\nin {}", processing.body);
    }
    for _ in 0..2 {
        let body = get(&replicate, JOB).body;
        assert!(body.contains(r#""status":"succeeded","#), "{body}");
        assert!(
            body.contains(&format!("\"output\":[\"https://replicate.delivery/rehearsal/{ID}/out-0.webp\"]"))
        );
    }
}

#[test]
fn a_prediction_that_was_waited_for_can_be_asked_for_again() {
    let replicate = Provider::replicate();
    let created = Client::of(&replicate).post(SCHNELL, "Prefer: wait\r\n", "{}").answer();
    let again = get(&replicate, JOB);
    assert_eq!((created.code, again.code), (201, 200));
    assert_eq!(created.body, again.body);
}

#[test]
fn a_cancellation_ends_what_has_not_ended() {
    let replicate = Provider::replicate();
    post(&replicate, SCHNELL, "{}");
    for answer in [post(&replicate, CANCEL, ""), get(&replicate, JOB), post(&replicate, CANCEL, "")] {
        assert_eq!(answer.code, 200);
        assert!(answer.body.contains(r#""output":null,"#), "{}", answer.body);
        assert!(answer.body.contains(r#""status":"canceled","#), "{}", answer.body);
    }
    let replicate = Provider::replicate();
    replicate.jobs(0);
    post(&replicate, SCHNELL, "{}");
    assert!(post(&replicate, CANCEL, "").body.contains(r#""status":"succeeded","#));
}

#[test]
fn a_prediction_may_end_badly() {
    for (end, waited_for, code, asked_after) in [
        (JobEnd::Failed, "failed", 200, r#""error":"The model failed.","source":"api","status":"failed""#),
        (JobEnd::Cancelled, "canceled", 200, r#""status":"canceled""#),
        (JobEnd::Never, "processing", 200, r#""status":"processing""#),
        (JobEnd::Word("aborted"), "aborted", 200, r#""status":"aborted""#),
        (JobEnd::Gone, "starting", 404, r#""title":"Not found""#),
    ] {
        let replicate = Provider::replicate();
        replicate.jobs_end(end);
        let waited = Client::of(&replicate).post(SCHNELL, "Prefer: wait\r\n", "{}").answer();
        assert!(waited.body.contains(&format!(r#""status":"{waited_for}""#)), "{}", waited.body);
        let answer = get(&replicate, JOB);
        assert_eq!(answer.code, code, "{end:?}");
        assert!(answer.body.contains(asked_after), "{}", answer.body);
    }
}

#[test]
fn the_output_is_that_of_the_model() {
    let replicate = Provider::replicate();
    for (model, output) in [
        ("minimax/video-01", r#""https://replicate.delivery/rehearsal/"#),
        ("openai/whisper", r#"{"detected_language":"english","transcription":"A rehearsal.","segments":[{"#),
        (
            "vaibhavs10/incredibly-fast-whisper",
            r#"{"text":"A rehearsal.","chunks":[{"text":"A rehearsal.","timestamp":[0.0,1.2]}]}"#,
        ),
        ("stability-ai/sdxl", r#"["https://replicate.delivery/rehearsal/"#),
    ] {
        let body = format!(r#"{{"version":"{model}:39ed","input":{{}}}}"#);
        let answer = Client::of(&replicate).post("/v1/predictions", "Prefer: wait\r\n", &body).answer();
        assert!(answer.body.contains(&format!("\"output\":{output}")), "{}", answer.body);
        assert_eq!(answer.body.contains("/out-0.mp4\","), model.starts_with("minimax"), "{}", answer.body);
    }
}

#[test]
fn versions_are_known_and_deployments_predict() {
    let replicate = Provider::replicate();
    let version = get(&replicate, "/v1/models/stability-ai/sdxl/versions/39ed");
    assert_eq!(version.code, 200);
    assert_eq!(
        version.body,
        r#"{"id":"39ed","created_at":"2026-11-20T23:00:00.000Z","cog_version":"0.9.0","openapi_schema":{}}"#
    );
    let deployed = post(&replicate, "/v1/deployments/acme/flux/predictions", "{}");
    assert_eq!(deployed.code, 201);
    assert!(deployed.body.contains(r#""model":"rehearsal/by-deployment","version":"hidden""#));
    assert_eq!(get(&replicate, "/v1/predictions/abc").code, 404);
}
