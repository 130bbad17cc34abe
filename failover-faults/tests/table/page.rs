//! The page that is made of the rows.

use std::fmt::Write as _;

use crate::play::shown;
use crate::row::{Adapter, Cell, Got, Row, Way};
use crate::streams;

const HEAD: &str = "\
# Faults, and what comes of them

Every cell is played over real sockets on loopback, with providers of its own (`failover-testkit`), by
`cargo test -p failover-faults`. This page is printed from the rows of that test, and the test fails if a cell comes out otherwise.
In every cell it is also checked that the stand-in saw no credential of the caller's (`Authorization`, `Cookie`), the asked
provider none of the stand-in's, the target of a redirect none at all, and that no text that the caller is given holds one.

FAL is asked for `fal-ai/flux/dev`, and NexaAPI stands in. A cell says what the caller got, and how many requests reached the asked
provider and the stand-in (`1+1`; questions for a stand-in's job are not counted).

* **drop-in**: the caller's client has the failover in it, and the asked provider has the fault.
* **check_answers**: the same with `check_answers(true)`.
* **call**: two callables that use the bare client, `retries(2)`, errors classified by status; the first one's provider has the fault.
* **stand-in has it** (second table): drop-in, the asked provider says 429, and the stand-in has the fault.

| a cell says | the caller got |
|---|---|
| primary, stand-in | the healthy answer of that one; the stand-in's in the asked provider's shape, with its provenance |
| stale | an answer of before, out of the cache, which says how old it is |
| own 503 | the asked provider's own refusal, as it came |
| own error | the client's own error, of its own type |
| own junk, too long, cut | the asked provider's success, handed on unread: the caller finds that its body is no answer, is longer than it reads, or breaks off |
| own job failed, goes on | how the asked provider's job stands, in its words |
| typed error | an error of ours, with what became of each provider |

The numbers S01 to S16 are those of the public Failover Bench. Those that only a stream can have are in the third table.
";

pub(crate) fn of(rows: &[Row], streamed: &[streams::Row]) -> String {
    let mut page = HEAD.to_owned();
    table(&mut page, "The asked provider has the fault", &[Way::DropIn, Way::Checked, Way::Call], rows);
    table(&mut page, "The stand-in has the fault", &[Way::AtStandIn], rows);
    streams::print(&mut page, streamed);
    page
}

fn table(page: &mut String, title: &str, ways: &[Way], rows: &[Row]) {
    let columns = || ways.iter().flat_map(|way| Adapter::ALL.map(|adapter| (*way, adapter)));
    _ = write!(page, "\n## {title}\n\n| | fault |");
    for (way, adapter) in columns() {
        _ = write!(page, " {}, {} |", way.name(), adapter.name());
    }
    let with_why = ways.len() > 1;
    page.push_str(if with_why { " differences, and why |\n|---|---|" } else { "\n|---|---|" });
    columns().for_each(|_| page.push_str("---|"));
    page.push_str(if with_why { "---|\n" } else { "\n" });
    for row in rows.iter().filter(|row| columns().any(|(way, adapter)| row.cell(way, adapter).is_some())) {
        _ = write!(page, "| {} | {} |", row.id, row.name);
        for (way, adapter) in columns() {
            _ = write!(page, " {} |", row.cell(way, adapter).map_or("-".to_owned(), words));
        }
        page.push_str(&if with_why { format!(" {} |\n", row.why) } else { "\n".to_owned() });
    }
}

fn words(cell: Cell) -> String {
    let got = match cell.got {
        Got::Primary => "primary",
        Got::StandIn => "stand-in",
        Got::StandInThenPrimary => "stand-in, then primary",
        Got::Stale => "stale",
        Got::AllAnswered => "all answered",
        Got::Junk => "own junk",
        Got::TooLarge => "own, too long",
        Got::BrokenOff => "own, cut",
        Got::Own(status) => return format!("own {status}, {}", counts(cell)),
        Got::OwnError => "own error",
        Got::OwnJobFailed => "own job failed",
        Got::OwnJobGoesOn => "own job goes on",
        Got::Failed => "typed error",
    };
    format!("{got}, {}", counts(cell))
}

fn counts(cell: Cell) -> String {
    format!("{}+{}", shown(cell.primary), shown(cell.stand_in))
}
