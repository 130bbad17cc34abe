//! The members' manifests, read once for all rules about them.

use toml::{Table, Value};

use super::{File, Violation};

/// One member's `Cargo.toml`.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) table: Table,
    text: String,
}

/// One line of a dependency table.
#[derive(Debug)]
pub(super) struct Dependency<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
    pub(super) dev: bool,
    /// The `cfg(..)` or triple that it is limited to.
    pub(super) target: Option<&'a str>,
}

impl Manifest {
    pub(super) fn parse(path: &str, text: &str) -> Result<Self, Violation> {
        let unreadable = |line, what: String| Violation::new(path, line, "manifest", what);
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            unreadable(line, error.message().to_owned())
        })?;
        let name = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
        let name = name.ok_or_else(|| unreadable(1, "name the package".into()))?.to_owned();
        Ok(Self { path: path.into(), name, table, text: text.into() })
    }

    pub(super) fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        let everywhere = tables_of(&self.table).map(|(dev, table)| (None, dev, table));
        let targets = self.table.get("target").and_then(Value::as_table).into_iter().flatten();
        let limited = targets.filter_map(|(target, table)| Some((target.as_str(), table.as_table()?)));
        let limited = limited
            .flat_map(|(target, table)| tables_of(table).map(move |(dev, table)| (Some(target), dev, table)));
        everywhere
            .chain(limited)
            .flat_map(|(target, dev, table)| {
                table.iter().map(move |(name, value)| (target, dev, name, value))
            })
            .map(|(target, dev, name, value)| {
                let renamed = value.get("package").and_then(Value::as_str);
                Dependency { name: renamed.unwrap_or(name), value, dev, target }
            })
    }

    /// The last line that starts with this key (package data comes first), or the first line.
    pub(super) fn line_of(&self, key: &str) -> usize {
        let starts = |line: &str| {
            let tail = line.trim_start().strip_prefix(key);
            tail.is_some_and(|tail| tail.trim_start().starts_with(['=', '.']))
        };
        let lines: Vec<_> = self.text.lines().collect();
        lines.iter().rposition(|line| starts(line)).map_or(1, |at| at + 1)
    }
}

/// The dependency tables of a manifest or of one of its targets, and whether they are for tests only.
fn tables_of(table: &Table) -> impl Iterator<Item = (bool, &Table)> {
    [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        .into_iter()
        .filter_map(|(kind, dev)| Some((dev, table.get(kind)?.as_table()?)))
}

/// All members that the root manifest lists; a member without a readable manifest is a violation.
pub(super) fn members(files: &[File]) -> Result<Vec<Manifest>, Vec<Violation>> {
    let complain = |path: &str, what: &str| Violation::new(path, 1, "manifest", what);
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let root: Option<Table> = text_of("Cargo.toml").and_then(|text| text.parse().ok());
    let listed = root.as_ref().and_then(|root| root.get("workspace")?.get("members")?.as_array());
    let Some(listed) = listed else {
        return Err(vec![complain("Cargo.toml", "list the members of the workspace")]);
    };
    let (mut members, mut found) = (Vec::new(), Vec::new());
    for name in listed.iter().filter_map(Value::as_str) {
        let path = format!("{name}/Cargo.toml");
        match text_of(&path).map(|text| Manifest::parse(&path, text)) {
            Some(Ok(manifest)) => members.push(manifest),
            Some(Err(violation)) => found.push(violation),
            None => found.push(complain("Cargo.toml", &format!("the member {name} has no Cargo.toml"))),
        }
    }
    if found.is_empty() { Ok(members) } else { Err(found) }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_kind_of_dependency_is_seen() {
        let text = "[package]\nname = \"x\"\n[dependencies]\nb = { package = \"a\", version = \"1\" }\n\
                    [dev-dependencies]\nc = \"1\"\n[target.'cfg(loom)'.dependencies]\nd = \"1\"\n";
        let manifest = Manifest::parse("x/Cargo.toml", text).unwrap();
        let seen: Vec<_> = manifest.dependencies().map(|d| (d.name, d.dev, d.target)).collect();
        assert_eq!(seen, [("a", false, None), ("c", true, None), ("d", false, Some("cfg(loom)"))]);
        assert_eq!((manifest.line_of("c"), manifest.line_of("missing")), (6, 1));
    }

    #[test]
    fn broken_and_missing_manifests_are_violations() {
        let root = sample("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]");
        let lines: Vec<_> = members(&[root, sample("a/Cargo.toml", "[package]\nname = ")])
            .unwrap_err()
            .iter()
            .map(|violation| (violation.path.clone(), violation.line))
            .collect();
        assert_eq!(lines, [("a/Cargo.toml".into(), 2), ("Cargo.toml".into(), 1)]);
        assert!(members(&[]).is_err());
    }
}
