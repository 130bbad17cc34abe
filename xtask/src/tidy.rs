//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! Each rule is a pure function from text to violations in a file of its own; this file only decides which
//! text each of them reads. All violations are listed, as whoever repairs one wants to see the others.

mod bench;
mod core;
mod edges;
mod form;
mod inherited;
mod links;
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

use crate::tables::{self, Part};

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
    found.extend(links::violations(files));
    found
}

/// What is written from the data files, where it is not what they say now.
fn stale_tables(root: &Path, files: &[File]) -> Vec<Violation> {
    let stale = tables::PARTS.iter().filter_map(|part| stale(part, files, || part.printed(root)));
    stale.collect()
}

fn stale(part: &Part, files: &[File], printed: impl FnOnce() -> Result<String>) -> Option<Violation> {
    const RULE: &str = "tables";
    let Some(file) = files.iter().find(|file| file.path == part.page) else {
        return Some(Violation::new(part.page, 1, RULE, "is not there, run: cargo xtask tables"));
    };
    match printed().and_then(|printed| part.stale_line(&file.text, &printed)) {
        Ok(line) => {
            line.map(|line| Violation::new(part.page, line, RULE, "not current, run: cargo xtask tables"))
        }
        Err(error) => Some(Violation::new(part.page, 1, RULE, format!("cannot be compared: {error:#}"))),
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
    fn a_page_from_the_data_is_there_and_current() {
        let [_, coverage, ..] = &tables::PARTS;
        let shown = |files: &[File], printed: Result<String>| {
            stale(coverage, files, || printed).map(|violation| violation.to_string())
        };
        let page = [sample(coverage.page, "# x\n\n| a |\n")];
        assert_eq!(shown(&page, Ok("# x\n\n| a |\n".into())), None);
        let old = shown(&page, Ok("# x\n\n| b |\n".into())).unwrap();
        assert_eq!(old, "failover-mapping/COVERAGE.md:3: tables: not current, run: cargo xtask tables");
        assert!(shown(&[], Ok(String::new())).unwrap().contains("is not there"));
        assert!(shown(&page, Err(anyhow::anyhow!("no cargo"))).unwrap().contains("no cargo"));
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
            sample("docs/a.md", "[b](b.md)"),
        ]);
        let mut rules: Vec<_> = found.iter().map(|violation| violation.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        let all = [
            "bench",
            "edges",
            "first-line",
            "inherited",
            "links",
            "machine-path",
            "no-std",
            "readme-code",
            "status-code",
            "unfinished",
        ];
        assert_eq!(rules, all);
    }
}
