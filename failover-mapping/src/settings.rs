//! What can be set, before it is checked.

use std::time::Duration;

use failover_core::Breaker;

use crate::config::Observer;
use crate::credentials::Secret;
use crate::provider::ProviderName;
use crate::store::Records;
use crate::triggers::Triggers;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) stand_ins: Vec<ProviderName>,
    pub(crate) keys: Vec<(ProviderName, Secret)>,
    pub(crate) nexa_base_url: Option<String>,
    pub(crate) nexa_dialect: Dialect,
    pub(crate) nexa_rapidapi_host: Option<String>,
    pub(crate) stand_in_urls: Vec<(ProviderName, String)>,
    pub(crate) stand_in_attempts: u32,
    pub(crate) stand_in_delay: Duration,
    pub(crate) stand_in_limit: Option<Duration>,
    pub(crate) poll_interval: Duration,
    pub(crate) provider_urls: Vec<(ProviderName, String)>,
    pub(crate) fal_queue_urls: Vec<String>,
    pub(crate) media_hosts: Vec<(ProviderName, String)>,
    pub(crate) deployments: Vec<(String, String)>,
    pub(crate) triggers: Triggers,
    pub(crate) variants: bool,
    pub(crate) losses: bool,
    pub(crate) outputs_as_data: bool,
    pub(crate) fal_no_retry: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) primary_limit: Option<Duration>,
    pub(crate) request_limit: usize,
    pub(crate) answer_limit: usize,
    pub(crate) breaker: Breaker,
    pub(crate) data: Vec<OwnData>,
    pub(crate) store: Records,
    pub(crate) on_failover: Option<Observer>,
}

/// A data file of the user's.
#[derive(Clone)]
pub(crate) struct OwnData {
    /// Whose rows these are; nobody's if the file declares a provider.
    pub(crate) provider: Option<ProviderName>,
    pub(crate) file: String,
    pub(crate) toml: String,
}

/// How NexaAPI's parameters and models are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// As in its HTTP API: `n`, `steps`, at `https://api.nexa-api.com`.
    #[default]
    Http,
    /// As in its Python SDK (nexaapi 1.0): `num_images`, `num_inference_steps`, at `https://nexa-api.com`. Its lists hold
    /// other models, so more rows are variants, and some models have no stand-in.
    Sdk,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stand_ins: vec![ProviderName::Nexa],
            keys: Vec::new(),
            nexa_base_url: None,
            nexa_dialect: Dialect::Http,
            nexa_rapidapi_host: None,
            stand_in_urls: Vec::new(),
            stand_in_attempts: 2,
            stand_in_delay: Duration::from_secs(1),
            stand_in_limit: None,
            poll_interval: Duration::from_secs(2),
            provider_urls: Vec::new(),
            fal_queue_urls: Vec::new(),
            media_hosts: Vec::new(),
            deployments: Vec::new(),
            triggers: Triggers::default(),
            variants: true,
            losses: true,
            outputs_as_data: false,
            fal_no_retry: false,
            deadline: None,
            primary_limit: None,
            request_limit: 8 << 20,
            answer_limit: 32 << 20,
            breaker: Breaker::new(),
            data: Vec::new(),
            store: Records::in_memory(),
            on_failover: None,
        }
    }
}
