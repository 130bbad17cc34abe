//! Whole calls: made, polled, settled, polled again, dropped, many of them on one fleet.
//!
//! Time passes by a fixed step per call, as if 100,000 calls came per second, so that the windows of the records turn; and
//! answers take unequal times, so that these records have something to write.

use std::hint::black_box;
use std::num::NonZeroU8;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use failover_core::{
    Action, Breaker, Call, Candidate, Fault, Finish, Fleet, Health, Latency, Launch, Limits, Moment, Outcome,
    Policy, ProviderId, RetryBudget,
};

use crate::budget::Budget;
use crate::subject::{Compared, Group, Subject};

const STEP: Duration = Duration::from_micros(10);
const TOOK: [Duration; 8] = [
    Duration::from_millis(10),
    Duration::from_millis(35),
    Duration::from_millis(20),
    Duration::from_millis(45),
    Duration::from_millis(15),
    Duration::from_millis(30),
    Duration::from_millis(25),
    Duration::from_millis(40),
];
const ITEMS: usize = 64;
/// A provider that failed has served again before it fails anew...
const DOMAINS: u16 = 64;
/// ...but where two threads overtake each other; so no breaker opens.
const ENOUGH: NonZeroU8 = NonZeroU8::new(5).expect("5 is not 0");

/// A provider, and another that can stand in.
fn two() -> Vec<Candidate> {
    candidates(0..2)
}

fn candidates(slots: impl Iterator<Item = u16>) -> Vec<Candidate> {
    slots.map(|slot| Candidate::new(ProviderId::new(slot))).collect()
}

fn fleet() -> Fleet {
    Fleet::new(DOMAINS.into(), Breaker::new())
}

/// What a caller would ask for: a deadline, limits, a retry.
fn policy() -> Policy {
    let limits = Limits::NONE.with_first_answer(Duration::from_secs(10)).with_total(Duration::from_secs(20));
    Policy::new().deadline(Duration::from_secs(30)).limits(limits).retries(1)
}

/// The happy path, and what each record adds to it.
pub(crate) fn answered() -> Group {
    let whole = Budget::NONE.one(100.0).scaling(1.9).no_allocations();
    let record = Budget::NONE.more(5.0).scaling(1.7).no_allocations();
    let apart = [Happy::new(fleet(), two()), Happy::new(fleet(), two())];
    Group {
        title: "Whole call, answered: new, poll, settle, poll",
        compared: Compared::Difference,
        subjects: vec![
            happy("all records off", whole, fleet()),
            happy("latency on", record, fleet().with_latency(Latency::new())),
            happy("health on", record, fleet().with_health(Health::new())),
            happy("retry budget on", record, fleet().with_budget(RetryBudget::new())),
            happy("all three on", Budget::NONE.no_allocations(), all_on()),
            Subject::new("(all off, a fleet for each thread)", Budget::NONE, move |thread, count| {
                apart[thread % 2].run(count, one_item);
            }),
        ],
    }
}

/// What takes longer: more candidates and items, and a provider that fails.
pub(crate) fn harder() -> Group {
    let batch = Happy::new(fleet(), candidates(0..4));
    let failover = Failover::new();
    let whole = Budget::NONE.one(100.0).scaling(1.9).no_allocations();
    Group {
        title: "Whole call, harder ones",
        compared: Compared::Difference,
        subjects: vec![
            happy("one item, two candidates", whole, fleet()),
            Subject::new("64 items, four candidates", whole, move |_, count| batch.run(count, many_items)),
            Subject::new("fails over once", Budget::NONE.one(250.0).no_allocations(), move |_, count| {
                failover.run(count);
            }),
        ],
    }
}

fn happy(name: &str, budget: Budget, fleet: Fleet) -> Subject {
    let happy = Happy::new(fleet, two());
    Subject::new(name, budget, move |_, count| happy.run(count, one_item))
}

fn all_on() -> Fleet {
    fleet().with_latency(Latency::new()).with_health(Health::new()).with_budget(RetryBudget::new())
}

/// Calls that are answered at once.
struct Happy {
    clock: Clock,
    fleet: Fleet,
    policy: Policy,
    candidates: Vec<Candidate>,
}

impl Happy {
    fn new(fleet: Fleet, candidates: Vec<Candidate>) -> Self {
        Self { clock: Clock::default(), fleet, policy: policy(), candidates }
    }

    #[inline]
    fn run(&self, count: u64, new: impl for<'a> Fn(&'a Policy, &'a [Candidate], u64, Moment) -> Call<'a>) {
        self.clock.each(count, |seed, now, later| {
            let mut call = new(black_box(&self.policy), black_box(&self.candidates), seed, now);
            let launch = launched(call.poll(&self.fleet, now));
            call.settle(launch.attempt, Outcome::Answered, &self.fleet, later);
            served(call.poll(&self.fleet, later));
        });
    }
}

fn one_item<'a>(policy: &'a Policy, candidates: &'a [Candidate], seed: u64, now: Moment) -> Call<'a> {
    Call::new(policy, candidates, seed, now)
}

fn many_items<'a>(policy: &'a Policy, candidates: &'a [Candidate], seed: u64, now: Moment) -> Call<'a> {
    Call::batch(policy, candidates, black_box(ITEMS), seed, now)
}

/// Calls whose primary is overloaded. Each domain fails in one call and serves in another.
struct Failover {
    clock: Clock,
    fleet: Fleet,
    policy: Policy,
    pairs: Vec<Vec<Candidate>>,
}

impl Failover {
    fn new() -> Self {
        let pairs = (0..DOMAINS).map(|slot| candidates([slot, (slot + 1) % DOMAINS].into_iter())).collect();
        let fleet = Fleet::new(DOMAINS.into(), Breaker::new().failures(ENOUGH));
        Self { clock: Clock::default(), fleet, policy: policy().retries(0), pairs }
    }

    fn run(&self, count: u64) {
        self.clock.each(count, |seed, now, later| {
            let pair = &self.pairs[(seed % u64::from(DOMAINS)) as usize];
            let mut call = Call::new(black_box(&self.policy), black_box(pair), seed, now);
            let first = launched(call.poll(&self.fleet, now));
            call.settle(first.attempt, Fault::Overloaded.into(), &self.fleet, later);
            let second = launched(call.poll(&self.fleet, later));
            call.settle(second.attempt, Outcome::Answered, &self.fleet, later);
            served(call.poll(&self.fleet, later));
        });
    }
}

#[inline]
fn launched(action: Action) -> Launch {
    match black_box(action) {
        Action::Launch(launch) => launch,
        other => panic!("nothing was launched but {other:?}"),
    }
}

#[inline]
fn served(action: Action) {
    assert!(matches!(black_box(action), Action::Finish(Finish::Served(_))), "the call was not served");
}

/// The time of all threads: it moves on with every call of theirs. Nobody reads a clock, and the counter is touched once a batch.
#[derive(Default)]
struct Clock(AtomicU64);

impl Clock {
    #[inline]
    fn each(&self, count: u64, call: impl Fn(u64, Moment, Moment)) {
        let first = self.0.fetch_add(count, Ordering::Relaxed);
        let mut now = Moment::after_epoch(STEP * u32::try_from(first).expect("the bench ends long before"));
        for seed in first..first + count {
            call(seed, now, now.plus(TOOK[(seed % 8) as usize]));
            now = now.plus(STEP);
        }
    }
}
