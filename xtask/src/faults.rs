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

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use card::Cell;
use lanes::Job;
use stage::Policy;
use timing::Timing;

use crate::child;

/// As the tests are built, so that nobody builds it twice.
const BUILD: &str = "--workspace --all-features";

/// Plays them on the published timings and writes FAULTS.md; or, if it is to be short, ten times faster, and writes nothing.
pub(crate) fn run(root: &Path, short: bool) -> Result<()> {
    let timing = if short { Timing::SHORT } else { Timing::PUBLISHED };
    let path = root.join(page::PAGE.page);
    let page = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", page::PAGE.page))?;
    eprintln!("building the gateway (the first time this takes minutes)");
    let program = child::built_example(root, BUILD, "gateway")?;
    match timing.is_published() {
        true => eprintln!("\nthe sixteen of the public Failover Bench, on its timings, a minute and a half:"),
        false => {
            eprintln!(
                "\nthe sixteen of the public Failover Bench, with waits of a tenth of what their names say:"
            )
        }
    }
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
    eprintln!(
        "\nbeyond them, on short limits, a minute; 1+1: requests to the asked provider, and to the stand-in:"
    );
    let page = page::with_rows(&page, &rows)?;
    let beyond = beyond::run(&program, &page)?;
    page::print(&rows);
    let named = order.iter().zip(&cells).filter(|(_, cell)| !cell.wrong.is_empty());
    let wrong =
        named.map(|((it, policy), cell)| format!("{} {}: {}", it.id, policy.name(), cell.wrong.join("; ")));
    let wrong: Vec<_> = wrong.chain(beyond.wrong).collect();
    let played = cells.len() + beyond.played;
    if !wrong.is_empty() {
        wrong.iter().for_each(|line| println!("WRONG: {line}"));
        bail!(
            "{} of {played} came to something else than expected; {} is left as it was",
            wrong.len(),
            page::PAGE.page
        );
    }
    println!("beyond them: {} of {} as expected\n", beyond.played, beyond.played);
    println!(
        "all {played} as expected: {} scenarios under {} policies, and the cells of the tables beyond them; {} says what the words mean",
        scenarios.len(),
        Policy::ALL.len(),
        page::PAGE.page
    );
    if timing.is_published() {
        fs::write(&path, beyond.page).with_context(|| format!("{} cannot be written", page::PAGE.page))?;
        println!("{} is written", page::PAGE.page);
    }
    Ok(())
}
