//! The processes beside this one: two providers, and as many gateways as it takes. They end with what holds them.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::counts::Told;
use crate::process;
use crate::schedule::Who;

/// Longer than any of them takes to say where it is.
const START: Duration = Duration::from_secs(20);

/// A process, and where it is.
#[derive(Debug)]
pub(crate) struct Started {
    child: Child,
    pub(crate) url: String,
    /// A file that it may still read.
    _config: Option<NamedTempFile>,
}

/// Both providers.
#[derive(Debug)]
pub(crate) struct Providers {
    pub(crate) asked: Started,
    pub(crate) spare: Started,
}

impl Providers {
    /// Their schedules begin now, and a call takes so long.
    pub(crate) async fn start(takes: Duration) -> Result<Self> {
        let takes = takes.as_millis().to_string();
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().to_string();
        let own = std::env::current_exe().context("the path of this program is not known")?;
        let provider = async |who: Who| {
            let mut command = Command::new(&own);
            command.args(["provide", who.name(), &epoch, &takes]);
            Started::new(command, None).await.with_context(|| format!("the provider `{}`", who.name()))
        };
        Ok(Self { asked: provider(Who::Asked).await?, spare: provider(Who::Spare).await? })
    }

    /// What each has done up to now.
    pub(crate) async fn counts(&self, client: &reqwest::Client) -> Result<[Told; 2]> {
        let told = async |provider: &Started| -> Result<Told> {
            let answer = client.get(format!("{}/counts", provider.url)).send().await?;
            Ok(serde_json::from_slice(&answer.bytes().await?)?)
        };
        Ok([told(&self.asked).await?, told(&self.spare).await?])
    }
}

impl Started {
    /// A gateway between callers and these providers, with more settings if they are given.
    pub(crate) async fn gateway(program: &Path, providers: &Providers, settings: &str) -> Result<Self> {
        let mut config = NamedTempFile::with_suffix(".toml").context("no file for the gateway's settings")?;
        let Providers { asked, spare } = providers;
        write!(
            config,
            "{settings}\n[text_provider]\nasked = \"{}/v1\"\nspare = \"{}/v1\"\n[key]\nspare = \"the-spare-ones-key\"\n\
             [fallbacks]\n\"asked/*\" = [\"spare/flapping\"]\n",
            asked.url, spare.url
        )?;
        let mut command = Command::new(program);
        // Nothing of the user's own: proxies, keys and settings are in the environment.
        command.env_clear();
        command.arg("--config").arg(config.path());
        command.args(["--quiet", "--listen", "127.0.0.1:0", "--completions", "asked"]);
        Self::new(command, Some(config)).await.context("the gateway")
    }

    async fn new(mut command: Command, config: Option<NamedTempFile>) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let said = child.stdout.take().context("its output cannot be read")?;
        let mut line = String::new();
        timeout(START, BufReader::new(said).read_line(&mut line)).await.context("it does not start")??;
        // The gateway says a sentence, of which this is the end.
        let address = line.trim().rsplit([' ', '/']).next().unwrap_or_default();
        ensure!(!address.is_empty(), "it has ended without saying where it is");
        Ok(Self { child, url: format!("http://{address}"), _config: config })
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn resident(&self) -> Option<u64> {
        process::resident(self.child.id()?)
    }

    pub(crate) fn busy(&self) -> Option<f64> {
        process::busy(self.child.id()?)
    }
}
