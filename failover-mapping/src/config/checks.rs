//! Whether the settings make sense, one by one and together.

use std::time::Duration;

use super::{Plan, Texts};
use crate::catalogue::Catalogue;
use crate::data::ProviderData;
use crate::error::{ConfigError, Place};
use crate::origin::{Origin, Site};
use crate::provider::ProviderName;
use crate::settings::Settings;
use crate::standing::{Standing, undeclared};

/// The core cuts longer ones.
const LONGEST_BREAK: Duration = Duration::from_secs(24 * 60 * 60);

/// One by one.
pub(super) fn settings(settings: &Settings) -> Result<(), ConfigError> {
    let none = |limit: Option<Duration>| limit.is_some_and(|limit| limit.is_zero());
    let mut stand_ins = settings.stand_ins.clone();
    stand_ins.sort_unstable();
    stand_ins.dedup();
    let refusals = [
        (
            settings.stand_ins.is_empty() && !settings.is_for_text(),
            "stand_ins",
            "names nobody: leave it out for NexaAPI",
        ),
        (stand_ins.len() < settings.stand_ins.len(), "stand_ins", "names a provider twice: name each once"),
        (
            settings.stand_in_attempts == 0,
            "stand_in_attempts",
            "is zero: nobody would stand in; leave it out for 2",
        ),
        (
            settings.request_limit == 0,
            "request_limit",
            "is zero: no request would be failed over; leave it out for 8 MiB",
        ),
        (settings.answer_limit == 0, "answer_limit", "is zero: no answer would fit; leave it out for 32 MiB"),
        (
            none(settings.stand_in_limit),
            "stand_in_limit",
            "is zero: leave it out for 60 s, or give it some time",
        ),
        (
            settings.poll_interval.is_zero(),
            "poll_interval",
            "is zero: leave it out for 2 s, or give it some time",
        ),
        (none(settings.deadline), "deadline", "is zero: leave it out for no limit, or give it some time"),
        (
            none(settings.primary_limit),
            "primary_limit",
            "is zero: leave it out for half of the deadline, or give it some time",
        ),
    ];
    let breaker = &settings.breaker;
    let breaks = [
        (
            breaker.among.is_some_and(|among| among <= breaker.failures),
            "breaker.among",
            "is no more than breaker.failures, so it changes nothing: leave it out, or make it more",
        ),
        (
            none(breaker.slow),
            "breaker.slow",
            "is zero: every answer would be too slow; leave it out for no limit",
        ),
        (breaker.pause.is_zero(), "breaker.pause", "is zero: leave it out for 30 s, or give it some time"),
        (
            breaker.growing_to.is_some_and(|longest| longest <= breaker.pause),
            "breaker.growing_to",
            "is no more than breaker.pause, so it changes nothing: leave it out, or make it more",
        ),
        (
            [Some(breaker.pause), breaker.growing_to].into_iter().flatten().max() > Some(LONGEST_BREAK),
            "breaker.pause",
            "or breaker.growing_to is longer than a day: the longest break is 24h",
        ),
    ];
    let refusals = refusals.into_iter().chain(breaks);
    if let Some((_, name, problem)) = refusals.into_iter().find(|(wrong, ..)| *wrong) {
        return Err(settings.refuse(name, None, problem));
    }
    if let Err((name, problem)) = settings.cache.check() {
        return Err(settings.refuse(name, None, problem));
    }
    let texts = &settings.texts;
    const TIME: &str = "is zero: leave it out for 30 s, or give it some time";
    let zeros = [
        (texts.first_token.is_zero(), "first_token_limit", TIME),
        (texts.idle.is_zero(), "idle_limit", TIME),
        (
            none(texts.stream_limit),
            "stream_limit",
            "is zero: leave it out for no limit, or give it some time",
        ),
        (texts.buffer == 0, "stream_buffer", "is zero: nothing could be held back; leave it out for 4 MiB"),
    ];
    if let Some((_, name, problem)) = zeros.into_iter().find(|(wrong, ..)| *wrong) {
        return Err(settings.refuse(name, None, problem));
    }
    let unknown = |provider: &ProviderName| matches!(provider, ProviderName::Nexa | ProviderName::Other(_));
    if let Some((provider, _)) = settings.stand_in_urls.iter().find(|(provider, _)| unknown(provider)) {
        let problem =
            "is for built-in providers: use nexa_base_url(..), or say it in the provider's own file";
        return Err(settings.refuse("stand_in_url", Some(provider.as_str()), problem));
    }
    let checked = settings.triggers.check();
    checked.map_err(|problem| settings.refuse("triggers.statuses", None, problem))
}

/// Every provider of the user's is declared, and every declared one is asked.
pub(super) fn declared(settings: &Settings, catalogue: &Catalogue) -> Result<(), ConfigError> {
    let own = |provider: &ProviderName| settings.texts.providers.iter().any(|(known, _)| known == provider);
    let stray = |provider: &ProviderName| {
        catalogue.provider(*provider).is_none() && !provider.writes() && !own(provider)
    };
    if let Some(provider) = settings.stand_ins.iter().find(|provider| stray(provider)) {
        return Err(settings.refuse("stand_ins", None, undeclared(*provider)));
    }
    let keys = settings.keys.iter().map(|(provider, _)| ("key", provider));
    let hosts = settings.media_hosts.iter().map(|(provider, _)| ("media_host", provider));
    if let Some((name, provider)) = keys.chain(hosts).find(|(_, provider)| stray(provider)) {
        return Err(settings.refuse(name, Some(provider.as_str()), undeclared(*provider)));
    }
    // Whoever goes over the one that declared it may leave it out, in an incident, say.
    if settings.sources.is_over("stand_ins", "provider") {
        return Ok(());
    }
    let own = catalogue.providers().filter(|provider| matches!(provider, ProviderName::Other(_)));
    match own.into_iter().find(|provider| !settings.stand_ins.contains(provider)) {
        None => Ok(()),
        Some(provider) => {
            let named = |toml: &str| toml::from_str::<ProviderData>(toml).ok()?.host.map(|host| host.name);
            let files = settings.data.iter().filter(|own| own.provider.is_none());
            let file = files.into_iter().find(|own| named(&own.toml).as_deref() == Some(provider.as_str()));
            let place = Place { provider, file: file.map_or("its file", |own| &own.file) };
            Err(place.refuse("host", "declares a provider that nobody asks: name it in stand_ins(..)"))
        }
    }
}

/// Every provider of the user's stands in for something.
pub(super) fn serving<'p>(
    settings: &Settings,
    standings: &[Standing],
    plans: impl Iterator<Item = &'p Plan> + Clone,
) -> Result<(), ConfigError> {
    for (place, standing) in standings.iter().enumerate() {
        let serves = |plan: &Plan| plan.standings.iter().any(|(known, _)| *known == place);
        if matches!(standing.provider, ProviderName::Other(_)) && !plans.clone().any(serves) {
            let name = standing.provider;
            let problem = format!("names `{name}`, which stands in for no model: add rows to its file");
            return Err(settings.refuse("stand_ins", None, problem));
        }
    }
    Ok(())
}

/// Where the providers are asked by the caller.
pub(super) fn origins(settings: &Settings, texts: &Texts) -> Result<Vec<(Site, Origin)>, ConfigError> {
    let mut origins = Origin::built_in();
    for (provider, text) in &settings.provider_urls {
        let refused = |problem| settings.refuse("provider_url", Some(provider.as_str()), problem);
        let site = match provider {
            ProviderName::Fal => Site::Fal,
            ProviderName::Replicate => Site::Replicate,
            name if name.writes() || texts.place(*name).is_some() => continue,
            _ => {
                return Err(refused("is for those who are asked: use nexa_base_url(..) or stand_in_url(..)"));
            }
        };
        origins.push((site, Origin::parse(text).map_err(refused)?));
    }
    for text in &settings.fal_queue_urls {
        let refused = |problem| settings.refuse("fal_queue_url", None, problem);
        let queue = Origin::parse(text).map_err(refused)?;
        if origins.iter().any(|(site, origin)| *site == Site::Fal && *origin == queue) {
            return Err(refused("is where FAL answers at once as well: the two need origins of their own"));
        }
        origins.push((Site::FalQueue, queue));
    }
    Ok(origins)
}

/// The models behind the deployments.
pub(super) fn deployments(
    settings: &Settings,
    catalogue: &Catalogue,
) -> Result<Vec<(String, usize)>, ConfigError> {
    let row = |(deployment, model): &(String, String)| {
        let refused = |problem| settings.refuse("deployment", Some(deployment), problem);
        if deployment.split('/').count() != 2 || deployment.split('/').any(str::is_empty) {
            return Err(refused("is not of the form owner/name"));
        }
        let row = catalogue.row(ProviderName::Replicate, model);
        let row =
            row.ok_or_else(|| refused("names a model that has no row: use one of Replicate's table"))?;
        Ok((deployment.clone(), row))
    };
    settings.deployments.iter().map(row).collect()
}
