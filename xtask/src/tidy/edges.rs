//! Which crate may use which: the doors between the rooms, and the way they open.
//!
//! The core decides, the mapping knows, the adapters act; adapters never see each other. A further crate has to be
//! added here, so that its place is a decision and not an accident.

use super::Violation;
use super::manifest::Manifest;

const RULE: &str = "edges";

struct Room {
    name: &'static str,
    uses: &'static [&'static str],
    /// Further ones, for tests and examples.
    tests_use: &'static [&'static str],
}

const ADAPTER: Room =
    Room { name: "", uses: &["failover-core", "failover-mapping"], tests_use: &["failover-testkit"] };

const ROOMS: [Room; 9] = [
    Room { name: "failover-core", uses: &[], tests_use: &[] },
    Room { name: "failover-mapping", uses: &["failover-core"], tests_use: &[] },
    Room { name: "failover-ureq", ..ADAPTER },
    Room { name: "failover-reqwest", ..ADAPTER },
    Room { name: "failover-isahc", ..ADAPTER },
    Room { name: "failover-testkit", uses: &[], tests_use: &[] },
    // Nothing but tests: it has to see all adapters side by side.
    Room {
        name: "failover-faults",
        uses: &[],
        tests_use: &[
            "failover-mapping",
            "failover-ureq",
            "failover-reqwest",
            "failover-isahc",
            "failover-testkit",
        ],
    },
    Room { name: "xtask", uses: &["failover-testkit"], tests_use: &[] },
    // It measures them, side by side.
    Room {
        name: "failover-bench",
        uses: &["failover-core", "failover-mapping", "failover-ureq", "failover-reqwest", "failover-isahc"],
        tests_use: &[],
    },
];

pub(super) fn violations(manifest: &Manifest) -> Vec<Violation> {
    let Some(room) = ROOMS.iter().find(|room| room.name == manifest.name) else {
        let todo = format!("say in xtask's edges rule which crates {} may use", manifest.name);
        return vec![Violation::new(&manifest.path, 1, RULE, todo)];
    };
    let ours = |name: &str| ROOMS.iter().any(|room| room.name == name);
    let wrong = manifest.dependencies().filter(|dependency| {
        let allowed = room.uses.contains(&dependency.name)
            || dependency.dev && room.tests_use.contains(&dependency.name);
        ours(dependency.name) && !allowed
    });
    wrong
        .map(|dependency| {
            let todo = format!("{} must not depend on {}", manifest.name, dependency.name);
            Violation::new(&manifest.path, manifest.line_of(dependency.name), RULE, todo)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, dependencies: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{name}\"\n{dependencies}");
        let manifest = Manifest::parse("x/Cargo.toml", &text).unwrap();
        violations(&manifest).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn doors_that_open() {
        let adapter = "[dependencies]\nfailover-core.workspace = true\nfailover-mapping.workspace = true\n\
                       ureq = \"3\"\n[dev-dependencies]\nfailover-testkit.workspace = true\n";
        assert!(found("failover-ureq", adapter).is_empty());
        assert!(found("failover-mapping", "[dependencies]\nfailover-core.workspace = true\n").is_empty());
        assert!(found("xtask", "[dependencies]\nfailover-testkit.workspace = true\n").is_empty());
        let compared =
            "[dev-dependencies]\nfailover-reqwest.workspace = true\nfailover-ureq.workspace = true\n";
        assert!(found("failover-faults", compared).is_empty());
        let measured = "[dependencies]\nfailover-core.path = \"x\"\nfailover-mapping.path = \"x\"\n";
        assert!(found("failover-bench", measured).is_empty());
    }

    #[test]
    fn doors_that_do_not() {
        let closed = [
            ("failover-core", "[dev-dependencies]\nfailover-testkit.workspace = true\n"),
            ("failover-mapping", "[dependencies]\nfailover-ureq.workspace = true\n"),
            ("failover-ureq", "[dev-dependencies]\nfailover-reqwest.workspace = true\n"),
            ("failover-ureq", "[dependencies]\nfailover-testkit.workspace = true\n"),
            (
                "failover-reqwest",
                "[dependencies]\nkit = { package = \"failover-testkit\", workspace = true }\n",
            ),
            ("failover-testkit", "[dependencies]\nfailover-mapping.workspace = true\n"),
            ("failover-faults", "[dependencies]\nfailover-ureq.workspace = true\n"),
            ("xtask", "[dependencies]\nfailover-ureq.workspace = true\n"),
            ("failover-bench", "[dependencies]\nxtask.path = \"x\"\n"),
        ];
        for (name, text) in closed {
            assert_eq!(found(name, text).len(), 1, "{name}");
        }
        let line = &found("failover-core", "[dependencies]\nfailover-mapping.workspace = true\n")[0];
        assert_eq!(line, "x/Cargo.toml:4: edges: failover-core must not depend on failover-mapping");
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        assert!(found("failover-new", "")[0].contains("which crates failover-new may use"));
    }
}
