//! The gateway under load: many callers at once, providers that flap, and what comes of every call. `cargo xtask load`.
//!
//! Callers, gateway and providers are processes of their own, which talk over loopback, so that the memory and the time of each are
//! its own. The tables go to standard output, as Markdown; how far it is, to standard error. The command
//! fails where a call is neither answered nor has failed cleanly, where too few are answered, and where memory grows.

mod caller;
mod counts;
mod crowd;
mod judge;
mod latency;
mod limits;
mod memory;
mod process;
mod provider;
mod report;
mod request;
mod schedule;
mod started;
mod table;
mod verdict;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

use crate::schedule::Who;
use crate::started::{Providers, Started};

/// With these the gateway runs under the crowd. The answers of the asked provider are read before they are handed on: half of one is then
/// the stand-in's to make good. The breaker lets it probe in every phase of the schedule.
const SETTINGS: &str = "\
check_answers = true
text_retries = 2
deadline = \"40s\"
first_token_limit = \"10s\"
idle_limit = \"10s\"
stream_policy = \"error\"
[breaker]
pause = \"1s\"
";

/// So many calls are made a second, as far as the machine can: so a call takes longer the more there are at a time. More than it can
/// would wait within the gateway, where they are in nobody's flight.
const A_SECOND: f64 = 1_500.0;
const SHORTEST: Duration = Duration::from_secs(1);

/// Puts the gateway under load.
#[derive(Debug, Parser)]
#[command(name = "failover-load", subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
struct Cli {
    /// The gateway's program
    #[arg(long, required = true, value_name = "FILE")]
    gateway: Option<PathBuf>,
    /// How many calls
    #[arg(long, default_value_t = 2_000_000)]
    calls: u64,
    /// How many at a time
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    concurrent: u64,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Is a provider
    #[command(hide = true)]
    Provide { who: Who, epoch: u64, takes: u64 },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse() {
        Cli { part: Some(Part::Provide { who, epoch, takes }), .. } => {
            provider::run(who, epoch, Duration::from_millis(takes)).await
        }
        Cli { gateway, calls, concurrent, .. } => load(gateway, calls, concurrent).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn load(gateway: Option<PathBuf>, calls: u64, concurrent: u64) -> Result<()> {
    let gateway = gateway.context("which program is the gateway?")?;
    let limit = limits::raised(concurrent)?;
    println!("### Added latency, in ms\n\n{}", added(&gateway).await?);
    let takes = Duration::from_secs_f64(concurrent as f64 / A_SECOND).max(SHORTEST);
    let providers = Providers::start(takes).await?;
    let mut gateways = Vec::new();
    for _ in 0..limits::gateways(concurrent, limit) {
        gateways.push(Started::gateway(&gateway, &providers, SETTINGS).await?);
    }
    eprintln!("{concurrent} at a time, through {} gateway(s)", gateways.len());
    let seen = crowd::run(calls, concurrent, takes, &mut gateways, &providers).await?;
    println!("### A crowd\n\n{}", report::crowd((calls, concurrent), takes, gateways.len(), limit, &seen));
    let memory = memory::report(&seen.samples, calls, concurrent);
    println!("### Memory\n\n{}", memory.text);
    let faults = verdict::faults(&seen.ends, seen.held, memory.verdict);
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

/// With a gateway and providers of its own, and no settings but whom to ask.
async fn added(gateway: &std::path::Path) -> Result<String> {
    let providers = Providers::start(SHORTEST).await?;
    let gateway = Started::gateway(gateway, &providers, "").await?;
    latency::table(&providers.asked.url, &gateway.url).await
}
