//! A caller who waits, and a stand-in that accepts the request as a job: asked for until it ends, within the limits, and
//! never submitted a second time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;
mod strict;

use std::sync::LazyLock;
use std::time::Duration;

use failover_mapping::{Config, Fault};
use http::HeaderMap;
use proptest::prelude::*;
use stage::{Played, Says, builder, config, fal, fleet, hinting, ok, play, status};
use strict::{Flux, read};

const ACCEPTED: &str = r#"{"id":"job-7","status":"pending"}"#;
const PROCESSING: &str = r#"{"status":"processing"}"#;
const DONE: &str = r#"{"status":"completed","data":{"url":"https://n.example/a"}}"#;

fn run(config: &Config, stand_in: &[Says]) -> Played {
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    play(config, &fleet(config), request, &[status(503)], stand_in).unwrap()
}

#[test]
fn a_job_is_asked_for_until_it_ends() {
    for accepted in [
        ACCEPTED,
        r#"{"data":{"id":"job-7","status":"processing"}}"#,
        r#"{"job":{"job_id":"job-7","status":"queued"}}"#,
        r#"{"job_id":"job-7","status":"in_progress"}"#,
        r#"{"id":"job-7","status":"baking"}"#,
    ] {
        let played = run(&config(), &[ok(accepted), ok(PROCESSING), ok(PROCESSING), ok(DONE)]);
        let flux: Flux = read(played.answer.as_ref().unwrap());
        assert_eq!(flux.images[0].url, "https://n.example/a", "{accepted}");
        assert_eq!(
            played.asked(),
            [
                "POST https://api.nexa-api.com/v1/images/generate",
                "GET https://api.nexa-api.com/v1/jobs/job-7",
                "GET https://api.nexa-api.com/v1/jobs/job-7",
                "GET https://api.nexa-api.com/v1/jobs/job-7",
            ]
        );
        assert_eq!(played.pauses, [Duration::from_secs(2); 3]);
        let [_, polls @ ..] = &played.sent[..] else { panic!("nothing was sent") };
        for poll in polls {
            assert!(poll.body().is_empty() && !poll.headers().contains_key("content-type"));
            assert_eq!(poll.headers()["authorization"], format!("Bearer {}", stage::KEY));
        }
    }
    let numbered = run(&config(), &[ok(r#"{"id":71,"status":"queued"}"#), ok(DONE)]);
    assert_eq!(numbered.asked()[1], "GET https://api.nexa-api.com/v1/jobs/71");
    let quick = builder().poll_interval(Duration::from_millis(300)).build().unwrap();
    assert_eq!(run(&quick, &[ok(ACCEPTED), ok(DONE)]).pauses, [Duration::from_millis(300)]);
}

#[test]
fn each_question_is_short_and_all_of_them_are_within_the_limit() {
    let config = builder().stand_in_limit(Duration::from_secs(40)).build().unwrap();
    let played = run(&config, &[ok(ACCEPTED), ok(PROCESSING)]);
    assert!(played.answer.is_none());
    assert_eq!(played.faults(), [Some(Fault::Overloaded), Some(Fault::Timeout)]);
    assert!(played.note().contains("was not done in time"));
    assert_eq!(played.posts(), 1, "its fate is unknown");
    let provenance = played.provenance.as_ref().unwrap();
    assert!(provenance.maybe_billed && provenance.took <= Duration::from_millis(40_100), "{provenance}");
    let seconds = Duration::from_secs;
    assert_eq!((played.limits[0], played.limits[1]), (Some(seconds(40)), Some(seconds(10))));
    assert!(played.limits.iter().skip(2).all(|limit| *limit <= Some(seconds(10))));
    assert!(played.limits.last().unwrap().unwrap() < seconds(4), "and less at the end");
    assert!(played.limits.iter().all(|limit| !limit.unwrap().is_zero()));
}

/// Without limits of the user's: a minute for a picture, ten for a video.
#[test]
fn a_job_that_never_ends_is_given_up() {
    let played = run(&config(), &[ok(ACCEPTED), ok(PROCESSING)]);
    assert!(played.answer.is_none() && played.posts() == 1 && (28..=30).contains(&played.sent.len()));
    let request = (&*fal("fal-ai/wan-t2v"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let config = config();
    let video =
        play(&config, &fleet(&config), request, &[status(503)], &[ok(ACCEPTED), ok(PROCESSING)]).unwrap();
    assert!(video.answer.is_none() && video.posts() == 1 && (280..=300).contains(&video.sent.len()));
}

#[test]
fn what_was_accepted_is_not_submitted_again() {
    let config = builder().stand_in_attempts(3).build().unwrap();
    for (says, fault) in [
        (status(500), Fault::Gateway),
        (status(503), Fault::Gateway),
        (status(429), Fault::Gateway),
        (status(401), Fault::Gateway),
        (status(404), Fault::ErrorInSuccess),
        (ok("<html>"), Fault::Malformed),
        (ok(r#"{"status":"completed"}"#), Fault::Empty),
        (ok(r#"{"status":"failed"}"#), Fault::ErrorInSuccess),
        (ok(r#"{"status":"cancelled"}"#), Fault::ErrorInSuccess),
        (Says::Nothing(Fault::Connect), Fault::Gateway),
        (Says::Nothing(Fault::Reset), Fault::Gateway),
        (Says::Nothing(Fault::Timeout), Fault::Timeout),
        (Says::Hangs, Fault::Timeout),
    ] {
        let played = run(&config, &[ok(ACCEPTED), says.clone()]);
        assert!(played.answer.is_none(), "{says:?}");
        assert_eq!(played.posts(), 1, "{says:?}");
        assert_eq!(played.faults(), [Some(Fault::Overloaded), Some(fault)], "{says:?}");
        assert!(played.provenance.unwrap().maybe_billed, "{says:?}");
    }
    // A submit that was refused is another thing: it may be repeated.
    assert_eq!(run(&config, &[status(503)]).posts(), 3);
    assert_eq!(run(&config, &[Says::Nothing(Fault::Connect)]).posts(), 3);
    assert_eq!(run(&config, &[Says::Nothing(Fault::Timeout)]).posts(), 1);
    assert_eq!(run(&config, &[status(504)]).posts(), 1);
}

#[test]
fn a_question_that_fails_is_asked_again_at_the_stand_ins_pace() {
    let trouble = [ok(ACCEPTED), status(503), Says::Nothing(Fault::Reset), status(502), status(500)];
    let mut script = trouble.to_vec();
    script.extend([ok(PROCESSING), status(503), status(503), ok(DONE)]);
    let played = run(&config(), &script);
    assert_eq!((played.status(), played.posts(), played.sent.len()), (200, 1, 9), "four in a row, then two");

    let hinted = run(&config(), &[ok(ACCEPTED), hinting(429, ("retry-after", "7")), ok(DONE)]);
    assert_eq!(hinted.status(), 200);
    assert_eq!(hinted.pauses, [Duration::from_secs(2), Duration::from_secs(7)]);
    let body = Says::Answer(429, HeaderMap::new(), br#"{"retry_after": 9}"#.to_vec());
    let hinted = run(&config(), &[ok(ACCEPTED), body, ok(DONE)]);
    assert_eq!(hinted.pauses, [Duration::from_secs(2), Duration::from_secs(9)]);
    let short = run(&config(), &[ok(ACCEPTED), hinting(429, ("retry-after-ms", "5")), ok(DONE)]);
    assert_eq!(short.pauses, [Duration::from_secs(2); 2], "never faster than usual");
    let long = run(&config(), &[ok(ACCEPTED), hinting(429, ("retry-after", "3600")), ok(DONE)]);
    assert!(long.answer.is_none() && long.provenance.unwrap().took < Duration::from_secs(60));
}

/// An id goes into a URL: what is not plain is not asked for, and leads nowhere else.
#[test]
fn ids_that_are_no_ids_are_not_asked_for() {
    for id in [
        "../../v1/images/generate",
        "a/b",
        "a?b=c",
        "a#b",
        "a%2fb",
        "..",
        ".",
        "",
        "a b",
        "a\\b",
        "a\nb",
        "@evil.example",
        "é",
        "{id}",
    ] {
        let accepted = serde_json::json!({"id": id, "status": "pending"}).to_string();
        let played = run(&config(), &[ok(&accepted), ok(DONE)]);
        assert!(played.answer.is_none() && played.sent.len() == 1, "{id:?}");
        assert_eq!(played.faults()[1], Some(Fault::Empty), "{id:?}");
    }
    let second = r#"{"id":"no/id","job_id":"job-7","status":"pending"}"#;
    assert_eq!(
        run(&config(), &[ok(second), ok(DONE)]).asked()[1],
        "GET https://api.nexa-api.com/v1/jobs/job-7"
    );
}

/// The caller's own limit for the asked provider has its own name, and is nobody else's business.
#[test]
fn a_callers_own_deadline_is_handed_on() {
    let config = config();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
    let own = hinting(504, ("x-fal-request-timeout-type", "user"));
    let played = play(&config, &fleet(&config), request, &[own], &[]).unwrap();
    assert!(played.answer.is_none() && played.provenance.is_none());
}

static CONFIG: LazyLock<Config> = LazyLock::new(config);

proptest! {
    /// Whatever a stand-in calls its job: it is asked for by just that, at the stand-in, or not at all.
    #[test]
    fn an_id_leads_to_the_stand_ins_jobs_or_nowhere(id in prop_oneof!["\\PC{0,20}", "[a-zA-Z0-9._~:/%?#@-]{1,20}"]) {
        let accepted = serde_json::json!({"id": id, "status": "pending"}).to_string();
        let played = run(&CONFIG, &[ok(&accepted), ok(DONE)]);
        match &played.sent[1..] {
            [] => prop_assert!(played.answer.is_none()),
            [poll] => {
                prop_assert_eq!(poll.uri().to_string(), format!("https://api.nexa-api.com/v1/jobs/{id}"));
                prop_assert!(poll.uri().query().is_none() && poll.uri().path().ends_with(&*id));
            }
            more => prop_assert!(false, "{} questions", more.len()),
        }
    }
}
