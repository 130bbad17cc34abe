//! Being written.
#![no_std]
extern crate alloc;
mod action;
mod backoff;
mod breaker;
mod fault;
mod moment;
mod plan;
mod report;
mod rng;
pub use action::{Action, AttemptId, Cause, Finish, Launch, Outcome};
pub use backoff::{Backoff, Jitter};
pub use breaker::Breaker;
pub use fault::{Blame, Fate, Fault, Remedy, Step};
pub use moment::Moment;
pub use plan::{Candidate, Limits, ModelId, Policy, ProviderId};
pub use report::{Entry, Skip, Skipped};
