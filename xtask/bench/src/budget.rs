//! What a row may cost, and whether it does.
//!
//! The numbers are those of the project's budgets; they do not move to fit a measurement.

use crate::rounds::Measured;

/// The limits of one row; none where nothing is demanded. Times are in ns per operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    one: Option<f64>,
    two: Option<f64>,
    more: Option<f64>,
    scaling: Option<f64>,
    allocations: Option<f64>,
}

impl Budget {
    pub(crate) const NONE: Self = Self { one: None, two: None, more: None, scaling: None, allocations: None };

    /// At most so long at 1 thread.
    pub(crate) const fn one(self, nanos: f64) -> Self {
        Self { one: Some(nanos), ..self }
    }

    /// At most so long per thread at 2 threads.
    pub(crate) const fn two(self, nanos: f64) -> Self {
        Self { two: Some(nanos), ..self }
    }

    /// At most so much longer than the first row, at 1 thread.
    pub(crate) const fn more(self, nanos: f64) -> Self {
        Self { more: Some(nanos), ..self }
    }

    /// Two threads together do at least so many times as much as one.
    pub(crate) const fn scaling(self, factor: f64) -> Self {
        Self { scaling: Some(factor), ..self }
    }

    /// No allocations.
    pub(crate) const fn no_allocations(self) -> Self {
        Self { allocations: Some(0.0), ..self }
    }

    /// The limits in words; empty if there are none.
    pub(crate) fn shown(&self) -> String {
        let limits = [
            self.one.map(|limit| format!("<= {limit} ns")),
            self.two.map(|limit| format!("<= {limit} ns at 2 threads")),
            self.more.map(|limit| format!("<= {limit} ns more")),
            self.scaling.map(|limit| format!(">= {limit}x")),
            self.allocations.map(|limit| format!("{limit} allocations")),
        ];
        limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// `met`, or by how much it is missed; empty if there are no limits.
    pub(crate) fn verdict(&self, row: &Measured) -> String {
        if self.shown().is_empty() {
            return String::new();
        }
        let unknown = |limit: Option<f64>, value: f64| limit.is_some() && value.is_nan();
        if unknown(self.one, row.one) || unknown(self.two.or(self.scaling), row.two) {
            return "not measured: the machine is too busy".into();
        }
        let over = |limit: Option<f64>, value: f64, what: &str| {
            let limit = limit.filter(|limit| value > *limit)?;
            Some(format!("{what} {:.1} over", value - limit))
        };
        let misses = [
            over(self.one, row.one, "ns"),
            over(self.two, row.two, "ns at 2 threads"),
            over(self.more, row.more_one, "ns more"),
            self.scaling
                .filter(|limit| row.scaling < *limit)
                .map(|limit| format!("2T/1T {:.2} under", limit - row.scaling)),
            over(self.allocations, row.allocations, "allocations"),
        ];
        let misses: Vec<_> = misses.into_iter().flatten().collect();
        if misses.is_empty() { "met".into() } else { format!("MISSED: {}", misses.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_says_by_how_much() {
        let budget = Budget::NONE.one(5.0).scaling(1.9).no_allocations();
        let row = Measured { one: 4.0, scaling: 1.95, ..Measured::default() };
        assert_eq!(budget.shown(), "<= 5 ns, >= 1.9x, 0 allocations");
        assert_eq!(budget.verdict(&row), "met");
        let row = Measured { one: 6.25, scaling: 1.5, allocations: 1.0, ..row };
        assert_eq!(budget.verdict(&row), "MISSED: ns 1.2 over, 2T/1T 0.40 under, allocations 1.0 over");
        assert_eq!(Budget::NONE.verdict(&row), "");
        assert!(budget.verdict(&Measured { two: f64::NAN, ..row }).starts_with("not measured"));
    }
}
