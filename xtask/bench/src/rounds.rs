//! All subjects of a group take turns in many short rounds, so that whatever else the machine does falls on all of them.
//!
//! What is compared is compared within a round; what is told is the median over the rounds. The order moves on with each
//! round, as who comes after a subject that leaves the caches cold should not always be the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::allocations;
use crate::pair::Pair;
use crate::subject::{self, Group, Subject};

/// Long enough for the caches, the branch predictor and the clock rate of the cores.
const WARM_UP: usize = 60;
/// What the allocations of one operation are averaged over.
const COUNTED: u64 = 1_000;

/// The medians of one subject. Times are in ns per operation and thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) one: f64,
    pub(crate) two: f64,
    /// The throughput of two threads together, as a multiple of that of one.
    pub(crate) scaling: f64,
    pub(crate) ratio_one: f64,
    pub(crate) ratio_two: f64,
    pub(crate) more_one: f64,
    pub(crate) more_two: f64,
    pub(crate) allocations: f64,
    /// The rounds in which both threads could be measured.
    pub(crate) rounds: usize,
}

struct Runner {
    subject: Arc<Subject>,
    batch: u64,
    /// One per round; none where the machine did not let it.
    one: Vec<Option<f64>>,
    two: Vec<Option<f64>>,
}

/// Measures the group for about so long. `progress` hears how many rounds there were.
pub(crate) fn run(
    group: Group,
    pair: &Pair,
    time: Duration,
    mut progress: impl FnMut(usize, Duration),
) -> Vec<(Arc<Subject>, Measured)> {
    let subjects = group.subjects.into_iter().chain([subject::yardstick()]);
    let mut runners: Vec<_> = subjects.map(|subject| Runner::warm(subject, pair)).collect();
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < time {
        let subjects = runners.len();
        for turn in 0..subjects {
            let Runner { subject, batch, one, two } = &mut runners[(turn + rounds) % subjects];
            one.push(pair.alone(subject, *batch));
            two.push(pair.together(subject, *batch));
        }
        rounds += 1;
        progress(rounds, begun.elapsed());
    }
    runners.iter().map(|runner| (Arc::clone(&runner.subject), runner.measured(&runners[0]))).collect()
}

impl Runner {
    fn warm(subject: Subject, pair: &Pair) -> Self {
        let subject = Arc::new(subject);
        (subject.batch)(0, 1_000);
        let batch = Pair::batch(&subject);
        for _ in 0..WARM_UP {
            pair.alone(&subject, batch);
            pair.together(&subject, batch);
        }
        Self { subject, batch, one: Vec::new(), two: Vec::new() }
    }

    fn measured(&self, first: &Self) -> Measured {
        let count = allocations::during(|| (self.subject.batch)(0, COUNTED));
        Measured {
            one: median(self.one.iter().copied()),
            two: median(self.two.iter().copied()),
            scaling: paired(&self.one, &self.two, |one, two| 2.0 * one / two),
            ratio_one: paired(&self.one, &first.one, |own, first| own / first),
            ratio_two: paired(&self.two, &first.two, |own, first| own / first),
            more_one: paired(&self.one, &first.one, |own, first| own - first),
            more_two: paired(&self.two, &first.two, |own, first| own - first),
            allocations: count as f64 / COUNTED as f64,
            rounds: self.two.iter().flatten().count(),
        }
    }
}

/// The median of what two values of the same round make together.
fn paired(left: &[Option<f64>], right: &[Option<f64>], relation: impl Fn(f64, f64) -> f64) -> f64 {
    median(left.iter().zip(right).map(|(left, right)| Some(relation((*left)?, (*right)?))))
}

/// Not a number if there are no values.
pub(crate) fn median(values: impl Iterator<Item = Option<f64>>) -> f64 {
    let mut values: Vec<_> = values.flatten().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => (values[even / 2 - 1] + values[even / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let median = |values: &[f64]| median(values.iter().copied().map(Some));
        assert!(median(&[]).is_nan());
        assert_eq!(median(&[3.0, 1.0, 200.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 200.0]), 3.0);
    }

    #[test]
    fn only_values_of_the_same_round_are_compared() {
        let own = [Some(2.0), Some(9.0), None, Some(4.0)];
        let first = [Some(1.0), None, Some(3.0), Some(2.0)];
        assert_eq!(paired(&own, &first, |own, first| own / first), 2.0);
    }
}
