//! Ordered providers of anything: the first valid answer wins, retries before the next provider, a circuit breaker that
//! leaves a dead one alone.

mod driver;

use core::num::NonZeroU8;
use std::time::Duration;

use driver::{Clock, Job, drive};
use failover_core::{
    Backoff, Breaker, Call, Candidate, CircuitState, Fault, Finish, Fleet, Policy, ProviderId,
};

/// A provider: its name, and how it is asked for the weather. An answer that is not valid is a fault like any other.
type Provider = (&'static str, fn() -> Result<f64, Fault>);

const PROVIDERS: [Provider; 3] = [
    ("cheap", || Err(Fault::Broken)),
    ("sloppy", || Some(f64::NAN).filter(|degrees| degrees.is_finite()).ok_or(Fault::Malformed)),
    ("dear", || Ok(21.5)),
];

pub(crate) fn main() {
    let policy = Policy::new()
        .retries(1)
        .backoff(Backoff::linear(Duration::from_millis(5)))
        .patience(Duration::from_secs(1));
    let minute = Breaker::new().failures(NonZeroU8::MIN.saturating_add(2)).pause(Duration::from_secs(60));
    let fleet = Fleet::new(PROVIDERS.len(), minute);
    let candidates = [0, 1, 2].map(|slot| Candidate::new(ProviderId::new(slot)));
    let clock = Clock::start();
    for round in 1..=3 {
        let mut call = Call::new(&policy, &candidates, round, clock.now());
        let start = |candidate: usize, _| -> Job<f64> { Box::new(PROVIDERS[candidate].1) };
        let (finish, answers) = drive(&mut call, &fleet, &clock, start, |_| None);
        let Finish::Served(attempt) = finish else { panic!("all providers failed: {finish:?}") };
        println!("round {round}: {} degrees", answers[&attempt]);
        for entry in call.report().entries() {
            let name = PROVIDERS[entry.candidate].0;
            match entry.skipped {
                Some(skipped) => println!("  {name}: {}", skipped.why),
                None => println!(
                    "  {name}: {} asked, {:?}",
                    entry.attempts,
                    entry.faults.iter().collect::<Vec<_>>()
                ),
            }
        }
    }
    assert!(matches!(fleet.state(ProviderId::new(0), clock.now()), CircuitState::Open(_)));
}
