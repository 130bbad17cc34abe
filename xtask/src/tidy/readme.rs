//! The Rust code of the READMEs is compiled code: each block stands in the documentation of a crate, as a doctest.
//!
//! Examples that nobody compiles rot first where newcomers look first. The block must be there line by line; lines
//! that rustdoc hides (`# ..`) are the only thing that the documentation may have on top.

use super::{File, Violation};

const RULE: &str = "readme-code";

/// A fenced code block: the line of its fence, what follows the fence, its lines.
#[derive(Debug)]
struct Block<'a> {
    line: usize,
    info: &'a str,
    code: Vec<&'a str>,
}

pub(super) fn violations(files: &[File]) -> Vec<Violation> {
    if !files.iter().any(|file| file.path == "README.md") {
        return vec![Violation::new("README.md", 1, RULE, "write a README")];
    }
    let docs: Vec<String> =
        files.iter().filter(|file| file.path.ends_with("/src/lib.rs")).map(crate_doc).collect();
    let tested: Vec<Block<'_>> = docs.iter().flat_map(|doc| blocks(doc)).filter(is_doctested).collect();
    let stands = |block: &Block<'_>| {
        tested.iter().any(|test| {
            let shown: Vec<_> = test.code.iter().filter(|line| !is_hidden(line)).copied().collect();
            block.code.is_empty() || shown.windows(block.code.len()).any(|window| window == block.code)
        })
    };
    let todo = "put this block, line by line, into the doc of a crate's src/lib.rs, where it is tested";
    let readmes = files.iter().filter(|file| file.path.rsplit('/').next() == Some("README.md"));
    readmes
        .flat_map(|readme| blocks(&readme.text).into_iter().map(move |block| (&readme.path, block)))
        .filter(|(_, block)| block.info.split([',', ' ']).any(|word| word == "rust") && !stands(block))
        .map(|(path, block)| Violation::new(path, block.line, RULE, todo))
        .collect()
}

fn crate_doc(file: &File) -> String {
    let lines = file.text.lines().filter_map(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).flat_map(|line| [line, "\n"]).collect()
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (at, line) in text.lines().enumerate() {
        open = match (open, line.strip_prefix("```")) {
            (None, Some(info)) => Some(Block { line: at + 1, info: info.trim(), code: Vec::new() }),
            (Some(block), Some("")) => {
                blocks.push(block);
                None
            }
            (Some(mut block), _) => {
                block.code.push(line);
                Some(block)
            }
            (None, None) => None,
        };
    }
    blocks
}

/// What rustdoc compiles: fences without a word, or with words of its own that do not switch it off.
fn is_doctested(block: &Block<'_>) -> bool {
    let on = |word: &str| matches!(word, "rust" | "no_run" | "should_panic") || word.starts_with("edition");
    block.info.split([',', ' ']).filter(|word| !word.is_empty()).all(on)
}

fn is_hidden(line: &str) -> bool {
    line.trim() == "#" || line.trim_start().starts_with("# ")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const README: &str =
        "# Title\n\n```rust\nlet a = 1;\n\nlet b = 2;\n```\n\n```sh\ncargo xtask demo\n```\n";

    fn found(doc: &str) -> Vec<(usize, &'static str)> {
        let files = [sample("README.md", README), sample("failover-ureq/src/lib.rs", doc)];
        violations(&files).iter().map(|violation| (violation.line, violation.rule)).collect()
    }

    #[test]
    fn a_block_that_is_doctested() {
        for info in ["", "rust", "no_run", "rust,no_run", "edition2024"] {
            let doc = format!(
                "//! Doc.\n//!\n//! ```{info}\n//! # use x;\n//! let a = 1;\n//!\n//! # hidden\n//! let b = 2;\n//! ```\n"
            );
            assert!(found(&doc).is_empty(), "{info}");
        }
    }

    #[test]
    fn a_block_that_is_not() {
        let other = [
            "//! Doc.\n",
            "//! ```\n//! let a = 1;\n//! let b = 2;\n//! ```\n",
            "//! ```ignore\n//! let a = 1;\n//!\n//! let b = 2;\n//! ```\n",
            "//! ```text\n//! let a = 1;\n//!\n//! let b = 2;\n//! ```\n",
            "//! let a = 1;\n//!\n//! let b = 2;\n",
        ];
        for doc in other {
            assert_eq!(found(doc), [(3, RULE)], "{doc}");
        }
    }

    #[test]
    fn the_readme_of_a_crate_is_read_too() {
        let files = [
            sample("README.md", "# Title\n"),
            sample("failover-ureq/README.md", README),
            sample("failover-ureq/src/lib.rs", "//! Doc.\n"),
        ];
        let found = violations(&files);
        assert_eq!(found.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["failover-ureq/README.md"]);
    }

    #[test]
    fn a_readme_is_there() {
        assert_eq!(violations(&[]).len(), 1);
    }
}
