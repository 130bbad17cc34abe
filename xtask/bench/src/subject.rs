//! What is measured: an operation that can be repeated on either of two threads.

use std::hint::black_box;
use std::time::Duration;

use crate::budget::Budget;

/// Short enough to fit between two interruptions, most of the time.
const WINDOW: Duration = Duration::from_micros(150);

/// Runs the operation so many times, on the thread of that number (0 or 1).
type Batch = dyn Fn(usize, u64) + Send + Sync;

/// One row of a table.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) batch: Box<Batch>,
    pub(crate) budget: Budget,
    /// How long it is measured at a time.
    pub(crate) window: Duration,
}

impl Subject {
    pub(crate) fn new(
        name: impl Into<String>,
        budget: Budget,
        batch: impl Fn(usize, u64) + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), batch: Box::new(batch), budget, window: WINDOW }
    }

    /// For an operation that may take a good part of the usual window.
    pub(crate) fn window(self, window: Duration) -> Self {
        Self { window, ..self }
    }
}

/// A control for every table: the clock rate of the cores, which other work on the machine changes from table to table.
pub(crate) fn yardstick() -> Subject {
    Subject::new("(100 multiplications, each after the other)", Budget::NONE, |_, count| {
        for at in 0..count {
            let factor = black_box(at | 1);
            // Not a power the compiler could shorten: each product goes into the next.
            black_box((0..100).fold(factor, |product, step| (product ^ step).wrapping_mul(factor)));
        }
    })
}

/// What the rows of a table have in common; the first of them is what the others are compared with.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) compared: Compared,
    pub(crate) subjects: Vec<Subject>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// How many times as long it takes.
    Ratio,
    /// How much longer it takes.
    Difference,
}
