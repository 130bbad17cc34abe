//! `cargo xtask <task>`: what checks and shows this workspace, so that a machine with Rust needs nothing else.
//!
//! The tasks run the adapters' examples as separate programs, exactly as a user would, and link none of the
//! crates they judge; the fake providers of `failover-testkit` are the one exception.

mod bench;
mod child;
mod ci;
mod demo;
mod faults;
mod load;
mod marked;
mod tables;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Checks and demonstrations of the workspace"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measure the core and the adapters beside their peers, about four minutes, and write BENCHMARKS.md
    Bench,
    /// Everything that must hold before a change is merged; stops at the first failure
    Ci,
    /// Fake providers fail on this machine, the adapters' examples must be answered all the same
    Demo,
    /// Sixteen faults and many more, through the gateway and over real sockets, two to three minutes; writes FAULTS.md
    Faults {
        /// Ten times faster than the published timings, and writes nothing
        #[arg(long)]
        short: bool,
    },
    /// Two million calls through the gateway, ten thousand at a time, while its providers flap, half an hour; writes BENCHMARKS.md
    Load {
        /// How many calls; another number than this prints and writes nothing
        #[arg(long, default_value_t = load::CALLS, value_parser = clap::value_parser!(u64).range(1..))]
        calls: u64,
        /// How many at a time; as above
        #[arg(long, default_value_t = load::CONCURRENT, value_parser = clap::value_parser!(u64).range(1..))]
        concurrent: u64,
    },
    /// Write the model tables of README.md and the mapping's COVERAGE.md from the data files
    Tables {
        /// Compare only, and fail if one of them is not current
        #[arg(long)]
        check: bool,
    },
    /// The house rules that no compiler checks; lists every violation
    Tidy,
}

fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    let root = child::root();
    let done = match Cli::parse().task {
        Task::Bench => bench::run(&root),
        Task::Ci => ci::run(&root),
        Task::Demo => demo::run(&root),
        Task::Faults { short } => faults::run(&root, short),
        Task::Load { calls, concurrent } => load::run(&root, calls, concurrent),
        Task::Tables { check } => tables::run(&root, check),
        Task::Tidy => tidy::run(&root),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `cargo xtask demo | head`: the standard library panics when a pipe is closed, which is no fault worth a backtrace.
fn end_quietly_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>();
        if text.is_some_and(|text| text.starts_with("failed printing to stdout")) {
            std::process::exit(1);
        }
        report(panic);
    }));
}
