//! The stage of a scenario: a provider that misbehaves, one that stands in, and the gateway between them and the caller.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use failover_testkit::{Provider, Reply, Seen};
use serde_json::Value;

use super::caller;
use super::gateway::Gateway;
use super::timing::Timing;

/// The stand-in's key, which is in the gateway's file.
pub(super) const BACKUP_KEY: &str = "backups-key-not-real";
/// What the provider has trouble with.
pub(super) const ASKED_MODEL: &str = "asked-model";
/// Another one, which it answers for.
pub(super) const WELL_MODEL: &str = "well-model";
/// What the stand-in is asked for.
pub(super) const BACKUP_MODEL: &str = "backup-model";

/// What becomes of a stream that breaks after it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Buffer,
    Error,
}

impl Policy {
    pub(super) const ALL: [Self; 2] = [Self::Buffer, Self::Error];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Buffer => "buffer",
            Self::Error => "error",
        }
    }
}

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) primary: Provider,
    pub(super) backup: Provider,
    gateway: Gateway,
    pub(super) timing: Timing,
    begun: Instant,
}

impl Stage {
    /// Everybody is well.
    pub(super) fn set(program: &Path, policy: Policy, timing: Timing) -> Result<Self> {
        let (primary, backup) = (Provider::openai(), Provider::openai_compatible("backup"));
        primary.always(healthy(timing));
        backup.always(healthy(timing));
        let gateway = Gateway::start(program, &plan(&primary, &backup, policy, timing))?;
        Ok(Self { primary, backup, gateway, timing, begun: Instant::now() })
    }

    /// From now on times are counted.
    pub(super) fn begin(&mut self) {
        self.begun = Instant::now();
    }

    pub(super) const fn begun(&self) -> Instant {
        self.begun
    }

    /// Where the gateway listens.
    pub(super) fn base(&self) -> &str {
        self.gateway.base()
    }

    pub(super) fn asked_primary(&self) -> Vec<Duration> {
        self.times(&self.primary, ASKED_MODEL)
    }

    pub(super) fn asked_backup(&self) -> Vec<Duration> {
        self.times(&self.backup, BACKUP_MODEL)
    }

    /// How often the stand-in was given the beginning of an answer to go on with.
    pub(super) fn prefills(&self) -> usize {
        let is_prefill = |seen: &&Seen| {
            body(seen)["messages"]
                .as_array()
                .and_then(|turns| turns.last())
                .is_some_and(|turn| turn["role"] == "assistant")
        };
        self.backup.seen().iter().filter(is_prefill).count()
    }

    /// Whose key somebody saw for whom it is not.
    pub(super) fn leaked(&self) -> Option<&'static str> {
        let backup = self.backup.seen().iter().any(|seen| seen.mentions(caller::KEY));
        let primary = self.primary.seen().iter().any(|seen| seen.mentions(BACKUP_KEY));
        backup
            .then_some("the stand-in saw the caller's key")
            .or(primary.then_some("the asked provider saw the stand-in's key"))
    }

    fn times(&self, provider: &Provider, model: &str) -> Vec<Duration> {
        let seen = provider.seen();
        let asked = seen.iter().filter(|seen| body(seen)["model"] == model);
        asked.map(|seen| seen.at.saturating_duration_since(self.begun)).collect()
    }
}

/// A whole answer, a token at a time.
pub(super) fn healthy(timing: Timing) -> Reply {
    Reply::healthy().token_pace(timing.pace().token())
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap_or_default()
}

/// The gateway's file. What it does not name has its default.
fn plan(primary: &Provider, backup: &Provider, policy: Policy, timing: Timing) -> String {
    let milliseconds = |time: Duration| format!("{}ms", time.as_millis());
    format!(
        "stream_policy = \"{}\"\n\
         text_retries = 2\n\
         text_patience = \"3s\"\n\
         first_token_limit = \"{silence}\"\n\
         idle_limit = \"{silence}\"\n\
         provider_url.openai = [\"{}\"]\n\
         text_provider.backup = \"{}/v1\"\n\
         key.backup = \"{BACKUP_KEY}\"\n\
         breaker.pause = \"{}\"\n\
         \n\
         [fallbacks]\n\
         {ASKED_MODEL} = [\"backup/{BACKUP_MODEL}\"]\n\
         {WELL_MODEL} = [\"backup/{BACKUP_MODEL}\"]\n",
        policy.name(),
        primary.url(),
        backup.url(),
        milliseconds(timing.pause()),
        silence = milliseconds(timing.silence()),
    )
}
