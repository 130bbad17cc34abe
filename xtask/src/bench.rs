//! `cargo xtask bench`: the core beside other circuit breakers and the adapters beside bare clients, measured in one run and
//! written to BENCHMARKS.md.
//!
//! The bench is a package outside the workspace (`xtask/bench`), so that nobody who builds or checks the workspace
//! builds its peers. It writes the tables; what is said about them on the page is written by hand and stays.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};

use crate::child;
use crate::marked::Marked;

const PAGE: Marked =
    Marked { page: "BENCHMARKS.md", begin: "<!-- bench: begin -->", end: "<!-- bench: end -->" };
const RUN: &str = "run --release --locked --manifest-path xtask/bench/Cargo.toml";

pub(crate) fn run(root: &Path) -> Result<()> {
    let path = root.join(PAGE.page);
    let page = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", PAGE.page))?;
    // Sooner than after minutes of measuring.
    PAGE.range(&page)?;
    let rustc = child::stdout_of_rustc(root, &["--version"])?;
    let cores = thread::available_parallelism().context("the number of cores cannot be told")?;
    let tables = child::stdout_of_cargo(root, RUN)?;
    println!("\n{tables}");
    let part = format!("{}, {cores} cores.\n\n{tables}", version(&rustc));
    fs::write(&path, PAGE.replaced(&page, &part)?)
        .with_context(|| format!("{} cannot be written", PAGE.page))?;
    println!("{}: tables written", PAGE.page);
    Ok(())
}

/// `rustc 1.88.0`, without what identifies the build.
pub(crate) fn version(told: &str) -> String {
    told.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_short() {
        assert_eq!(version("rustc 1.88.0 (6b00bc388 2025-06-23)\n"), "rustc 1.88.0");
    }

    #[test]
    fn the_page_has_room_for_the_tables() {
        let page = fs::read_to_string(child::root().join(PAGE.page)).unwrap();
        assert!(PAGE.range(&page).is_ok());
    }
}
