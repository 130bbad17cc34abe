//! Answers that come whole.

use std::error::Error as _;
use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::{Fault, Triggers, Unanswered};
use ureq::{Agent, Error, ResponseExt};

use crate::scene::{ANTHROPIC_KEY, CALLERS_KEY, OPENAI_KEY, Scene, Side, agent, each, json_of, served_by};

#[test]
fn each_answers_for_the_other_in_its_shape() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        let response = scene.ask(side, &scene.agent());
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some(side.other().name())));
        assert!(response.get_uri().to_string().starts_with(&scene.own(side).url()));
        let answer = json_of(response);
        assert_eq!(side.text_of(&answer), scene.other(side).text());
        assert_eq!(answer["model"], side.other().model());
        // ureq asks once.
        assert_eq!(scene.counts(side), [1, 1]);
        let told = scene.told().pop().unwrap();
        assert_eq!(told.served.unwrap().provider.as_str(), side.other().name());
        assert_eq!(told.attempts.len(), 2);
    });
}

#[test]
fn nobody_sees_a_key_that_is_not_for_it() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(500));
        let agent = scene.agent();
        let response = scene.ask(side, &agent);
        let shown = format!("{response:?} {agent:?} {}", scene.told().pop().unwrap());
        for key in [CALLERS_KEY, OPENAI_KEY, ANTHROPIC_KEY] {
            assert!(!shown.contains(key), "{key}");
        }
        let asked = &scene.own(side).seen()[0];
        assert!(asked.mentions(CALLERS_KEY) && !asked.mentions(OPENAI_KEY) && !asked.mentions(ANTHROPIC_KEY));
        let asked = &scene.other(side).seen()[0];
        let key = match side.other() {
            Side::OpenAi => OPENAI_KEY,
            Side::Anthropic => ANTHROPIC_KEY,
        };
        for other in [CALLERS_KEY, OPENAI_KEY, ANTHROPIC_KEY] {
            assert_eq!(asked.mentions(other), other == key, "{other}");
        }
    });
}

#[test]
fn a_healthy_answer_is_handed_on_untouched() {
    each(|scene, side| {
        let response = scene.ask(side, &scene.agent());
        assert_eq!(served_by(&response), None);
        assert_eq!(side.text_of(&json_of(response)), scene.own(side).text());
        assert_eq!(scene.counts(side), [1, 0]);
        assert!(scene.told().is_empty());
    });
}

#[test]
fn a_hint_in_milliseconds_keeps_the_provider_from_being_asked() {
    each(|scene, side| {
        scene.own(side).script([Reply::status(429).retry_after_ms(60_000)]);
        let agent = scene.agent();
        for asked in 1..=2 {
            assert_eq!(served_by(&scene.ask(side, &agent)), Some(side.other().name()));
            assert_eq!(scene.counts(side), [1, asked]);
        }
    });
}

#[test]
fn a_request_that_is_too_long_goes_to_another_model() {
    each(|scene, side| {
        scene.own(side).always(Reply::context_too_long());
        assert_eq!(served_by(&scene.ask(side, &scene.agent())), Some(side.other().name()));
        assert_eq!(scene.counts(side), [1, 1]);
    });
}

#[test]
fn a_refusal_for_its_content_is_the_callers() {
    each(|scene, side| {
        scene.own(side).always(Reply::content_policy());
        let response = scene.ask(side, &scene.agent());
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
        let agent = agent(scene.builder().triggers(Triggers::default().out_of_credit(true)));
        for _ in 0..2 {
            assert_eq!(served_by(&scene.ask(side, &agent)), Some(side.other().name()));
        }
        assert_eq!(scene.counts(side), [1, 2]);
    });
}

#[test]
fn when_all_have_failed_the_caller_hears_its_own_provider_and_need_not_repeat() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        scene.other(side).always(Reply::overloaded());
        let response = scene.ask(side, &scene.agent());
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert!(json_of(response)["error"]["message"].is_string());
    });
}

#[test]
fn a_status_stays_the_error_that_ureq_makes_of_it() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        let failover = scene.builder().build().unwrap();
        let agent: Agent = Agent::config_builder().middleware(failover).build().into();
        // No words are there to be read, and the status is enough.
        assert_eq!(served_by(&scene.ask(side, &agent)), Some(side.other().name()));
        scene.other(side).always(Reply::overloaded());
        let error = scene.send(side, &agent, &side.question(false)).unwrap_err();
        assert!(matches!(error, Error::StatusCode(503)), "{error:?}");
    });
}

#[test]
fn a_stand_in_that_hangs_is_given_up_at_its_limit() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    scene.anthropic.always(Reply::silence());
    let limit = Duration::from_millis(100);
    let agent = agent(scene.builder().stand_in_limit(limit));
    let response = scene.ask(Side::OpenAi, &agent);
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
    let told = scene.told().pop().unwrap();
    assert_eq!(told.attempts.last().unwrap().fault, Some(Fault::Timeout));
}

#[test]
fn a_limit_for_the_asked_provider_shows_as_ureqs_own_error() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    scene.anthropic.always(Reply::status(500));
    let agent = agent(scene.builder().primary_limit(Duration::from_millis(100)));
    let error = scene.send(Side::OpenAi, &agent, &Side::OpenAi.question(false)).unwrap_err();
    assert!(matches!(error, Error::Timeout(ureq::Timeout::PerCall)), "{error:?}");
    assert!(error.source().is_none_or(|source| !source.is::<Unanswered>()));
}
