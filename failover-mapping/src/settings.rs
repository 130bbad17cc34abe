//! What can be set, before it is checked.

mod breaking;
mod caching;
pub(crate) mod file;
pub(crate) mod nearest;
pub(crate) mod rows;
pub(crate) mod said;
pub(crate) mod sample;
mod show;
pub(crate) mod slot;
pub(crate) mod source;
mod tables;
pub(crate) mod texts;
pub(crate) mod variables;

use std::borrow::Cow;
use std::time::Duration;

use self::breaking::Breaking;
use self::caching::Caching;
use self::said::{Said, shown};
use self::slot::Around;
use self::source::{Source, Sources};
use self::texts::Texts;
use crate::config::Observer;
use crate::credentials::Key;
use crate::error::ConfigError;
use crate::observe::Listeners;
use crate::preset::Preset;
use crate::provider::ProviderName;
use crate::store::Records;
use crate::triggers::Triggers;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) preset: Option<Preset>,
    pub(crate) off: bool,
    pub(crate) stand_ins: Vec<ProviderName>,
    pub(crate) keys: Vec<(ProviderName, Key)>,
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
    /// It is a preset's, which gives way to a deadline that leaves it no room.
    pub(crate) primary_limit_of_preset: bool,
    pub(crate) request_limit: usize,
    pub(crate) answer_limit: usize,
    pub(crate) check_answers: bool,
    pub(crate) breaker: Breaking,
    pub(crate) cache: Caching,
    pub(crate) texts: Texts,
    pub(crate) data: Vec<OwnData>,
    pub(crate) store: Records,
    pub(crate) on_failover: Option<Observer>,
    pub(crate) listeners: Listeners,
    /// Who said which of them.
    pub(crate) sources: Sources,
    /// The first thing that was said in vain.
    pub(crate) refused: Option<ConfigError>,
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

impl Dialect {
    pub(crate) const ALL: [Self; 2] = [Self::Http, Self::Sdk];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Sdk => "sdk",
        }
    }
}

impl Settings {
    pub(crate) fn say_key(&mut self, provider: ProviderName, key: Key) {
        self.keys.retain(|(known, _)| *known != provider);
        self.keys.push((provider, key));
    }

    /// Puts what the preset says where nobody else has said anything.
    pub(crate) fn fill_in(&mut self) -> Result<(), ConfigError> {
        let Some(preset) = self.preset else { return Ok(()) };
        let (own_deadline, own_limit) = (self.deadline, self.primary_limit);
        let source = Source::Preset(preset);
        for (name, text) in preset.says() {
            let row = rows::ROWS.iter().find(|row| row.name == *name);
            let taken = row.map(|row| row.slot.take(name, Said::Word(text), &Around::of(&source), self));
            if let Some(Err(problem)) = taken {
                return Err(ConfigError::setting(name, problem.text));
            }
        }
        // Of a shorter deadline the asked provider gets half, as without a preset: else nothing would be left of it.
        self.primary_limit_of_preset = own_limit.is_none() && self.primary_limit.is_some();
        if own_limit.is_none() && own_deadline.is_some_and(|deadline| Some(deadline) <= self.primary_limit) {
            self.sources.forgets("primary_limit");
            self.primary_limit = None;
        }
        Ok(())
    }

    /// Without NexaAPI's key, and with one of a provider of text, nobody but those is meant.
    pub(crate) fn leave_to_text(&mut self) {
        let has = |provider| self.keys.iter().any(|(known, _)| *known == provider);
        let unsaid = self.sources.of("stand_ins").is_none();
        if unsaid && !has(ProviderName::Nexa) && self.is_for_text() {
            self.stand_ins.clear();
        }
    }

    /// Whether somebody who writes has a key.
    pub(crate) fn is_for_text(&self) -> bool {
        let own = |name: &ProviderName| self.texts.providers.iter().any(|(known, _)| known == name);
        self.keys.iter().any(|(name, _)| name.writes() || own(name))
    }

    /// A refusal of a setting, by the name that it has where it was said. An entry is the provider's name, say.
    pub(crate) fn refuse(
        &self,
        name: &'static str,
        entry: Option<&str>,
        problem: impl Into<Cow<'static, str>>,
    ) -> ConfigError {
        let error = ConfigError::setting(name, problem);
        match entry {
            Some(entry) => {
                let said = format!("{name}.{entry}");
                self.sources.located_as(&said, &format!("{name}.{}", shown(entry)), error)
            }
            None => self.sources.located(name, error),
        }
    }

    /// The same about something that is missing, with the place where it is asked for, unless that is in the program.
    pub(crate) fn wanted(&self, missing: &'static str, name: &str, entry: Option<&str>) -> Cow<'static, str> {
        let said = entry.map(|entry| format!("{name}.{entry}"));
        match self.sources.of(said.as_deref().unwrap_or(name)) {
            Some(source @ (Source::File { .. } | Source::Variable(_))) => {
                let which = entry.map_or(name.to_owned(), |entry| format!("{name}.{}", shown(entry)));
                format!("{missing}; {which} wants it ({source})").into()
            }
            _ => missing.into(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            preset: None,
            off: false,
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
            primary_limit_of_preset: false,
            request_limit: 8 << 20,
            answer_limit: 32 << 20,
            check_answers: false,
            breaker: Breaking::default(),
            cache: Caching::default(),
            texts: Texts::default(),
            data: Vec::new(),
            store: Records::in_memory(),
            on_failover: None,
            listeners: Listeners::default(),
            sources: Sources::default(),
            refused: None,
        }
    }
}
