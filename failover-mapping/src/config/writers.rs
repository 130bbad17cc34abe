//! Who stands in for a model that writes: by the tables, or as the user names them.

use crate::chat::Speaker;
use crate::credentials;
use crate::data::Substitution;
use crate::error::ConfigError;
use crate::provider::ProviderName;
use crate::settings::Settings;
use crate::settings::nearest::nearest;
use crate::settings::said::shown;

/// Every model that the user's `fallbacks` do not name.
pub(super) const ANY: &str = "*";

/// A model that stands in.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    /// The place of its provider.
    pub(crate) speaker: usize,
    pub(crate) model: String,
    pub(crate) most_tokens: Option<u64>,
    pub(crate) substitution: Substitution,
    /// The user named it for this model.
    pub(crate) chosen: bool,
}

/// Who stands in where the tables say so. Nobody at all is an answer too: text has failover by name only then.
pub(super) fn by_table(settings: &Settings, speakers: &[Speaker]) -> Result<Vec<usize>, ConfigError> {
    let Some(named) = &settings.texts.stand_ins else {
        let keyed = speakers.iter().enumerate().filter(|(_, speaker)| speaker.has_key());
        return Ok(keyed.map(|(place, _)| place).collect());
    };
    let mut places = Vec::new();
    for provider in named {
        let refused = |problem: String| Err(settings.refuse("text_stand_ins", None, problem));
        let Some(place) = speakers.iter().position(|speaker| speaker.provider == *provider) else {
            return refused(match provider {
                ProviderName::Nexa | ProviderName::Fal | ProviderName::Replicate => {
                    format!("names `{provider}`, which does not write: name it in stand_ins(..)")
                }
                _ => undeclared(*provider, speakers),
            });
        };
        if speakers.get(place).is_some_and(|speaker| speaker.data.models.is_empty()) {
            return refused(format!(
                "names `{provider}`, whose models are in no table: say by fallbacks(..) for whom they stand in"
            ));
        }
        if places.contains(&place) {
            return refused("names a provider twice: name each once".to_owned());
        }
        keyed(speakers, place, settings, ("text_stand_ins", None))?;
        places.push(place);
    }
    Ok(places)
}

/// The provider's model of this class that stands in.
pub(super) fn first_of(speakers: &[Speaker], place: usize, class: &str) -> Option<Writer> {
    let rows = &speakers.get(place)?.data.models;
    let row = rows.iter().find(|row| row.class == class && !row.asked_only)?;
    Some(Writer {
        speaker: place,
        model: row.id.clone(),
        most_tokens: row.most_tokens,
        substitution: Substitution::Variant,
        chosen: false,
    })
}

/// Those of them that are not the asked model itself, each once.
pub(super) fn without_itself(writers: Vec<Writer>, place: usize, model: &str) -> Vec<Writer> {
    let mut once: Vec<Writer> = Vec::new();
    for writer in writers {
        let is = |other: &Writer| other.speaker == writer.speaker && other.model == writer.model;
        if (writer.speaker != place || writer.model != model) && !once.iter().any(is) {
            once.push(writer);
        }
    }
    once
}

/// Who stands in for a model, as the user says it.
pub(super) struct Fallback<'s> {
    /// The place of the provider that is asked, if it is said.
    pub(super) asked: Option<usize>,
    pub(super) model: &'s str,
    pub(super) writers: Vec<Writer>,
}

impl<'s> Fallback<'s> {
    pub(super) fn new(
        entry: &'s str,
        by: &[String],
        settings: &Settings,
        speakers: &[Speaker],
    ) -> Result<Self, ConfigError> {
        let refused = |problem: &'static str| Err(settings.refuse("fallbacks", Some(entry), problem));
        let (asked, model) = match qualified(entry, speakers) {
            Some((place, model)) => (Some(place), model),
            None => (None, entry),
        };
        if !is_model(model) {
            return refused("is for no model: write its name as it is asked for, or *");
        }
        if by.is_empty() {
            return refused("names nobody: leave it out for the tables' own");
        }
        let mut writers: Vec<Writer> = Vec::new();
        for by in by {
            let new = writer(by, model, entry, settings, speakers)?;
            let itself = asked.is_some_and(|asked| asked == new.speaker)
                || is_nobody_elses(new.speaker, model, speakers);
            if itself && new.model == model {
                return refused("names the model itself, which is asked first anyway: name another");
            }
            if writers.iter().any(|known| known.speaker == new.speaker && known.model == new.model) {
                return refused("names a model twice: name each once");
            }
            writers.push(new);
        }
        Ok(Self { asked, model, writers })
    }

    /// Whether it is about models of this provider.
    pub(super) fn is_for(&self, place: usize) -> bool {
        self.asked.is_none_or(|asked| asked == place)
    }
}

/// Whether a model of this name is this provider's, and can be nobody else's.
fn is_nobody_elses(place: usize, model: &str, speakers: &[Speaker]) -> bool {
    speakers.iter().enumerate().all(|(other, speaker)| {
        let serves = speaker.model(model).is_some();
        if other == place { serves } else { !serves && !speaker.data.models.is_empty() }
    })
}

/// The model that the user named as a stand-in.
fn writer(
    by: &str,
    asked: &str,
    entry: &str,
    settings: &Settings,
    speakers: &[Speaker],
) -> Result<Writer, ConfigError> {
    let refused = |problem: String| settings.refuse("fallbacks", Some(entry), problem);
    let known = || speakers.iter().enumerate().find(|(_, speaker)| speaker.model(by).is_some());
    let found = qualified(by, speakers).or_else(|| known().map(|(place, _)| (place, by)));
    let (place, model) = found.ok_or_else(|| refused(unknown(by, speakers)))?;
    if !is_model(model) || model == ANY {
        return Err(refused(
            "names a provider and no model: write it like anthropic/claude-sonnet-4-6".to_owned(),
        ));
    }
    keyed(speakers, place, settings, ("fallbacks", Some(entry)))?;
    let row = speakers.get(place).and_then(|speaker| speaker.model(model));
    Ok(Writer {
        speaker: place,
        model: model.to_owned(),
        most_tokens: row.and_then(|row| row.most_tokens),
        substitution: if model == asked { Substitution::Same } else { Substitution::Variant },
        chosen: true,
    })
}

/// `provider/model`, if there is such a provider. A model's own name may hold a slash, and begin like that: it goes first.
fn qualified<'m>(name: &'m str, speakers: &[Speaker]) -> Option<(usize, &'m str)> {
    if speakers.iter().any(|speaker| speaker.model(name).is_some()) {
        return None;
    }
    let (provider, model) = name.split_once('/')?;
    let place = speakers.iter().position(|speaker| speaker.provider.as_str() == provider)?;
    Some((place, model))
}

/// What `fallbacks` name that no table of its provider has: models that are newer than the tables, and misspelt ones.
pub(super) fn unlisted(settings: &Settings, speakers: &[Speaker]) -> Vec<String> {
    let listed = |name: &str| match qualified(name, speakers) {
        Some((_, ANY)) => true,
        Some((place, model)) => speakers
            .get(place)
            .is_some_and(|speaker| speaker.data.models.is_empty() || speaker.model(model).is_some()),
        None => name == ANY || speakers.iter().any(|speaker| speaker.model(name).is_some()),
    };
    let fallbacks = settings.texts.fallbacks.iter();
    let named = fallbacks.flat_map(|(model, stand_ins)| std::iter::once(model).chain(stand_ins));
    let mut unlisted: Vec<_> = named.filter(|name| !listed(name)).cloned().collect();
    unlisted.sort_unstable();
    unlisted.dedup();
    unlisted
}

/// What a provider could call a model.
fn is_model(name: &str) -> bool {
    (1..=200).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whoever stands in needs a key.
fn keyed(
    speakers: &[Speaker],
    place: usize,
    settings: &Settings,
    (name, entry): (&str, Option<&str>),
) -> Result<(), ConfigError> {
    match speakers.get(place).filter(|speaker| !speaker.has_key()) {
        None => Ok(()),
        Some(Speaker { provider, .. }) => {
            let missing = settings.wanted(credentials::missing(*provider), name, entry);
            let error = ConfigError::setting(credentials::field(*provider), missing);
            Err(settings.sources.located(&format!("key.{provider}"), error))
        }
    }
}

/// What to do about a model whose provider nobody knows. It repeats only names that are known.
fn unknown(by: &str, speakers: &[Speaker]) -> String {
    let names = speakers.iter().map(|speaker| speaker.provider.as_str());
    if let Some((provider, _)) = by.split_once('/') {
        let whose = shown(provider);
        return match nearest(provider, names) {
            Some(meant) => {
                format!("names a model of `{whose}`, which nobody has declared: use {meant}/ before its name")
            }
            None => {
                format!(
                    "names a model of `{whose}`, a provider that nobody has declared: call text_provider(..)"
                )
            }
        };
    }
    if names.into_iter().any(|name| name == by) {
        return "names a provider and no model: write it like anthropic/claude-sonnet-4-6".to_owned();
    }
    let models = speakers.iter().flat_map(|speaker| &speaker.data.models);
    match nearest(by, models.map(|model| model.id.as_str())) {
        Some(meant) => {
            format!("names a model that is in no table: use {meant}, or name its provider with it")
        }
        None => "names a model that is in no table: name its provider with it, like openai/gpt-4o".to_owned(),
    }
}

/// What to do about a provider's name that nobody has.
fn undeclared(provider: ProviderName, speakers: &[Speaker]) -> String {
    match nearest(provider.as_str(), speakers.iter().map(|speaker| speaker.provider.as_str())) {
        Some(meant) => format!("names `{provider}`, which nobody has declared: use `{meant}`"),
        None => format!("names `{provider}`, a provider that nobody has declared: call text_provider(..)"),
    }
}
