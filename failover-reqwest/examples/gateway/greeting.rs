//! What the gateway says when it starts, or cannot.

use std::fmt::Write;
use std::net::SocketAddr;

use failover_reqwest::{Config, ConfigError, ProviderName};

/// Where it listens, which is the first line and of one form; then under which URLs callers reach whom, and who can stand in.
pub(crate) fn greeting(
    listening: SocketAddr,
    public_url: Option<&str>,
    completions: ProviderName,
    config: &Config,
) -> String {
    let mut told = format!("listening on http://{listening}\n");
    let own = format!("http://{listening}");
    let at = public_url.unwrap_or(&own);
    let openai = if completions == ProviderName::OpenAi { "/v1" } else { "/openai/v1" };
    let mut tell = |who: &str, text: String| {
        // Text takes whatever is written to it.
        let _ = writeln!(told, "{who:<10} {text}");
    };
    tell("OpenAI", format!("{at}{openai}"));
    if completions != ProviderName::OpenAi {
        tell(completions.as_str(), format!("{at}/v1"));
    }
    tell("Anthropic", at.to_owned());
    tell("Replicate", format!("{at}/replicate"));
    tell("FAL", format!("{at}/fal, its queue {at}/queue, its proxy {at}/api/fal/proxy"));
    let stand_ins: Vec<_> = config.stand_ins().map(|name| name.to_string()).collect();
    tell("stand-ins", stand_ins.join(", "));
    let unlisted: Vec<_> = config.unlisted().collect();
    if !unlisted.is_empty() {
        tell(
            "unlisted",
            format!("{}: in no table, so make sure that these are their names", unlisted.join(", ")),
        );
    }
    told
}

/// Why the settings were refused. Who has no key, and no file, can try it all the same.
pub(crate) fn refusal(error: &ConfigError, has_file: bool) -> String {
    let told = error.to_string();
    if !has_file && told.contains(" is missing: set the variable") {
        format!("{told}, or try it with --rehearse")
    } else {
        told
    }
}
