//! The cache's settings, each by itself, so that a file can say one of them.

use std::time::Duration;

use failover_core::Freshness;

use super::{OwnData, Settings};
use crate::cache::{Answers, Key, Parts, Shelf};
use crate::catalogue::FILES;

#[derive(Clone)]
pub(crate) struct Caching {
    /// None, and nothing is kept.
    pub(crate) fresh: Option<Duration>,
    pub(crate) stale: Option<Duration>,
    /// In bytes.
    pub(crate) capacity: usize,
    /// The user's, in place of memory.
    pub(crate) store: Option<Shelf>,
}

/// A call that nobody limits is waited for as long as a video takes.
const LEASE: Duration = Duration::from_secs(600);

impl Default for Caching {
    fn default() -> Self {
        Self { fresh: None, stale: None, capacity: 16 << 20, store: None }
    }
}

impl Caching {
    /// The setting that makes no sense, why, and the cure.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        match self {
            Self { fresh: None, stale: Some(_), .. } => {
                Err(("cache.stale", "has no cache.fresh beside it: say that as well, 0s for none at once"))
            }
            Self { fresh: Some(Duration::ZERO), stale: None | Some(Duration::ZERO), .. } => {
                Err(("cache.fresh", "is zero: no answer would be used again; leave it out for no cache"))
            }
            Self { capacity: 0, .. } => {
                Err(("cache.capacity", "is zero: no answer would fit; leave it out for 16 MiB"))
            }
            _ => Ok(()),
        }
    }

    /// The cache, if there is to be one.
    pub(crate) fn answers(&self, settings: &Settings) -> Option<Answers> {
        let freshness = Freshness::new(self.fresh?).stale_if_error(self.stale.unwrap_or_default());
        let shelf = self.store.clone().unwrap_or_else(|| Shelf::in_memory(self.capacity));
        let lease = settings.deadline.unwrap_or(LEASE);
        Some(Answers::new(freshness, shelf, lease, common(settings)))
    }
}

/// The data in use, and the settings by which it is read.
fn common(settings: &Settings) -> Key {
    let Settings { nexa_dialect, variants, losses, outputs_as_data, deployments, .. } = settings;
    let said = format!("{nexa_dialect:?} {variants} {losses} {outputs_as_data} {deployments:?}");
    let parts = Parts::new().text(env!("CARGO_PKG_VERSION")).text(&said);
    let parts = FILES.iter().fold(parts, |parts, file| parts.text(file));
    let own = |parts: Parts, own: &OwnData| {
        parts.text(own.provider.as_ref().map_or("", |provider| provider.as_str())).text(&own.toml)
    };
    settings.data.iter().fold(parts, own).key()
}
