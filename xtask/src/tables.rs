//! `cargo xtask tables`: what is derived from the mapping's data files, so that nobody has to keep it in step by hand.
//!
//! The model tables stand between two markers in README.md, the rest of which is written by hand; COVERAGE.md is written whole.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::marked::Marked;

/// What an example of the mapping prints, and where it belongs.
#[derive(Debug)]
pub(crate) struct Part {
    /// From the root.
    pub(crate) page: &'static str,
    example: &'static str,
    /// Whose part it is; without it, the page is nothing else.
    marked: Option<Marked>,
}

pub(crate) const PARTS: [Part; 4] = [
    Part {
        page: "README.md",
        example: "tables",
        marked: Some(Marked {
            page: "README.md",
            begin: "<!-- tables: begin -->",
            end: "<!-- tables: end -->",
        }),
    },
    Part { page: "failover-mapping/COVERAGE.md", example: "coverage", marked: None },
    Part { page: "failover-mapping/SETTINGS.md", example: "settings", marked: None },
    Part { page: "failover-mapping/failover.example.toml", example: "settings -- file", marked: None },
];

pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for part in &PARTS {
        let (page, path) = (part.page, root.join(part.page));
        // A page that is written whole may not be there yet.
        let text = match fs::read_to_string(&path) {
            Err(error) if part.marked.is_some() => {
                return Err(error).with_context(|| format!("{page} cannot be read"));
            }
            text => text.unwrap_or_default(),
        };
        let printed = part.printed(root)?;
        match part.stale_line(&text, &printed)? {
            None => println!("{page} is current"),
            Some(line) if check => stale.push(format!("{page}:{line}")),
            Some(_) => {
                let text = part.renewed(&text, &printed)?;
                fs::write(&path, text).with_context(|| format!("{page} cannot be written"))?;
                println!("{page}: written");
            }
        }
    }
    if !stale.is_empty() {
        bail!("not current, run cargo xtask tables: {}", stale.join(", "));
    }
    Ok(())
}

impl Part {
    /// As the mapping prints it from its data.
    pub(crate) fn printed(&self, root: &Path) -> Result<String> {
        let example = self.example;
        child::stdout_of_cargo(root, &format!("run -q --locked -p failover-mapping --example {example}"))
    }

    /// The page's first line that differs, or `None` when the part is current.
    pub(crate) fn stale_line(&self, text: &str, printed: &str) -> Result<Option<usize>> {
        let part = match &self.marked {
            Some(marked) => marked.range(text)?,
            None => 0..text.len(),
        };
        let written = &text[part.clone()];
        if written.trim() == printed.trim() {
            return Ok(None);
        }
        let skipped = written.len() - written.trim_start().len();
        let lines = written.trim().lines().zip(printed.trim().lines());
        let same = lines.take_while(|(old, new)| old == new).count();
        let start = text[..part.start + skipped].matches('\n').count();
        Ok(Some(start + same + 1))
    }

    /// The page with this part.
    fn renewed(&self, text: &str, printed: &str) -> Result<String> {
        match &self.marked {
            Some(marked) => marked.replaced(text, printed),
            None => Ok(format!("{}\n", printed.trim())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# x\n<!-- tables: begin -->\n\n| a |\n| b |\n\n<!-- tables: end -->\nrest\n";
    const TABLES: &Part = &PARTS[0];
    const COVERAGE: &Part = &PARTS[1];

    #[test]
    fn a_current_readme_is_left_alone() {
        assert_eq!(TABLES.stale_line(README, "| a |\n| b |\n").unwrap(), None);
        assert_eq!(TABLES.renewed(README, "| a |\n| b |\n").unwrap(), README);
    }

    #[test]
    fn a_stale_table_is_found() {
        assert_eq!(TABLES.stale_line(README, "| a |\n| c |\n").unwrap(), Some(5));
        assert_eq!(TABLES.stale_line(README, "| a |\n| b |\n| c |\n").unwrap(), Some(6));
    }

    #[test]
    fn a_readme_without_its_markers_is_not_written_over() {
        assert!(TABLES.stale_line("# x\n", "| a |\n").is_err());
        assert!(TABLES.renewed("# x\n", "| a |\n").is_err());
    }

    #[test]
    fn a_page_without_markers_is_written_whole() {
        let page = "# x\n\n| a |\n";
        assert_eq!(COVERAGE.stale_line(page, "# x\n\n| a |\n\n").unwrap(), None);
        assert_eq!(COVERAGE.stale_line(page, "# x\n\n| b |\n").unwrap(), Some(3));
        assert_eq!(COVERAGE.stale_line("", "# x\n").unwrap(), Some(1), "a page that is not there");
        assert_eq!(COVERAGE.renewed("# old\n", "# x\n\n").unwrap(), "# x\n");
    }
}
