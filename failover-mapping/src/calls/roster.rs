//! What all calls share: the policy, the breakers, and which provider has which.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use failover_core::{Breaker, Candidate, CircuitState, Fleet, ModelId, Moment, Policy, ProviderId};

use super::names::{self, Names};
use super::setting::SettingError;
use crate::observe::{Change, Event, Listeners};

/// The longest wait for a retry that is worth it, unless said.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// The state behind an adapter's `Calls`, made by its [`Builder`](super::Builder).
///
/// 256 names have a breaker each. Further names are asked without one, and the [`Report`](super::Report) says so.
#[derive(Debug)]
pub struct Roster {
    policy: Policy,
    fleet: Fleet,
    names: RwLock<Names>,
    pub(super) listeners: Listeners,
}

/// The providers of one call, checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lineup {
    /// Their names, in order.
    pub names: Vec<String>,
    /// The same, for the core.
    pub candidates: Vec<Candidate>,
}

impl Roster {
    pub(crate) fn new(policy: Policy, fleet: Fleet, listeners: Listeners) -> Self {
        Self { policy, fleet, names: RwLock::default(), listeners }
    }

    /// What every call may spend. A call that has wishes of its own changes its copy.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// The breakers and records.
    #[must_use]
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Finds the breakers of these providers, under a lock that is taken once.
    ///
    /// # Errors
    ///
    /// There is no provider, or one without a name, or two have the same.
    pub fn line_up(&self, names: impl IntoIterator<Item = String>) -> Result<Lineup, SettingError> {
        let names: Vec<String> = names.into_iter().collect();
        check(&names)?;
        let found = {
            let known = self.names.read().unwrap_or_else(PoisonError::into_inner);
            names.iter().map(|name| known.known(name)).collect::<Option<Vec<_>>>()
        };
        let ids = found.unwrap_or_else(|| {
            let mut known = self.names.write().unwrap_or_else(PoisonError::into_inner);
            let id = |(number, name): (usize, &String)| {
                known.intern(name).unwrap_or_else(|| names::unguarded(number))
            };
            names.iter().enumerate().map(id).collect()
        });
        Ok(Lineup { candidates: ids.into_iter().map(Candidate::new).collect(), names })
    }

    /// Whether a provider of this name was ever asked, or has had its breaker changed by hand.
    #[cfg(feature = "http")]
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.names.read().unwrap_or_else(PoisonError::into_inner).known(name).is_some()
    }

    /// The present state of a provider's breaker. One that was never asked is closed.
    #[must_use]
    pub fn state(&self, name: &str, now: Moment) -> CircuitState {
        let known = self.names.read().unwrap_or_else(PoisonError::into_inner).known(name);
        known.map_or(CircuitState::Closed, |id| self.fleet.state(id, now))
    }

    /// Nobody asks this provider any more, not even as the last resort, until [`Roster::release`].
    ///
    /// # Errors
    ///
    /// All breakers are taken by other names.
    pub fn force_open(&self, name: &str) -> Result<(), SettingError> {
        self.breaker(name).map(|id| self.fleet.force_open(id))?;
        self.tell(name, Change::ForcedOpen);
        Ok(())
    }

    /// This provider is asked however it fails, until [`Roster::release`].
    ///
    /// # Errors
    ///
    /// All breakers are taken by other names.
    pub fn force_closed(&self, name: &str) -> Result<(), SettingError> {
        self.breaker(name).map(|id| self.fleet.force_closed(id))?;
        self.tell(name, Change::ForcedClosed);
        Ok(())
    }

    /// The breaker of this provider judges for itself again, as if it were new.
    pub fn release(&self, name: &str) {
        let known = self.names.read().unwrap_or_else(PoisonError::into_inner).known(name);
        if let Some(id) = known {
            self.fleet.release(id);
            self.tell(name, Change::Released);
        }
    }

    fn tell(&self, domain: &str, change: Change) {
        if self.listeners.is_heard() {
            self.listeners.tell(&Event::Breaker { domain, change });
        }
    }

    fn breaker(&self, name: &str) -> Result<ProviderId, SettingError> {
        let id = self.names.write().unwrap_or_else(PoisonError::into_inner).intern(name);
        id.ok_or_else(|| {
            SettingError::new("name", "has no breaker, as all 256 are taken: use fewer different names")
        })
    }
}

impl Lineup {
    /// The same, where these models are asked, in order: what is too long for one of them is not asked of it again elsewhere. One
    /// without a model counts as unlike every other.
    #[must_use]
    pub fn with_models(mut self, models: impl IntoIterator<Item = Option<ModelId>>) -> Self {
        for (candidate, model) in self.candidates.iter_mut().zip(models) {
            *candidate = model.map_or(*candidate, |model| candidate.model(model));
        }
        self
    }
}

impl Default for Roster {
    /// With the defaults of the [`Builder`](super::Builder).
    fn default() -> Self {
        Self::new(
            Policy::new().patience(PATIENCE),
            Fleet::new(names::SLOTS.into(), Breaker::new()),
            Listeners::default(),
        )
    }
}

fn check(names: &[String]) -> Result<(), SettingError> {
    let refuse = |problem: String| Err(SettingError::new("providers", problem));
    if names.is_empty() {
        return refuse("is empty: name at least one".to_owned());
    }
    if names.len() > usize::from(u16::MAX) {
        return refuse(format!("has {} entries: name at most {}", names.len(), u16::MAX));
    }
    let mut seen = HashSet::with_capacity(names.len());
    for name in names {
        if name.is_empty() {
            return refuse("has one without a name: give it one, for its breaker and the report".to_owned());
        }
        if !seen.insert(name.as_str()) {
            return refuse(format!("has `{name}` twice: give each a name of its own"));
        }
    }
    Ok(())
}
