//! `cargo xtask tables`: the model tables of README.md, which are derived from the mapping's data files.
//!
//! They stand between two markers, so that the rest of the README stays written by hand.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::marked::Marked;

const PAGE: Marked =
    Marked { page: "README.md", begin: "<!-- tables: begin -->", end: "<!-- tables: end -->" };

pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).context("README.md cannot be read")?;
    let tables = generated(root)?;
    match stale_line(&readme, &tables)? {
        None => println!("README.md is current"),
        Some(line) if check => bail!("README.md:{line}: the tables are not current, run: cargo xtask tables"),
        Some(_) => {
            fs::write(&path, PAGE.replaced(&readme, &tables)?).context("README.md cannot be written")?;
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
    let part = PAGE.range(readme)?;
    let written = &readme[part.clone()];
    if written.trim() == tables.trim() {
        return Ok(None);
    }
    let skipped = written.len() - written.trim_start().len();
    let same = written.trim().lines().zip(tables.trim().lines()).take_while(|(old, new)| old == new).count();
    let start = readme[..part.start + skipped].matches('\n').count();
    Ok(Some(start + same + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# x\n<!-- tables: begin -->\n\n| a |\n| b |\n\n<!-- tables: end -->\nrest\n";

    #[test]
    fn a_current_readme_is_left_alone() {
        assert_eq!(stale_line(README, "| a |\n| b |\n").unwrap(), None);
        assert_eq!(PAGE.replaced(README, "| a |\n| b |\n").unwrap(), README);
    }

    #[test]
    fn a_stale_table_is_found() {
        assert_eq!(stale_line(README, "| a |\n| c |\n").unwrap(), Some(5));
        assert_eq!(stale_line(README, "| a |\n| b |\n| c |\n").unwrap(), Some(6));
    }
}
