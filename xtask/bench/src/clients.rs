//! The adapters beside bare clients: a request whose provider is healthy, one that is not ours, and one that fails over.
//!
//! Each row is one request on loopback, from its building to the last byte of its answer. The rows of a table take turns, and each
//! is compared with the one it names, within a round. The provider is a few threads that say fixed words ([`stage`]).
//!
//! All of it stays on one core, the providers too. What is measured is then the work, and not how soon a core wakes up for the
//! thread that answers: that depends on where the system has put that thread, differs from connection to connection, and can be
//! as long as a request.
//!
//! Allocations are those of the whole process, the client's own threads included; libcurl's are not seen. Instructions are
//! those of a process that does nothing else, as valgrind counts them: it need not be there, and then they are not measured.

mod by_isahc;
mod by_reqwest;
mod by_ureq;
mod clocks;
mod events;
mod instructions;
mod limits;
mod rounds;
mod row;
mod stage;
mod streams;
mod table;

use std::time::Duration;

pub(crate) use stage::Stage;

use row::Table;

/// How long each table's rows take turns.
const EACH: Duration = Duration::from_secs(14);

fn tables() -> [Table; 5] {
    [by_ureq::table(), by_reqwest::table(), by_isahc::table(), passing(), streams::table()]
}

/// What the drop-in adds to a request that it lets pass. A network takes a thousand times as long, so there is none: the clients'
/// work ends where a connection would begin.
fn passing() -> Table {
    let rows = [by_ureq::passing(), by_reqwest::passing(), by_isahc::passing()];
    Table {
        title: "Not ours: what passes through, without a network",
        rows: rows.into_iter().flatten().collect(),
    }
}

/// All tables, as they become known.
pub(crate) fn measure(tell: impl Fn(&str)) {
    let mut cores = core_affinity::get_core_ids().unwrap_or_default().into_iter();
    cores.next().map(core_affinity::set_for_current);
    // Threads stay where the one that starts them does.
    let stage = &Stage::start();
    for table in tables() {
        eprintln!("{}: its rows take turns for {:.0} s", table.title, EACH.as_secs_f32());
        let mut measured = rounds::run(&table, stage, EACH);
        if instructions::can_be_counted() {
            eprintln!("{}: counting instructions", table.title);
            for (row, measured) in table.rows.iter().zip(&mut measured) {
                measured.instructions = instructions::of(row, stage);
            }
        } else {
            eprintln!("{}: without valgrind, no instructions are counted", table.title);
        }
        tell(&table::shown(&table, &measured));
    }
    tell(&clocks::shown(stage));
}

/// Does what the row of that name does, so many times. False if there is none.
pub(crate) fn repeat(name: &str, count: Option<u64>, stage: impl FnOnce() -> Stage) -> bool {
    let rows = tables().into_iter().flat_map(|table| table.rows);
    let Some(row) = rows.into_iter().find(|row| row.name == name) else { return false };
    let mut work = row.work(&stage());
    (0..count.unwrap_or(10_000)).for_each(|_| work());
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_does_what_it_says() {
        // Each looks at its own answers.
        let stage = Stage::start();
        for row in tables().iter().flat_map(|table| &table.rows) {
            let mut work = row.work(&stage);
            (0..3).for_each(|_| work());
        }
    }

    #[test]
    fn names_are_told_apart_and_what_is_compared_is_there() {
        let (mut names, mut rows) = (BTreeSet::new(), 0);
        for table in tables() {
            for row in &table.rows {
                rows += 1;
                names.insert(row.name);
                assert!(
                    row.against.is_none_or(|base| table.rows.iter().any(|row| row.name == base)),
                    "{}",
                    row.name
                );
            }
        }
        assert_eq!(names.len(), rows);
    }

    #[test]
    fn a_row_is_found_by_its_name() {
        assert!(repeat("ureq, bare", Some(1), Stage::start));
        assert!(!repeat("ureq", Some(1), Stage::start));
    }
}
