//! Answers that are wanted as streams: the asked provider's is guarded until its head, and a stand-in's comes complete.

use std::io::Read as _;
use std::time::{Duration, Instant};

use failover_testkit::{Fault, Pace, Reply};
use failover_ureq::Fault as Core;
use ureq::{Error, Timeout};

use crate::read::read;
use crate::scene::{CALLERS_KEY, Scene, Side, agent, each, json_of, served_by};

#[test]
fn a_healthy_stream_is_handed_on_unread() {
    each(|scene, side| {
        let response = scene.stream(side, &scene.agent());
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, None));
        let said = read(side, response);
        assert_eq!((said.text, said.usage), (scene.own(side).text(), Some(72)));
        assert!(said.complete && said.clean);
        assert_eq!(scene.counts(side), [1, 0]);
        assert!(scene.told().is_empty());
    });
}

#[test]
fn a_stand_ins_answer_comes_as_a_complete_stream() {
    // S02 to S06 and S12, as far as they can be told by the head.
    let faults = [
        Fault::Throttled,
        Fault::BrokenOnce,
        Fault::Overloaded,
        Fault::Reset,
        Fault::Silence,
        Fault::ContextTooLong,
    ];
    for fault in faults {
        each(|scene, side| {
            scene.own(side).misbehave(fault);
            let response = scene.stream(side, &scene.agent());
            assert_eq!(
                (response.status().as_u16(), served_by(&response)),
                (200, Some(side.other().name())),
                "{fault}"
            );
            assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
            let said = read(side, response);
            assert_eq!((said.text, said.usage), (scene.other(side).text(), Some(72)), "{fault}");
            assert_eq!(said.model, side.other().model());
            assert!(said.complete && said.clean, "{fault}");
            assert_eq!(scene.counts(side), [1, 1], "{fault}");
            // It is asked for a whole answer, with its own key only.
            let asked = &scene.other(side).seen()[0];
            let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
            assert!(body["stream"].as_bool() != Some(true), "{body}");
            assert!(!asked.mentions(CALLERS_KEY));
            assert_eq!(scene.told().len(), 1);
        });
    }
}

#[test]
fn a_stream_that_was_handed_on_is_the_callers() {
    for fault in [Fault::StreamCut, Fault::StreamReset] {
        each(|scene, side| {
            scene.own(side).misbehave(fault);
            let response = scene.stream(side, &scene.agent());
            assert_eq!(served_by(&response), None, "{fault}");
            let said = read(side, response);
            assert!(!said.complete, "{fault}");
            assert!(scene.own(side).text().starts_with(&said.text) && !said.text.is_empty(), "{fault}");
            assert_eq!(scene.counts(side), [1, 0], "{fault}");
        });
    }
}

#[test]
fn what_is_odd_in_a_stream_is_handed_on_as_it_is() {
    each(|scene, side| {
        scene.own(side).misbehave_at(Fault::SlowFirstToken, Pace::PUBLISHED.faster(40));
        // Its head is here at once, and its first token after the limit.
        let response = scene.stream(side, &scene.agent());
        assert_eq!(read(side, response).text, scene.own(side).text());
        assert_eq!(scene.counts(side), [1, 0]);
    });
}

#[test]
fn no_limit_of_ours_is_on_the_rest_of_a_stream() {
    each(|scene, side| {
        scene.own(side).always(Reply::healthy().token_pace(Duration::from_millis(10)));
        let limit = Duration::from_millis(150);
        let agent = agent(scene.builder().primary_limit(limit).first_token_limit(limit));
        let began = Instant::now();
        let said = read(side, scene.stream(side, &agent));
        assert_eq!(said.text, scene.own(side).text());
        assert!(said.complete && said.clean && began.elapsed() > limit);
    });
}

#[test]
fn a_deadline_is_on_all_of_it() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(5));
    let agent = agent(scene.builder().deadline(Duration::from_millis(600)));
    let response = scene.stream(Side::OpenAi, &agent);
    assert_eq!(served_by(&response), None);
    let mut text = String::new();
    let error = response.into_body().into_reader().read_to_string(&mut text).unwrap_err();
    let error = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
    assert!(matches!(error, Some(Error::Timeout(Timeout::PerCall))), "{error:?}");
}

#[test]
fn when_all_have_failed_the_caller_hears_its_own_provider() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        scene.other(side).always(Reply::status(500));
        let response = scene.stream(side, &scene.agent());
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert!(json_of(response)["error"]["message"].is_string());
    });
}

#[test]
fn a_silent_provider_is_left_alone_after_three_times() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let agent = scene.agent();
    for _ in 0..4 {
        assert_eq!(served_by(&scene.stream(Side::OpenAi, &agent)), Some("anthropic"));
    }
    assert_eq!(scene.counts(Side::OpenAi), [3, 4]);
    assert!(scene.told()[..3].iter().all(|told| told.attempts[0].fault == Some(Core::Timeout)));
}

#[test]
fn a_refusal_for_its_content_is_the_callers() {
    each(|scene, side| {
        scene.own(side).always(Reply::content_policy());
        let response = scene.stream(side, &scene.agent());
        assert_eq!((response.status().as_u16(), served_by(&response)), (400, None));
        assert_eq!(scene.counts(side), [1, 0]);
    });
}
