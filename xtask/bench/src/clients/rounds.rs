//! The rows of a table take turns, so that whatever else the machine does falls on all of them.
//!
//! A row's value in a round is the median of some requests, and is compared with that of its base in the same round; what is
//! told is the median over the rounds. What comes after another client finds none of its code in the caches, so the first
//! requests of a turn are not timed.

use std::time::{Duration, Instant};

use super::row::{Row, Table, Work};
use super::stage::Stage;
use crate::allocations;
use crate::rounds::median;

const WARM_UP: u32 = 200;
/// At the beginning of a turn.
const UNTIMED: u32 = 2;
/// Samples of a turn.
const TIMED: usize = 8;
/// What the allocations of one request are averaged over.
const COUNTED: u32 = 1_000;

/// The medians of one row. Times are in ns per request, or per part of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) time: f64,
    pub(crate) ratio: f64,
    pub(crate) more: f64,
    pub(crate) allocations: f64,
    pub(crate) instructions: Option<f64>,
    pub(crate) rounds: usize,
}

struct Runner<'t> {
    row: &'t Row,
    work: Work,
    samples: Vec<f64>,
    /// One for each round.
    medians: Vec<f64>,
}

pub(crate) fn run(table: &Table, stage: &Stage, time: Duration) -> Vec<Measured> {
    let mut runners: Vec<_> = table.rows.iter().map(|row| Runner::warm(row, stage)).collect();
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < time {
        let rows = runners.len();
        for turn in 0..rows {
            runners[(turn + rounds) % rows].take_turn();
        }
        rounds += 1;
    }
    let counts: Vec<_> = runners.iter_mut().map(Runner::allocations).collect();
    let base = |row: &Row| runners.iter().find(|runner| Some(runner.row.name) == row.against);
    let measured = runners.iter().zip(counts).map(|(runner, allocations)| {
        let base = base(runner.row).unwrap_or(runner);
        Measured {
            time: middle(runner.samples.iter().copied()),
            ratio: paired(runner, base, |own, base| own / base),
            more: paired(runner, base, |own, base| own - base),
            allocations,
            instructions: None,
            rounds,
        }
    });
    measured.collect()
}

impl<'t> Runner<'t> {
    fn warm(row: &'t Row, stage: &Stage) -> Self {
        let mut work = row.work(stage);
        (0..WARM_UP).for_each(|_| work());
        Self { row, work, samples: Vec::new(), medians: Vec::new() }
    }

    fn take_turn(&mut self) {
        (0..UNTIMED).for_each(|_| (self.work)());
        let (together, parts) = (self.row.together, self.row.parts);
        let turn: [f64; TIMED] = std::array::from_fn(|_| {
            let begun = Instant::now();
            (0..together).for_each(|_| (self.work)());
            begun.elapsed().as_nanos() as f64 / f64::from(together) / f64::from(parts)
        });
        self.medians.push(middle(turn.into_iter()));
        self.samples.extend(turn);
    }

    fn allocations(&mut self) -> f64 {
        let count = allocations::everywhere(|| (0..COUNTED).for_each(|_| (self.work)()));
        count as f64 / f64::from(COUNTED) / f64::from(self.row.parts)
    }
}

fn paired(own: &Runner<'_>, base: &Runner<'_>, relation: impl Fn(f64, f64) -> f64) -> f64 {
    middle(own.medians.iter().zip(&base.medians).map(|(own, base)| relation(*own, *base)))
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    median(values.map(Some))
}
