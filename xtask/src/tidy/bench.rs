//! The bench stands outside the workspace, so what members inherit it has to copy; and its lock file must follow the core.
//!
//! It is measured against, not shipped: none of its peers may come into the build of who uses or checks the workspace.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::manifest::Manifest;
use super::{File, Violation};

const RULE: &str = "bench";
const PACKAGE: &str = "xtask/bench";
const MANIFEST: &str = "xtask/bench/Cargo.toml";
const LOCK: &str = "xtask/bench/Cargo.lock";
const PACKAGE_DATA: [&str; 4] = ["version", "edition", "rust-version", "license"];
/// A counting allocator cannot be written without `unsafe`, and `forbid` has no exceptions.
const LOOSER: (&str, &str) = ("unsafe_code", "deny");

/// The bench's manifest, if there is a bench.
pub(super) fn manifest(files: &[File]) -> Option<Result<Manifest, Violation>> {
    Some(Manifest::parse(MANIFEST, text_of(files, MANIFEST)?))
}

pub(super) fn violations(files: &[File], bench: &Manifest, core: Option<&Manifest>) -> Vec<Violation> {
    let Some(root) = table_of(files, "Cargo.toml") else { return Vec::new() };
    let mut found = Vec::new();
    let mut complain = |path: &str, line, todo: String| found.push(Violation::new(path, line, RULE, todo));
    let excluded = at(&root, &["workspace", "exclude"]).and_then(Value::as_array);
    if !excluded.is_some_and(|paths| paths.iter().any(|path| path.as_str() == Some(PACKAGE))) {
        complain("Cargo.toml", 1, format!("exclude = [\"{PACKAGE}\"], the peers' build is not ours"));
    }
    if !bench.table.get("workspace").is_some_and(Value::is_table) {
        complain(MANIFEST, 1, "add [workspace], it is one of its own".into());
    }
    for key in PACKAGE_DATA {
        if at(&bench.table, &["package", key]) != at(&root, &["workspace", "package", key]) {
            complain(MANIFEST, bench.line_of(key), format!("{key} is not the workspace's"));
        }
    }
    for (kind, lint, level) in expected_lints(&root) {
        if at(&bench.table, &["lints", kind, lint]) != Some(&level) {
            complain(
                MANIFEST,
                bench.line_of(lint),
                format!("the workspace says {lint} = {}", level.as_str().unwrap_or("as in its table")),
            );
        }
    }
    match table_of(files, LOCK) {
        None => complain(LOCK, 1, "commit the lock file, a bench is repeated with the same peers".into()),
        Some(lock) if core.is_some_and(|core| !follows(&lock, core)) => {
            let todo = "does not follow failover-core's manifest, run: cargo update --workspace \
                        --manifest-path xtask/bench/Cargo.toml";
            complain(LOCK, 1, todo.into());
        }
        Some(_) => {}
    }
    found
}

fn text_of<'a>(files: &'a [File], path: &str) -> Option<&'a str> {
    files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
}

fn table_of(files: &[File], path: &str) -> Option<Table> {
    text_of(files, path)?.parse().ok()
}

fn at<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key))
}

fn expected_lints(root: &Table) -> impl Iterator<Item = (&'static str, &str, Value)> {
    ["rust", "clippy"].into_iter().flat_map(|kind| {
        let lints = at(root, &["workspace", "lints", kind]).and_then(Value::as_table);
        lints.into_iter().flatten().map(move |(lint, level)| {
            let (looser, instead) = LOOSER;
            (kind, lint.as_str(), if lint == looser { instead.into() } else { level.clone() })
        })
    })
}

/// Whether the lock file knows exactly the dependencies that the core has for those who use it.
fn follows(lock: &Table, core: &Manifest) -> bool {
    let packages = lock.get("package").and_then(Value::as_array).into_iter().flatten();
    let locked = packages.filter(|it| it.get("name").and_then(Value::as_str) == Some("failover-core"));
    let locked: BTreeSet<_> = locked
        .filter_map(|it| it.get("dependencies")?.as_array())
        .flatten()
        .filter_map(|name| name.as_str()?.split(' ').next())
        .collect();
    locked == core.dependencies().filter(|it| !it.dev).map(|it| it.name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const ROOT: &str = "[workspace]\nexclude = [\"xtask/bench\"]\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                        rust-version = \"1.88\"\nlicense = \"MIT\"\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"warn\"\n";
    const BENCH: &str = "[workspace]\n[package]\nname = \"failover-bench\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                         rust-version = \"1.88\"\nlicense = \"MIT\"\n[lints.rust]\nunsafe_code = \"deny\"\nmissing_docs = \"warn\"\n";
    const CORE: &str = "[package]\nname = \"failover-core\"\n[dev-dependencies]\ninsta = \"1\"\n\
                        [target.'cfg(loom)'.dependencies]\nloom = \"1\"\n";
    const LOCKED: &str =
        "[[package]]\nname = \"failover-core\"\nversion = \"0.1.0\"\ndependencies = [\"loom\"]\n";

    fn found(root: &str, bench: &str, lock: &str) -> Vec<(String, usize)> {
        let files = [sample("Cargo.toml", root), sample(MANIFEST, bench), sample(LOCK, lock)];
        let bench = manifest(&files).unwrap().unwrap();
        let core = Manifest::parse("failover-core/Cargo.toml", CORE).unwrap();
        let violations = violations(&files, &bench, Some(&core));
        violations.into_iter().map(|violation| (violation.path, violation.line)).collect()
    }

    #[test]
    fn a_bench_that_copies_what_members_inherit() {
        assert_eq!(found(ROOT, BENCH, LOCKED), []);
        assert!(manifest(&[]).is_none());
    }

    #[test]
    fn a_bench_that_goes_its_own_way() {
        let other = |from, to| found(ROOT, &BENCH.replace(from, to), LOCKED);
        assert_eq!(other("[workspace]\n", ""), [(MANIFEST.into(), 1)]);
        assert_eq!(other("2024", "2021"), [(MANIFEST.into(), 5)]);
        assert_eq!(other("missing_docs = \"warn\"", ""), [(MANIFEST.into(), 1)]);
        assert_eq!(other("\"deny\"", "\"warn\""), [(MANIFEST.into(), 9)]);
        assert_eq!(found(&ROOT.replace("xtask/bench", "x"), BENCH, LOCKED), [("Cargo.toml".into(), 1)]);
    }

    #[test]
    fn a_lock_file_that_does_not_follow_the_core() {
        for stale in ["", &LOCKED.replace("loom", "libm"), &LOCKED.replace("\"loom\"", "\"libm\", \"loom\"")]
        {
            assert_eq!(found(ROOT, BENCH, stale), [(LOCK.into(), 1)], "{stale}");
        }
        let files = [sample("Cargo.toml", ROOT), sample(MANIFEST, BENCH)];
        let bench = manifest(&files).unwrap().unwrap();
        assert_eq!(violations(&files, &bench, None).len(), 1);
    }
}
