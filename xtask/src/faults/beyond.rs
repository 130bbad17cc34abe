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

/// What came of it.
pub(super) struct Sum {
    /// What came to something else than was expected.
    pub(super) wrong: Vec<String>,
    pub(super) played: usize,
    /// The page with it in place of what stood there.
    pub(super) page: String,
}

/// What came of all of them, for the page.
struct Played<'r> {
    faults: Vec<(&'r Row, [Vec<Option<Outcome>>; 3])>,
    jobs: Vec<(&'r JobRow, Vec<Option<Outcome>>)>,
    scenarios: Vec<(&'r Scenario, Option<Outcome>)>,
}

/// Plays all. What came of it is put into this page.
pub(super) fn run(program: &Path, page: &str) -> Result<Sum> {
    let (rows, job_rows, scenarios) = (expected::rows(), jobs::rows(), scenarios::scenarios());
    let mut plays: Vec<Job<'_, Vec<Option<Outcome>>>> = Vec::new();
    let has_any = |row: &Row, set: Set| set.columns().iter().any(|column| row.cell(*column).is_some());
    for (row, set) in rows.iter().flat_map(|row| Set::ALL.map(|set| (row, set))) {
        if !has_any(row, set) {
            continue;
        }
        let name = format!("{}, {}", row.fault, set.name());
        plays.push(job(name, &Set::ASKED, move || play::play(row, set, program)));
    }
    for row in &job_rows {
        plays.push(job(format!("{}, as a job", row.fault), &jobs::ASKED, move || jobs::play(row, program)));
    }
    let alone = |it: &Scenario| {
        let it = *it;
        job(it.title(), &[], move || Ok(vec![Some(it.play(program)?)]))
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
    let all = played.all();
    let wrong = all.iter().filter_map(|(name, it)| Some(format!("{name}: {}", it.wrong.as_ref()?)));
    Ok(Sum { wrong: wrong.collect(), played: all.len(), page: page::with(page, &played)? })
}

fn job<'j>(
    name: String,
    asked: &'j [&str],
    play: impl FnOnce() -> Result<Vec<Option<Outcome>>> + Send + 'j,
) -> Job<'j, Vec<Option<Outcome>>> {
    let work = move || {
        let outcomes = play()?;
        let line = Outcome::line(asked, &outcomes);
        Ok((outcomes, line))
    };
    Job { name, work: Box::new(work) }
}

impl Played<'_> {
    fn all(&self) -> Vec<(String, &Outcome)> {
        let faults = self.faults.iter().flat_map(|(row, sets)| {
            Set::ALL.into_iter().zip(sets).flat_map(move |(set, cells)| {
                named(Set::ASKED, cells, move |asked| format!("{}, {}, {asked}", row.fault, set.name()))
            })
        });
        let jobs = self.jobs.iter().flat_map(|(row, cells)| {
            named(jobs::ASKED, cells, move |asked| format!("{}, as a job, {asked}", row.fault))
        });
        let scenarios = self.scenarios.iter();
        let scenarios = scenarios.filter_map(|(it, outcome)| Some((it.title(), outcome.as_ref()?)));
        faults.chain(jobs).chain(scenarios).collect()
    }
}

/// What came of each cell that there is, and what it is called by what was asked.
fn named<'o, const N: usize>(
    asked: [&'static str; N],
    cells: &'o [Option<Outcome>],
    name: impl Fn(&str) -> String,
) -> impl Iterator<Item = (String, &'o Outcome)> {
    asked.into_iter().zip(cells).filter_map(move |(asked, it)| Some((name(asked), it.as_ref()?)))
}
