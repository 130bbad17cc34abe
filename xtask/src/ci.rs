//! `cargo xtask ci`: the steps of a merge in order, cheapest first, stopping at the first that fails.
//!
//! The first steps download, in the user's own environment; all later ones need no network and see neither proxies
//! nor keys (see [`child`]). That the core builds without std is checked by the compiler where a target
//! without std is installed; elsewhere the `no-std` rule of tidy stands in, as nobody should need a second target.
//! The bench is formatted but not built: its peers would cost more than all else. The load beside it has none, and is tested.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{child, faults, tidy};

/// Targets without std that have the 64-bit atomics the core is made for.
const BARE_TARGETS: [&str; 4] = [
    "x86_64-unknown-none",
    "aarch64-unknown-none",
    "aarch64-unknown-none-softfloat",
    "riscv64gc-unknown-none-elf",
];

#[derive(Debug, PartialEq)]
struct Step {
    name: &'static str,
    work: Work,
}

#[derive(Debug, PartialEq)]
enum Work {
    Fetch(String),
    Cargo { env: Option<(&'static str, &'static str)>, args: String },
    Faults,
    Tidy,
}

pub(crate) fn run(root: &Path) -> Result<()> {
    let begun = Instant::now();
    have_tools(root)?;
    let sysroot = child::stdout_of_rustc(root, &["--print", "sysroot"])?;
    let bare = bare_target(&PathBuf::from(sysroot.trim()).join("lib/rustlib"));
    let steps = steps(&host(&child::stdout_of_rustc(root, &["-vV"])?)?, bare);
    for (at, step) in steps.iter().enumerate() {
        println!("\n[{}/{}] {}: {}", at + 1, steps.len(), step.name, step.work.shown());
        let begun = Instant::now();
        let done = step.work.run(root);
        let took = child::shown(begun.elapsed());
        if let Err(error) = done {
            bail!(
                "step {} failed after {took}: {error:#}\n  repeat it with: {}",
                step.name,
                step.work.shown()
            );
        }
        println!("[{}/{}] {}: ok, {took}", at + 1, steps.len(), step.name);
    }
    println!("\nall {} steps passed in {}", steps.len(), child::shown(begun.elapsed()));
    if bare.is_none() {
        println!("That the core needs no std was left to tidy: no target without std is installed here.");
        println!("The compiler checks it after: rustup target add {}", BARE_TARGETS[0]);
    }
    println!("The demo is not among them: cargo xtask demo");
    Ok(())
}

fn steps(host: &str, bare: Option<&str>) -> Vec<Step> {
    let cargo = |name, args: &str| Step { name, work: Work::Cargo { env: None, args: args.into() } };
    let mut steps = vec![
        Step { name: "dependencies", work: Work::Fetch(format!("fetch --locked --target {host}")) },
        Step {
            name: "dependencies of the load",
            work: Work::Fetch(format!(
                "fetch --locked --target {host} --manifest-path xtask/bench/Cargo.toml"
            )),
        },
        cargo("format", "fmt --all --check"),
        cargo("format of the bench", "fmt --manifest-path xtask/bench/Cargo.toml --all --check"),
        cargo("clippy", "clippy --workspace --all-targets --all-features --locked -- -D warnings"),
        cargo("tests", "test --workspace --all-features --locked"),
        Step { name: "faults, on short timings", work: Work::Faults },
        cargo(
            "tests of the load",
            "test --locked --manifest-path xtask/bench/Cargo.toml --package failover-load",
        ),
        Step {
            name: "every order of the atomics",
            work: Work::Cargo {
                env: Some(("RUSTFLAGS", "--cfg loom")),
                args: "test --locked -p failover-core --test loom --target-dir target/loom".into(),
            },
        },
        cargo("mapping, features off", "check --locked -p failover-mapping --no-default-features"),
        cargo("ureq adapter, features off", "check --locked -p failover-ureq --no-default-features"),
        cargo(
            "ureq adapter without TLS",
            "check --locked -p failover-ureq --no-default-features --features http",
        ),
        cargo("reqwest adapter, features off", "check --locked -p failover-reqwest --no-default-features"),
        cargo("isahc adapter, features off", "check --locked -p failover-isahc --no-default-features"),
    ];
    if let Some(target) = bare {
        steps.push(cargo("core without std", &format!("check --locked -p failover-core --target {target}")));
    }
    let docs = Work::Cargo {
        env: Some(("RUSTDOCFLAGS", "-D warnings")),
        args: "doc --workspace --no-deps --all-features --locked".into(),
    };
    steps.extend([
        Step { name: "docs", work: docs },
        // Without lock files: one can be made only for what is published already, or by a newer cargo than ours must be.
        cargo(
            "packages",
            "package --workspace --exclude xtask --exclude failover-faults --no-verify --exclude-lockfile \
             --allow-dirty --locked --offline",
        ),
        Step { name: "tidy", work: Work::Tidy },
    ]);
    steps
}

impl Work {
    /// The command line that does the same by hand.
    fn shown(&self) -> String {
        match self {
            Self::Fetch(args) | Self::Cargo { env: None, args } => format!("cargo {args}"),
            Self::Cargo { env: Some((name, value)), args } => format!("{name}=\"{value}\" cargo {args}"),
            Self::Faults => "cargo xtask faults --short".into(),
            Self::Tidy => "cargo xtask tidy".into(),
        }
    }

    fn run(&self, root: &Path) -> Result<()> {
        let (mut command, args) = match self {
            Self::Fetch(args) => (child::fetching_cargo(root), args),
            Self::Cargo { env, args } => {
                let mut command = child::cargo(root);
                command.envs(*env);
                (command, args)
            }
            Self::Faults => return faults::run(root, true),
            Self::Tidy => return tidy::run(root),
        };
        let status = command.args(args.split_whitespace()).status().context("could not start cargo")?;
        if !status.success() {
            bail!("cargo ended with {status}");
        }
        Ok(())
    }
}

/// rustfmt and clippy are optional parts of a Rust installation: where rustup can add them, it does.
fn have_tools(root: &Path) -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let answers = |mut cargo: Command| {
            cargo.args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status()
        };
        if answers(child::cargo(root)).is_ok_and(|status| status.success()) {
            continue;
        }
        println!("{component} is missing, adding it: rustup component add {component}");
        let added = Command::new("rustup").current_dir(root).args(["component", "add", component]).status();
        if !added.is_ok_and(|status| status.success()) {
            bail!("{component} is missing, install it with: rustup component add {component}");
        }
    }
    Ok(())
}

fn host(version: &str) -> Result<String> {
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).with_context(|| format!("rustc -vV names no host:\n{version}"))
}

fn bare_target(rustlib: &Path) -> Option<&'static str> {
    BARE_TARGETS.into_iter().find(|target| rustlib.join(target).join("lib").is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_in_order() {
        let names = |bare| steps("host", bare).iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
        assert_eq!(
            names(None),
            "dependencies, dependencies of the load, format, format of the bench, clippy, tests, faults, on short timings, tests of the load, every order of the atomics, \
             mapping, features off, ureq adapter, features off, ureq adapter without TLS, reqwest adapter, features off, isahc adapter, features off, docs, packages, tidy"
        );
        assert!(names(Some("x86_64-unknown-none")).contains("features off, core without std, docs"));
    }

    #[test]
    fn every_step_can_be_repeated_by_hand() {
        let shown: Vec<_> = steps("riscv64gc", None).iter().map(|step| step.work.shown()).collect();
        assert_eq!(shown[0], "cargo fetch --locked --target riscv64gc");
        assert_eq!(
            shown[14],
            "RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace --no-deps --all-features --locked"
        );
        assert!(shown[15].starts_with("cargo package --workspace"));
        assert_eq!(shown[16], "cargo xtask tidy");
    }

    #[test]
    fn the_host_is_read_from_rustc() {
        assert_eq!(host("rustc 1.88.0\nhost: x86_64-unknown-linux-gnu\nrelease: 1.88.0").unwrap(), HOST);
        assert!(host("rustc 1.88.0").is_err());
    }

    const HOST: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn a_folder_without_targets_has_no_bare_one() {
        assert_eq!(bare_target(Path::new("does-not-exist")), None);
    }
}
