//! The providers that may stand in: where each is asked, by which key, and from where its files may be fetched.

use std::borrow::Cow;

use failover_core::{Candidate, Limits, ProviderId};
use http::Uri;
use url::Url;

use crate::catalogue::{Catalogue, StandIn};
use crate::credentials::{self, Credentials};
use crate::data::Authentication;
use crate::error::{ConfigError, Place};
use crate::gather;
use crate::origin::{Base, MediaHost};
use crate::provider::ProviderName;
use crate::settings::nearest::nearest;
use crate::settings::{Dialect, Settings};

/// A provider that may stand in.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) provider: ProviderName,
    pub(crate) base: Base,
    pub(crate) credentials: Credentials,
    media: Vec<MediaHost>,
    /// Who is asked for its jobs: itself, in a fault domain of its own.
    pub(crate) jobs: [Candidate; 1],
}

/// Repeats of a question for a job. It costs nothing to ask again.
const JOB_RETRIES: u32 = 2;

impl Standing {
    pub(crate) fn new(
        provider: ProviderName,
        settings: &Settings,
        catalogue: &Catalogue,
        jobs: ProviderId,
        limit: Limits,
    ) -> Result<Self, ConfigError> {
        let refused = |problem: Cow<'static, str>| {
            let error = ConfigError::setting(credentials::field(provider), problem);
            settings.sources.located(&format!("key.{provider}"), error)
        };
        let key = settings.keys.iter().find(|(known, _)| *known == provider).map(|(_, key)| key);
        let missing = match settings.sources.of("stand_ins") {
            None => credentials::NO_KEY.into(),
            Some(_) => settings.wanted(credentials::missing(provider), "stand_ins", None),
        };
        let key = key.ok_or_else(|| refused(missing))?;
        let host = catalogue.provider(provider).and_then(|data| data.host.as_ref());
        let rapidapi = settings.nexa_rapidapi_host.as_ref().filter(|_| provider == ProviderName::Nexa);
        let authentication = match (provider, host) {
            (ProviderName::Fal, _) => &Authentication::Key,
            (_, Some(host)) => &host.authentication,
            (_, None) => &Authentication::Bearer,
        };
        let credentials = match rapidapi {
            Some(host) => {
                let host = credentials::rapidapi_host(host);
                let host = host.map_err(|problem| settings.refuse("nexa_rapidapi_host", None, problem))?;
                key.by_rapidapi(host)
            }
            None => key.shown(provider, authentication),
        };
        let credentials = credentials.map_err(refused)?;
        let base = base(provider, settings, catalogue)?;
        let mut media = Vec::new();
        for host in usual_media_hosts(provider) {
            media.extend(MediaHost::parse(host).ok());
        }
        for host in host.iter().flat_map(|host| &host.media_hosts) {
            media.extend(MediaHost::parse(host).ok()); // checked when the file was read
        }
        for (_, host) in settings.media_hosts.iter().filter(|(known, _)| *known == provider) {
            let refused = |problem| settings.refuse("media_host", Some(provider.as_str()), problem);
            media.push(MediaHost::parse(host).map_err(refused)?);
        }
        let jobs = [Candidate::new(jobs).retries(JOB_RETRIES).limits(limit)];
        Ok(Self { provider, base, credentials, media, jobs })
    }

    /// Whether a file at this address may be fetched: it is on one of the provider's own hosts.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        self.media.iter().any(|host| host.holds(url))
    }

    /// Whether there is a host from which files may be fetched.
    pub(crate) fn has_media_hosts(&self) -> bool {
        !self.media.is_empty()
    }

    /// Where the model is asked.
    pub(crate) fn address(&self, stand_in: &StandIn<'_>) -> Option<Uri> {
        let path = stand_in.endpoint()?;
        if path.contains('{') {
            self.base.join(&path.replace("{model}", &stand_in.model.id))
        } else {
            self.base.join(path)
        }
    }

    /// Where the state of a job is.
    pub(crate) fn job(&self, catalogue: &Catalogue, id: &str) -> Option<Uri> {
        let path = catalogue.provider(self.provider)?.job.as_ref()?;
        if gather::is_id(id) { self.base.join(&path.replace("{id}", id)) } else { None }
    }
}

fn base(provider: ProviderName, settings: &Settings, catalogue: &Catalogue) -> Result<Base, ConfigError> {
    let parsed =
        |name, entry, text: &str| Base::parse(text).map_err(|problem| settings.refuse(name, entry, problem));
    let own = settings.stand_in_urls.iter().find(|(known, _)| *known == provider);
    match (provider, own) {
        (ProviderName::Nexa, _) => {
            const FIELD: &str = "nexa_base_url";
            match (&settings.nexa_base_url, &settings.nexa_rapidapi_host, settings.nexa_dialect) {
                (Some(url), ..) => parsed(FIELD, None, url),
                (None, Some(host), _) => parsed("nexa_rapidapi_host", None, &format!("https://{host}")),
                (None, None, Dialect::Http) => parsed(FIELD, None, "https://api.nexa-api.com"),
                (None, None, Dialect::Sdk) => parsed(FIELD, None, "https://nexa-api.com"),
            }
        }
        (_, Some((_, url))) => parsed("stand_in_url", Some(provider.as_str()), url),
        (ProviderName::Fal, None) => parsed("stand_in_url", None, "https://fal.run"),
        (ProviderName::Replicate, None) => parsed("stand_in_url", None, "https://api.replicate.com"),
        (ProviderName::OpenAi | ProviderName::Anthropic | ProviderName::Together, None) => {
            Err(settings.refuse("stand_ins", None, writes(provider)))
        }
        (ProviderName::Other(_), None) => {
            let host = catalogue.provider(provider).and_then(|data| data.host.as_ref());
            let host = host.ok_or_else(|| settings.refuse("stand_ins", None, undeclared(provider)))?;
            let place = Place { provider, file: "its file" };
            Base::parse(&host.base_url).map_err(|problem| place.refuse("host.base-url", problem))
        }
    }
}

/// What to do about a provider that makes neither images nor sound.
fn writes(provider: ProviderName) -> String {
    format!("names `{provider}`, which stands in for text only: name it in text_stand_ins(..)")
}

/// What to do about a provider's name that nobody has.
pub(crate) fn undeclared(provider: ProviderName) -> String {
    let known = ProviderName::BUILT_IN;
    match nearest(provider.as_str(), known.iter().map(ProviderName::as_str)) {
        Some(meant) => format!("names `{provider}`, which nobody has declared: use `{meant}`"),
        None => format!("names `{provider}`, a provider that nobody has declared: call provider(..)"),
    }
}

/// Where the built-in providers keep what they made.
const fn usual_media_hosts(provider: ProviderName) -> &'static [&'static str] {
    match provider {
        ProviderName::Fal => &["https://fal.media", "https://*.fal.media"],
        ProviderName::Replicate => &["https://replicate.delivery", "https://*.replicate.delivery"],
        ProviderName::Nexa => &["https://*.nexa-api.com"],
        ProviderName::OpenAi | ProviderName::Anthropic | ProviderName::Together | ProviderName::Other(_) => {
            &[]
        }
    }
}
