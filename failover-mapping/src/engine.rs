//! What all requests of one `Failover` share: the settings, the circuit breakers, and the switch that turns it off.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use failover_core::{CircuitState, Fleet, Moment, ProviderId};
use http::HeaderMap;

use crate::config::Config;
use crate::error::ConfigError;
use crate::observe::{Change, Event};
use crate::per_request::PerRequest;
use crate::route::Route;
use crate::target::Target;
use crate::text::Desk;

/// What all requests of one `Failover` share. An adapter keeps it behind an `Arc`, beside its clock and its clients.
///
/// ```
/// use failover_mapping::{CircuitState, Config, Engine, Moment};
///
/// let config: Config = Config::builder().nexa_api_key("nexa-key").build()?;
/// let engine = Engine::new(config);
/// let now = Moment::EPOCH;
///
/// engine.force_open("fal")?; // nobody asks FAL for anything, whatever the model
/// assert_eq!(engine.state("fal/fal-ai/flux/dev", now), Some(CircuitState::ForcedOpen));
/// engine.release("fal")?;
/// assert_eq!(engine.state("fal/fal-ai/flux/dev", now), Some(CircuitState::Closed));
/// # Ok::<(), failover_mapping::ConfigError>(())
/// ```
pub struct Engine {
    config: Config,
    fleet: Fleet,
    off: AtomicBool,
    text: Desk,
}

impl Engine {
    /// With all breakers closed; switched off if the settings say so.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let fleet = Fleet::new(config.domains(), config.breaker());
        let off = AtomicBool::new(config.is_off());
        let text = Desk::new(&config);
        Self { config, fleet, off, text }
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The breakers.
    #[must_use]
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// What all texts share: see [`text`](crate::text).
    #[must_use]
    pub const fn text(&self) -> &Desk {
        &self.text
    }

    /// Whether this request is ours, with what it wants otherwise. Costs no allocation if it is not.
    #[must_use]
    pub fn route<'c>(
        &'c self,
        target: &Target<'_>,
        headers: &HeaderMap,
        wishes: Option<&PerRequest>,
    ) -> Option<Route<'c>> {
        let route = self.config.route(target, headers)?;
        if self.is_off() && !route.is_follow() {
            return None;
        }
        match wishes {
            None => Some(route),
            Some(wishes) => route.with_wishes(wishes),
        }
    }

    /// The kill switch: from now on every request passes through as it is, until it is switched on again. Calls under way go
    /// on. Questions for jobs that were failed over before are answered all the same, as nobody else knows of them.
    pub fn switch_off(&self) {
        self.switch(true);
    }

    /// Undoes [`Engine::switch_off`].
    pub fn switch_on(&self) {
        self.switch(false);
    }

    fn switch(&self, off: bool) {
        if self.off.swap(off, Ordering::Relaxed) != off {
            self.tell(&Event::Switched { off });
        }
    }

    fn tell(&self, event: &Event<'_>) {
        let listeners = &self.config.listeners;
        if listeners.is_heard() {
            listeners.tell(event);
        }
    }

    /// Whether it is switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.off.load(Ordering::Relaxed)
    }

    /// The present state of a fault domain's circuit breaker, by the name that [`Config::domain_name`] gives it:
    /// `fal/fal-ai/flux/dev`. None if there is no such domain.
    #[must_use]
    pub fn state(&self, domain: &str, now: Moment) -> Option<CircuitState> {
        match self.domains().find(|(_, name)| *name == domain) {
            Some((id, _)) => Some(self.fleet.state(id, now)),
            None => self.text.state(domain, now),
        }
    }

    /// All fault domains, with the present states of their circuit breakers.
    pub fn states(&self, now: Moment) -> impl Iterator<Item = (&str, CircuitState)> {
        let asked = self.domains().map(move |(id, name)| (name, self.fleet.state(id, now)));
        asked.chain(self.text.states(now))
    }

    /// Nobody asks this fault domain any more, not even as the last resort, until [`Engine::release`]; or all domains of a
    /// provider, by its name: `fal`.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn force_open(&self, name: &str) -> Result<(), ConfigError> {
        self.each(name, Change::ForcedOpen, |id| self.fleet.force_open(id))
    }

    /// This fault domain is asked however it fails, until [`Engine::release`]; or all domains of a provider, by its name.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn force_closed(&self, name: &str) -> Result<(), ConfigError> {
        self.each(name, Change::ForcedClosed, |id| self.fleet.force_closed(id))
    }

    /// The breaker of this fault domain judges for itself again, as if it were new; or those of all domains of a provider, by
    /// its name.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn release(&self, name: &str) -> Result<(), ConfigError> {
        self.each(name, Change::Released, |id| self.fleet.release(id))
    }

    fn domains(&self) -> impl Iterator<Item = (ProviderId, &str)> {
        let ids = (0..self.config.domains()).filter_map(|slot| u16::try_from(slot).ok().map(ProviderId::new));
        ids.map(|id| (id, self.config.domain_name(id)))
    }

    fn each(&self, name: &str, change: Change, act: impl Fn(ProviderId)) -> Result<(), ConfigError> {
        let of_provider =
            |domain: &str| domain.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '/']));
        let whole = !name.is_empty() && !name.contains('/');
        let mut found = false;
        for (id, domain) in self.domains() {
            if domain == name || (whole && of_provider(domain)) {
                act(id);
                self.tell(&Event::Breaker { domain, change });
                found = true;
            }
        }
        found |= self.text.each(change, |domain| domain == name || (whole && of_provider(domain)));
        let problem = "is no fault domain: name a provider, such as fal, or one of states(), such as fal/fal-ai/flux/dev";
        found.then_some(()).ok_or(ConfigError::setting("name", problem))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config)
            .field("off", &self.is_off())
            .finish_non_exhaustive()
    }
}
