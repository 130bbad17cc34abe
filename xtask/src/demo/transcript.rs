//! What the adapters' examples print, read back: `> METHOD url`, the timeline, `< status served-by`, the answer.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// One request of the example and what came of it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) url: String,
    /// The provenance, a line for each attempt; empty when the primary answered itself.
    pub(super) timeline: Vec<String>,
    pub(super) status: u16,
    pub(super) served_by: String,
    pub(super) body: Value,
    /// The answer as it was printed, which keeps its own order of keys.
    pub(super) shown: Vec<String>,
}

impl Exchange {
    /// Whether it asks what that one asks.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        (&self.method, &self.url) == (&other.method, &other.url)
    }
}

pub(super) fn parse(stdout: &str) -> Result<Vec<Exchange>> {
    let mut lines = stdout.lines().peekable();
    let mut exchanges = Vec::new();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let asked = line.strip_prefix("> ").and_then(|asked| asked.split_once(' '));
        let Some((method @ ("GET" | "POST"), url)) = asked else {
            bail!("expected `> POST <url>` or `> GET <url>`, got `{line}`");
        };
        let mut timeline = Vec::new();
        while let Some(entry) = lines.next_if(|line| line.starts_with("  ")) {
            timeline.push(entry.trim().to_owned());
        }
        let answer = lines.next().unwrap_or_default();
        let Some((status, served_by)) = answer.strip_prefix("< ").and_then(|answer| answer.split_once(' '))
        else {
            bail!("expected `< <status> <served by>`, got `{answer}`");
        };
        let status = status.parse().with_context(|| format!("`{status}` is no status code"))?;
        let mut shown = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("> ")) {
            shown.push(line.to_owned());
        }
        let body = serde_json::from_str(&shown.join("\n")).context("the answer is not JSON")?;
        shown.truncate(shown.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1));
        let (method, url, served_by) = (method.to_owned(), url.to_owned(), served_by.to_owned());
        exchanges.push(Exchange { method, url, timeline, status, served_by, body, shown });
    }
    Ok(exchanges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_requests() {
        let text = "> POST http://a/fal-ai/flux/dev\n  fal: throttled (429)\n  nexaapi: answered\n< 200 nexaapi\n{\n  \"seed\": 7\n}\n\n\
                    > GET http://b/v1\n< 201 replicate\n{\"id\": \"x\"}\n";
        let exchanges = parse(text).unwrap();
        let [fal, replicate] = &exchanges[..] else { panic!("{exchanges:?}") };
        assert_eq!((fal.method.as_str(), fal.url.as_str()), ("POST", "http://a/fal-ai/flux/dev"));
        assert_eq!(fal.timeline, ["fal: throttled (429)", "nexaapi: answered"]);
        assert_eq!((fal.status, fal.served_by.as_str(), &fal.body["seed"]), (200, "nexaapi", &7.into()));
        assert_eq!(fal.shown, ["{", "  \"seed\": 7", "}"]);
        assert_eq!(replicate.method, "GET");
        assert!(replicate.timeline.is_empty());
        assert!(fal.repeats(fal) && !fal.repeats(replicate));
        assert_eq!((replicate.status, replicate.served_by.as_str()), (201, "replicate"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "hello",
            "> PUT x",
            "> POST x",
            "> POST x\n< 200",
            "> POST x\n< ok fal\n{}",
            "> POST x\n< 200 fal\n{",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("\n").unwrap().is_empty());
    }
}
