//! All at once: the first success wins, and the others are dropped.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};

use failover_reqwest::calls::{Calls, CircuitState, End, Provider, RootCause, Why};
use tokio::sync::Barrier;
use tokio::time::{Instant, sleep};

use crate::scene::{Alive, SECOND, calls, hangs, millis, takes};

const SERVED: End = End::Served { asked: 1, served: 1 };

#[tokio::test(start_paused = true)]
async fn the_first_success_wins_and_a_fast_failure_does_not() {
    let quick = takes("quick", millis(0), Err("out of order"));
    let got = Calls::new().race([quick, hangs("hung"), takes("steady", SECOND, Ok(3))]).await.unwrap();
    assert_eq!((got.value, got.provider.as_str(), got.report.took), (3, "steady", SECOND));
    let ends: Vec<_> = got.report.attempts.iter().map(|it| (it.provider.as_str(), it.end)).collect();
    assert!(ends.contains(&("hung", End::CalledOff)) && ends.contains(&("steady", SERVED)), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn all_are_asked_at_once() {
    let everybody = Barrier::new(3);
    let everybody = &everybody;
    let meets = |name: &'static str| {
        let meet = move || async move {
            everybody.wait().await;
            Ok::<_, &str>(name)
        };
        Provider::new(name, meet)
    };
    let got = Calls::new().race([meets("one"), meets("two"), meets("three")]).await.unwrap();
    assert_eq!(got.report.attempts.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_losers_are_dropped_before_the_winner_is_handed_out() {
    let (begun, alive) = (AtomicU32::new(0), AtomicU32::new(0));
    let loser = |name: &'static str| {
        let lose = || async {
            begun.fetch_add(1, Ordering::Relaxed);
            let _alive = Alive::new(&alive);
            pending::<Result<u32, &str>>().await
        };
        Provider::new(name, lose)
    };
    let got = Calls::new().race([loser("one"), takes("two", SECOND, Ok(2)), loser("three")]).await.unwrap();
    assert_eq!((got.value, begun.load(Ordering::Relaxed), alive.load(Ordering::Relaxed)), (2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_loser_may_be_billed_and_proves_nothing() {
    let calls = Calls::new();
    for _ in 0..5 {
        let got = calls.race([hangs("hung"), takes("steady", SECOND, Ok(3))]).await.unwrap();
        let hung = got.report.attempts.iter().find(|attempt| attempt.provider == "hung").unwrap();
        assert!(!hung.goes_on && hung.maybe_billed && got.report.maybe_billed);
        assert!(hung.to_string().ends_with("called off, 1.0 s, maybe billed"), "{hung}");
    }
    assert_eq!(calls.state("hung"), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn one_in_which_all_fail_names_every_cause() {
    let fails = |name, after| takes::<u32>(name, millis(after), Err(name));
    let error = Calls::new().race([fails("one", 3), fails("two", 1), fails("three", 2)]).await.unwrap_err();
    let names: Vec<_> = error.failures().iter().map(|failure| failure.provider.as_str()).collect();
    assert_eq!((names, error.why()), (vec!["two", "three", "one"], &Why::Exhausted), "as they ended");
}

#[tokio::test(start_paused = true)]
async fn each_has_10_s_and_all_have_30() {
    let builder = Calls::builder().timeout(10 * SECOND).deadline(30 * SECOND);
    let race = calls(builder);
    let began = Instant::now();
    let error = race.race([hangs::<u32>("one"), hangs("two")]).await.unwrap_err();
    assert_eq!((began.elapsed(), error.failures().len()), (10 * SECOND, 2));
    assert!(error.failures().iter().all(|failure| failure.cause == RootCause::TimedOut));
    let race = calls(Calls::builder().timeout(60 * SECOND).deadline(30 * SECOND));
    let began = Instant::now();
    let error = race.race([hangs::<u32>("one"), hangs("two")]).await.unwrap_err();
    assert_eq!((began.elapsed(), error.why(), error.failures().len()), (30 * SECOND, &Why::Deadline, 2));
}

#[tokio::test(start_paused = true)]
async fn of_a_hundred_the_quickest_wins() {
    let got = Calls::new()
        .race((0..100u64).map(|number| {
            let took = millis(1 + (number * 37) % 100);
            let answer = move || async move {
                sleep(took).await;
                Ok::<_, &str>(number)
            };
            (format!("p{number}"), answer)
        }))
        .await
        .unwrap();
    assert_eq!((got.value, got.report.took, got.report.attempts.len()), (0, millis(1), 100));
}

#[tokio::test(start_paused = true)]
async fn two_without_a_breaker_can_be_in_flight_together() {
    let calls = Calls::new();
    for number in 0..256 {
        calls.call([(format!("p{number}"), async || Ok::<_, &str>(1))]).await.unwrap();
    }
    let got = calls.race([hangs("257th"), takes("258th", millis(1), Ok(2))]).await.unwrap();
    assert_eq!((got.value, got.report.attempts[0].end), (2, End::CalledOff));
}
