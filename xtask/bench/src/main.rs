//! Measures the core beside other circuit breakers, and the mapping, all in one run: `cargo xtask bench`.
//!
//! The tables go to standard output, as Markdown; how far it is, to standard error. The core is handed the time, so no row of
//! ours reads a clock.
//!
//! With the name of a row as its argument, it only repeats what that row measures, a million times: for a profiler.

mod allocations;
mod breakers;
mod budget;
mod calls;
mod mapping;
mod ours;
mod pair;
mod peers;
mod plain;
mod rounds;
mod subject;
mod table;

use std::time::{Duration, Instant};

use failover_core::Call;

use crate::pair::Pair;
use crate::subject::{Group, Subject};

/// How long each group is measured. All of them and their warming up have to stay below 90 s.
const EACH: Duration = Duration::from_secs(10);
/// Bytes that a call in flight may take.
const CALL_SIZE: usize = 320;

const GROUPS: [fn() -> Group; 6] = [
    breakers::closed,
    breakers::rejected,
    breakers::failing,
    calls::answered,
    calls::harder,
    mapping::translated,
];

fn main() {
    match std::env::args().nth(1) {
        Some(row) => repeat(&row),
        None => measure(),
    }
}

/// The first row of that name; a name that stands in several tables is preceded by its table's: `Breaker open: rejected/recloser`.
fn repeat(name: &str) {
    for group in GROUPS.map(|group| group()) {
        let named =
            |subject: &&Subject| subject.name == name || format!("{}/{}", group.title, subject.name) == name;
        if let Some(subject) = group.subjects.iter().find(named) {
            (subject.batch)(0, 1_000_000);
            return;
        }
    }
    eprintln!("no row is called {name}");
}

fn measure() {
    let begun = Instant::now();
    let pair = Pair::new();
    for group in GROUPS {
        println!("{}", measured(group(), &pair));
    }
    println!("## Memory\n");
    let size = size_of::<Call<'_>>();
    let verdict = match size.saturating_sub(CALL_SIZE) {
        0 => "met".to_owned(),
        over => format!("MISSED: {over} over"),
    };
    println!("One call in flight takes {size} bytes; budget <= {CALL_SIZE}: {verdict}.");
    eprintln!("measured in {:.0} s", begun.elapsed().as_secs_f32());
}

fn measured(group: Group, pair: &Pair) -> String {
    let (title, compared) = (group.title, group.compared);
    eprintln!("{title}: warming up");
    let mut told = Duration::ZERO;
    let rows = rounds::run(group, pair, EACH, |rounds, passed| {
        if passed >= told + Duration::from_secs(3) {
            told = passed;
            eprintln!("{title}: {rounds} rounds in {:.0} s", passed.as_secs_f32());
        }
    });
    table::shown(title, compared, &rows)
}
