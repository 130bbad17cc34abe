//! What all texts of one `Failover` share: the breakers, what is known of everybody's health, and the answers that may be used
//! again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use failover_core::{CircuitState, Fleet, Freshness, Health, Latency, Moment};

use super::answer::Written;
use crate::cache::{Cache, Key};
use crate::calls::{Roster, SLOTS};
use crate::config::Config;
use crate::observe::Change;

/// What all texts of one `Failover` share. An [`Engine`](crate::Engine) has one.
pub struct Desk {
    roster: Arc<Roster>,
    cache: Cache<Question, Written>,
    /// As they are shown, which is with [`MARK`] behind the name.
    domains: Vec<String>,
}

/// What was asked of whom, as a digest: nothing can be read from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question(Key);

/// A breaker of ours, apart from the one of the same name for requests of the caller's own.
const MARK: &str = " (text)";

const FRESH: Duration = Duration::from_secs(60 * 60);
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

impl Desk {
    pub(crate) fn new(config: &Config) -> Self {
        let fleet = Fleet::new(SLOTS.into(), config.breaker())
            .with_latency(Latency::new())
            .with_health(Health::new());
        let roster = Roster::new(config.texts.policy, fleet, config.listeners.clone());
        let usual = || Freshness::new(FRESH).stale_if_error(STALE);
        let freshness = config.cache().map_or_else(usual, |answers| answers.freshness());
        Self { roster: Arc::new(roster), cache: Cache::new(freshness), domains: domains(config) }
    }

    /// The breakers and settings, for an adapter's `Calls`.
    #[must_use]
    pub const fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// The answers, to be used for so long, or for as long as the settings say.
    pub(super) fn cache(&self, freshness: Option<Freshness>) -> Cache<Question, Written> {
        match freshness {
            Some(freshness) => self.cache.clone().freshness(freshness),
            None => self.cache.clone(),
        }
    }

    /// The breakers of those who were in the list of any call.
    pub(crate) fn states(&self, now: Moment) -> impl Iterator<Item = (&str, CircuitState)> {
        let known =
            self.domains.iter().map(|shown| (shown, name(shown))).filter(|(_, name)| self.roster.knows(name));
        known.map(move |(shown, name)| (shown.as_str(), self.roster.state(name, now)))
    }

    pub(crate) fn state(&self, domain: &str, now: Moment) -> Option<CircuitState> {
        let shown = self.domains.iter().find(|shown| *shown == domain)?;
        Some(self.roster.state(name(shown), now))
    }

    /// Changes the breakers that `is_meant`. Whether there is any.
    pub(crate) fn each(&self, change: Change, is_meant: impl Fn(&str) -> bool) -> bool {
        let mut found = false;
        for name in self.domains.iter().filter(|shown| is_meant(shown)).map(|shown| name(shown)) {
            let changed = match change {
                Change::ForcedOpen => self.roster.force_open(name),
                Change::ForcedClosed => self.roster.force_closed(name),
                _ => {
                    self.roster.release(name);
                    Ok(())
                }
            };
            found |= changed.is_ok();
        }
        found
    }
}

impl Question {
    pub(super) const fn new(key: Key) -> Self {
        Self(key)
    }
}

/// Every model in the tables of those who have a key, and every other that stands in.
fn domains(config: &Config) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for speaker in config.texts.speakers.iter().filter(|speaker| speaker.has_key()) {
        let before = format!("{}/", speaker.provider);
        let rows = speaker.data.models.iter().map(|row| format!("{before}{}", row.id));
        let others = config.domain_names().filter(|name| name.starts_with(&before) && !name.ends_with("/*"));
        for name in rows.chain(others.map(str::to_owned)) {
            let shown = name + MARK;
            if !all.contains(&shown) {
                all.push(shown);
            }
        }
    }
    all
}

fn name(shown: &str) -> &str {
    shown.strip_suffix(MARK).unwrap_or(shown)
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("roster", &self.roster)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question")
    }
}
