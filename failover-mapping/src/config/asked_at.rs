//! Where callers ask a provider, for a program that asks in their place.

use super::{Config, Texts};
use crate::chat::ChatApi;
use crate::origin::{Origin, Site};
use crate::provider::ProviderName;
use crate::settings::Settings;

/// Base URLs, without a slash at their end.
#[derive(Debug)]
pub(super) struct AskedAt {
    bases: Vec<(ProviderName, String)>,
    queue: String,
}

impl AskedAt {
    /// The user's own come first: whoever names one wants it asked.
    pub(super) fn new(settings: &Settings, origins: &[(Site, Origin)], texts: &Texts) -> Self {
        let named = |provider: ProviderName| {
            let urls = settings.provider_urls.iter().filter(move |(known, _)| *known == provider);
            urls.map(|(_, url)| url.trim_end_matches('/').to_owned()).next()
        };
        let built_in = |site: Site| {
            let own = origins.iter().find(|(known, _)| *known == site);
            own.map_or_else(String::new, |(_, origin)| origin.to_string())
        };
        let media = [(ProviderName::Fal, Site::Fal), (ProviderName::Replicate, Site::Replicate)];
        let media = media.map(|(name, site)| (name, named(name).unwrap_or_else(|| built_in(site))));
        let texts = texts.speakers.iter().filter_map(|speaker| {
            let path = speaker.asked_at();
            let before = path.strip_suffix(speaker.path())?;
            let origin = named(speaker.provider).or_else(|| Some(speaker.origin()?.to_string()))?;
            Some((speaker.provider, format!("{origin}{before}")))
        });
        let queue = settings.fal_queue_urls.first().map(|url| url.trim_end_matches('/').to_owned());
        Self {
            bases: media.into_iter().chain(texts).collect(),
            queue: queue.unwrap_or_else(|| built_in(Site::FalQueue)),
        }
    }
}

impl Config {
    /// Where callers ask this provider: its own host, or the first [`provider_url`](crate::Builder::provider_url) of the user's.
    /// For a provider of text with what stands before `/chat/completions` or `/v1/messages`, as
    /// [`stand_in_url`](crate::Builder::stand_in_url) has it; nothing for one that is only a stand-in.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let builder = Config::builder().nexa_api_key("nexa-key");
    /// let config: Config = builder.provider_url(ProviderName::Fal, "http://127.0.0.1:8081").build()?;
    /// assert_eq!(config.asked_at(ProviderName::OpenAi), Some("https://api.openai.com/v1"));
    /// assert_eq!(config.asked_at(ProviderName::Fal), Some("http://127.0.0.1:8081"));
    /// assert_eq!(config.fal_queue_asked_at(), "https://queue.fal.run");
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    #[must_use]
    pub fn asked_at(&self, provider: ProviderName) -> Option<&str> {
        let own = self.asked_at.bases.iter().find(|(known, _)| *known == provider);
        own.map(|(_, base)| base.as_str())
    }

    /// Likewise, FAL's queue.
    #[must_use]
    pub fn fal_queue_asked_at(&self) -> &str {
        &self.asked_at.queue
    }

    /// The API that this provider of text speaks; nothing of one that does not write.
    #[must_use]
    pub fn chat_api(&self, provider: ProviderName) -> Option<ChatApi> {
        let place = self.texts.place(provider)?;
        self.texts.speakers.get(place).map(|speaker| speaker.api())
    }
}
