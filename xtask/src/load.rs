//! `cargo xtask load`: the gateway between ten thousand callers and providers that flap, and what it adds to a call; written to
//! BENCHMARKS.md.
//!
//! Callers and providers are a package beside the bench (`xtask/bench/load`), which starts the gateway as a program of its own and
//! says what became of every call. What is said about the tables on the page is written by hand and stays.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::bench::version;
use crate::child;
use crate::marked::Marked;

const PAGE: Marked =
    Marked { page: "BENCHMARKS.md", begin: "<!-- load: begin -->", end: "<!-- load: end -->" };
/// As for use.
const BUILD: &str = "--release --package failover-reqwest";
const RUN: &str =
    "run --release --locked --manifest-path xtask/bench/Cargo.toml --package failover-load -- --gateway";
/// What the page tells of: memory has to be flat over the second million, as connections fill over the first.
pub(crate) const CALLS: u64 = 2_000_000;
/// So many of them at a time.
pub(crate) const CONCURRENT: u64 = 10_000;

/// Runs it, and writes the tables unless it is another run than the page tells of.
pub(crate) fn run(root: &Path, calls: u64, concurrent: u64) -> Result<()> {
    let path = root.join(PAGE.page);
    let page = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", PAGE.page))?;
    // Sooner than after minutes of load.
    PAGE.range(&page)?;
    let rustc = child::stdout_of_rustc(root, &["--version"])?;
    let cores = thread::available_parallelism().context("the number of cores cannot be told")?;
    let gateway = child::built_example(root, BUILD, "gateway")?;
    let mut command = child::fetching_cargo(root);
    command.args(RUN.split_whitespace()).arg(gateway);
    command.args(["--calls", &calls.to_string(), "--concurrent", &concurrent.to_string()]);
    let out = command.stderr(Stdio::inherit()).output().context("could not start cargo run")?;
    let tables = String::from_utf8(out.stdout).context("the load wrote something that is not UTF-8")?;
    println!("\n{tables}");
    if !out.status.success() {
        bail!("the load ended with {}", out.status);
    }
    if (calls, concurrent) != (CALLS, CONCURRENT) {
        println!("{}: left as it is, it tells of {CALLS} calls, {CONCURRENT} at a time", PAGE.page);
        return Ok(());
    }
    let part = format!("{}, {cores} cores.\n\n{tables}", version(&rustc));
    // It may have been edited meanwhile.
    let page = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", PAGE.page))?;
    fs::write(&path, PAGE.replaced(&page, &part)?)
        .with_context(|| format!("{} cannot be written", PAGE.page))?;
    println!("{}: tables written", PAGE.page);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_room_for_the_tables() {
        let page = fs::read_to_string(child::root().join(PAGE.page)).unwrap();
        assert!(PAGE.range(&page).is_ok());
    }
}
