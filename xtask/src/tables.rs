//! `cargo xtask tables`: the model tables of README.md, which are derived from the mapping's data files.
//!
//! They stand between two markers, so that the rest of the README stays written by hand.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};

use crate::child;

const BEGIN: &str = "<!-- tables: begin -->";
const END: &str = "<!-- tables: end -->";

pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).context("README.md cannot be read")?;
    let tables = generated(root)?;
    match stale_line(&readme, &tables)? {
        None => println!("README.md is current"),
        Some(line) if check => bail!("README.md:{line}: the tables are not current, run: cargo xtask tables"),
        Some(_) => {
            fs::write(&path, replaced(&readme, &tables)?).context("README.md cannot be written")?;
            println!("README.md: tables written");
        }
    }
    Ok(())
}

/// The tables as the mapping prints them from its data.
pub(crate) fn generated(root: &Path) -> Result<String> {
    child::stdout_of_cargo(root, "run -q --locked -p failover-mapping --example tables")
}

/// The README's first line whose table part differs, or `None` when it is current.
pub(crate) fn stale_line(readme: &str, tables: &str) -> Result<Option<usize>> {
    let part = part(readme)?;
    let written = &readme[part.clone()];
    if written.trim() == tables.trim() {
        return Ok(None);
    }
    let skipped = written.len() - written.trim_start().len();
    let same = written.trim().lines().zip(tables.trim().lines()).take_while(|(old, new)| old == new).count();
    let start = readme[..part.start + skipped].matches('\n').count();
    Ok(Some(start + same + 1))
}

fn replaced(readme: &str, tables: &str) -> Result<String> {
    let part = part(readme)?;
    Ok(format!("{}\n\n{}\n\n{}", &readme[..part.start], tables.trim(), &readme[part.end..]))
}

/// What lies between the markers, both of which must stand exactly once.
fn part(readme: &str) -> Result<Range<usize>> {
    let only = |marker| {
        let mut found = readme.match_indices(marker).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(at), None) => Ok(at),
            _ => Err(anyhow!("README.md must hold the line {marker} once")),
        }
    };
    let (begin, end) = (only(BEGIN)? + BEGIN.len(), only(END)?);
    if end < begin {
        bail!("README.md holds {END} before {BEGIN}");
    }
    Ok(begin..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# x\n<!-- tables: begin -->\n\n| a |\n| b |\n\n<!-- tables: end -->\nrest\n";

    #[test]
    fn a_current_readme_is_left_alone() {
        assert_eq!(stale_line(README, "| a |\n| b |\n").unwrap(), None);
        assert_eq!(replaced(README, "| a |\n| b |\n").unwrap(), README);
    }

    #[test]
    fn a_stale_table_is_found_and_replaced() {
        assert_eq!(stale_line(README, "| a |\n| c |\n").unwrap(), Some(5));
        assert_eq!(stale_line(README, "| a |\n| b |\n| c |\n").unwrap(), Some(6));
        let new = replaced(README, "| new |\n").unwrap();
        assert_eq!(new, "# x\n<!-- tables: begin -->\n\n| new |\n\n<!-- tables: end -->\nrest\n");
    }

    #[test]
    fn the_markers_must_stand_once_and_in_order() {
        for broken in ["", BEGIN, END, &format!("{END}{BEGIN}"), &format!("{BEGIN}{END}{END}")] {
            assert!(part(broken).is_err(), "{broken}");
        }
    }
}
