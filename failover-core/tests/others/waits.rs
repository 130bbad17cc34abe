//! Waits that were too long, too short, too late, or went by the wrong clock.

use std::time::Duration;

use failover_core::{
    Action, Backoff, Breaker, Call, Cause, CircuitState, Fault, Finish, Fleet, Jitter, Outcome, Policy,
};

use crate::{ALPHA, at, candidates, drive, fails, fleet, launch, seconds};

#[test]
fn a_clock_that_steps_back_moves_the_deadline__polly_resilience4j_hoglet_25() {
    let (policy, one, fleet) = (Policy::new().deadline(seconds(10)), candidates(1), fleet());
    let mut call = Call::new(&policy, &one, 1, at(1_000));
    launch(&mut call, &fleet, at(1_000));
    assert_eq!(call.poll(&fleet, at(5)), Action::Wait(Some(at(1_010))));
    assert!(matches!(call.poll(&fleet, at(1_010)), Action::Cancel(_)));
    assert_eq!(call.poll(&fleet, at(0)), Action::Finish(Finish::Failed(Cause::Deadline)));
}

#[test]
fn a_clock_that_jumps_ahead_loops__retry_policies() {
    let (policy, one, fleet) = (Policy::new().retries(1).patience(seconds(1)), candidates(1), fleet());
    let mut call = Call::new(&policy, &one, 1, at(0));
    let first = launch(&mut call, &fleet, at(0));
    call.settle(first.attempt, Fault::Broken.into(), &fleet, at(0));
    let month = at(30 * 86_400);
    let second = launch(&mut call, &fleet, month);
    call.settle(second.attempt, Outcome::Answered, &fleet, month);
    assert_eq!(call.poll(&fleet, month), Action::Finish(Finish::Served(second.attempt)));
}

/// The wait before each of nine retries, none of which a breaker may cut short.
fn waits(backoff: Backoff) -> Vec<Duration> {
    let policy = Policy::new().retries(40).backoff(backoff).patience(Duration::MAX);
    let fleet = Fleet::new(0, Breaker::new());
    let told = drive(&policy, &candidates(1), &fleet, at(0), |_| fails(Fault::Broken));
    told.launches.windows(2).map(|pair| pair[1].1.since(pair[0].1)).collect()
}

#[test]
fn jitter_is_added_after_the_cap__backon() {
    let backoff = Backoff::exponential(seconds(4)).cap(seconds(10)).jitter(Jitter::Additive);
    let waits = waits(backoff);
    assert!(waits.iter().all(|wait| *wait <= seconds(10)), "{waits:?}");
    assert!(waits[0] >= seconds(4) && waits[0] <= seconds(8));
}

#[test]
fn full_jitter_spreads_from_nothing_to_the_whole_wait() {
    let waits = waits(Backoff::constant(seconds(10)).jitter(Jitter::Full));
    let spread = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    assert!(*spread.0 < seconds(3) && *spread.1 > seconds(7), "{waits:?}");
    let mean = waits.iter().sum::<Duration>() / 40;
    assert!((seconds(3)..seconds(7)).contains(&mean), "{mean:?}");
}

#[test]
fn the_backoff_overflows_at_large_n__aws_sdk_java_v2_1673() {
    for base in [Duration::from_nanos(1), seconds(1), Duration::MAX] {
        for growth in [Backoff::exponential, Backoff::linear] {
            let waits = waits(growth(base).cap(seconds(30)).jitter(Jitter::None));
            assert_eq!(waits.len(), 40);
            assert!(waits.is_sorted() && waits[39] <= seconds(30), "{waits:?}");
        }
    }
    assert_eq!(
        waits(Backoff::exponential(seconds(1)).cap(seconds(30)).jitter(Jitter::None))[39],
        seconds(30)
    );
}

#[test]
fn the_deadline_is_checked_before_the_sleep_only__retry_policies() {
    let policy = Policy::new()
        .deadline(seconds(60))
        .retries(9)
        .backoff(Backoff::constant(seconds(256)).cap(seconds(256)))
        .patience(Duration::MAX);
    let told = drive(&policy, &candidates(1), &fleet(), at(0), |_| Some((seconds(59), Fault::Broken.into())));
    assert_eq!((told.launches.len(), told.ended), (1, at(59)));
}

#[test]
fn retry_after_overflows__go_retryablehttp_297_mastra_23778() {
    for (hint, until) in [(Duration::MAX, 86_400), (Duration::ZERO, 1), (Duration::from_nanos(1), 1)] {
        let fleet = fleet();
        let throttled = Outcome::Failed { fault: Fault::Throttled, retry_after: Some(hint) };
        let told = drive(&Policy::new(), &candidates(1), &fleet, at(0), |_| Some((seconds(0), throttled)));
        assert_eq!(told.launches.len(), 1, "asked again at once");
        assert_eq!(fleet.state(ALPHA, at(0)), CircuitState::Open(at(until)), "{hint:?}");
    }
}

#[test]
fn it_sleeps_after_the_last_attempt__litellm() {
    let policy = Policy::new().retries(2).backoff(Backoff::constant(seconds(1))).patience(seconds(5));
    let told = drive(&policy, &candidates(2), &fleet(), at(0), |_| fails(Fault::Overloaded));
    let asked = [(0, at(0)), (0, at(1)), (0, at(2)), (1, at(2)), (1, at(3)), (1, at(4))];
    assert_eq!((told.launches.as_slice(), told.ended), (asked.as_slice(), at(4)));
}
