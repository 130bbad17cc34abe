//! Many calls at once on one fleet: interleaved at random against the naive breaker, and by real threads.

#[path = "../naive/breaker.rs"]
mod breaker;
mod crowd;
mod threads;

use failover_core::{CircuitState, Ending, Fleet, ProviderId};
use proptest::prelude::*;

use crate::breaker::{Naive, Rules, at, us};
use crate::crowd::{Crowd, PROVIDERS};

fn rules() -> impl Strategy<Value = Rules> {
    (1_u8..5, 0_u8..6, 1_000_u64..6_000_000, 1_u8..5, 1_u8..5).prop_map(
        |(failures, more, pause, probes, successes)| Rules {
            failures,
            among: failures + more,
            pause,
            longest: pause,
            probes,
            successes,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every step of every call is a random one, at a random time.
    #[test]
    fn calls_in_any_order_agree_with_the_naive_breakers(
        rules in rules(),
        slow in prop::option::of(0_u64..3_000_000),
        steps in prop::collection::vec((any::<u32>(), 0_u64..600_000), 1..400),
    ) {
        let breaker = slow.map_or(rules.breaker(), |slow| rules.breaker().slow(us(slow)));
        let fleet = Fleet::new(PROVIDERS, breaker);
        let mut crowd = Crowd::new(&fleet, Naive::new(rules), slow);
        for (dice, pause) in steps {
            crowd.step(dice, pause);
            crowd.check(&rules);
        }
        heal(&fleet, crowd.now);
    }
}

/// Whoever was lost on the way: once all leases are over, everybody heals.
fn heal(fleet: &Fleet, mut now: u64) {
    for slot in 0..PROVIDERS {
        let provider = ProviderId::new(u16::try_from(slot).expect("few"));
        if matches!(fleet.state(provider, at(now)), CircuitState::ForcedOpen | CircuitState::ForcedClosed) {
            fleet.release(provider);
        }
        for _ in 0..4 {
            now += 86_400_000_000;
            let permit = fleet.admit(provider, us(1), at(now)).expect("wedged");
            fleet.end(permit, Ending::Success, 1, at(now));
        }
        assert_eq!(fleet.state(provider, at(now)), CircuitState::Closed);
    }
}
