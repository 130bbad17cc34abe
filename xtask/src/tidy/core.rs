//! The core compiles without std and without dependencies, so the compiler is its architecture test.
//!
//! A clock, a socket, a lock or a logger cannot get in while this holds. The test kit obeys the second half: it is
//! std only, so that it can misbehave on the wire without a client's or server's help.

use super::manifest::{Dependency, Manifest};
use super::source::Source;
use super::{File, Violation};

const RULE: &str = "no-std";
const CORE: &str = "failover-core/src/";
const BARE: [&str; 2] = ["failover-core", "failover-testkit"];

pub(super) fn violations(file: &File) -> Vec<Violation> {
    if !file.path.starts_with(CORE) {
        return Vec::new();
    }
    let source = Source::new(&file.path, &file.text);
    let mut found = Vec::new();
    for line in source.lines().filter(|line| !line.test) {
        if line.code.contains("extern crate std") {
            let todo = "the core never links std; tests may, behind #[cfg(test)]";
            found.push(Violation::new(&file.path, line.number, RULE, todo));
        }
    }
    let is_root = file.path == "failover-core/src/lib.rs";
    if is_root && !source.lines().any(|line| line.code.trim() == "#![no_std]") {
        found.push(Violation::new(&file.path, 1, RULE, "add #![no_std], without conditions"));
    }
    found
}

pub(super) fn manifest_violations(manifest: &Manifest) -> Vec<Violation> {
    if !BARE.contains(&manifest.name.as_str()) {
        return Vec::new();
    }
    let forbidden = |dependency: &Dependency<'_>| !dependency.dev && dependency.target != Some("cfg(loom)");
    manifest
        .dependencies()
        .filter(forbidden)
        .map(|dependency| {
            let todo = format!("{} has no dependencies, remove {}", manifest.name, dependency.name);
            Violation::new(&manifest.path, manifest.line_of(dependency.name), RULE, todo)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        violations(&sample("failover-core/src/lib.rs", text)).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn the_core_is_no_std() {
        assert!(lines("//! Doc.\n#![no_std]\n#[cfg(test)]\nextern crate std;\n").is_empty());
        assert_eq!(lines("//! Doc: `#![no_std]`.\n// #![no_std]\n"), [1]);
        assert_eq!(lines("//! Doc.\n#![cfg_attr(not(test), no_std)]\n"), [1]);
        assert_eq!(lines("//! Doc.\n#![no_std]\nextern crate std;\n"), [3]);
        assert!(violations(&sample("failover-ureq/src/lib.rs", "//! Doc.\n")).is_empty());
    }

    #[test]
    fn the_core_has_no_dependencies() {
        let lines = |name, text: &str| -> Vec<usize> {
            let text = format!("[package]\nname = \"{name}\"\n{text}");
            let manifest = Manifest::parse("x/Cargo.toml", &text).unwrap();
            manifest_violations(&manifest).iter().map(|violation| violation.line).collect()
        };
        let clean = "[dev-dependencies]\ninsta = \"1\"\n[target.'cfg(loom)'.dependencies]\nloom = \"1\"\n";
        assert!(lines("failover-core", clean).is_empty());
        assert_eq!(lines("failover-core", "[dependencies]\nlibm = \"1\"\n"), [4]);
        assert_eq!(lines("failover-core", "[build-dependencies]\ncc = \"1\"\n"), [4]);
        assert_eq!(lines("failover-core", "[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n"), [4]);
        assert_eq!(lines("failover-testkit", "[dependencies]\nhttp = \"1\"\n"), [4]);
        assert!(lines("failover-mapping", "[dependencies]\nhttp = \"1\"\n").is_empty());
    }
}
