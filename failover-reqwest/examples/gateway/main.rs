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
mod greeting;
mod rehearsal;
mod wanted;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use failover_reqwest::{ChatApi, Failover, ProviderName};

use crate::app::{Counters, Patience, Settings, Token};
use crate::greeting::{greeting, refusal};
use crate::rehearsal::Rehearsal;
use crate::wanted::Wanted;

/// How long a connection to a provider may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a caller's connection may be idle, or busy with the head of a request. Clients keep theirs for 90 s (reqwest, Go) or less:
/// who ends it first would meet requests that are on their way.
const HEAD: Duration = Duration::from_secs(100);

/// How long the body of a request, or of an answer that is no stream, may take: 8 MiB at 30 kB a second.
const BODY: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Wanted::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(wanted: Wanted) -> Result<(), Box<dyn Error>> {
    let token = variable("FAILOVER_GATEWAY_TOKEN").map(|token| Token::new(&token)).transpose();
    let token = token.map_err(|problem| format!("FAILOVER_GATEWAY_TOKEN {problem}"))?;
    let public_url = wanted.public_url()?;
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
    let failover = failover.build().map_err(|error| refusal(&error, wanted.config.is_some()))?;
    // A rehearsal asks nobody else.
    let failover = if wanted.rehearse { failover.with_stand_in_client(client.clone()) } else { failover };
    let completions = ProviderName::by_name(&wanted.completions)
        .filter(|name| failover.config().chat_api(*name) == Some(ChatApi::Completions))
        .ok_or("--completions names no provider of chat completions: use openai, together, or a text_provider of the file")?;
    if wanted.plan {
        // The end of a pipe is no failure.
        let _ = writeln!(std::io::stdout(), "{}", failover.config());
        return Ok(());
    }
    let fal_key = if wanted.rehearse { Some("rehearsed-fal-key".to_owned()) } else { variable("FAL_KEY") };
    let settings = Settings { token, public_url, completions, fal_key, body_limit: BODY, client, counters };
    let listener = app::listen(wanted.listen).map_err(|error| format!("{}: {error}", wanted.listen))?;
    let told =
        greeting(listener.local_addr()?, settings.public_url.as_deref(), completions, failover.config());
    // At once, as whoever has started it may read the first line and no more.
    let _ = std::io::stdout().write_all(told.as_bytes());
    let patience = Patience { head: HEAD, grace: wanted.grace };
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
