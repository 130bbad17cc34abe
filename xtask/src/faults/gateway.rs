//! The gateway: built as a user would, and started as a program of its own with a configuration file.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::child;

/// One that serves, until this is dropped.
#[derive(Debug)]
pub(super) struct Gateway {
    child: Child,
    base: String,
    folder: PathBuf,
}

/// Each has a folder of its own.
static STARTED: AtomicU32 = AtomicU32::new(0);

impl Gateway {
    /// Starts it with this configuration, on any port of this machine.
    pub(super) fn start(program: &Path, configuration: &str) -> Result<Self> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("failover-faults-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let file = folder.join("failover.toml");
        fs::write(&file, configuration).with_context(|| format!("{} cannot be written", file.display()))?;
        let mut command = Command::new(program);
        child::without_the_users_own(&mut command);
        command.arg("--config").arg(&file).args(["--listen", "127.0.0.1:0", "--quiet"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().with_context(|| format!("{} cannot be started", program.display()))?;
        let mut gateway = Self { child, base: String::new(), folder };
        gateway.base = gateway.listening(configuration)?;
        Ok(gateway)
    }

    fn listening(&mut self, configuration: &str) -> Result<String> {
        let stdout = self.child.stdout.take().context("no standard output")?;
        let mut stderr = self.child.stderr.take().context("no standard error")?;
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        lines.read_line(&mut line).context("the gateway cannot be read")?;
        let Some(base) = line.trim_end().strip_prefix("listening on ") else {
            let mut complaint = String::new();
            stderr.read_to_string(&mut complaint).context("the gateway cannot be read")?;
            bail!("the gateway does not serve: {complaint}\nwith this configuration:\n{configuration}");
        };
        // A pipe that nobody empties would stop it in the end.
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Ok(base.to_owned())
    }

    /// The URL at which it listens, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may be gone already, and what is left behind lies in the system's own folder for such things.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
