//! What an answer of a provider means, by hand.

use failover_core::Fault;
use http::{HeaderMap, StatusCode};

use crate::config::Config;
use crate::provider::ProviderName;
use crate::verdict;

/// Verdicts by hand, for programs that have their own way of sending.
impl Config {
    /// What this answer of a provider to a request of its caller means, if its status is none of success: by its rows, the user's
    /// own included. An error after a success is not judged here. Of a body, the first 64 KiB are enough.
    ///
    /// ```
    /// use failover_mapping::{Config, Fault, ProviderName};
    /// use http::HeaderMap;
    ///
    /// let config: Config = Config::builder().nexa_api_key("nexa-key").build()?;
    /// let spent = br#"{"error":{"message":"..","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
    /// let verdict = |body| config.verdict(ProviderName::OpenAi, 429, &HeaderMap::new(), body);
    /// assert_eq!(verdict(spent), Fault::OutOfCredit);
    /// assert_eq!(verdict(b""), Fault::Throttled);
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    #[must_use]
    pub fn verdict(&self, provider: ProviderName, status: u16, headers: &HeaderMap, body: &[u8]) -> Fault {
        let Ok(status) = StatusCode::from_u16(status) else { return Fault::Malformed };
        let texts = &self.texts;
        let speaker = texts.place(provider).and_then(|place| texts.speakers.get(place));
        let rows = speaker.map(|speaker| &speaker.data.verdicts);
        let rows = rows.or_else(|| Some(&self.catalogue.provider(provider)?.verdicts));
        verdict::fault(rows.map_or(&[], Vec::as_slice), status, headers, Some(body))
    }
}
