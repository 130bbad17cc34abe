//! How a setting is printed: as a file would say it.

use std::time::Duration;

use humantime::format_duration;

use super::Settings;
use super::rows::Row;
use super::said::{bytes_shown, key, quoted};
use super::slot::Slot;
use super::source::Source;
use crate::credentials::Key;
use crate::origin::Base;
use crate::provider::ProviderName;

/// A setting as it is printed.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Its name in a file.
    pub(crate) name: String,
    /// As a file would say it; what to know where a file would say nothing, or must not.
    pub(crate) value: Result<String, String>,
    pub(crate) source: Option<Source>,
}

impl Row {
    /// What holds. Of settings that are said entry by entry, each entry; the settings are only read.
    pub(crate) fn shown(&self, settings: &mut Settings) -> Vec<Shown> {
        let unless = || Err(self.unless.to_owned());
        let one = match self.slot {
            Slot::Flag(of) => Ok(of(settings).to_string()),
            Slot::Count(of) => Ok(of(settings).to_string()),
            Slot::Few { of, .. } => Ok(of(settings).to_string()),
            Slot::MaybeFew { of, .. } => of(settings).map_or_else(unless, |few| Ok(few.to_string())),
            Slot::Bytes(of) => Ok(bytes_shown(*of(settings))),
            Slot::Time(of) => Ok(time(*of(settings))),
            Slot::MaybeTime(of) => of(settings).map_or_else(unless, |limit| Ok(time(limit))),
            Slot::Host(of) => of(settings).as_deref().map_or_else(unless, |text| Ok(quoted(text))),
            Slot::Base(of) => of(settings).as_deref().map_or_else(unless, base),
            Slot::Preset => settings.preset.map_or_else(unless, |preset| Ok(quoted(preset.as_str()))),
            Slot::Dialect => Ok(quoted(settings.nexa_dialect.as_str())),
            Slot::StandIns => Ok(list(settings.stand_ins.iter().map(|name| quoted(name.as_str())))),
            Slot::TextStandIns => settings
                .texts
                .stand_ins
                .as_ref()
                .map_or_else(unless, |names| Ok(list(names.iter().map(|name| quoted(name.as_str()))))),
            Slot::StreamPolicy => Ok(quoted(settings.texts.streams.as_str())),
            Slot::Statuses => Ok(list(settings.triggers.statuses.iter().map(u16::to_string))),
            Slot::Origins(of, _) if of(settings).is_empty() => unless(),
            Slot::Origins(of, _) => Ok(list(of(settings).iter().map(|text| quoted(text)))),
            _ => return self.entries(settings),
        };
        vec![Shown {
            name: self.name.to_owned(),
            value: one,
            source: settings.sources.of(self.name).cloned(),
        }]
    }

    fn entries(&self, settings: &mut Settings) -> Vec<Shown> {
        let entries: Vec<(String, Result<String, String>)> = match self.slot {
            Slot::OneEach(of, _) => {
                let urls = of(settings).iter();
                urls.map(|(provider, url)| (provider.to_string(), base(url))).collect()
            }
            Slot::MoreEach(of, _) => {
                let urls = of(settings).clone();
                let each = providers(urls.iter().map(|(provider, _)| *provider)).into_iter();
                each.map(|provider| {
                    let own = urls.iter().filter(|(known, _)| *known == provider);
                    (provider.to_string(), Ok(list(own.map(|(_, url)| quoted(url)))))
                })
                .collect()
            }
            Slot::Deployments => {
                let all = settings.deployments.iter();
                all.map(|(name, model)| (name.clone(), Ok(quoted(model)))).collect()
            }
            Slot::Fallbacks => {
                let all = settings.texts.fallbacks.iter();
                all.map(|(model, by)| (model.clone(), Ok(list(by.iter().map(|name| quoted(name)))))).collect()
            }
            Slot::Keys => {
                settings.keys.iter().map(|(name, key)| (name.to_string(), Err(said(key)))).collect()
            }
            Slot::Rows => {
                let each = providers(settings.data.iter().filter_map(|own| own.provider)).into_iter();
                each.map(|provider| (provider.to_string(), Err(files(settings, Some(provider))))).collect()
            }
            Slot::Declared if settings.data.iter().any(|own| own.provider.is_none()) => {
                let source = settings.sources.of(self.name).cloned();
                let value = Err(files(settings, None));
                return vec![Shown { name: self.name.to_owned(), value, source }];
            }
            // Shown among the keys.
            Slot::NexaKey => return Vec::new(),
            _ => Vec::new(),
        };
        if entries.is_empty() {
            let value = Err(self.unless.to_owned());
            return vec![Shown { name: self.name.to_owned(), value, source: None }];
        }
        let shown = entries.into_iter().map(|(entry, value)| Shown {
            name: format!("{}.{}", self.name, key(&entry)),
            source: settings.sources.of(&format!("{}.{entry}", self.name)).cloned(),
            value,
        });
        shown.collect()
    }
}

fn time(time: Duration) -> String {
    quoted(&format_duration(time).to_string())
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn said(key: &Key) -> String {
    match key {
        Key::Given(_) => "set",
        Key::Asked(_) => "asked for at each request",
        Key::Unset(_) => "not set",
    }
    .to_owned()
}

/// Without its path, which may hold a secret, unless it is the one that OpenAI's API has everywhere.
fn base(url: &str) -> Result<String, String> {
    match Base::parse(url) {
        Ok(base) if base.path() == "/v1" => Ok(quoted(&format!("{base}/v1"))),
        Ok(base) if base.has_path() => Err(format!("{base}, and a path that is not shown")),
        Ok(base) => Ok(quoted(&base.to_string())),
        Err(_) => Err("not shown".to_owned()),
    }
}

fn files(settings: &Settings, provider: Option<ProviderName>) -> String {
    let own = settings.data.iter().filter(|own| own.provider == provider);
    own.map(|own| own.file.as_str()).collect::<Vec<_>>().join(", ")
}

/// Each once, in order.
fn providers(all: impl Iterator<Item = ProviderName>) -> Vec<ProviderName> {
    let mut once = Vec::new();
    for provider in all {
        if !once.contains(&provider) {
            once.push(provider);
        }
    }
    once
}
