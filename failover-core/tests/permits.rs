//! The breaker against a naive one: random permits, given, ended, cancelled and lost in any order.

use core::num::NonZeroU8;
use std::time::Duration;

use failover_core::{Breaker, CircuitState, Ending, Fleet, Moment, Permit, ProviderId, Transition};
use proptest::prelude::*;

const ONLY: ProviderId = ProviderId::new(0);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64) -> Moment {
    Moment::after_epoch(ms(millis))
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Admit {
        lease: u64,
    },
    LastResort,
    /// Which of the permits at hand, and how it ends.
    End(usize, Ending),
    /// The hint lies this far ahead.
    Hint(usize, u64),
    Lose(usize),
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
    prop_oneof![
        8 => (1_u64..3_000).prop_map(|lease| Deed::Admit { lease }),
        1 => Just(Deed::LastResort),
        8 => (0_usize..8, ending).prop_map(|(which, ending)| Deed::End(which, ending)),
        1 => (0_usize..8, 0_u64..10_000).prop_map(|(which, ahead)| Deed::Hint(which, ahead)),
        1 => (0_usize..8).prop_map(Deed::Lose),
        4 => prop_oneof![0_u64..100, 0_u64..5_000].prop_map(Deed::Pass),
    ]
}

/// What each permit stands for, in the naive breaker's books.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slip {
    epoch: u32,
    probe: bool,
}

#[derive(Debug)]
enum State {
    Closed { in_a_row: u8 },
    Open { until: u64 },
    HalfOpen { probes: u8, successes: u8, lease: u64 },
}

/// The rules as one would tell them, without packing, atomics or a clock.
#[derive(Debug)]
struct Naive {
    state: State,
    epoch: u32,
    failures: u8,
    pause: u64,
    probes: u8,
    successes: u8,
}

impl Naive {
    fn turn(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }

    fn admit(&mut self, lease: u64, now: u64) -> Result<Slip, u64> {
        let probe = match &mut self.state {
            State::Closed { .. } => false,
            State::Open { until } if now < *until => return Err(*until),
            State::Open { .. } => {
                self.turn(State::HalfOpen { probes: 1, successes: 0, lease: now + lease });
                true
            }
            State::HalfOpen { lease: end, successes, .. } if now >= *end => {
                let successes = *successes;
                self.turn(State::HalfOpen { probes: 1, successes, lease: now + lease });
                true
            }
            State::HalfOpen { probes, lease: end, .. } if *probes < self.probes => {
                *probes += 1;
                *end = (*end).max(now + lease);
                true
            }
            State::HalfOpen { lease, .. } => return Err(*lease),
        };
        Ok(Slip { epoch: self.epoch, probe })
    }

    fn open(&mut self, until: u64) -> Option<Transition> {
        self.turn(State::Open { until });
        Some(Transition::Opened(at(until)))
    }

    fn end(&mut self, slip: Slip, ending: Ending, now: u64) -> Option<Transition> {
        if let Ending::OpenUntil(hint) = ending {
            let hint = u64::try_from(hint.since_epoch().as_millis()).expect("soon").max(now + 1_000);
            if let State::Open { until } = &mut self.state {
                *until = hint.max(*until);
                return None;
            }
            return if slip.epoch == self.epoch { self.open(hint) } else { None };
        }
        if slip.epoch != self.epoch {
            return None;
        }
        let bad = matches!(ending, Ending::Failure | Ending::Trip);
        match &mut self.state {
            State::Closed { in_a_row } => {
                if bad {
                    *in_a_row += 1;
                    if *in_a_row >= self.failures || ending == Ending::Trip {
                        return self.open(now + self.pause);
                    }
                } else if ending == Ending::Success {
                    *in_a_row = 0;
                }
                None
            }
            State::Open { .. } if ending == Ending::Success => {
                if self.successes == 1 {
                    self.turn(State::Closed { in_a_row: 0 });
                    Some(Transition::Closed)
                } else {
                    self.turn(State::HalfOpen { probes: 0, successes: 1, lease: now });
                    Some(Transition::HalfOpened)
                }
            }
            State::Open { .. } => None,
            State::HalfOpen { .. } if bad => slip.probe.then(|| self.open(now + self.pause)).flatten(),
            State::HalfOpen { probes, successes, .. } => {
                *probes -= u8::from(slip.probe);
                if ending == Ending::Success {
                    *successes += 1;
                    if *successes >= self.successes {
                        self.turn(State::Closed { in_a_row: 0 });
                        return Some(Transition::Closed);
                    }
                }
                None
            }
        }
    }

    fn shown(&self, now: u64) -> CircuitState {
        match self.state {
            State::Closed { .. } => CircuitState::Closed,
            State::Open { until } if now < until => CircuitState::Open(at(until)),
            State::Open { .. } | State::HalfOpen { .. } => CircuitState::HalfOpen,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_of_permits_agrees_with_the_naive_breaker(
        (failures, pause, probes, successes) in (1_u8..6, 1_u64..4_000, 1_u8..5, 1_u8..5),
        deeds in prop::collection::vec(deeds(), 1..120),
    ) {
        let number = |n| NonZeroU8::new(n).unwrap();
        let settings = Breaker::new()
            .failures(number(failures))
            .pause(ms(pause))
            .probes(number(probes))
            .successes(number(successes))
            .jitter_percent(0);
        let fleet = Fleet::new(1, settings);
        let mut naive = Naive { state: State::Closed { in_a_row: 0 }, epoch: 0, failures, pause, probes, successes };
        let mut hands: Vec<(Permit, Slip)> = Vec::new();
        let mut now = 0;
        for deed in deeds {
            let present = at(now);
            match deed {
                Deed::Admit { lease } => match (fleet.admit(ONLY, ms(lease), present), naive.admit(lease, now)) {
                    (Ok(permit), Ok(slip)) => {
                        prop_assert_eq!(permit.is_probe(), slip.probe);
                        hands.push((permit, slip));
                        let probing = hands.iter().filter(|(_, s)| s.probe && s.epoch == naive.epoch).count();
                        prop_assert!(probing <= usize::from(probes), "{} probes in flight", probing);
                    }
                    (Err(refusal), Err(until)) => prop_assert_eq!(refusal.until, Some(at(until))),
                    (real, naive) => prop_assert!(false, "{:?} but naively {:?}", real, naive),
                },
                Deed::LastResort => {
                    let slip = Slip { epoch: naive.epoch, probe: false };
                    hands.push((fleet.admit_last_resort(ONLY), slip));
                }
                Deed::End(which, ending) if which < hands.len() => {
                    let (permit, slip) = hands.swap_remove(which);
                    prop_assert_eq!(fleet.end(permit, ending, 1, present), naive.end(slip, ending, now));
                }
                Deed::Hint(which, ahead) if which < hands.len() => {
                    let (permit, slip) = hands.swap_remove(which);
                    let hint = Ending::OpenUntil(at(now + ahead));
                    prop_assert_eq!(fleet.end(permit, hint, 1, present), naive.end(slip, hint, now));
                }
                Deed::Lose(which) if which < hands.len() => drop(hands.swap_remove(which)),
                Deed::End(..) | Deed::Hint(..) | Deed::Lose(_) => {}
                Deed::Pass(time) => now += time,
            }
            prop_assert_eq!(fleet.state(ONLY, at(now)), naive.shown(now));
        }
        // However many were lost: once the last lease is over, somebody is let through, and heals it.
        drop(hands);
        for _ in 0..4 {
            now += 100_000;
            let permit = fleet.admit(ONLY, ms(1), at(now)).expect("wedged");
            fleet.end(permit, Ending::Success, 1, at(now));
        }
        prop_assert_eq!(fleet.state(ONLY, at(now)), CircuitState::Closed);
    }
}
