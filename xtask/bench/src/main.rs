//! Measures the core beside other circuit breakers, the mapping, and the adapters beside bare clients, all in one run:
//! `cargo xtask bench`.
//!
//! The tables go to standard output, as Markdown; how far it is, to standard error. The core is handed the time, so no row of
//! its own reads a clock.
//!
//! With the name of a row as its argument, it only repeats what that row measures, a million times, or a client's request ten
//! thousand times: for a profiler. Another number may follow.

mod allocations;
mod breakers;
mod budget;
mod calls;
mod clients;
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

use crate::clients::Stage;
use crate::pair::Pair;
use crate::subject::{Group, Subject};

/// How long each group is measured. All of them and their warming up have to stay below 90 s, so that with the clients it is
/// four minutes at most.
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
    let mut arguments = std::env::args().skip(1);
    match arguments.next() {
        Some(row) => {
            let count = arguments.next().and_then(|count| count.parse().ok());
            repeat(&row, count, arguments.next().as_deref());
        }
        None => measure(),
    }
}

/// The first row of that name; a name that stands in several tables is preceded by its table's: `Breaker open: rejected/recloser`.
/// A client's row finds its providers where they are told to be, or starts them.
fn repeat(name: &str, count: Option<u64>, providers: Option<&str>) {
    let stage = || providers.and_then(Stage::elsewhere).unwrap_or_else(Stage::start);
    if clients::repeat(name, count, stage) {
        return;
    }
    for group in GROUPS.map(|group| group()) {
        let named =
            |subject: &&Subject| subject.name == name || format!("{}/{}", group.title, subject.name) == name;
        if let Some(subject) = group.subjects.iter().find(named) {
            (subject.batch)(0, count.unwrap_or(1_000_000));
            return;
        }
    }
    eprintln!("no row is called {name}");
}

fn measure() {
    let begun = Instant::now();
    measure_core();
    clients::measure(|part| println!("{part}"));
    eprintln!("measured in {:.0} s", begun.elapsed().as_secs_f32());
}

fn measure_core() {
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
    println!("One call in flight takes {size} bytes; budget <= {CALL_SIZE}: {verdict}.\n");
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
