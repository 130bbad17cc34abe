//! Where a setting lies in [`Settings`], and how it is read from a file or a variable.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::said::{Problem, Said, shown};
use super::source::Source;
use super::{Dialect, Settings, tables};
use crate::chat::StreamPolicy;
use crate::error::one_of;
use crate::preset::Preset;
use crate::provider::ProviderName;

/// Where a setting lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    Flag(Of<bool>),
    Count(Of<u32>),
    Few {
        least: u8,
        most: u8,
        of: Of<u8>,
    },
    MaybeFew {
        most: u8,
        of: Of<Option<u8>>,
    },
    Bytes(Of<usize>),
    Time(Of<Duration>),
    MaybeTime(Of<Option<Duration>>),
    Host(Of<Option<String>>),
    Base(Of<Option<String>>),
    Preset,
    Dialect,
    StandIns,
    /// The same of text, where nothing may be said.
    TextStandIns,
    Statuses,
    /// Further ones, each added to the others.
    Origins(Of<Vec<String>>, Check),
    /// One for each provider.
    OneEach(Of<Vec<(ProviderName, String)>>, Check),
    /// Further ones of each provider.
    MoreEach(Of<Vec<(ProviderName, String)>>, Check),
    Deployments,
    Fallbacks,
    StreamPolicy,
    NexaKey,
    Keys,
    Rows,
    Declared,
}

/// A setting's place.
pub(crate) type Of<T> = fn(&mut Settings) -> &mut T;

/// Says what is wrong with a text, and the cure.
pub(crate) type Check = fn(&str) -> Result<(), &'static str>;

/// What lies around the configuration, as far as it is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Around<'w> {
    /// Who says it.
    pub(crate) source: &'w Source,
    pub(crate) variable: &'w dyn Fn(&str) -> Option<String>,
    pub(crate) read: &'w dyn Fn(&Path) -> io::Result<String>,
    /// The folder of the file that is being read.
    pub(crate) folder: &'w Path,
    /// Its text.
    pub(crate) text: &'w str,
}

impl<'w> Around<'w> {
    /// Nothing that can be looked at.
    pub(super) fn of(source: &'w Source) -> Self {
        let read = &|_: &Path| Err(io::ErrorKind::Unsupported.into());
        Self { source, variable: &|_| None, read, folder: Path::new(""), text: "" }
    }

    /// Who says what stands at this place of the file.
    pub(super) fn source_at(&self, at: Option<usize>) -> Source {
        match (self.source, at) {
            (Source::File { file, .. }, Some(at)) => {
                Source::File { file: file.clone(), line: line(self.text, at) }
            }
            (source, _) => source.clone(),
        }
    }

    /// Puts it there, unless somebody has said otherwise who goes over this one.
    fn put<T>(&self, name: &str, of: Of<T>, value: T, settings: &mut Settings) {
        if settings.sources.says(name, self.source) {
            *of(settings) = value;
        }
    }
}

impl Slot {
    /// Takes what is said.
    pub(crate) fn take(
        self,
        name: &str,
        said: Said<'_>,
        around: &Around<'_>,
        settings: &mut Settings,
    ) -> Result<(), Problem> {
        const HOST: &str = "write it like nexa-api.p.rapidapi.com";
        match self {
            Self::Flag(of) => around.put(name, of, said.flag()?, settings),
            Self::Count(of) => around.put(name, of, count(said)?, settings),
            Self::Few { least, most, of } => around.put(name, of, few(said, least, most)?, settings),
            Self::MaybeFew { most, of } => around.put(name, of, Some(few(said, 1, most)?), settings),
            Self::Bytes(of) => around.put(name, of, said.bytes()?, settings),
            Self::Time(of) => around.put(name, of, said.time()?, settings),
            Self::MaybeTime(of) => around.put(name, of, Some(said.time()?), settings),
            Self::Host(of) => around.put(name, of, Some(said.text(HOST)?.to_owned()), settings),
            Self::Base(of) => around.put(name, of, Some(said.text(tables::URL)?.to_owned()), settings),
            Self::Preset => {
                let preset = word(said, Preset::ALL.map(|preset| (preset.as_str(), preset)))?;
                around.put(name, |settings| &mut settings.preset, Some(preset), settings);
            }
            Self::Dialect => {
                let dialect = word(said, Dialect::ALL.map(|dialect| (dialect.as_str(), dialect)))?;
                around.put(name, |settings| &mut settings.nexa_dialect, dialect, settings);
            }
            Self::StandIns => {
                let names = said.list()?.into_iter().map(provider).collect::<Result<_, _>>()?;
                around.put(name, |settings| &mut settings.stand_ins, names, settings);
            }
            Self::TextStandIns => {
                let names = said.list()?.into_iter().map(provider).collect::<Result<_, _>>()?;
                around.put(name, |settings| &mut settings.texts.stand_ins, Some(names), settings);
            }
            Self::StreamPolicy => {
                let policy = word(said, StreamPolicy::ALL.map(|policy| (policy.as_str(), policy)))?;
                around.put(name, |settings| &mut settings.texts.streams, policy, settings);
            }
            Self::Statuses => {
                let codes = said.list()?.into_iter().map(status).collect::<Result<_, _>>()?;
                around.put(name, |settings| &mut settings.triggers.statuses, codes, settings);
            }
            Self::Origins(of, check) => tables::origins((name, of, check), said, around, settings)?,
            Self::OneEach(of, check) => tables::one_each((name, of, check), said, around, settings)?,
            Self::MoreEach(of, check) => tables::more_each((name, of, check), said, around, settings)?,
            Self::Deployments => tables::deployments(name, said, around, settings)?,
            Self::Fallbacks => tables::fallbacks(name, said, around, settings)?,
            Self::NexaKey => tables::key(ProviderName::Nexa, (said, None), around, settings)?,
            Self::Keys => tables::keys(said, around, settings)?,
            Self::Rows => tables::rows(name, said, around, settings)?,
            Self::Declared => tables::declared(name, said, around, settings)?,
        }
        Ok(())
    }
}

/// The number of the line in which this place is.
pub(super) fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

fn count(said: Said<'_>) -> Result<u32, Problem> {
    /// More attempts than anybody waits for.
    const MOST: u64 = 1_000;
    said.number(1, MOST).map(|number| u32::try_from(number).unwrap_or_default())
}

fn few(said: Said<'_>, least: u8, most: u8) -> Result<u8, Problem> {
    said.number(least.into(), most.into()).map(|number| u8::try_from(number).unwrap_or(most))
}

fn status(said: Said<'_>) -> Result<u16, Problem> {
    said.number(400, 599).map(|number| u16::try_from(number).unwrap_or_default())
}

/// One of a few words.
fn word<T: Copy, const N: usize>(said: Said<'_>, known: [(&'static str, T); N]) -> Result<T, Problem> {
    let cure = format!("write {}", one_of(known.iter().map(|(word, _)| *word)));
    let text = said.text(&cure)?;
    let found = known.iter().find(|(word, _)| *word == text);
    found.map(|(_, meant)| *meant).ok_or_else(|| format!("is not known: {cure}").into())
}

/// Whether anybody is called so is seen when all has been read.
fn provider(said: Said<'_>) -> Result<ProviderName, Problem> {
    let name = said.text("write a list of providers, like nexaapi, replicate")?;
    provider_called(name)
}

pub(super) fn provider_called(name: &str) -> Result<ProviderName, Problem> {
    let known = ProviderName::BUILT_IN;
    let small = known.iter().find(|known| known.as_str().eq_ignore_ascii_case(name));
    let problem = || match small {
        Some(known) => format!("names a provider that is written `{known}`"),
        None => {
            let name = shown(name);
            format!("names `{name}`, which is no provider's name: use small letters, digits and dashes")
        }
    };
    ProviderName::by_name(name).ok_or_else(|| problem().into())
}
