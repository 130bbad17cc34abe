//! What a person reads of the second list: the tables between two markers of FAULTS.md.

use std::fmt::Write as _;

use anyhow::Result;

use super::Played;
use super::outcome::Outcome;
use crate::marked::Marked;

const PAGE: Marked =
    Marked { page: "FAULTS.md", begin: "<!-- beyond: begin -->", end: "<!-- beyond: end -->" };

/// The page with this in place of what stood there.
pub(super) fn with(page: &str, played: &Played<'_>) -> Result<String> {
    PAGE.replaced(page, &tables(played))
}

fn tables(played: &Played<'_>) -> String {
    [asked(played), stand_ins(played), jobs(played), scenarios(played)].join("\n")
}

fn asked(played: &Played<'_>) -> String {
    let mut text = String::from(
        "### The asked provider has the fault\n\n\
         | | fault | chat | chat, checked | streamed, `error` | streamed, `buffer` | image | image, checked | why |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (row, [asked, checked, _]) in &played.faults {
        let cells = [(asked, 0), (checked, 0), (asked, 1), (checked, 1), (asked, 2), (checked, 2)];
        let shown = cells.map(|(set, column)| shown(set.get(column)));
        // What only a stand-in can have here is in the table of stand-ins. Writing to a string cannot fail.
        if shown.iter().any(|cell| cell != NONE) {
            let (id, name, why) = (row.fault.id(), row.fault.name(), row.why);
            let _ = writeln!(text, "| {id} | {name} | {} | {why} |", shown.join(" | "));
        }
    }
    text
}

fn stand_ins(played: &Played<'_>) -> String {
    let mut text = String::from(
        "### The asked provider says 503, and the stand-in has the fault\n\n\
         | | fault | chat | streamed, `error` | image |\n|---|---|---|---|---|\n",
    );
    for (row, [_, _, cells]) in &played.faults {
        let shown: Vec<_> = (0..3).map(|column| shown(cells.get(column))).collect();
        let _ = writeln!(text, "| {} | {} | {} |", row.fault.id(), row.fault.name(), shown.join(" | "));
    }
    text
}

fn jobs(played: &Played<'_>) -> String {
    let mut text = String::from(
        "### The one that has accepted the job has the fault\n\n\
         | | fault | Replicate | FAL's queue | stand-in for Replicate | stand-in for FAL's queue | why |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (row, cells) in &played.jobs {
        let shown: Vec<_> = cells.iter().map(|cell| shown(Some(cell))).collect();
        let (id, name, why) = (row.fault.id(), row.fault.name(), row.why);
        let _ = writeln!(text, "| {id} | {name} | {} | {why} |", shown.join(" | "));
    }
    text
}

fn scenarios(played: &Played<'_>) -> String {
    let mut text =
        String::from("### Scenarios\n\n| | what happens | to | comes to | why |\n|---|---|---|---|---|\n");
    for (it, outcome) in &played.scenarios {
        let shown = shown(Some(outcome));
        let _ = writeln!(text, "| {} | {} | {} | {shown} | {} |", it.id, it.name, it.asks, it.why);
    }
    text.push_str(NOT_PLAYED);
    text
}

const NONE: &str = "-";

const NOT_PLAYED: &str = "| F40, F42 | a callback panics, the clock jumps | | not through a process | Played in [failover-faults/TABLE.md](failover-faults/TABLE.md): a gateway has no callbacks of its user's, and the machine has one clock. |\n";

fn shown(cell: Option<&Option<Outcome>>) -> String {
    cell.and_then(Option::as_ref).map_or_else(|| NONE.to_owned(), |outcome| outcome.shown.clone())
}

#[cfg(test)]
mod tests {
    use super::super::row::Set;
    use super::super::{expected, jobs, scenarios};
    use super::*;

    #[test]
    fn what_came_out_as_expected_is_a_page() {
        let (rows, job_rows, scenarios) = (expected::rows(), jobs::rows(), scenarios::scenarios());
        let met = |cell| Outcome::of(cell, Ok(cell));
        let played = Played {
            faults: rows
                .iter()
                .map(|row| (row, Set::ALL.map(|set| set.columns().map(|it| row.cell(it).map(met)).to_vec())))
                .collect(),
            jobs: job_rows
                .iter()
                .map(|row| (row, row.cells.map(|(.., cell)| Some(met(cell))).to_vec()))
                .collect(),
            scenarios: scenarios.iter().map(|it| (it, None)).collect(),
        };
        let page = tables(&played);
        assert!(!page.contains("WRONG"));
        for table in page.split("### ").skip(1) {
            let lines: Vec<_> = table.lines().filter(|line| line.starts_with('|')).collect();
            let columns = |line: &&str| line.matches('|').count();
            assert!(
                lines.len() > 3 && lines.iter().all(|line| columns(line) == columns(&lines[0])),
                "{table}"
            );
        }
    }

    #[test]
    fn the_page_has_a_place_for_it() {
        let page = std::fs::read_to_string(crate::child::root().join(PAGE.page)).unwrap();
        PAGE.range(&page).unwrap();
    }
}
