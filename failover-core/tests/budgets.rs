//! The retry budget against a naive one: random requests, each wanting some extra attempts, at random times.

use std::time::Duration;

use failover_core::{
    Action, Backoff, Breaker, Call, Candidate, Fault, Finish, Fleet, Hedge, Moment, Policy, ProviderId,
    RetryBudget,
};
use proptest::prelude::*;

/// A request that could use so many extra attempts, as repeats on one provider or as hedges on others.
#[derive(Clone, Copy, Debug)]
enum Wants {
    Repeats(u32),
    Hedges(usize),
}

/// Drives it on providers that always fail, or never answer; returns how many extra attempts it got.
fn granted(fleet: &Fleet, wants: Wants, now: Moment) -> u32 {
    // Without a slot there is no breaker to interfere.
    let candidates: Vec<_> = (1..20).map(|slot| Candidate::new(ProviderId::new(slot))).collect();
    let policy = match wants {
        Wants::Repeats(most) => Policy::new().retries(most).backoff(Backoff::constant(Duration::ZERO)),
        Wants::Hedges(_) => Policy::new().hedge(Hedge::race()),
    };
    let count = match wants {
        Wants::Repeats(_) => 1,
        Wants::Hedges(most) => most + 1,
    };
    let mut call = Call::new(&policy, &candidates[..count], 1, now);
    let mut launched = 0;
    loop {
        match (call.poll(fleet, now), wants) {
            (Action::Launch(launch), Wants::Repeats(_)) => {
                launched += 1;
                call.settle(launch.attempt, Fault::Broken.into(), fleet, now);
            }
            (Action::Launch(_), Wants::Hedges(_)) => launched += 1,
            (Action::Finish(Finish::Failed(_)), Wants::Repeats(_)) => break,
            (Action::Wait(None), Wants::Hedges(_)) => {
                call.abandon(fleet, now);
                break;
            }
            (other, _) => panic!("{other:?}"),
        }
    }
    launched - 1
}

/// In thousandths of an attempt.
struct Naive {
    tokens: u64,
    full: u64,
    share: u64,
    reserve: u64,
    millis: u64,
}

impl Naive {
    fn granted(&mut self, wants: u32, millis: u64) -> u32 {
        self.tokens = (self.tokens + (millis - self.millis) * self.reserve).min(self.full);
        self.millis = millis;
        self.tokens = (self.tokens + self.share).min(self.full);
        let granted = u64::from(wants).min(self.tokens / 1_000);
        self.tokens -= granted * 1_000;
        u32::try_from(granted).expect("no more than wanted")
    }
}

fn wants() -> impl Strategy<Value = Wants> {
    prop_oneof![(0_u32..6).prop_map(Wants::Repeats), (0_usize..6).prop_map(Wants::Hedges)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_of_requests_agrees_with_the_naive_budget(
        (share, reserve, burst) in (0_u8..=100, 0_u32..20, 0_u32..30),
        requests in prop::collection::vec((wants(), prop_oneof![0_u64..3_000, 0_u64..2_000_000]), 1..80),
    ) {
        let budget = RetryBudget::new().share_percent(share).reserve_per_second(reserve).burst(burst);
        let fleet = Fleet::new(0, Breaker::new()).with_budget(budget);
        let full = u64::from(burst) * 1_000;
        let mut naive =
            Naive { tokens: full, full, share: u64::from(share) * 10, reserve: reserve.into(), millis: 0 };
        let mut micros = 0;
        let mut history = Vec::new();
        for (wants, pause) in requests {
            micros += pause;
            let extra = granted(&fleet, wants, Moment::after_epoch(Duration::from_micros(micros)));
            let most = match wants {
                Wants::Repeats(most) => most,
                Wants::Hedges(most) => u32::try_from(most).expect("few"),
            };
            prop_assert_eq!(extra, naive.granted(most, micros / 1_000));
            history.push((micros / 1_000, u64::from(extra)));
        }
        // Over any time: at most the share of the requests, the reserve of the seconds, and the burst.
        for (first, &(began, _)) in history.iter().enumerate() {
            let mut extra = 0;
            for (more, &(ended, granted)) in history[first..].iter().enumerate() {
                extra += granted * 1_000;
                let requests = more as u64 + 1;
                let most = requests * u64::from(share) * 10 + (ended - began) * u64::from(reserve) + full;
                prop_assert!(extra <= most, "{} of {} thousandths", extra, most);
            }
        }
    }
}
