//! The adapters' examples, built and run as a user would: through cargo, as programs of their own.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child;

/// What an example does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    /// A call of FAL and one of Replicate, answered at once.
    DropIn,
    /// A job for FAL's queue.
    Queue,
}

impl Program {
    pub(super) const ALL: [Self; 2] = [Self::DropIn, Self::Queue];

    const fn name(self) -> &'static str {
        match self {
            Self::DropIn => "drop_in",
            Self::Queue => "queue",
        }
    }
}

/// One adapter's example.
#[derive(Clone, Copy, Debug)]
pub(super) struct Example {
    pub(super) client: &'static str,
    pub(super) program: Program,
}

/// On loopback a request takes milliseconds, and a job's polls a second or two; who needs longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an example left behind.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Why it did not end well.
    pub(super) fault: Option<String>,
}

impl Example {
    pub(super) fn package(self) -> String {
        package(self.client)
    }

    fn name(self) -> String {
        format!("{}_{}", self.program.name(), self.client)
    }

    /// The command that runs it against the real providers.
    pub(super) fn by_hand(self) -> String {
        let keys = match self.program {
            Program::DropIn => "FAL_KEY=.. REPLICATE_API_TOKEN=.. NEXA_API_KEY=..",
            Program::Queue => "FAL_KEY=.. NEXA_API_KEY=..",
        };
        format!("{keys} cargo run -p {} --example {}", self.package(), self.name())
    }

    /// Runs it with nothing of the user's environment but what `env` adds.
    pub(super) fn run(self, root: &Path, env: &[(&'static str, String)]) -> Result<Printed> {
        let mut child = child::cargo(root)
            .args(["run", "-q", "--locked", "-p", &self.package(), "--example", &self.name()])
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("could not start cargo")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let stderr = child.stderr.take().context("no standard error")?;
        let (stdout, stderr) = (collect(stdout), collect(stderr));
        let deadline = Instant::now() + PATIENCE;
        let wait = |text: &mpsc::Receiver<String>| {
            text.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        };
        let texts = wait(&stdout).and_then(|out| Ok((out, wait(&stderr)?)));
        if texts.is_err() {
            child.kill().context("the example hangs and cannot be stopped")?;
        }
        let status = child.wait().context("the example was lost")?;
        let (fault, (stdout, stderr)) = match texts {
            Ok(texts) if status.success() => (None, texts),
            Ok(texts) => (Some(format!("it ended with {status}")), texts),
            Err(_) => (Some(format!("it did not end within {}", child::shown(PATIENCE))), Default::default()),
        };
        Ok(Printed { stdout, stderr, fault })
    }
}

/// Builds a client's examples. The first time this takes minutes, so the time is shown while it passes.
pub(super) fn build(root: &Path, client: &'static str) -> Result<()> {
    let examples = Program::ALL.map(|program| Example { client, program });
    let package = package(client);
    let mut cargo = child::fetching_cargo(root);
    cargo.args(["build", "-q", "--locked", "-p", &package]);
    cargo.args(examples.iter().flat_map(|example| ["--example".to_owned(), example.name()]));
    let line = format!("building the examples of {package}");
    let live = io::stdout().is_terminal();
    if !live {
        println!("{line} (the first time this takes a minute or two)");
    }
    let begun = Instant::now();
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(cargo.status()));
    let status = loop {
        if live {
            print!("\r{line}: {}  ", child::shown(begun.elapsed()));
            io::stdout().flush()?;
        }
        match ended.recv_timeout(Duration::from_millis(500)) {
            Err(RecvTimeoutError::Timeout) => {}
            ended => break ended.context("the build was lost")?.context("could not start cargo")?,
        }
    };
    let took = child::shown(begun.elapsed());
    println!("{}", if live { format!("\r{line}: {took}  ") } else { format!("  took {took}") });
    if !status.success() {
        bail!("they do not build: cargo build --locked -p {package} --examples");
    }
    Ok(())
}

fn package(client: &str) -> String {
    format!("failover-{client}")
}

fn collect(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (done, text) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before a broken pipe is still worth showing.
        let _ = pipe.read_to_end(&mut bytes);
        done.send(String::from_utf8_lossy(&bytes).into_owned())
    });
    text
}
