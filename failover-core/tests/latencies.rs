//! The latency record against a naive one: every answer kept, sorted, and counted off.

use std::time::Duration;

use failover_core::{Action, Breaker, Call, Candidate, Fleet, Latency, Moment, Outcome, Policy, ProviderId};
use proptest::prelude::*;

const ONLY: ProviderId = ProviderId::new(0);

fn at(nanos: u64) -> Moment {
    Moment::after_epoch(Duration::from_nanos(nanos))
}

/// A call that is answered now, and was sent `took` ago.
fn answered(fleet: &Fleet, took: u64, seed: u64, now: u64) {
    let policy = Policy::new();
    let candidates = [Candidate::new(ONLY)];
    let sent = at(now - took);
    let mut call = Call::new(&policy, &candidates, seed, sent);
    let Action::Launch(launch) = call.poll(fleet, sent) else { panic!("refused") };
    call.settle(launch.attempt, Outcome::Answered, fleet, at(now));
}

/// The ends of the steps: four to each doubling from 2^20 ns to 2^37 ns.
fn steps() -> impl Iterator<Item = u64> {
    let quarters = (20..37).flat_map(|doubling| (0..4).map(move |q| (1 << doubling) + (q << (doubling - 2))));
    quarters.chain([1 << 37])
}

struct Naive {
    window: u64,
    least: usize,
    /// When, and how long.
    answers: Vec<(u64, u64)>,
}

impl Naive {
    fn percentile(&self, percent: u8, now: u64) -> Option<Duration> {
        let window = now / self.window;
        let recent = self.answers.iter().filter(|(when, _)| when / self.window + 1 >= window);
        let mut took: Vec<_> = recent.map(|(_, took)| *took).collect();
        took.sort_unstable();
        if took.len() < self.least.max(1) {
            return None;
        }
        let rank = (took.len() * usize::from(percent)).div_ceil(100).max(1);
        let exact = took[rank - 1];
        Some(Duration::from_nanos(steps().find(|end| *end > exact).unwrap_or(1 << 37)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_of_answers_agrees_with_the_naive_record(
        (window, least) in (1_u64..60_000, 0_u32..30),
        answers in prop::collection::vec(
            (
                prop_oneof![0_u64..5_000_000, 0_u64..3_000_000_000, 0_u64..200_000_000_000],
                prop_oneof![4 => 0_u64..100_000_000, 1 => 0_u64..100_000_000_000],
                0_u8..=100,
            ),
            1..150,
        ),
    ) {
        let settings = Latency::new().window(Duration::from_millis(window)).least(least);
        let fleet = Fleet::new(1, Breaker::new()).with_latency(settings);
        let mut naive = Naive { window: window * 1_000_000, least: least as usize, answers: Vec::new() };
        let mut now = 200_000_000_000;
        for (took, pause, percent) in answers {
            now += pause;
            prop_assert_eq!(fleet.latency(ONLY, percent, at(now)), naive.percentile(percent, now), "before");
            answered(&fleet, took, took, now);
            naive.answers.push((now, took));
            prop_assert_eq!(fleet.latency(ONLY, percent, at(now)), naive.percentile(percent, now), "after");
        }
    }
}

#[test]
fn a_percentile_is_never_understated_and_overstated_by_a_quarter_at_most() {
    for took in (1_000_000..130_000_000_000).step_by(777_777_777) {
        let fleet = Fleet::new(1, Breaker::new()).with_latency(Latency::new().least(1));
        answered(&fleet, took, 1, took);
        let told = fleet.latency(ONLY, 95, at(took)).unwrap();
        let took = Duration::from_nanos(took);
        assert!(
            told >= took && told <= (took * 5 / 4).max(Duration::from_nanos(1 << 20)),
            "{took:?}: {told:?}"
        );
    }
}

#[test]
fn a_busy_record_is_sampled_without_bias() {
    let fleet = Fleet::new(1, Breaker::new()).with_latency(Latency::new());
    // 20,000 answers within one window, evenly between 0 and 1,000 ms, slow and quick ones in turn.
    for n in 0..20_000_u64 {
        answered(&fleet, (n * 7_919 % 1_000) * 1_000_000, n, 1_000_000_000 + n * 1_000_000);
    }
    for (percent, least, most) in [(10, 80, 140), (50, 440, 650), (90, 800, 1_150), (99, 950, 1_250)] {
        let told = fleet.latency(ONLY, percent, at(21_000_000_000)).unwrap().as_millis();
        assert!((least..=most).contains(&told), "{percent} % within {told} ms");
    }
}
