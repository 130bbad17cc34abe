//! Random lives: policies, candidates, what each attempt meets, and how the driver misbehaves.

use core::num::NonZeroU32;
use std::time::Duration;

use failover_core::{Backoff, Fault, Jitter, LastResort, Limits, Outcome, Policy};
use proptest::option;
use proptest::prelude::*;

use crate::CALLS;

/// What a test may ask of a policy, kept readable: the policy itself hides its fields.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) deadline: Option<u64>,
    pub(crate) attempts: Option<u32>,
    pub(crate) first_answer: Option<u64>,
    pub(crate) total: Option<u64>,
    pub(crate) retries: u32,
    pub(crate) backoff: (u8, u64, u8),
    pub(crate) cap: u64,
    pub(crate) patience: u64,
    pub(crate) repeat_unknown: bool,
    pub(crate) last_resort: bool,
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Wish {
    pub(crate) fn policy(&self) -> Policy {
        let (growth, base, jitter) = self.backoff;
        let backoff = match growth {
            0 => Backoff::constant(ms(base)),
            1 => Backoff::linear(ms(base)),
            _ => Backoff::exponential(ms(base)),
        };
        let jitter = [Jitter::None, Jitter::Additive, Jitter::Full][usize::from(jitter)];
        let mut policy = Policy::new()
            .retries(self.retries)
            .backoff(backoff.jitter(jitter).cap(ms(self.cap)))
            .patience(ms(self.patience))
            .repeat_unknown(self.repeat_unknown)
            .last_resort(if self.last_resort { LastResort::Primary } else { LastResort::Nobody })
            .limits(self.limits());
        if let Some(deadline) = self.deadline {
            policy = policy.deadline(ms(deadline));
        }
        if let Some(attempts) = self.attempts.and_then(NonZeroU32::new) {
            policy = policy.attempts(attempts);
        }
        policy
    }

    fn limits(&self) -> Limits {
        let limits =
            self.first_answer.map_or(Limits::NONE, |limit| Limits::NONE.with_first_answer(ms(limit)));
        self.total.map_or(limits, |limit| limits.with_total(ms(limit)))
    }
}

fn wishes() -> impl Strategy<Value = Wish> {
    (
        (option::of(0_u64..20_000), option::of(1_u32..8), option::of(0_u64..5_000), option::of(0_u64..5_000)),
        (0_u32..4, (0_u8..3, 0_u64..3_000, 0_u8..3), 0_u64..4_000, 0_u64..4_000),
        (any::<bool>(), any::<bool>()),
    )
        .prop_map(
            |((deadline, attempts, first_answer, total), (retries, backoff, cap, patience), flags)| Wish {
                deadline,
                attempts,
                first_answer,
                total,
                retries,
                backoff,
                cap,
                patience,
                repeat_unknown: flags.0,
                last_resort: flags.1,
            },
        )
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

/// What one attempt meets: how long it takes, how it ends, and how the driver misbehaves meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Fortune {
    pub(crate) takes: u64,
    pub(crate) outcome: Outcome<'static>,
    pub(crate) clock_back: u64,
    pub(crate) abuse: bool,
    pub(crate) abandon: bool,
}

fn fortunes() -> impl Strategy<Value = Fortune> {
    let outcome = prop_oneof![
        2 => Just(Outcome::Answered),
        7 => (0..FAULTS.len(), option::weighted(0.3, 0_u64..90_000)).prop_map(|(fault, wait)| Outcome::Failed {
            fault: FAULTS[fault],
            retry_after: wait.map(ms),
        }),
    ];
    (prop_oneof![0_u64..50, 0_u64..8_000], outcome, 0_u64..100, any::<bool>(), prop::bool::weighted(0.03))
        .prop_map(|(takes, outcome, clock_back, abuse, abandon)| Fortune {
            takes,
            outcome,
            clock_back,
            abuse,
            abandon,
        })
}

#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) wish: Wish,
    pub(crate) breaker: (u8, u64, u8, u8),
    pub(crate) candidates: Vec<(u16, Option<u32>, Option<u32>)>,
    pub(crate) fortunes: Vec<Fortune>,
    pub(crate) pauses: Vec<u64>,
    pub(crate) seed: u64,
}

pub(crate) fn lives() -> impl Strategy<Value = Life> {
    (
        wishes(),
        (1_u8..5, 0_u64..60_000, 1_u8..5, 1_u8..5),
        prop::collection::vec((0_u16..5, option::of(0_u32..2), option::of(0_u32..3)), 0..7),
        prop::collection::vec(fortunes(), 1..40),
        prop::collection::vec(prop_oneof![0_u64..10, 0_u64..70_000], CALLS..=CALLS),
        any::<u64>(),
    )
        .prop_map(|(wish, breaker, candidates, fortunes, pauses, seed)| Life {
            wish,
            breaker,
            candidates,
            fortunes,
            pauses,
            seed,
        })
}
