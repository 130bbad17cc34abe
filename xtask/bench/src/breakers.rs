//! Circuit breakers side by side: asked for an attempt, and told how it ended.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use crate::budget::Budget;
use crate::ours::Ours;
use crate::peers::{Failsafe, Recloser, Tower};
use crate::plain::Plain;
use crate::subject::{Compared, Group, Subject};

/// A circuit breaker that many threads share. A clone is a further handle on the same breaker.
pub(crate) trait Breaker: Clone + Send + Sync + 'static {
    /// One attempt, if it is let through, which ends well or in a failure. Says whether it was let through. Inlined into
    /// the loop, for what a peer does not inline to be its own doing.
    fn attempt(&mut self, fails: bool) -> bool;

    /// What a batch of attempts needs around it.
    fn around(&self, batch: impl FnOnce()) {
        batch();
    }
}

/// A window in which a sleep of 1 ms is no interruption.
const LONG: Duration = Duration::from_millis(6);
/// With one failure in so many attempts.
const RARE: u32 = 100;

/// Closed, and every attempt succeeds.
pub(crate) fn closed() -> Group {
    let budget = Budget::NONE.one(5.0).scaling(1.9).no_allocations();
    let apart = [Ours::in_a_row(), Ours::in_a_row()];
    Group {
        title: "Breaker closed: admit, success",
        compared: Compared::Ratio,
        subjects: vec![
            subject("failover-core", budget, Ours::in_a_row(), succeed),
            subject("failover-core, 3 of the last 10", budget, Ours::among_ten(), succeed),
            subject("recloser", Budget::NONE, Recloser::new(), succeed),
            subject("failsafe", Budget::NONE, Failsafe::new(), succeed),
            subject("tower-resilience", Budget::NONE, Tower::new(), succeed),
            subject("a mutex", Budget::NONE, Plain::new(), succeed),
            Subject::new("(failover-core, a breaker for each thread)", Budget::NONE, move |thread, count| {
                succeed(black_box(&mut apart[thread % 2].clone()), count);
            }),
            Subject::new("(the empty loop)", Budget::NONE, |_, count| {
                for at in 0..count {
                    black_box(at);
                }
            }),
        ],
    }
}

/// Open: every attempt is refused.
pub(crate) fn rejected() -> Group {
    Group {
        title: "Breaker open: rejected",
        compared: Compared::Ratio,
        subjects: vec![
            subject(
                "failover-core",
                Budget::NONE.one(8.0).no_allocations(),
                opened(Ours::in_a_row()),
                refused,
            ),
            subject("recloser", Budget::NONE, opened(Recloser::new()), refused),
            subject("failsafe", Budget::NONE, opened(Failsafe::new()), refused),
            // It sleeps for 1 ms when two meet at an open breaker.
            subject("tower-resilience", Budget::NONE, opened(Tower::new()), refused).window(LONG),
            subject("a mutex", Budget::NONE, opened(Plain::new()), refused),
        ],
    }
}

/// Closed, with one failure in a hundred attempts: too few to open, yet each must be remembered.
pub(crate) fn failing() -> Group {
    Group {
        title: "Breaker closed, 1 % failures, consecutive policy",
        compared: Compared::Ratio,
        subjects: vec![
            subject(
                "failover-core",
                Budget::NONE.two(8.0).no_allocations(),
                Ours::in_a_row(),
                sometimes_fail,
            ),
            subject("recloser (half of the last 100)", Budget::NONE, Recloser::new(), sometimes_fail),
            subject("failsafe", Budget::NONE, Failsafe::new(), sometimes_fail),
            subject("tower-resilience", Budget::NONE, Tower::new(), sometimes_fail),
            subject("a mutex", Budget::NONE, Plain::new(), sometimes_fail),
        ],
    }
}

fn subject<B: Breaker>(name: &str, budget: Budget, breaker: B, batch: fn(&mut B, u64)) -> Subject {
    // Behind a pointer as it is in a program, where the breaker is found and not owned.
    let breaker = Arc::new(breaker);
    Subject::new(name, budget, move |_, count| {
        let mut own = B::clone(&breaker);
        breaker.around(|| batch(black_box(&mut own), count));
    })
}

fn opened<B: Breaker>(mut breaker: B) -> B {
    let mut failures = 0;
    let handle = breaker.clone();
    handle.around(|| {
        while breaker.attempt(true) {
            failures += 1;
            assert!(failures < 1_000, "a breaker that never opens");
        }
    });
    breaker
}

fn succeed<B: Breaker>(breaker: &mut B, count: u64) {
    let mut all = true;
    for _ in 0..count {
        all &= black_box(breaker.attempt(false));
    }
    assert!(all, "a closed breaker refused");
}

fn refused<B: Breaker>(breaker: &mut B, count: u64) {
    let mut any = false;
    for _ in 0..count {
        any |= black_box(breaker.attempt(false));
    }
    assert!(!any, "an open breaker let an attempt through");
}

fn sometimes_fail<B: Breaker>(breaker: &mut B, count: u64) {
    let (mut all, mut left) = (true, RARE / 2);
    for _ in 0..count {
        left -= 1;
        all &= black_box(breaker.attempt(left == 0));
        if left == 0 {
            left = RARE;
        }
    }
    assert!(all, "a breaker opened at 1 % failures");
}
