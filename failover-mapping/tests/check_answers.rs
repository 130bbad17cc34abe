//! Where the user wants the asked provider's answers checked, a success must hold what was asked for; else a stand-in answers.
//! Unless said, it is handed on unread.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_mapping::{Body, Config, Fault, Flight, Moment, Read, Target};
use http::{HeaderMap, Method, StatusCode, Uri};
use stage::{GOOD, Played, Says, builder, fal, fleet, ok, play, queue, replicate, wait, wall};

fn checking() -> Config {
    builder().check_answers(true).build().unwrap()
}

fn run(config: &Config, (url, body): (&str, &str), own: Says) -> Played {
    play(config, &fleet(config), (url, &wait(), body.as_bytes()), &[own], &[ok(GOOD)]).unwrap()
}

fn answer(status: u16, body: &str) -> Says {
    Says::Answer(status, HeaderMap::new(), body.as_bytes().to_vec())
}

const PICTURE: &str = r#"{"prompt":"a cat"}"#;
const PREDICTION: &str = r#"{"input":{"prompt":"a cat"}}"#;
const WHISPER: &str = r#"{"audio_url":"https://example.com/a.mp3"}"#;

/// As they come: results on any host, as data, jobs that are accepted.
#[test]
fn what_holds_a_result_or_a_job_is_handed_on_untouched() {
    let (fal, queue) = (fal("fal-ai/flux/dev"), queue("fal-ai/flux/dev"));
    let (whisper, replicate) = (stage::fal("fal-ai/whisper"), replicate("black-forest-labs/flux-dev"));
    let healthy = [
        (&fal, PICTURE, 200, r#"{"images":[{"url":"https://v3.fal.media/files/a.png"}],"seed":1}"#),
        (&fal, PICTURE, 200, r#"{"images":[{"url":"http://10.0.0.7:9000/a.png"}]}"#),
        (&fal, PICTURE, 200, r#"{"images":[{"url":"data:image/jpeg;base64,/9j/4AAQ"}]}"#),
        (&queue, PICTURE, 200, r#"{"status":"IN_QUEUE","request_id":"764cabcf","queue_position":0}"#),
        (&whisper, WHISPER, 200, r#"{"text":"","chunks":[]}"#),
        (&replicate, PREDICTION, 201, r#"{"id":"abc","status":"starting","output":null,"error":null}"#),
        (&replicate, PREDICTION, 202, r#"{"id":"abc","status":"processing","error":null}"#),
        (
            &replicate,
            PREDICTION,
            201,
            r#"{"id":"abc","status":"succeeded","output":["https://a.example/b.webp"]}"#,
        ),
    ];
    let config = checking();
    for (url, asked, status, body) in healthy {
        let played = run(&config, (url, asked), answer(status, body));
        assert!(played.answer.is_none() && played.provenance.is_none(), "{url}: {body}");
        assert!(played.sent.is_empty());
    }
}

#[test]
fn junk_is_answered_by_a_stand_in_and_reported_as_maybe_billed() {
    let (fal, queue, replicate) =
        (fal("fal-ai/flux/dev"), queue("fal-ai/flux/dev"), replicate("black-forest-labs/flux-dev"));
    let junk = [
        (&fal, PICTURE, "", Fault::Malformed),
        (&fal, PICTURE, "<html><body>Welcome</body></html>", Fault::Malformed),
        (&fal, PICTURE, r#"{"images":[{"url":"https"#, Fault::Malformed),
        (&fal, PICTURE, "[]", Fault::Malformed),
        (&fal, PICTURE, "{}", Fault::Empty),
        (&fal, PICTURE, r#"{"images":[]}"#, Fault::Empty),
        (&fal, PICTURE, r#"{"images":[{"url":"javascript:alert(1)"}]}"#, Fault::Empty),
        (&fal, PICTURE, r#"{"error":{"message":"overloaded"}}"#, Fault::ErrorInSuccess),
        // Nobody who waits for a picture can do anything with the number of a job.
        (&fal, PICTURE, r#"{"status":"IN_QUEUE","request_id":"764cabcf"}"#, Fault::Empty),
        (&queue, PICTURE, r#"{"status":"IN_QUEUE"}"#, Fault::Empty),
        (
            &replicate,
            PREDICTION,
            r#"{"status":"failed","id":"abc","error":"CUDA out of memory"}"#,
            Fault::ErrorInSuccess,
        ),
        (&replicate, PREDICTION, r#"{"status":"succeeded","id":"abc","output":null}"#, Fault::Empty),
    ];
    for (url, asked, body, fault) in junk {
        let played = run(&checking(), (url, asked), answer(200, body));
        assert_eq!(played.faults(), [Some(fault), None], "{url}: {body}");
        assert!(played.answer.is_some() && played.provenance.as_ref().unwrap().maybe_billed, "{body}");
        // Unless said, it is the caller's to find out.
        let played = run(&stage::config(), (url, asked), answer(200, body));
        assert!(played.answer.is_none() && played.provenance.is_none(), "{body}");
    }
}

#[test]
fn when_nobody_stands_in_the_junk_is_the_callers_with_its_history() {
    let config = checking();
    let body = PICTURE.as_bytes();
    let nexa = Says::Nothing(Fault::Connect);
    let request = (fal("fal-ai/flux/dev"), wait());
    let played =
        play(&config, &fleet(&config), (&request.0, &request.1, body), &[answer(200, "{}")], &[nexa])
            .unwrap();
    assert!(played.answer.is_none());
    assert_eq!(played.faults(), [Some(Fault::Empty), Some(Fault::Connect), Some(Fault::Connect)]);
}

/// What breaks off is no success; what is too long to be read is nobody's to judge.
#[test]
fn a_body_that_breaks_off_fails_and_one_that_is_too_long_is_handed_on() {
    let config = checking();
    let uri: Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let route = config.route(&Target::of_uri(&Method::POST, &uri).unwrap(), &HeaderMap::new()).unwrap();
    let (now, fleet) = (Moment::EPOCH, fleet(&config));
    let headers = HeaderMap::new();
    for (body, fault) in [
        (Body::Broken(Fault::Cut), Some(Fault::Cut)),
        (Body::Broken(Fault::Timeout), Some(Fault::Timeout)),
        (Body::Beginning(b"{\"images\":[{\"url"), None),
    ] {
        let mut exchange = route.exchange(PICTURE.as_bytes(), now).unwrap();
        let mut call = failover_core::Call::new(exchange.policy(), exchange.candidates(), 1, now);
        let failover_core::Action::Launch(launch) = call.poll(&fleet, now) else { panic!("nobody is asked") };
        assert_eq!(exchange.wants_body(StatusCode::OK, &headers, wall), Read::Whole);
        assert_eq!(
            exchange.wants_body(StatusCode::FOUND, &headers, wall),
            Read::Nothing,
            "a redirect is the caller's"
        );
        let outcome =
            exchange.own_answered(&Flight::new(launch, now), (StatusCode::OK, &headers, body), now, wall);
        assert_eq!(outcome, fault.map_or(failover_core::Outcome::Answered, Into::into));
        call.abandon(&fleet, now);
    }
}
