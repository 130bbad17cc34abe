//! The second list: what the public bench does not ask for, through the gateway as well.
//!
//! Every fault that is no number of the bench's meets a chat, whole and streamed, and an image; at the provider that is asked, and at
//! the one that stands in for it. What is to come of each is written down in rows, and the task fails if anything else does. It has
//! no published timings, so all limits are short.

mod ask;
mod crowd;
mod expected;
mod jobs;
mod outcome;
mod page;
mod play;
mod read;
mod row;
mod scenarios;
mod stage;
mod vanish;
mod wire;

use std::path::Path;

use anyhow::Result;

use super::lanes::{self, Job};
use jobs::JobRow;
use outcome::Outcome;
use row::{Row, Set};
use scenarios::Scenario;

/// How many came to something else than was expected, and of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) wrong: usize,
    pub(super) played: usize,
}

/// What came of all of them, for the page.
struct Played<'r> {
    faults: Vec<(&'r Row, [Vec<Option<Outcome>>; 3])>,
    jobs: Vec<(&'r JobRow, Vec<Option<Outcome>>)>,
    scenarios: Vec<(&'r Scenario, Option<Outcome>)>,
}

/// Plays all, and writes what came of it if it is `published` and as it should be.
pub(super) fn run(root: &Path, program: &Path, published: bool) -> Result<Sum> {
    let (rows, job_rows, scenarios) = (expected::rows(), jobs::rows(), scenarios::scenarios());
    let mut plays: Vec<Job<'_, Vec<Option<Outcome>>>> = Vec::new();
    let has_any = |row: &Row, set: Set| set.columns().iter().any(|column| row.cell(*column).is_some());
    for (row, set) in rows.iter().flat_map(|row| Set::ALL.map(|set| (row, set))) {
        if !has_any(row, set) {
            continue;
        }
        let name = format!("{}, {}", row.fault, set.name());
        plays.push(job(name, move || play::play(row, set, program)));
    }
    for row in &job_rows {
        plays.push(job(format!("{}, as a job", row.fault), move || jobs::play(row, program)));
    }
    let alone = |it: &Scenario| {
        let it = *it;
        job(it.title(), move || Ok(vec![Some(it.play(program)?)]))
    };
    plays.extend(scenarios.iter().filter(|it| !it.is_crowd()).map(alone));
    let mut outcomes = lanes::play(plays)?.into_iter();
    let mut faults = Vec::new();
    for row in &rows {
        let cells = |set| if has_any(row, set) { outcomes.next() } else { None };
        faults.push((row, Set::ALL.map(cells).map(Option::unwrap_or_default)));
    }
    let jobs = job_rows.iter().zip(outcomes.by_ref()).collect();
    let crowds = scenarios.iter().filter(|it| it.is_crowd()).map(alone);
    let outcomes = outcomes.chain(lanes::play(crowds.collect())?).map(|mut one| one.pop().flatten());
    let played = Played { faults, jobs, scenarios: scenarios.iter().zip(outcomes).collect() };
    let sum = played.sum();
    println!("\nbeyond: {} of {} as expected", sum.played - sum.wrong, sum.played);
    if published && sum.wrong == 0 {
        page::write(root, &played)?;
    }
    Ok(sum)
}

fn job<'j>(
    name: String,
    play: impl FnOnce() -> Result<Vec<Option<Outcome>>> + Send + 'j,
) -> Job<'j, Vec<Option<Outcome>>> {
    let work = move || {
        let outcomes = play()?;
        let line = Outcome::line(&outcomes);
        Ok((outcomes, line))
    };
    Job { name, work: Box::new(work) }
}

impl Played<'_> {
    fn sum(&self) -> Sum {
        let faults = self.faults.iter().flat_map(|(_, sets)| sets.iter().flatten());
        let jobs = self.jobs.iter().flat_map(|(_, cells)| cells);
        let scenarios = self.scenarios.iter().map(|(_, outcome)| outcome);
        let all: Vec<&Outcome> = faults.chain(jobs).chain(scenarios).flatten().collect();
        Sum { wrong: all.iter().filter(|it| it.wrong.is_some()).count(), played: all.len() }
    }
}
