//! Who is asked, how, and what must not be sent: without tokio.

use std::time::Duration;

use failover_isahc::calls::{CircuitState, Why};
use failover_isahc::text::{Cost, Freshness, Hedge};
use failover_isahc::{Fault, ProviderName};
use failover_testkit::Reply;
use futures_lite::future::{self, block_on};

use crate::scene::{ANTHROPIC_KEY, OPENAI_KEY, Scene, TOGETHER_KEY, question};

const LONG: Duration = Duration::from_secs(3_600);

#[test]
fn whoever_cannot_is_stood_in_for() {
    for trouble in [
        Reply::status(429),
        Reply::overloaded(),
        Reply::quota(),
        Reply::context_too_long(),
        Reply::status(401),
        Reply::reset(),
        Reply::healthy().cut_after(40),
        Reply::status(200).body("<html>").content_type("text/html"),
    ] {
        let scene = Scene::new();
        scene.openai.always(trouble.clone());
        let failover = scene.failover();
        let answer = block_on(question(&failover).ask()).unwrap();
        assert_eq!((answer.text, answer.provider), (scene.anthropic.text(), ProviderName::Anthropic));
        assert_eq!(scene.counts(), [1, 1, 0], "{trouble:?}");
    }
}

#[test]
fn when_everybody_fails_each_says_why() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(429));
    scene.anthropic.always(Reply::overloaded());
    scene.together.always(Reply::reset());
    let failover = scene.failover();
    let error = block_on(question(&failover).ask()).unwrap_err();
    let faults: Vec<_> = error.failures().iter().map(|failure| failure.fault).collect();
    assert_eq!(faults, [Fault::Throttled, Fault::Overloaded, Fault::Reset]);
}

#[test]
fn a_refusal_for_what_it_asks_is_not_routed_around() {
    let scene = Scene::new();
    scene.openai.always(Reply::content_policy());
    let failover = scene.failover();
    let error = block_on(question(&failover).ask()).unwrap_err();
    assert_eq!((error.why(), scene.counts()), (&Why::Refused, [1, 0, 0]));
}

#[test]
fn the_first_success_wins_a_race_and_a_hedge_asks_the_next() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    scene.anthropic.always(Reply::status(500));
    let failover = scene.failover();
    let ask = question(&failover).race(Cost::EveryAttemptIsBilled).limit(LONG).deadline(LONG);
    let answer = block_on(ask.ask()).unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Together, 3));
    scene.anthropic.heal();
    let hedge = Hedge::after(Duration::from_millis(20));
    let ask = question(&failover).order([ProviderName::OpenAi, ProviderName::Anthropic]);
    let answer = block_on(ask.hedge(hedge, Cost::EveryAttemptIsBilled).ask()).unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
}

#[test]
fn an_answer_is_used_again_and_an_old_one_when_all_have_failed() {
    let scene = Scene::new();
    let failover = scene.failover();
    let first = block_on(question(&failover).cached().ask()).unwrap();
    let again = block_on(question(&failover.clone()).cached().ask()).unwrap();
    assert!(again.cached.is_some_and(|cached| !cached.stale) && again.text == first.text);
    for provider in [&scene.openai, &scene.anthropic, &scene.together] {
        provider.always(Reply::status(503));
    }
    let never_fresh = Freshness::new(Duration::ZERO).stale_if_error(LONG);
    let stale = block_on(question(&failover).cached_for(never_fresh).ask()).unwrap();
    assert!(stale.cached.is_some_and(|cached| cached.stale) && stale.text == first.text);
    assert_eq!(scene.counts(), [2, 1, 1]);
}

#[test]
fn one_that_hangs_is_given_up() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let failover = scene.failover();
    let answer = block_on(question(&failover).limit(Duration::from_secs(1)).ask()).unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
    scene.anthropic.always(Reply::silence());
    let ask = question(&failover).deadline(Duration::from_millis(100)).limit(LONG);
    assert_eq!(block_on(ask.ask()).unwrap_err().why(), &Why::Deadline);
}

#[test]
fn a_future_that_is_dropped_proves_nothing() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let failover = scene.failover();
    let asked = question(&failover).ask();
    assert!(block_on(future::poll_once(asked)).is_none());
    let state = failover.states().find(|(name, _)| *name == "openai/gpt-4o (text)").unwrap().1;
    assert_eq!(state, CircuitState::Closed);
}

#[test]
fn each_key_goes_to_its_own_provider_and_no_redirect_is_followed() {
    let scene = Scene::new();
    let elsewhere = format!("{}/v1/chat/completions", scene.together.url());
    scene.openai.always(Reply::status(307).header("Location", &elsewhere));
    scene.anthropic.always(Reply::status(500));
    let failover = scene.failover();
    let answer = block_on(question(&failover).ask()).unwrap();
    assert_eq!((answer.provider, scene.counts()), (ProviderName::Together, [1, 1, 1]));
    let keys = [OPENAI_KEY, ANTHROPIC_KEY, TOGETHER_KEY];
    for (place, provider) in [&scene.openai, &scene.anthropic, &scene.together].into_iter().enumerate() {
        for seen in provider.seen() {
            for (other, key) in keys.iter().enumerate() {
                assert_eq!(seen.mentions(key), other == place, "{key}");
            }
        }
    }
}

#[test]
fn an_answer_beyond_the_limit_is_none() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().padded(1 << 20));
    let failover = scene.builder().answer_limit(1 << 16).build().unwrap();
    let error = block_on(question(&failover).order([ProviderName::OpenAi]).ask()).unwrap_err();
    assert_eq!(error.failures()[0].fault, Fault::Malformed);
}
