//! A provider that fails, until you stop it, for a client in any language:
//!
//! ```text
//! cargo run -p failover-testkit --example provider -- openai S08
//! ```
//!
//! Without arguments it lists the providers and the faults. With `healthy` in place of a fault, it is well.

use failover_testkit::{Fault, Provider};
use std::process::ExitCode;

/// Its name, how it is started, where and with what it is asked, and whether it has jobs.
struct Row {
    name: &'static str,
    start: fn() -> Provider,
    path: &'static str,
    headers: &'static str,
    body: &'static str,
    has_jobs: bool,
}

const CHAT: &str = r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;
const MESSAGE: &str = r#"{"model":"claude-sonnet-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;
const PROMPT: &str = r#"{"prompt":"a lighthouse"}"#;
const BEARER: &str = " -H 'Authorization: Bearer any'";
const KEY: &str = " -H 'x-api-key: any' -H 'anthropic-version: 2023-06-01'";

#[rustfmt::skip] // one line per provider: this is the table
const ROWS: [Row; 7] = [
    Row { name: "openai", start: Provider::openai, path: "/v1/chat/completions", headers: BEARER, body: CHAT, has_jobs: false },
    Row { name: "together", start: Provider::together, path: "/v1/chat/completions", headers: BEARER, body: CHAT, has_jobs: false },
    Row { name: "anthropic", start: Provider::anthropic, path: "/v1/messages", headers: KEY, body: MESSAGE, has_jobs: false },
    Row { name: "fal", start: Provider::fal, path: "/fal-ai/flux/dev", headers: "", body: PROMPT, has_jobs: false },
    Row { name: "fal-queue", start: Provider::fal_queue, path: "/fal-ai/flux/dev", headers: "", body: PROMPT, has_jobs: true },
    Row {
        name: "replicate", start: Provider::replicate, path: "/v1/models/black-forest-labs/flux-schnell/predictions",
        headers: BEARER, body: r#"{"input":{"prompt":"a lighthouse"}}"#, has_jobs: true,
    },
    Row {
        name: "nexaapi", start: Provider::nexa, path: "/v1/images/generate",
        headers: BEARER, body: r#"{"model":"flux-dev","prompt":"a lighthouse"}"#, has_jobs: true,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            list();
            ExitCode::SUCCESS
        }
        [provider, fault] => match chosen(provider, fault) {
            Ok((row, fault)) => run(row, fault),
            Err(problem) => failed(&problem),
        },
        _ => failed("write a provider and a fault: openai S08"),
    }
}

fn failed(problem: &str) -> ExitCode {
    eprintln!("error: {problem}; without arguments all are listed");
    ExitCode::FAILURE
}

fn list() {
    println!("cargo run -p failover-testkit --example provider -- PROVIDER FAULT\n\nPROVIDER is one of");
    ROWS.iter().for_each(|row| println!("  {}", row.name));
    println!("\nFAULT is healthy, or the number of one of");
    Fault::ALL.iter().for_each(|fault| println!("  {fault}"));
    println!("\nor, of openai, together and anthropic, of a chat that is streamed");
    Fault::STREAMED.iter().for_each(|fault| println!("  {fault}"));
}

/// Who is to fail, and how, if at all, and if that can be.
fn chosen(provider: &str, fault: &str) -> Result<(&'static Row, Option<Fault>), String> {
    let row = ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(provider));
    let row = row.ok_or_else(|| format!("there is no provider {provider:?}"))?;
    if fault == "healthy" {
        return Ok((row, None));
    }
    let fault: Fault = fault.parse().map_err(|_| format!("no fault has the number {fault:?}"))?;
    if fault.is_streamed() && ![CHAT, MESSAGE].contains(&row.body) {
        return Err(format!("{} streams no chats: {:?} cannot happen there", row.name, fault.name()));
    }
    if matches!(fault, Fault::JobFails | Fault::JobNeverEnds) && !row.has_jobs {
        return Err(format!("{} has no jobs: {:?} cannot happen there", row.name, fault.name()));
    }
    Ok((row, Some(fault)))
}

/// Until whoever has started it stops it.
fn run(row: &Row, fault: Option<Fault>) -> ! {
    let provider = (row.start)();
    let base = fault.map_or_else(|| provider.url(), |fault| provider.misbehave(fault));
    let Row { name, path, headers, body, .. } = row;
    let how = fault.map_or_else(|| "is well".to_owned(), |fault| format!("misbehaves: {fault}"));
    println!("{name} listens on {base} and {how}\nctrl-c stops it; meanwhile, try\n");
    println!("curl -iN {base}{path}{headers} -H 'Content-Type: application/json' -d '{body}'");
    loop {
        std::thread::park();
    }
}
