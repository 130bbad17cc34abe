//! What was wrong with checked answers and with the wishes of a request. Each of these failed before.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_core::{Action, Call, Outcome};
use failover_mapping::{Body, Fault, Flight, Moment, PerRequest, ProviderName, Target, Triggers};
use http::{HeaderMap, Method, StatusCode};
use stage::{GOOD, Says, builder, fal, fleet, headers, ok, play, replicate, status, wait, wishing};

const PICTURE: &str = r#"{"prompt":"a cat"}"#;
const PREDICTION: &str = r#"{"input":{"prompt":"a cat"}}"#;

#[test]
fn a_healthy_answer_that_is_still_compressed_is_handed_on() {
    let config = builder().check_answers(true).build().unwrap();
    let gz =
        Says::Answer(200, headers(&[("content-encoding", "gzip")]), vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    let played = play(
        &config,
        &fleet(&config),
        (&fal("fal-ai/flux/dev"), &HeaderMap::new(), PICTURE.as_bytes()),
        &[gz],
        &[ok(GOOD)],
    )
    .unwrap();
    assert!(played.answer.is_none(), "billed twice: {:?}", played.faults());
}

/// What is against the rules of one provider is not tried at the next.
#[test]
fn a_prediction_that_failed_for_its_content_is_the_callers() {
    let config = builder().check_answers(true).build().unwrap();
    let body = r#"{"id":"abc","status":"failed","output":null,"error":"NSFW content detected. Try another prompt."}"#;
    let request = (replicate("black-forest-labs/flux-dev"), wait());
    let asked = (&request.0[..], &request.1, PREDICTION.as_bytes());
    let own = Says::Answer(201, HeaderMap::new(), body.into());
    assert_eq!(play(&config, &fleet(&config), asked, &[own], &[ok(GOOD)]).unwrap().posts(), 0);
}

#[test]
fn what_the_caller_cancelled_is_not_made_elsewhere() {
    let config = builder().check_answers(true).build().unwrap();
    let body = r#"{"id":"abc","status":"canceled","output":null,"error":null}"#;
    let played = play(
        &config,
        &fleet(&config),
        (&replicate("black-forest-labs/flux-dev"), &wait(), PREDICTION.as_bytes()),
        &[Says::Answer(201, HeaderMap::new(), body.into())],
        &[ok(GOOD)],
    )
    .unwrap();
    assert_eq!(played.posts(), 0, "{:?}", played.faults());
}

#[test]
fn what_is_no_trigger_is_none_after_the_head_either() {
    let config = builder()
        .check_answers(true)
        .triggers(Triggers::default().timeout(false).reset(false))
        .build()
        .unwrap();
    let uri: http::Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let h = HeaderMap::new();
    let route = config.route(&Target::of_uri(&Method::POST, &uri).unwrap(), &h).unwrap();
    let (now, fleet) = (Moment::EPOCH, fleet(&config));
    for fault in [Fault::Timeout, Fault::Cut] {
        let mut exchange = route.exchange(PICTURE.as_bytes(), now).unwrap();
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, now);
        let Action::Launch(launch) = call.poll(&fleet, now) else { panic!("nobody is asked") };
        let flight = Flight::new(launch, now);
        // Before the head, it is the client's own error that is handed on.
        let before = exchange.own_failed(&flight, fault, now);
        assert_eq!(before, Fault::InvalidRequest.into());
        call.abandon(&fleet, now);
        let mut exchange = route.exchange(PICTURE.as_bytes(), now).unwrap();
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, now);
        let Action::Launch(launch) = call.poll(&fleet, now) else { panic!("nobody is asked") };
        let flight = Flight::new(launch, now);
        let after =
            exchange.own_answered(&flight, (StatusCode::OK, &h, Body::Broken(fault)), now, stage::wall);
        call.abandon(&fleet, now);
        assert_eq!(after, Outcome::Answered, "{fault:?}: the rest is the caller's to find out");
    }
}

#[test]
fn the_asked_provider_is_the_last_resort_whatever_the_order() {
    let config = builder().build().unwrap();
    let fleet = fleet(&config);
    let uri = fal("fal-ai/flux/dev");
    let h = HeaderMap::new();
    let req = (&Method::POST, uri.as_str(), &h, PICTURE.as_bytes());
    for _ in 0..4 {
        stage::send(&config, &fleet, req, &[status(500)], &[status(500)]);
    }
    let wishes = PerRequest::new().order([ProviderName::Nexa, ProviderName::Fal]);
    let played = wishing(
        &config,
        &fleet,
        Some(&wishes),
        req,
        &[ok(r#"{"images":[{"url":"https://v3.fal.media/a.png"}]}"#)],
        &[status(500)],
    )
    .unwrap();
    assert_eq!(played.judged.len(), 1, "the asked provider was never asked, and the caller gets Unanswered");
}

#[test]
fn alone_it_has_all_the_time() {
    let config = builder().build().unwrap();
    let uri: http::Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let h = HeaderMap::new();
    let wishes = PerRequest::new().deadline(Duration::from_secs(20)).order([]);
    let route = config
        .route(&Target::of_uri(&Method::POST, &uri).unwrap(), &h)
        .unwrap()
        .with_wishes(&wishes)
        .unwrap();
    let exchange = route.exchange(PICTURE.as_bytes(), Moment::EPOCH).unwrap();
    let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
    let Action::Launch(launch) = call.poll(&fleet(&config), Moment::EPOCH) else { panic!("nobody is asked") };
    assert_eq!(
        launch.limits.total(),
        Some(Duration::from_secs(20)),
        "there is nobody to leave the other half to"
    );
}

#[test]
fn every_healthy_shape() {
    let config = builder().check_answers(true).build().unwrap();
    let rows = [
        (
            fal("fal-ai/kling-video/v1/standard/text-to-video"),
            r#"{"prompt":"x"}"#,
            r#"{"video":{"url":"https://v3.fal.media/files/x/output.mp4","content_type":"application/octet-stream","file_name":"output.mp4","file_size":1}}"#,
        ),
        (
            fal("fal-ai/kling-video/v1/standard/text-to-video"),
            r#"{"prompt":"x","sync_mode":true}"#,
            r#"{"video":{"url":"data:application/octet-stream;base64,AAAA"}}"#,
        ),
        (
            fal("fal-ai/flux/dev"),
            PICTURE,
            r#"{"images":[{"url":"data:image/png;base64,iVBORw0KGgo=","content_type":"image/png"}],"timings":{"inference":1.0},"seed":18446744073709551615,"has_nsfw_concepts":[false],"prompt":"x"}"#,
        ),
        (
            fal("fal-ai/elevenlabs/tts/multilingual-v2"),
            r#"{"text":"x"}"#,
            r#"{"audio":{"url":"https://v3.fal.media/files/x/output.mp3","content_type":"audio/mpeg"},"timestamps":null}"#,
        ),
        (
            fal("fal-ai/elevenlabs/tts/multilingual-v2"),
            r#"{"text":"x"}"#,
            r#"{"audio":{"url":"https://v3.fal.media/files/x/output.mp4","content_type":"video/mp4"}}"#,
        ),
        (
            fal("fal-ai/whisper"),
            r#"{"audio_url":"https://e.example/a.mp3"}"#,
            r#"{"text":" x","chunks":[{"timestamp":[0,1.2],"text":"x"}],"inferred_languages":["en"],"diarization_segments":[]}"#,
        ),
        (
            fal("fal-ai/sora-2/text-to-video"),
            r#"{"prompt":"x"}"#,
            r#"{"video":{"url":"https://v3b.fal.media/x.mp4","content_type":"video/mp4","width":1280,"height":720,"fps":30.0,"duration":4.2,"num_frames":126},"video_id":"video_1","thumbnail":null,"spritesheet":null}"#,
        ),
        (
            fal("fal-ai/recraft-v3"),
            r#"{"prompt":"x","style":"vector_illustration"}"#,
            r#"{"images":[{"url":"https://v3.fal.media/a/image.svg","content_type":"image/svg+xml"}]}"#,
        ),
        (
            replicate("recraft-ai/recraft-v3"),
            PREDICTION,
            r#"{"id":"a","status":"succeeded","output":"https://replicate.delivery/x/out.webp","error":null,"logs":"","metrics":{"predict_time":1},"urls":{"get":"https://api.replicate.com/v1/predictions/a"}}"#,
        ),
        (
            replicate("minimax/video-01"),
            PREDICTION,
            r#"{"id":"a","status":"succeeded","output":"https://replicate.delivery/x/out.mp4","error":null}"#,
        ),
        (
            replicate("black-forest-labs/flux-schnell"),
            PREDICTION,
            r#"{"id":"a","status":"processing","output":["https://replicate.delivery/x/out.webp"],"error":""}"#,
        ),
        (
            replicate("black-forest-labs/flux-schnell"),
            PREDICTION,
            r#"{"id":"a","status":"succeeded","output":["data:application/octet-stream;base64,AAAA"],"error":null}"#,
        ),
        (
            replicate("openai/whisper"),
            r#"{"input":{"audio":"https://e.example/a.mp3"}}"#,
            r#"{"id":"a","status":"succeeded","output":{"segments":[],"srt_file":null,"txt_file":null,"translation":null,"transcription":"","detected_language":"english"},"error":null}"#,
        ),
        (
            replicate("openai/whisper"),
            r#"{"input":{"audio":"https://e.example/a.mp3"}}"#,
            r#"{"id":"a","status":"starting","output":null,"error":null}"#,
        ),
    ];
    let mut bad = vec![];
    for (url, asked, body) in &rows {
        let Some(played) =
            play(&config, &fleet(&config), (url, &wait(), asked.as_bytes()), &[ok(body)], &[ok(GOOD)])
        else {
            bad.push(format!("{url} not ours"));
            continue;
        };
        if played.answer.is_some() || played.provenance.is_some() {
            bad.push(format!("{url} {body} {:?}", played.faults()));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}
