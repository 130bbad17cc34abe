//! A gateway that any client in any language can be pointed at, so that another provider answers when the one that was asked
//! cannot: OpenAI's, Anthropic's, Replicate's and FAL's clients work with it as they are.
//!
//! ```text
//! cargo run --example gateway -- --config failover.toml     # keys in the environment, or as the file says
//! cargo run --example gateway -- --rehearse                 # without any key: everybody who is asked is down
//! ```
//!
//! It listens on this machine only, unless `FAILOVER_GATEWAY_TOKEN` says what callers have to show in `x-gateway-token`. The
//! credential of a caller goes to the provider that it asks, and to nobody else; whoever stands in is shown the key of the file.

mod app;
mod rehearsal;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use failover_reqwest::{ChatApi, Failover, ProviderName};

use crate::app::{Counters, Patience, Settings, Token};
use crate::rehearsal::Rehearsal;

/// How long a connection to a provider may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a caller's connection may be idle, or busy with the head of a request. Clients keep theirs for 90 s (reqwest, Go) or less:
/// who ends it first would meet requests that are on their way.
const HEAD: Duration = Duration::from_secs(100);

/// How long the body of a request, or of an answer that is no stream, may take: 8 MiB at 30 kB a second.
const BODY: Duration = Duration::from_secs(300);

/// A gateway that lets another AI provider answer when the one that was asked cannot.
#[derive(Debug, Parser)]
struct Wanted {
    /// The configuration file; without one, the environment alone
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Under which URL callers reach it, if not the one that their requests name
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Who is asked for what comes to /v1, other than messages
    #[arg(long, value_name = "PROVIDER", default_value = "openai")]
    completions: String,
    /// With providers on this machine, of which those that are asked are down
    #[arg(long, conflicts_with = "config")]
    rehearse: bool,
    /// For how long streams may go on when it is told to stop, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u64,
    /// Says nothing of failovers
    #[arg(long)]
    quiet: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Wanted::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(wanted: Wanted) -> Result<(), Box<dyn Error>> {
    let token = variable("FAILOVER_GATEWAY_TOKEN").map(|token| Token::new(&token)).transpose();
    let token = token.map_err(|problem| format!("FAILOVER_GATEWAY_TOKEN {problem}"))?;
    app::may_listen(wanted.listen, token.as_ref())?;
    let rehearsal = wanted.rehearse.then(Rehearsal::new);
    let builder = match (&rehearsal, &wanted.config) {
        (Some(rehearsal), _) => rehearsal.builder(),
        (None, Some(file)) => Failover::builder_from_file(file),
        (None, None) => Failover::builder_from_env(),
    };
    let counters = Arc::new(Counters::default());
    let (counted, quiet) = (Arc::clone(&counters), wanted.quiet);
    let failover = builder.on_event(move |event| {
        counted.hear(event);
        if let Some(line) = app::line(event).filter(|_| !quiet) {
            eprintln!("{line}");
        }
    });
    let client = client(wanted.rehearse)?;
    let failover = failover.build()?;
    // A rehearsal asks nobody else.
    let failover = if wanted.rehearse { failover.with_stand_in_client(client.clone()) } else { failover };
    let completions = ProviderName::by_name(&wanted.completions)
        .filter(|name| failover.config().chat_api(*name) == Some(ChatApi::Completions))
        .ok_or("--completions names no provider of chat completions: use openai, together, or a text_provider of the file")?;
    let public_url = wanted.public_url.map(|url| url.trim_end_matches('/').to_owned());
    let fal_key = if wanted.rehearse { Some("rehearsed-fal-key".to_owned()) } else { variable("FAL_KEY") };
    let settings = Settings { token, public_url, completions, fal_key, body_limit: BODY, client, counters };
    let listener = app::listen(wanted.listen).map_err(|error| format!("{}: {error}", wanted.listen))?;
    println!("listening on http://{}", listener.local_addr()?);
    if rehearsal.is_some() {
        let at = listener.local_addr()?;
        println!("OpenAI     http://{at}/v1\nAnthropic  http://{at}\nReplicate  http://{at}/replicate");
        println!(
            "FAL        http://{at}/fal, its queue http://{at}/queue, its proxy http://{at}/api/fal/proxy"
        );
    }
    let patience = Patience { head: HEAD, grace: Duration::from_secs(wanted.grace) };
    app::serve(listener, app::app(failover, settings), patience, stop(), stop()).await;
    Ok(())
}

/// Asks the providers that callers ask for. What it is told, it tells: redirects and refusals are the caller's to deal with.
fn client(rehearse: bool) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).referer(false);
    // No proxy leads to this machine.
    let builder = if rehearse { builder.no_proxy() } else { builder };
    builder.retry(reqwest::retry::never()).connect_timeout(CONNECT).build()
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Until somebody says so: ctrl-c, or whoever has started it.
async fn stop() {
    let interrupted = async {
        // Where it cannot be heard, the gateway goes on.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
