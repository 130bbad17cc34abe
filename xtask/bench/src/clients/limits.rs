//! What a row may cost more than the row it is compared with, and whether it does.
//!
//! The numbers are those of the project's budgets; they do not move to fit a measurement.

use super::rounds::Measured;

/// None where nothing is demanded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    ratio: Option<f64>,
    nanos: Option<f64>,
    allocations: Option<f64>,
    instructions: Option<f64>,
}

impl Limits {
    pub(crate) const NONE: Self = Self { ratio: None, nanos: None, allocations: None, instructions: None };

    /// At most so many times as long.
    pub(crate) const fn ratio(self, ratio: f64) -> Self {
        Self { ratio: Some(ratio), ..self }
    }

    /// At most so much longer.
    pub(crate) const fn nanos(self, nanos: f64) -> Self {
        Self { nanos: Some(nanos), ..self }
    }

    /// At most so many allocations more.
    pub(crate) const fn allocations(self, allocations: f64) -> Self {
        Self { allocations: Some(allocations), ..self }
    }

    /// At most so many instructions more.
    pub(crate) const fn instructions(self, instructions: f64) -> Self {
        Self { instructions: Some(instructions), ..self }
    }

    /// The limits in words; empty if there are none.
    pub(crate) fn shown(&self) -> String {
        let limits = [
            self.ratio.map(|limit| format!("<= {limit:.2}x")),
            self.nanos.map(|limit| format!("<= {limit:+} ns")),
            self.allocations.map(|limit| format!("{limit:+} allocations")),
            self.instructions.map(|limit| format!("{:+}k instructions", limit / 1_000.0)),
        ];
        limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// `met`, or by how much it is missed; empty if there are no limits.
    pub(crate) fn verdict(&self, row: &Measured, base: &Measured) -> String {
        if self.shown().is_empty() {
            return String::new();
        }
        let more = row.instructions.zip(base.instructions).map(|(row, base)| row - base);
        let over = |limit: Option<f64>, value: f64| Some(value - limit?).filter(|over| *over > 0.0);
        let misses = [
            over(self.ratio, row.ratio).map(|over| format!("ratio {over:.3} over")),
            over(self.nanos, row.more).map(|over| format!("ns more {over:.0} over")),
            // As they are shown. What comes once in a hundred requests, such as a buffer that grows, is none of a request's.
            over(self.allocations, row.allocations.round() - base.allocations.round())
                .map(|over| format!("allocations {over:.0} over")),
            over(self.instructions, more.unwrap_or(0.0))
                .map(|over| format!("instructions {:.1}k over", over / 1_000.0)),
        ];
        let misses: Vec<_> = misses.into_iter().flatten().collect();
        let unknown = self.instructions.is_some() && more.is_none();
        match misses.is_empty() {
            true if unknown => "met, instructions not measured".into(),
            true => "met".into(),
            false => format!("MISSED: {}", misses.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_says_by_how_much() {
        let limits = Limits::NONE.ratio(1.02).allocations(3.0).instructions(2_000.0);
        assert_eq!(limits.shown(), "<= 1.02x, +3 allocations, +2k instructions");
        let base = Measured { allocations: 45.0, instructions: Some(40_000.0), ..Measured::default() };
        let row = Measured { ratio: 1.01, allocations: 48.2, instructions: Some(41_900.0), ..base.clone() };
        assert_eq!(limits.verdict(&row, &base), "met");
        assert_eq!(
            limits.verdict(&Measured { instructions: None, ..row }, &base),
            "met, instructions not measured"
        );
        let row = Measured { ratio: 1.05, allocations: 50.0, instructions: Some(42_600.0), ..base.clone() };
        let missed = "MISSED: ratio 0.030 over, allocations 2 over, instructions 0.6k over";
        assert_eq!(limits.verdict(&row, &base), missed);
        assert_eq!(
            Limits::NONE.nanos(100.0).verdict(&Measured { more: 130.0, ..base.clone() }, &base),
            "MISSED: ns more 30 over"
        );
        assert_eq!(Limits::NONE.verdict(&row, &base), "");
    }
}
