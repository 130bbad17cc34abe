//! Child processes, and what of the user's environment they get to see.
//!
//! Tests and examples must give the same result in every shell, so they run without proxies, keys and snapshot
//! settings of the user. Only what downloads dependencies keeps the environment as it is: behind a
//! corporate proxy nothing could be fetched otherwise.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

const PRIVATE: [&str; 14] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NEXA_API_KEY",
    "NEXA_BASE_URL",
    "FAL_KEY",
    "REPLICATE_API_TOKEN",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "TOGETHER_API_KEY",
    "INSTA_FORCE_PASS",
];

/// The workspace's root: asked at run time, since a built xtask may be run from a copy of the checkout.
pub(crate) fn root() -> PathBuf {
    let own =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// A cargo that may download, with the user's environment untouched.
pub(crate) fn fetching_cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

/// A cargo whose tests and programs see nothing that is the user's own.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut cargo = fetching_cargo(root);
    without_the_users_own(&mut cargo);
    cargo.env("INSTA_UPDATE", "no");
    cargo
}

/// Takes the user's proxies, keys and settings away from a program.
pub(crate) fn without_the_users_own(program: &mut Command) {
    for name in PRIVATE {
        program.env_remove(name);
    }
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FAILOVER_")) {
        program.env_remove(name);
    }
}

/// What `cargo {args}` writes to its standard output; its complaints go to the user.
pub(crate) fn stdout_of_cargo(root: &Path, args: &str) -> Result<String> {
    let out = fetching_cargo(root)
        .args(args.split_whitespace())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start cargo {args}"))?;
    if !out.status.success() {
        bail!("cargo {args} ended with {}", out.status);
    }
    String::from_utf8(out.stdout).with_context(|| format!("cargo {args} wrote something that is not UTF-8"))
}

/// Builds the example of that name by `cargo build {args}`, and says where its program lies.
pub(crate) fn built_example(root: &Path, args: &str, name: &str) -> Result<PathBuf> {
    let args = format!("build --locked --example {name} --message-format json-render-diagnostics {args}");
    let told = stdout_of_cargo(root, &args)?;
    let messages = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built = messages.filter(|message| message["target"]["name"] == name);
    let program = built.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.with_context(|| format!("cargo built no {name}"))
}

/// What rustc says about itself.
pub(crate) fn stdout_of_rustc(root: &Path, args: &[&str]) -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let out = Command::new(rustc).current_dir(root).args(args).output().context("could not start rustc")?;
    String::from_utf8(out.stdout).context("rustc wrote something that is not UTF-8")
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn shown(took: Duration) -> String {
    match took.as_secs() {
        0..10 => format!("{:.1} s", took.as_secs_f32()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let shown_ms = |ms| shown(Duration::from_millis(ms));
        assert_eq!([shown_ms(440), shown_ms(12_900), shown_ms(185_000)], ["0.4 s", "12 s", "3 min 05 s"]);
    }

    #[test]
    fn the_users_keys_and_proxies_stay_behind() {
        let command = cargo(Path::new("."));
        let changed: Vec<_> = command.get_envs().collect();
        for name in PRIVATE {
            assert!(changed.contains(&(name.as_ref(), None)), "{name}");
        }
        assert!(changed.contains(&("INSTA_UPDATE".as_ref(), Some("no".as_ref()))));
        assert!(changed.contains(&("INSTA_FORCE_PASS".as_ref(), None)), "else no snapshot test could fail");
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
