//! The breaker against a naive one: random permits, given, ended, cancelled and lost in any order.

#[path = "naive/breaker.rs"]
mod breaker;

use failover_core::{CircuitState, Ending, Fleet, Moment, Permit, ProviderId, Transition};
use proptest::prelude::*;

use crate::breaker::{Naive, Rules, Slip, at, us};

const ONLY: ProviderId = ProviderId::new(0);

#[derive(Clone, Copy, Debug)]
enum Deed {
    Admit {
        lease: u64,
    },
    LastResort,
    /// Which of the permits at hand, and how it ends.
    End(usize, Ending),
    /// The same, with a hint that lies this far ahead.
    Hint(usize, fn(Moment) -> Ending, u64),
    Lose(usize),
    Force(Option<bool>),
    Pass(u64),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let ending = prop_oneof![
        3 => Just(Ending::Success),
        4 => Just(Ending::Failure),
        1 => Just(Ending::Trip),
        1 => Just(Ending::Ignored),
        1 => Just(Ending::Cancelled),
    ];
    let hint: [fn(Moment) -> Ending; 3] = [Ending::OpenUntil, Ending::FailureUntil, Ending::TripUntil];
    let force = prop_oneof![2 => Just(None), 1 => Just(Some(true)), 1 => Just(Some(false))];
    prop_oneof![
        24 => (1_u64..3_000_000).prop_map(|lease| Deed::Admit { lease }),
        3 => Just(Deed::LastResort),
        24 => (0_usize..8, ending).prop_map(|(which, ending)| Deed::End(which, ending)),
        3 => (0_usize..8, prop::sample::select(hint.to_vec()), 0_u64..10_000_000)
            .prop_map(|(which, hint, ahead)| Deed::Hint(which, hint, ahead)),
        3 => (0_usize..8).prop_map(Deed::Lose),
        1 => force.prop_map(Deed::Force),
        12 => prop_oneof![0_u64..100_000, 0_u64..5_000_000].prop_map(Deed::Pass),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let among = prop_oneof![1 => Just(0_u8), 1 => 0_u8..30];
    let growth = prop_oneof![2 => Just(1_u64), 3 => 1_u64..12];
    (1_u8..6, among, 1_000_u64..4_000_000, growth, 1_u8..5, 1_u8..5).prop_map(
        |(failures, more, pause, growth, probes, successes)| Rules {
            failures,
            among: (failures + more).min(32),
            pause,
            longest: pause * growth,
            probes,
            successes,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_of_permits_agrees_with_the_naive_breaker(
        rules in rules(),
        deeds in prop::collection::vec(deeds(), 1..100),
    ) {
        let fleet = Fleet::new(1, rules.breaker());
        let mut naive = Naive::new(rules);
        let mut hands: Vec<(Permit, Slip)> = Vec::new();
        let mut now = 0;
        for deed in deeds {
            let present = at(now);
            match deed {
                Deed::Admit { lease } => {
                    let was_open = naive.is_open();
                    match (fleet.admit(ONLY, us(lease), present), naive.admit(lease, now)) {
                    (Ok(permit), Ok(slip)) => {
                        prop_assert_eq!(permit.is_probe(), slip.probe);
                        prop_assert_eq!(permit.transition(), was_open.then_some(Transition::HalfOpened));
                        hands.push((permit, slip));
                        let probing = hands.iter().filter(|(_, s)| s.probe && s.epoch == naive.epoch).count();
                        prop_assert!(probing <= usize::from(rules.probes), "{} probes in flight", probing);
                    }
                    (Err(refusal), Err(until)) => prop_assert_eq!(refusal.until, until.map(at)),
                    (real, naive) => prop_assert!(false, "{:?} but naively {:?}", real, naive),
                }},
                Deed::LastResort => hands.push((fleet.admit_last_resort(ONLY), naive.last_resort())),
                Deed::End(which, ending) if which < hands.len() => {
                    let (permit, slip) = hands.swap_remove(which);
                    prop_assert_eq!(fleet.end(permit, ending, 1, present), naive.end(slip, ending, now));
                }
                Deed::Hint(which, hint, ahead) if which < hands.len() => {
                    let (permit, slip) = hands.swap_remove(which);
                    let hint = hint(at(now + ahead));
                    prop_assert_eq!(fleet.end(permit, hint, 1, present), naive.end(slip, hint, now));
                }
                Deed::Lose(which) if which < hands.len() => drop(hands.swap_remove(which)),
                Deed::End(..) | Deed::Hint(..) | Deed::Lose(_) => {}
                Deed::Force(open) => {
                    match open {
                        Some(true) => fleet.force_open(ONLY),
                        Some(false) => fleet.force_closed(ONLY),
                        None => fleet.release(ONLY),
                    }
                    naive.force(open, now);
                }
                Deed::Pass(time) => now += time,
            }
            prop_assert_eq!(fleet.state(ONLY, at(now)), naive.shown(now));
        }
        // However many were lost: once the last lease is over, somebody is let through, and heals it.
        drop(hands);
        if matches!(naive.shown(now), CircuitState::ForcedOpen | CircuitState::ForcedClosed) {
            fleet.release(ONLY);
        }
        for _ in 0..4 {
            now += 100_000_000;
            let permit = fleet.admit(ONLY, us(1), at(now)).expect("wedged");
            fleet.end(permit, Ending::Success, 1, at(now));
        }
        prop_assert_eq!(fleet.state(ONLY, at(now)), CircuitState::Closed);
    }
}
