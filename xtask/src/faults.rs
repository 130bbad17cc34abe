//! `cargo xtask faults`: providers misbehave behind the gateway in every way that we know of, and a caller asks through it.
//!
//! Everything is real but the providers: sockets, streams, and the gateway as a program of its own with a file of settings. The first
//! sixteen are those of the public Failover Bench, judged by its rules, on its timings; then come those that it does not ask for, on
//! short limits. FAULTS.md is written from what happened. The task fails if anything comes to something else than is expected.

mod beyond;
mod caller;
mod card;
mod check;
mod gateway;
mod lanes;
mod page;
mod play;
mod sixteen;
mod stage;
mod timing;
mod verdict;

use std::path::Path;

use anyhow::{Result, bail};

use card::Cell;
use lanes::Job;
use stage::Policy;
use timing::Timing;

/// Plays them on the published timings and writes FAULTS.md; or, if it is to be short, ten times faster, and writes nothing.
pub(crate) fn run(root: &Path, short: bool) -> Result<()> {
    let timing = if short { Timing::SHORT } else { Timing::PUBLISHED };
    eprintln!("building the gateway (the first time this takes minutes)");
    let program = gateway::build(root)?;
    let scenarios = sixteen::scenarios();
    // The longest first, as the others find room beside it.
    let mut order: Vec<_> = scenarios.iter().flat_map(|it| Policy::ALL.map(|policy| (it, policy))).collect();
    order.sort_by_key(|(it, policy)| (it.plot != sixteen::Plot::Outage, it.id, *policy as usize));
    let jobs = order.iter().map(|(scenario, policy)| Job {
        name: format!("{} {}, {}", scenario.id, policy.name(), scenario.fault),
        work: {
            let program = &program;
            Box::new(move || {
                let measured = play::play(scenario, program, *policy, timing)?;
                let cell = Cell::of(scenario, *policy, &measured, timing);
                let line = cell.line();
                Ok((cell, line))
            })
        },
    });
    let cells = lanes::play(jobs.collect())?;
    let cell = |id: &str, policy: Policy| {
        let at = order.iter().position(|(it, of)| it.id == id && *of == policy);
        at.and_then(|at| cells.get(at))
    };
    let rows: Vec<_> = scenarios
        .iter()
        .filter_map(|it| {
            Some(page::Row {
                scenario: it,
                buffer: cell(it.id, Policy::Buffer)?,
                error: cell(it.id, Policy::Error)?,
            })
        })
        .collect();
    page::print(&rows);
    if timing.is_published() {
        page::write(root, &rows)?;
    }
    let beyond = beyond::run(root, &program, timing.is_published())?;
    let wrong = cells.iter().filter(|cell| !cell.wrong.is_empty()).count() + beyond.wrong;
    if wrong > 0 {
        let played = cells.len() + beyond.played;
        bail!("{wrong} of {played} came to something else than expected, see WRONG above");
    }
    Ok(())
}
