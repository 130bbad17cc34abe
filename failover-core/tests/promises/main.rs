//! The contract of the crate, held against random calls: random policies, fleets, providers, answers, clocks and abuse.

mod course;
mod judge;
mod life;

use std::collections::HashMap;

use failover_core::{
    Action, Call, Candidate, CircuitState, Event, Fleet, Moment, Outcome, Policy, ProviderId,
};
use proptest::prelude::*;

use crate::judge::Judge;
use crate::life::{Life, SLOTS, lives, us};

/// What was done and told in a life, and when.
#[derive(Debug, PartialEq)]
enum Told {
    Did(Moment, Action),
    Changed(Moment, Event),
}

fn live(life: &Life) -> Vec<Told> {
    let (fleet, candidates, policy) = (life.world.fleet(), life.candidates(), life.wish.policy());
    let mut judge = Judge {
        life,
        policy: &policy,
        candidates: &candidates,
        fleet: &fleet,
        now: Moment::after_epoch(us(1_000_123)),
        luck: life.fortunes.iter().cycle(),
        hinted: HashMap::new(),
        extra: 0,
        requests: 0,
        trace: Vec::new(),
    };
    let began = judge.now;
    for (number, (items, pause)) in life.calls.iter().enumerate() {
        judge.call(*items, life.seed.wrapping_add(number as u64));
        judge.pass(us(*pause));
        judge.check_budget(began);
    }
    let mut trace = judge.trace;
    heal(&fleet, judge.now, &mut trace);
    trace
}

/// Whatever happened, and whatever was lost on the way: when all leases and breaks are over, everybody is asked and heals.
fn heal(fleet: &Fleet, mut now: Moment, trace: &mut Vec<Told>) {
    let policy = Policy::new();
    for slot in 0..SLOTS {
        let provider = ProviderId::new(u16::try_from(slot).expect("few"));
        let candidate = [Candidate::new(provider)];
        for _ in 0..4 {
            now = now.plus(us(30 * 86_400_000_000));
            let mut call = Call::new(&policy, &candidate, 1, now);
            let action = call.poll(fleet, now);
            let Action::Launch(launch) = action else { panic!("{provider:?} is wedged: {action:?}") };
            assert!(!launch.last_resort, "{provider:?} is wedged");
            call.settle(launch.attempt, Outcome::Answered, fleet, now);
            trace.push(Told::Did(now, action));
        }
        assert_eq!(fleet.state(provider, now), CircuitState::Closed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_contract_holds_and_the_same_inputs_give_the_same_actions(life in lives()) {
        prop_assert!(live(&life) == live(&life), "not the same actions twice");
    }
}
