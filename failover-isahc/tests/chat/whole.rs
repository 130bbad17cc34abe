//! Answers that come whole.

use std::io::Read;

use failover_isahc::{Fault, ProviderName, Triggers, unanswered};
use failover_testkit::Reply;
use isahc::Body;
use isahc::ResponseExt;
use isahc::http::Response;
use serde_json::Value;

use crate::scene::{ANTHROPIC_KEY, CALLERS_KEY, OPENAI_KEY, Scene, Side, Way, client, served_by};

fn json_of(response: Response<Body>) -> Value {
    let mut text = String::new();
    response.into_body().read_to_string(&mut text).expect("a whole text");
    serde_json::from_str(&text).expect("JSON")
}

/// Once each way, and once for each that can be asked.
fn each(test: impl Fn(&Scene, Side)) {
    for way in Way::BOTH {
        for side in Side::BOTH {
            test(&Scene::new(way), side);
        }
    }
}

#[test]
fn each_answers_for_the_other_in_its_shape() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        let response = scene.ask(side, &scene.client());
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some(side.other().name())));
        assert_eq!(response.effective_uri().map(ToString::to_string), Some(url_of(scene, side)));
        let answer = json_of(response);
        assert_eq!(side.text_of(&answer), scene.other(side).text());
        assert_eq!(answer["model"], side.other().model());
        // Once, and two quick repeats, with the same body.
        assert_eq!(scene.counts(side), [3, 1]);
        let sent: Vec<_> = scene.own(side).seen().into_iter().map(|seen| seen.body).collect();
        assert!(sent.iter().all(|body| *body == sent[0] && !body.is_empty()));
        let told = scene.told().pop().unwrap();
        assert_eq!(told.served.unwrap().provider.as_str(), side.other().name());
        assert_eq!(told.attempts.len(), 4);
    });
}

fn url_of(scene: &Scene, side: Side) -> String {
    scene.to(side).body(()).expect("a request").uri().to_string()
}

#[test]
fn nobody_sees_a_key_that_is_not_for_it() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(500));
        let response = scene.ask(side, &scene.client());
        let shown = format!("{response:?} {:?} {}", scene.client(), scene.told().pop().unwrap());
        for key in [CALLERS_KEY, OPENAI_KEY, ANTHROPIC_KEY] {
            assert!(!shown.contains(key), "{key}");
        }
        for asked in scene.own(side).seen() {
            assert!(asked.mentions(CALLERS_KEY), "what the caller shows goes along, also with repeats");
            assert!(!asked.mentions(OPENAI_KEY) && !asked.mentions(ANTHROPIC_KEY));
        }
        let asked = &scene.other(side).seen()[0];
        let key = match side.other() {
            Side::OpenAi => {
                assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {OPENAI_KEY}")));
                OPENAI_KEY
            }
            Side::Anthropic => {
                assert_eq!(asked.header("x-api-key"), Some(ANTHROPIC_KEY));
                ANTHROPIC_KEY
            }
        };
        for other in [CALLERS_KEY, OPENAI_KEY, ANTHROPIC_KEY] {
            assert_eq!(asked.mentions(other), other == key, "{other}");
        }
    });
}

#[test]
fn a_healthy_answer_is_handed_on_untouched() {
    each(|scene, side| {
        let response = scene.ask(side, &scene.client());
        assert_eq!(served_by(&response), None);
        assert_eq!(side.text_of(&json_of(response)), scene.own(side).text());
        assert_eq!(scene.counts(side), [1, 0]);
        assert!(scene.told().is_empty());
    });
}

#[test]
fn one_quick_repeat_is_enough_for_one_broken_answer() {
    each(|scene, side| {
        scene.own(side).script([Reply::status(500)]);
        let response = scene.ask(side, &scene.client());
        assert_eq!(served_by(&response), Some(side.name()));
        assert_eq!(side.text_of(&json_of(response)), scene.own(side).text());
        assert_eq!(scene.counts(side), [2, 0]);
    });
}

#[test]
fn a_hint_in_milliseconds_is_kept_to() {
    each(|scene, side| {
        // Soon is waited for, and what is long is not.
        scene.own(side).script([Reply::status(429).retry_after_ms(50)]);
        assert_eq!(served_by(&scene.ask(side, &scene.client())), Some(side.name()));
        assert_eq!(scene.counts(side), [2, 0]);
        scene.own(side).script([Reply::status(429).retry_after_ms(60_000)]);
        assert_eq!(served_by(&scene.ask(side, &scene.client())), Some(side.other().name()));
        assert_eq!(scene.counts(side), [3, 1]);
    });
}

#[test]
fn a_request_that_is_too_long_goes_to_another_model_at_once() {
    each(|scene, side| {
        scene.own(side).always(Reply::context_too_long());
        assert_eq!(served_by(&scene.ask(side, &scene.client())), Some(side.other().name()));
        assert_eq!(scene.counts(side), [1, 1]);
    });
}

#[test]
fn a_refusal_for_its_content_is_the_callers() {
    each(|scene, side| {
        scene.own(side).always(Reply::content_policy());
        let response = scene.ask(side, &scene.client());
        assert_eq!((response.status().as_u16(), served_by(&response)), (400, None));
        assert!(json_of(response)["error"]["message"].is_string());
        assert_eq!(scene.counts(side), [1, 0]);
    });
}

#[test]
fn an_account_without_money_is_not_asked_twice() {
    each(|scene, side| {
        scene.own(side).always(Reply::quota());
        // Anthropic says it with a 400, which is the caller's unless the user wants another's word on it.
        let client = client(scene.builder().triggers(Triggers::default().out_of_credit(true)));
        for _ in 0..2 {
            assert_eq!(served_by(&scene.ask(side, &client)), Some(side.other().name()));
        }
        assert_eq!(scene.counts(side), [1, 2]);
    });
}

#[test]
fn when_all_have_failed_the_caller_hears_its_own_provider_and_need_not_repeat() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        scene.other(side).always(Reply::overloaded());
        let response = scene.ask(side, &scene.client());
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert!(json_of(response)["error"]["message"].is_string());
    });
}

#[test]
fn where_nobody_answered_in_time_the_error_says_so() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.openai.always(Reply::silence());
        scene.anthropic.always(Reply::silence());
        let limit = std::time::Duration::from_millis(100);
        let client = client(scene.builder().primary_limit(limit).stand_in_limit(limit));
        let error = scene.send(&client, scene.to(Side::OpenAi), &Side::OpenAi.question(false)).unwrap_err();
        let provenance = unanswered(&error).expect("it is ours").provenance().expect("it has a history");
        assert_eq!(provenance.asked.provider, ProviderName::OpenAi);
        assert_eq!(provenance.attempts[0].fault, Some(Fault::Timeout));
    }
}
