//! What can be set about text.

use std::time::Duration;

use crate::chat::StreamPolicy;
use crate::provider::ProviderName;

#[derive(Clone)]
pub(crate) struct Texts {
    /// Everybody who has a key, if nothing is said.
    pub(crate) stand_ins: Option<Vec<ProviderName>>,
    /// Providers of the user's that speak OpenAI's API, and where they are.
    pub(crate) providers: Vec<(ProviderName, String)>,
    /// Who stands in for a model, as `provider/model` each.
    pub(crate) fallbacks: Vec<(String, Vec<String>)>,
    pub(crate) retries: u8,
    pub(crate) patience: Duration,
    pub(crate) first_token: Duration,
    pub(crate) idle: Duration,
    /// The longest that a whole stream may take.
    pub(crate) stream_limit: Option<Duration>,
    pub(crate) streams: StreamPolicy,
    pub(crate) buffer: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            stand_ins: None,
            providers: Vec::new(),
            fallbacks: Vec::new(),
            retries: 2,
            patience: Duration::from_secs(3),
            first_token: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            stream_limit: None,
            streams: StreamPolicy::Error,
            buffer: 4 << 20,
        }
    }
}
