//! The stage of the second list: who is asked and who stands in, for chats and for images, and the gateway between them and the
//! caller.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use failover_testkit::{Provider, Seen};
use serde_json::Value;

use super::super::caller::KEY;
use super::super::gateway::Gateway;

/// The stand-ins' keys, which are in the gateway's file.
const BACKUP_KEY: &str = "backups-key-not-real";
const NEXA_KEY: &str = "nexas-key-not-real";

/// What the providers of chats are asked for: nothing that one of these comes to is about another.
pub(super) const WHOLE: Model = Model { asked: "whole-model", backup: "whole-backup" };
pub(super) const STREAM: Model = Model { asked: "stream-model", backup: "stream-backup" };
pub(super) const WELL: Model = Model { asked: "well-model", backup: "well-backup" };

/// A model, and the one that stands in for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) asked: &'static str,
    pub(super) backup: &'static str,
}

/// The longest answer that the gateway reads, and the caller.
pub(super) const LIMIT: usize = 1 << 18;

/// What a party that hangs is given: longer than a busy machine takes for what comes before it hangs, and shorter than the
/// slowest head.
pub(super) const SHORT: Duration = Duration::from_secs(1);

/// What a party is given that does not hang, on a machine that may be busy.
pub(super) const LONG: Duration = Duration::from_secs(10);

/// Who takes part, each of them healthy.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) openai: Provider,
    pub(super) backup: Provider,
    pub(super) fal: Provider,
    pub(super) queue: Provider,
    pub(super) replicate: Provider,
    pub(super) nexa: Provider,
}

/// Where they are asked.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) openai: String,
    pub(super) backup: String,
    pub(super) fal: String,
    pub(super) nexa: String,
}

/// What is not the same at every gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes {
    pub(super) policy: &'static str,
    pub(super) check_answers: bool,
    pub(super) limit: Duration,
    /// Lines of settings besides.
    pub(super) more: &'static str,
}

impl Wishes {
    pub(super) const USUAL: Self = Self { policy: "error", check_answers: false, limit: LONG, more: "" };
}

impl Cast {
    pub(super) fn new() -> Self {
        Self {
            openai: Provider::openai(),
            backup: Provider::openai_compatible("backup"),
            fal: Provider::fal(),
            queue: Provider::fal_queue(),
            replicate: Provider::replicate(),
            nexa: Provider::nexa(),
        }
    }

    /// Everybody at its own address.
    pub(super) fn addresses(&self) -> Addresses {
        Addresses {
            openai: self.openai.url(),
            backup: self.backup.url(),
            fal: self.fal.url(),
            nexa: self.nexa.url(),
        }
    }

    /// A gateway that asks them there.
    pub(super) fn gateway(&self, program: &Path, at: &Addresses, wishes: Wishes) -> Result<Gateway> {
        Gateway::start(program, &self.plan(at, wishes))
    }

    fn plan(&self, at: &Addresses, wishes: Wishes) -> String {
        let Addresses { openai, backup, fal, nexa } = at;
        let Wishes { policy, check_answers, limit, more } = wishes;
        let (queue, replicate, limit) = (self.queue.url(), self.replicate.url(), limit.as_millis());
        let line = |model: Model| format!("{} = [\"backup/{}\"]\n", model.asked, model.backup);
        format!(
            "stream_policy = \"{policy}\"\n\
             check_answers = {check_answers}\n\
             text_retries = 2\n\
             text_patience = \"3s\"\n\
             primary_limit = \"{limit}ms\"\n\
             stand_in_limit = \"{limit}ms\"\n\
             first_token_limit = \"{limit}ms\"\n\
             idle_limit = \"{limit}ms\"\n\
             stand_in_delay = \"1ms\"\n\
             poll_interval = \"50ms\"\n\
             answer_limit = \"{LIMIT}\"\n\
             provider_url.openai = [\"{openai}\"]\n\
             provider_url.fal = [\"{fal}\"]\n\
             provider_url.replicate = [\"{replicate}\"]\n\
             fal_queue_url = [\"{queue}\"]\n\
             text_provider.backup = \"{backup}/v1\"\n\
             nexa_base_url = \"{nexa}\"\n\
             key.backup = \"{BACKUP_KEY}\"\n\
             key.nexaapi = \"{NEXA_KEY}\"\n\
             {more}\n\
             [fallbacks]\n\
             {}",
            [WHOLE, STREAM, WELL].map(line).concat(),
        )
    }

    /// How many chats of this model reached the asked provider, and the stand-in.
    pub(super) fn chats(&self, model: Model) -> (usize, usize) {
        let count = |provider: &Provider, model: &str| {
            provider.seen().iter().filter(|seen| asked_model(seen).as_deref() == Some(model)).count()
        };
        (count(&self.openai, model.asked), count(&self.backup, model.backup))
    }

    /// How many requests for images; questions for a stand-in's job are not counted.
    pub(super) fn images(&self) -> (usize, usize) {
        let asked = [&self.fal, &self.queue, &self.replicate].map(Provider::count);
        (asked.iter().sum(), self.nexa.seen().iter().filter(|seen| seen.method == "POST").count())
    }

    /// Whether anybody was asked where these redirects lead, which is nobody's to see a key.
    pub(super) fn followed(&self) -> bool {
        [&self.openai, &self.fal, &self.backup, &self.nexa].iter().any(|it| it.elsewhere().count() > 0)
    }

    /// Whose key somebody saw for whom it is not, or did not see for whom it is.
    pub(super) fn leaked(&self) -> Option<String> {
        let parties = [
            (&self.openai, KEY),
            (&self.fal, KEY),
            (&self.queue, KEY),
            (&self.replicate, KEY),
            (&self.backup, BACKUP_KEY),
            (&self.nexa, NEXA_KEY),
        ];
        parties.into_iter().find_map(|(provider, own)| {
            let seen = provider.seen();
            let others = [KEY, BACKUP_KEY, NEXA_KEY].into_iter().filter(|key| *key != own);
            let leaked = others.into_iter().find(|key| seen.iter().any(|seen| seen.mentions(key)));
            let missed = seen.iter().any(|seen| !seen.mentions(own)).then_some("no key");
            leaked.or(missed).map(|what| format!("{provider:?} was shown {what}"))
        })
    }
}

/// Whether a text that somebody is given holds a key.
pub(super) fn holds_a_key(text: &str) -> bool {
    [KEY, BACKUP_KEY, NEXA_KEY].iter().any(|key| text.contains(key))
}

fn asked_model(seen: &Seen) -> Option<String> {
    let body: Value = serde_json::from_slice(&seen.body).ok()?;
    body["model"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::ask::{self, answer};
    use super::super::play::PATIENCE;
    use super::*;

    #[test]
    fn a_key_at_the_wrong_door_is_noticed_and_so_is_none() {
        let asks = |base: &str| answer(base, ask::chat(WELL, false), PATIENCE).unwrap();
        let cast = Cast::new();
        asks(&cast.openai.url());
        assert_eq!(cast.leaked(), None);
        asks(&cast.backup.url());
        assert!(cast.leaked().unwrap().contains(KEY), "the caller's key, at the stand-in");
        let cast = Cast::new();
        let mut bare = ask::chat(WELL, false);
        bare.headers_mut().clear();
        answer(&cast.openai.url(), bare, PATIENCE).unwrap();
        assert!(cast.leaked().unwrap().contains("no key"));
    }
}
