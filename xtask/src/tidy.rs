//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! Each rule is a pure function from text to violations in a file of its own; this file only decides which
//! text each of them reads. All violations are listed, as whoever repairs one wants to see the others.

mod bench;
mod core;
mod edges;
mod form;
mod inherited;
mod machine;
mod manifest;
mod readme;
mod source;
mod status;
mod unfinished;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tables;

/// A text file of the repository, its path relative to the root and with `/` everywhere.
#[derive(Debug)]
struct File {
    path: String,
    text: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    path: String,
    line: usize,
    rule: &'static str,
    todo: String,
}

impl Violation {
    fn new(path: &str, line: usize, rule: &'static str, todo: impl Into<String>) -> Self {
        Self { path: path.into(), line, rule, todo: todo.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.todo)
    }
}

pub(crate) fn run(root: &Path) -> Result<()> {
    let files = files(root)?;
    let mut found = inspect(&files);
    found.extend(stale_tables(root, &files));
    found.sort();
    for violation in &found {
        println!("{violation}");
    }
    match found.len() {
        0 => println!("tidy: {} files, no violation", files.len()),
        1 => bail!("1 violation of the house rules"),
        n => bail!("{n} violations of the house rules"),
    }
    Ok(())
}

fn inspect(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files {
        found.extend(machine::violations(file));
        found.extend(unfinished::violations(file));
        if file.path.ends_with(".rs") {
            found.extend(form::violations(file));
            found.extend(status::violations(file));
            found.extend(core::violations(file));
        }
    }
    match manifest::members(files) {
        Ok(members) => {
            found.extend(members.iter().flat_map(core::manifest_violations));
            found.extend(members.iter().flat_map(edges::violations));
            found.extend(members.iter().flat_map(inherited::violations));
            let core = members.iter().find(|member| member.name == "failover-core");
            match bench::manifest(files) {
                Some(Ok(manifest)) => {
                    found.extend(edges::violations(&manifest));
                    found.extend(bench::violations(files, &manifest, core));
                }
                Some(Err(violation)) => found.push(violation),
                None => {}
            }
        }
        Err(violations) => found.extend(violations),
    }
    found.extend(readme::violations(files));
    found
}

fn stale_tables(root: &Path, files: &[File]) -> Option<Violation> {
    const RULE: &str = "readme-tables";
    let readme = files.iter().find(|file| file.path == "README.md")?;
    let stale = tables::generated(root).and_then(|tables| tables::stale_line(&readme.text, &tables));
    match stale {
        Ok(line) => {
            line.map(|line| Violation::new("README.md", line, RULE, "not current, run: cargo xtask tables"))
        }
        Err(error) => Some(Violation::new("README.md", 1, RULE, format!("cannot be compared: {error:#}"))),
    }
}

/// Every text file that is tracked or would be, so that a rule speaks before the commit.
fn files(root: &Path) -> Result<Vec<File>> {
    let mut git = Command::new("git");
    let out = git.current_dir(root).args(["ls-files", "-z", "-co", "--exclude-standard"]).output();
    let out = out.context("tidy asks git for the list of files, but git could not be started")?;
    if !out.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    let listed = String::from_utf8(out.stdout).context("a file name is not UTF-8")?;
    let mut files = Vec::new();
    for path in listed.split_terminator('\0') {
        // A file that was deleted but is still in the index, or one that is not text.
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        files.push(File { path: path.into(), text });
    }
    Ok(files)
}

/// A file for the samples in the rules' tests.
#[cfg(test)]
fn sample(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_one_line_that_an_editor_can_follow() {
        let shown = Violation::new("a/b.rs", 7, "length", "split it").to_string();
        assert_eq!(shown, "a/b.rs:7: length: split it");
    }

    #[test]
    fn all_rules_are_asked() {
        let root = "[workspace]\nmembers = [\"failover-core\"]";
        let found = inspect(&[
            sample("Cargo.toml", root),
            sample(
                "failover-core/Cargo.toml",
                "[package]\nname = \"failover-core\"\n[dependencies]\nxtask.path = \"x\"",
            ),
            sample("xtask/bench/Cargo.toml", "[package]\nname = \"failover-bench\""),
            sample("failover-core/src/lib.rs", concat!("fn f() { todo!(StatusCode::OK, \"/ho", "me/x\") }")),
        ]);
        let mut rules: Vec<_> = found.iter().map(|violation| violation.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        let all = [
            "bench",
            "edges",
            "first-line",
            "inherited",
            "machine-path",
            "no-std",
            "readme-code",
            "status-code",
            "unfinished",
        ];
        assert_eq!(rules, all);
    }
}
