//! Race, hedge, health, cache and time limits, over real sockets.

use std::time::Duration;

use failover_reqwest::ProviderName;
use failover_reqwest::calls::{CircuitState, End, Why};
use failover_reqwest::text::{Cost, Freshness, Hedge};
use failover_testkit::Reply;

use crate::scene::{Scene, question};

const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn in_a_race_the_first_success_wins() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    scene.anthropic.always(Reply::status(500)); // a failure, however fast, does not
    let failover = scene.failover();
    let ask = question(&failover).race(Cost::EveryAttemptIsBilled);
    let answer = ask.limit(LONG).deadline(LONG).ask().await.unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Together, 3));
    let hung = answer.report.attempts.iter().find(|attempt| attempt.provider == "openai/gpt-4o").unwrap();
    assert!(hung.end == End::CalledOff && hung.maybe_billed);
}

#[tokio::test]
async fn a_hedge_asks_the_next_when_one_takes_long() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let failover = scene.failover();
    let hedge = Hedge::after(Duration::from_millis(20));
    let ask = question(&failover).order([ProviderName::OpenAi, ProviderName::Anthropic]);
    let answer = ask.hedge(hedge, Cost::EveryAttemptIsBilled).ask().await.unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
    scene.openai.heal();
    let hedge = Hedge::after(LONG);
    let answer = question(&failover).hedge(hedge, Cost::EveryAttemptIsBilled).ask().await.unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::OpenAi, 1));
}

#[tokio::test]
async fn the_healthiest_comes_first() {
    let scene = Scene::new();
    scene.openai.script([Reply::status(500)]);
    let failover = scene.failover();
    question(&failover).by_health().ask().await.unwrap();
    let answer = question(&failover).by_health().ask().await.unwrap();
    assert_ne!(answer.provider, ProviderName::OpenAi, "it is healthy again, and nobody knows");
    assert_eq!(answer.report.attempts.len(), 1);
    let answer = question(&failover).ask().await.unwrap();
    assert_eq!(answer.provider, ProviderName::OpenAi, "unless the order is to be kept");
}

#[tokio::test]
async fn when_nobody_is_healthy_all_are_asked() {
    let scene = Scene::new();
    let failover = scene.failover();
    for provider in [&scene.openai, &scene.anthropic, &scene.together] {
        provider.always(Reply::status(500));
    }
    for _ in 0..3 {
        question(&failover).by_health().ask().await.unwrap_err();
    }
    let open = |state| matches!(state, CircuitState::Open(_));
    assert_eq!(failover.states().filter(|(name, state)| name.ends_with("(text)") && open(*state)).count(), 3);
    scene.together.heal();
    let answer = question(&failover).by_health().ask().await.unwrap();
    assert_eq!(answer.provider, ProviderName::Together);
}

#[tokio::test]
async fn an_answer_is_used_again_and_an_old_one_when_all_have_failed() {
    let scene = Scene::new();
    let failover = scene.failover();
    let first = question(&failover).cached().ask().await.unwrap();
    let again = question(&failover.clone()).cached().ask().await.unwrap();
    assert!(again.cached.is_some_and(|cached| !cached.stale) && again.text == first.text);
    assert_eq!(scene.counts(), [1, 0, 0]);

    for provider in [&scene.openai, &scene.anthropic, &scene.together] {
        provider.always(Reply::status(503));
    }
    let never_fresh = Freshness::new(Duration::ZERO).stale_if_error(LONG);
    let stale = question(&failover).cached_for(never_fresh).ask().await.unwrap();
    assert!(stale.cached.is_some_and(|cached| cached.stale) && stale.text == first.text);
    assert_eq!((stale.provider, scene.counts()), (ProviderName::OpenAi, [2, 1, 1]));
    assert!(stale.report.to_string().contains("as every provider failed"), "{}", stale.report);
}

#[tokio::test]
async fn one_that_hangs_is_given_up_and_another_has_time_left() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let failover = scene.failover();
    let answer = question(&failover).limit(Duration::from_secs(1)).ask().await.unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
    // Half of the deadline, unless a limit is said.
    let answer = question(&failover).deadline(Duration::from_secs(2)).ask().await.unwrap();
    assert_eq!((answer.provider, answer.report.attempts.len()), (ProviderName::Anthropic, 2));
}

#[tokio::test]
async fn the_deadline_ends_it_all() {
    let scene = Scene::new();
    for provider in [&scene.openai, &scene.anthropic, &scene.together] {
        provider.always(Reply::silence());
    }
    let failover = scene.failover();
    let ask = question(&failover).deadline(Duration::from_millis(100)).limit(LONG);
    let error = ask.ask().await.unwrap_err();
    assert_eq!((error.why(), error.report().attempts.len()), (&Why::Deadline, 1));
}

#[tokio::test]
async fn it_can_be_spawned_and_dropped() {
    let scene = Scene::new();
    scene.openai.always(Reply::silence());
    let failover = scene.failover();
    let other = failover.clone();
    let spawned =
        tokio::spawn(
            async move { other.text().prompt("hello").race(Cost::EveryAttemptIsBilled).ask().await },
        );
    assert_ne!(spawned.await.unwrap().unwrap().provider, ProviderName::OpenAi);
    let asked = question(&failover).ask();
    tokio::select! {
        _ = asked => panic!("OpenAI does not answer"),
        () = tokio::time::sleep(Duration::from_millis(20)) => {}
    }
    let state = failover.states().find(|(name, _)| *name == "openai/gpt-4o (text)").unwrap().1;
    assert_eq!(state, CircuitState::Closed, "a future that is dropped proves nothing");
}
