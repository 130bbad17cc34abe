//! Instructions of one request, as valgrind's callgrind counts them in a process of its own: this program, told to repeat a row.
//!
//! Counted are all threads of that process; the providers are not among them. It runs twice, a few requests and many, and what
//! is told is the difference: neither starting up nor the first connection is in it. Hardware counters would be quicker, but
//! virtual machines seldom have them.

use std::env;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::row::Row;
use super::stage::Stage;

const FEW: u64 = 20;
const MANY: u64 = 220;

/// Whether valgrind is there. Debian's package is called so, too.
pub(crate) fn can_be_counted() -> bool {
    static THERE: LazyLock<bool> = LazyLock::new(|| {
        let mut version = Command::new("valgrind");
        version
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    *THERE
}

/// None if it could not be counted.
pub(crate) fn of(row: &Row, stage: &Stage) -> Option<f64> {
    let (few, many) = (counted(row, FEW, stage)?, counted(row, MANY, stage)?);
    Some((many as f64 - few as f64) / (MANY - FEW) as f64 / f64::from(row.parts))
}

fn counted(row: &Row, count: u64, stage: &Stage) -> Option<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().ok()?)
        .args([row.name, &count.to_string(), &stage.told()])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    collected(&told).filter(|_| run.status.success())
}

/// `==123== Collected : 4567`
fn collected(told: &str) -> Option<u64> {
    told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callgrind_says_is_read() {
        let told = "==7== Callgrind, a call-graph generating cache profiler\n==7== Events    : Ir\n==7== Collected : 123456\n";
        assert_eq!(collected(told), Some(123_456));
        assert_eq!(collected("valgrind: failed to start\n"), None);
    }
}
