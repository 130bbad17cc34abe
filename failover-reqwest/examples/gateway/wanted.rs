//! What the command line says.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use reqwest::Url;

/// A gateway that lets another AI provider answer when the one that was asked cannot.
#[derive(Debug, Parser)]
pub(crate) struct Wanted {
    /// The configuration file; without one, the environment alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = listen)]
    pub(crate) listen: SocketAddr,
    /// Under which URL callers reach it, if not the one that their requests name
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Who is asked for what comes to /v1, other than messages
    #[arg(long, value_name = "PROVIDER", default_value = "openai")]
    pub(crate) completions: String,
    /// With providers on this machine, of which those that are asked are down
    #[arg(long, conflicts_with = "config")]
    pub(crate) rehearse: bool,
    /// Checks the settings, prints what holds, who said it and who stands in for what, and ends
    #[arg(long)]
    pub(crate) plan: bool,
    /// For how long streams may go on when it is told to stop, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = grace)]
    pub(crate) grace: Duration,
    /// Says nothing of failovers
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl Wanted {
    /// The URL without a slash at its end. Says what is wrong with it.
    pub(crate) fn public_url(&self) -> Result<Option<String>, &'static str> {
        let Some(text) = &self.public_url else { return Ok(None) };
        let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        let plain = |url: &Url| url.query().is_none() && url.fragment().is_none();
        match Url::parse(text).is_ok_and(|url| is_web(&url) && plain(&url)) {
            true => Ok(Some(text.trim_end_matches('/').to_owned())),
            false => Err("--public-url is no URL: write it like https://ai.example.com"),
        }
    }
}

fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write it like 127.0.0.1:8080")
}

fn grace(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.strip_suffix('s').unwrap_or(text);
    seconds.parse().map(Duration::from_secs).map_err(|_| "write it like 30, or 30s")
}
