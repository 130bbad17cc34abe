//! Race, hedge, health, cache and time limits, over real sockets.

use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::ProviderName;
use failover_ureq::calls::{CircuitState, End, Why};
use failover_ureq::text::{Cost, Freshness, Hedge};

use crate::scene::{Scene, question};

const LONG: Duration = Duration::from_secs(3_600);

#[test]
fn in_a_race_the_first_success_wins() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    scene.anthropic.always(Reply::status(500)); // a failure, however fast, does not
    let failover = scene.failover();
    let ask = question(&failover).race(Cost::EveryAttemptIsBilled);
    let answer = ask.limit(LONG).deadline(LONG).ask().unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Together, 3));
    let hung = answer.report.attempts.iter().find(|attempt| attempt.provider == "openai/gpt-4o").unwrap();
    assert!(hung.end == End::CalledOff && hung.maybe_billed);
}

#[test]
fn a_hedge_asks_the_next_when_one_takes_long() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let failover = scene.failover();
    let hedge = Hedge::after(Duration::from_millis(20));
    let ask = question(&failover).order([ProviderName::OpenAi, ProviderName::Anthropic]);
    let answer = ask.hedge(hedge, Cost::EveryAttemptIsBilled).ask().unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
    scene.openai.heal();
    let hedge = Hedge::after(LONG);
    let answer = question(&failover).hedge(hedge, Cost::EveryAttemptIsBilled).ask().unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::OpenAi, 1));
}

#[test]
fn the_healthiest_comes_first() {
    let scene = Scene::new();
    scene.openai.script([Reply::status(500)]);
    let failover = scene.failover();
    question(&failover).by_health().ask().unwrap();
    let answer = question(&failover).by_health().ask().unwrap();
    assert_ne!(answer.provider, ProviderName::OpenAi, "it is healthy again, and nobody knows");
    assert_eq!(answer.report.attempts.len(), 1);
    let answer = question(&failover).ask().unwrap();
    assert_eq!(answer.provider, ProviderName::OpenAi, "unless the order is to be kept");
}

#[test]
fn when_nobody_is_healthy_all_are_asked() {
    let scene = Scene::new();
    let failover = scene.failover();
    for provider in [&scene.openai, &scene.anthropic, &scene.together] {
        provider.always(Reply::status(500));
    }
    for _ in 0..3 {
        question(&failover).by_health().ask().unwrap_err();
    }
    let open = |state| matches!(state, CircuitState::Open(_));
    assert_eq!(failover.states().filter(|(name, state)| name.ends_with("(text)") && open(*state)).count(), 3);
    scene.together.heal();
    let answer = question(&failover).by_health().ask().unwrap();
    assert_eq!(answer.provider, ProviderName::Together);
}

#[test]
fn an_answer_is_used_again_and_an_old_one_when_all_have_failed() {
    let scene = Scene::new();
    let failover = scene.failover();
    let first = question(&failover).cached().ask().unwrap();
    let again = question(&failover.clone()).cached().ask().unwrap();
    assert!(again.cached.is_some_and(|cached| !cached.stale) && again.text == first.text);
    assert_eq!(scene.counts(), [1, 0, 0]);

    for provider in [&scene.openai, &scene.anthropic, &scene.together] {
        provider.always(Reply::status(503));
    }
    let never_fresh = Freshness::new(Duration::ZERO).stale_if_error(LONG);
    let stale = question(&failover).cached_for(never_fresh).ask().unwrap();
    assert!(stale.cached.is_some_and(|cached| cached.stale) && stale.text == first.text);
    assert_eq!((stale.provider, scene.counts()), (ProviderName::OpenAi, [2, 1, 1]));
    assert!(stale.report.to_string().contains("as every provider failed"), "{}", stale.report);
}

#[test]
fn one_that_hangs_is_given_up_and_another_has_time_left() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let failover = scene.failover();
    let answer = question(&failover).limit(Duration::from_secs(1)).ask().unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
    // Half of the deadline, unless a limit is said.
    let answer = question(&failover).deadline(Duration::from_secs(2)).ask().unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
}

#[test]
fn the_deadline_ends_it_all() {
    let scene = Scene::new();
    for provider in [&scene.openai, &scene.anthropic, &scene.together] {
        provider.always(Reply::silence());
    }
    let failover = scene.failover();
    let ask = question(&failover).deadline(Duration::from_millis(100)).limit(LONG);
    let error = ask.ask().unwrap_err();
    assert_eq!((error.why(), error.report().attempts.len()), (&Why::Deadline, 1));
}

#[test]
fn the_clients_limit_is_what_is_left() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    scene.anthropic.always(Reply::silence());
    let failover = scene.failover();
    // Within the caller's thread nobody is called off: the request itself has to end.
    let ask = question(&failover).limit(Duration::from_secs(1)).deadline(LONG);
    let answer = ask.ask().unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Together, 3));
}
