//! What a person reads of it: the scorecard in the terminal, and FAULTS.md.

use std::fmt::Write as _;

use anyhow::Result;

use super::card::Cell;
use super::sixteen::Scenario;
use super::verdict::Verdict;
use crate::marked::Marked;

pub(super) const PAGE: Marked =
    Marked { page: "FAULTS.md", begin: "<!-- sixteen: begin -->", end: "<!-- sixteen: end -->" };

/// A scenario, and what it came to under each policy.
pub(super) struct Row<'r> {
    pub(super) scenario: &'r Scenario,
    pub(super) buffer: &'r Cell,
    pub(super) error: &'r Cell,
}

pub(super) fn print(rows: &[Row<'_>]) {
    let cell = |cell: &Cell| format!("{:<8}{}", cell.verdict.name(), cell.figures);
    let lines = rows.iter().map(|Row { scenario, buffer, error }| {
        [scenario.id.to_owned(), scenario.fault.replace('`', ""), cell(buffer), cell(error)]
    });
    let head = ["", "fault", "buffer", "error"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(lines).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    println!();
    for [id, fault, buffer, error] in &lines {
        println!("{id:<0$}  {fault:<1$}  {buffer:<2$}  {error}", widths[0], widths[1], widths[2]);
    }
    println!(
        "\n3+1: attempts on the asked provider, and on the stand-in; gap: between the first two of the former"
    );
    println!(
        "with buffer: {}\nwith error:  {}",
        sum(rows.iter().map(|row| row.buffer)),
        sum(rows.iter().map(|row| row.error))
    );
}

/// The page with this in place of what stood there.
pub(super) fn with_rows(page: &str, rows: &[Row<'_>]) -> Result<String> {
    PAGE.replaced(page, &table(rows))
}

fn table(rows: &[Row<'_>]) -> String {
    let mut text =
        String::from("| | fault | right behaviour | `buffer` | `error` |\n|---|---|---|---|---|\n");
    for Row { scenario, buffer, error } in rows {
        let cell = |cell: &Cell| format!("**{}**, {}", cell.verdict.name(), cell.figures);
        let Scenario { id, fault, right, .. } = scenario;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {id} | {fault} | {right} | {} | {} |", cell(buffer), cell(error));
    }
    let _ = writeln!(
        text,
        "| | **in all** | | **{}** | **{}** |",
        sum(rows.iter().map(|row| row.buffer)),
        sum(rows.iter().map(|row| row.error))
    );
    text
}

/// `13 pass, 3 safe`.
fn sum<'c>(cells: impl Iterator<Item = &'c Cell> + Clone) -> String {
    let count = |verdict: &Verdict| cells.clone().filter(|cell| cell.verdict == *verdict).count();
    let counted = Verdict::ALL.iter().map(|verdict| (count(verdict), verdict.name()));
    let words: Vec<_> =
        counted.filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    words.join(", ")
}
