//! Random lives: policies, fleets, candidates, what each attempt meets, and how the driver misbehaves. Times are in
//! microseconds: a clock is finer than the breaker's milliseconds.

use core::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use failover_core::{
    Backoff, Breaker, Candidate, Fault, Fleet, Health, Hedge, Jitter, LastResort, Latency, Limits, ModelId,
    Outcome, Policy, Progress, ProviderId, RetryBudget,
};
use proptest::option;
use proptest::prelude::*;

/// Calls in one random life.
pub(crate) const CALLS: usize = 25;
/// Breakers in the fleet, for five fault domains.
pub(crate) const SLOTS: usize = 4;

/// What a test may ask of a policy, kept readable: the policy itself hides its fields.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) deadline: Option<u64>,
    pub(crate) attempts: Option<u32>,
    pub(crate) limits: [Option<u64>; 5],
    pub(crate) retries: u32,
    /// How it grows, the base, the jitter.
    pub(crate) backoff: (u8, u64, u8),
    pub(crate) cap: u64,
    pub(crate) patience: u64,
    pub(crate) repeat_unknown: bool,
    pub(crate) last_resort: LastResort,
    pub(crate) hedge: Option<(Delay, u8)>,
    pub(crate) by_health: bool,
    pub(crate) require_all: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Delay {
    Race,
    After(u64),
    Percentile(u8),
}

pub(crate) fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

impl Wish {
    pub(crate) fn policy(&self) -> Policy {
        let (growth, base, jitter) = self.backoff;
        let backoff = match growth {
            0 => Backoff::constant(us(base)),
            1 => Backoff::linear(us(base)),
            _ => Backoff::exponential(us(base)),
        };
        let jitter = [Jitter::None, Jitter::Additive, Jitter::Full][usize::from(jitter)];
        let mut policy = Policy::new()
            .retries(self.retries)
            .backoff(backoff.jitter(jitter).cap(us(self.cap)))
            .patience(us(self.patience))
            .repeat_unknown(self.repeat_unknown)
            .last_resort(self.last_resort)
            .by_health(self.by_health)
            .require_all(self.require_all)
            .limits(self.limits());
        if let Some(deadline) = self.deadline {
            policy = policy.deadline(us(deadline));
        }
        if let Some(attempts) = self.attempts.and_then(NonZeroU32::new) {
            policy = policy.attempts(attempts);
        }
        if let Some((delay, in_flight)) = self.hedge {
            let hedge = match delay {
                Delay::Race => Hedge::race(),
                Delay::After(delay) => Hedge::after(us(delay)),
                Delay::Percentile(percent) => Hedge::after_percentile(percent),
            };
            policy = policy.hedge(hedge.in_flight(NonZeroU8::new(in_flight).expect("drawn from 1 up")));
        }
        policy
    }

    fn limits(&self) -> Limits {
        let with: [fn(Limits, Duration) -> Limits; 5] = [
            Limits::with_connect,
            Limits::with_first_answer,
            Limits::with_idle,
            Limits::with_total,
            Limits::with_silence,
        ];
        let asked = self.limits.iter().zip(with).filter_map(|(limit, with)| Some((us((*limit)?), with)));
        asked.fold(Limits::NONE, |limits, (limit, with)| with(limits, limit))
    }

    /// The shortest and the longest wait before retry number `n`.
    pub(crate) fn waits(&self, n: u32) -> (Duration, Duration) {
        let (growth, base, jitter) = self.backoff;
        let grown = match growth {
            0 => base,
            1 => base * (u64::from(n) + 1),
            _ => base << n,
        };
        let (least, most) = match jitter {
            0 => (grown, grown),
            1 => (grown, grown + base),
            _ => (0, grown),
        };
        (us(least.min(self.cap)), us(most.min(self.cap)))
    }
}

fn hedges() -> impl Strategy<Value = (Delay, u8)> {
    let delay = prop_oneof![
        Just(Delay::Race),
        (0_u64..4_000_000).prop_map(Delay::After),
        (0_u8..=100).prop_map(Delay::Percentile),
    ];
    (delay, 1_u8..6)
}

fn wishes() -> impl Strategy<Value = Wish> {
    let limit = || option::of(0_u64..5_000_000);
    let last = prop::sample::select(vec![LastResort::Nobody, LastResort::Primary, LastResort::Everyone]);
    (
        (option::of(0_u64..20_000_000), option::of(1_u32..8), [limit(), limit(), limit(), limit(), limit()]),
        (0_u32..4, (0_u8..3, 0_u64..3_000_000, 0_u8..3), 0_u64..4_000_000, 0_u64..4_000_000),
        (any::<bool>(), last, option::of(hedges()), any::<bool>(), any::<bool>()),
    )
        .prop_map(|((deadline, attempts, limits), (retries, backoff, cap, patience), rest)| {
            let (repeat_unknown, last_resort, hedge, by_health, require_all) = rest;
            Wish {
                deadline,
                attempts,
                limits,
                retries,
                backoff,
                cap,
                patience,
                repeat_unknown,
                last_resort,
                hedge,
                by_health,
                require_all,
            }
        })
}

/// What the fleet is made of.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) failures: u8,
    pub(crate) among: u8,
    pub(crate) pause: u64,
    pub(crate) growth: u64,
    pub(crate) probes: (u8, u8),
    pub(crate) slow: Option<u64>,
    /// Share, reserve, burst.
    pub(crate) budget: Option<(u8, u32, u32)>,
    pub(crate) latency: Option<u32>,
    pub(crate) health: bool,
}

impl World {
    pub(crate) fn fleet(&self) -> Fleet {
        let number = |n| NonZeroU8::new(n).expect("drawn from 1 up");
        let mut breaker = Breaker::new()
            .failures(number(self.failures))
            .among(number(self.among))
            .pause(us(self.pause))
            .growing_to(us(self.pause * self.growth))
            .probes(number(self.probes.0))
            .successes(number(self.probes.1));
        if let Some(slow) = self.slow {
            breaker = breaker.slow(us(slow));
        }
        let mut fleet = Fleet::new(SLOTS, breaker);
        if let Some((share, reserve, burst)) = self.budget {
            let budget = RetryBudget::new().share_percent(share).reserve_per_second(reserve).burst(burst);
            fleet = fleet.with_budget(budget);
        }
        if let Some(least) = self.latency {
            fleet = fleet.with_latency(Latency::new().least(least));
        }
        if self.health { fleet.with_health(Health::new()) } else { fleet }
    }
}

fn worlds() -> impl Strategy<Value = World> {
    (
        (1_u8..5, 1_u8..10, 0_u64..60_000_000, 1_u64..8, (1_u8..5, 1_u8..5), option::of(0_u64..8_000_000)),
        (option::of((0_u8..50, 0_u32..5, 0_u32..6)), option::of(0_u32..6), any::<bool>()),
    )
        .prop_map(|((failures, among, pause, growth, probes, slow), (budget, latency, health))| World {
            failures,
            among,
            pause,
            growth,
            probes,
            slow,
            budget,
            latency,
            health,
        })
}

const FAULTS: [Fault; 18] = [
    Fault::Connect,
    Fault::Throttled,
    Fault::Overloaded,
    Fault::Broken,
    Fault::Gateway,
    Fault::Reset,
    Fault::Timeout,
    Fault::Cut,
    Fault::Malformed,
    Fault::Empty,
    Fault::ErrorInSuccess,
    Fault::Unauthenticated,
    Fault::OutOfCredit,
    Fault::ContextTooLong,
    Fault::Unsupported,
    Fault::InvalidRequest,
    Fault::ContentPolicy,
    Fault::CallerDeadline,
];

/// How an attempt ends.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Answered,
    Part(Vec<usize>),
    Failed(Fault, Option<Duration>),
}

impl End {
    pub(crate) fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Answered => Outcome::Answered,
            Self::Part(items) => Outcome::Partly(items),
            Self::Failed(fault, retry_after) => Outcome::Failed { fault: *fault, retry_after: *retry_after },
        }
    }
}

/// What one attempt meets: how long it takes, how it ends, and how the driver misbehaves meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Fortune {
    pub(crate) takes: u64,
    /// When its parts come, if it takes so long.
    pub(crate) signs: Vec<(u64, Progress)>,
    pub(crate) end: End,
    pub(crate) clock_back: u64,
    /// Reports that mean nothing, and a clock that steps back.
    pub(crate) abuse: bool,
    /// Another attempt ends in the same instant, before the driver asks what to do.
    pub(crate) together: bool,
    pub(crate) leaves: Option<Leave>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Leave {
    Abandon,
    /// Forgets the call: nobody ever hears of its attempts again.
    Vanish,
}

fn signs() -> impl Strategy<Value = Vec<(u64, Progress)>> {
    let gap = prop_oneof![0_u64..15_000, 0_u64..2_000_000];
    let progress = prop_oneof![4 => Just(Progress::Heard), 1 => Just(Progress::Shown)];
    prop::collection::vec((gap, progress), 0..5).prop_map(|mut signs| {
        let mut time = 0;
        for (gap, _) in &mut signs {
            time += *gap;
            *gap = time;
        }
        signs
    })
}

fn fortunes() -> impl Strategy<Value = Fortune> {
    let end = prop_oneof![
        3 => Just(End::Answered),
        2 => prop::collection::vec(0_usize..75, 0..6).prop_map(End::Part),
        7 => (0..FAULTS.len(), option::weighted(0.3, 0_u64..90_000_000))
            .prop_map(|(fault, wait)| End::Failed(FAULTS[fault], wait.map(us))),
    ];
    let leaves =
        prop_oneof![60 => Just(None), 2 => Just(Some(Leave::Abandon)), 1 => Just(Some(Leave::Vanish))];
    let takes = prop_oneof![0_u64..50_000, 0_u64..8_000_000];
    (takes, signs(), end, 0_u64..100_000, any::<bool>(), prop::bool::weighted(0.3), leaves).prop_map(
        |(takes, signs, end, clock_back, abuse, together, leaves)| Fortune {
            takes,
            signs,
            end,
            clock_back,
            abuse,
            together,
            leaves,
        },
    )
}

/// A candidate: its fault domain, its model, its retries.
pub(crate) type Person = (u16, Option<u32>, Option<u32>);

#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) wish: Wish,
    pub(crate) world: World,
    pub(crate) people: Vec<Person>,
    pub(crate) fortunes: Vec<Fortune>,
    /// Of each call, how many items it asks for, and the time until the next.
    pub(crate) calls: Vec<(usize, u64)>,
    pub(crate) seed: u64,
}

impl Life {
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let candidate = |&(slot, model, retries): &Person| {
            let candidate = Candidate::new(ProviderId::new(slot));
            let candidate = model.map_or(candidate, |model: u32| candidate.model(ModelId::new(model)));
            retries.map_or(candidate, |retries: u32| candidate.retries(retries))
        };
        self.people.iter().map(candidate).collect()
    }
}

pub(crate) fn lives() -> impl Strategy<Value = Life> {
    let items = prop_oneof![8 => Just(1_usize), 8 => 0_usize..6, 1 => 60_usize..75];
    let pause = prop_oneof![0_u64..10_000, 0_u64..70_000_000];
    (
        wishes(),
        worlds(),
        prop::collection::vec((0_u16..5, option::of(0_u32..2), option::of(0_u32..3)), 0..7),
        prop::collection::vec(fortunes(), 1..40),
        prop::collection::vec((items, pause), CALLS..=CALLS),
        any::<u64>(),
    )
        .prop_map(|(wish, world, people, fortunes, calls, seed)| Life {
            wish,
            world,
            people,
            fortunes,
            calls,
            seed,
        })
}
