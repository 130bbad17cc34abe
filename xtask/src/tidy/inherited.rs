//! Lints, package data and versions of dependencies are written once, in the root manifest.

use toml::{Table, Value};

use super::Violation;
use super::manifest::Manifest;

const RULE: &str = "inherited";
const PACKAGE_DATA: [&str; 4] = ["version", "edition", "rust-version", "license"];

pub(super) fn violations(manifest: &Manifest) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut complain = |key: &str, todo: String| {
        found.push(Violation::new(&manifest.path, manifest.line_of(key), RULE, todo));
    };
    if !manifest.table.get("lints").is_some_and(is_inherited) {
        complain("lints", "add [lints] workspace = true".into());
    }
    let package = manifest.table.get("package").and_then(Value::as_table);
    for key in PACKAGE_DATA {
        if !package.and_then(|package: &Table| package.get(key)).is_some_and(is_inherited) {
            complain(key, format!("write {key}.workspace = true"));
        }
    }
    for dependency in manifest.dependencies() {
        if !is_inherited(dependency.value) {
            let name = dependency.name;
            complain(
                name,
                format!("name {name} in [workspace.dependencies] and write {name}.workspace = true"),
            );
        }
    }
    found
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        let manifest = Manifest::parse("x/Cargo.toml", text).unwrap();
        violations(&manifest).into_iter().map(|violation| (violation.line, violation.todo)).collect()
    }

    #[test]
    fn all_inherited() {
        let text = "[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\n\
                    rust-version.workspace = true\nlicense = { workspace = true }\n\
                    [dependencies]\ntokio = { workspace = true, features = [\"rt\"] }\n[lints]\nworkspace = true\n";
        assert!(found(text).is_empty(), "{:?}", found(text));
    }

    #[test]
    fn all_its_own() {
        let text = "[package]\nname = \"x\"\nversion = \"1.0.0\"\nedition.workspace = false\n[dependencies]\nhttp = \"1\"\n";
        let lines: Vec<_> = found(text).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 4, 1, 1, 6]);
    }
}
