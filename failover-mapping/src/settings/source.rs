//! Who said what: the builder goes over a variable, a variable over the file, the file over the preset.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::error::ConfigError;
use crate::preset::Preset;

/// Who said a setting. Each goes over the ones before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Preset(Preset),
    File {
        file: Arc<str>,
        line: usize,
    },
    Variable(Arc<str>),
    /// A variable that the file names. It goes over the one that is usual for the provider: it was chosen.
    VariableOfFile {
        file: Arc<str>,
        line: usize,
    },
    Builder,
}

impl Source {
    const fn rank(&self) -> u8 {
        match self {
            Self::Preset(_) => 0,
            Self::File { .. } => 1,
            Self::Variable(_) => 2,
            Self::VariableOfFile { .. } => 3,
            Self::Builder => 4,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(preset) => write!(f, "preset {preset}"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::VariableOfFile { file, line } => write!(f, "a variable, as {file}:{line} says"),
            Self::Builder => f.write_str("builder"),
        }
    }
}

/// By the setting's name; by `name.entry` where it is said entry by entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(BTreeMap<String, Source>);

impl Sources {
    /// Notes who says it. False if somebody has said it who goes over this one.
    #[must_use]
    pub(crate) fn says(&mut self, name: &str, source: &Source) -> bool {
        let over = self.0.get(name).is_none_or(|earlier| earlier.rank() <= source.rank());
        if over {
            self.0.insert(name.to_owned(), source.clone());
        }
        over
    }

    /// Nobody has said it.
    pub(crate) fn forgets(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether one setting was said by somebody who goes over the one who said the other.
    pub(crate) fn is_over(&self, name: &str, other: &str) -> bool {
        let rank = |name| self.of(name).map(Source::rank);
        rank(name) > rank(other)
    }

    pub(crate) fn of(&self, name: &str) -> Option<&Source> {
        self.0.get(name)
    }

    /// The same refusal, by the name that the setting has where it was said.
    pub(crate) fn located(&self, name: &str, error: ConfigError) -> ConfigError {
        self.located_as(name, name, error)
    }

    /// The same, with the name as it may be repeated.
    pub(crate) fn located_as(&self, name: &str, shown: &str, error: ConfigError) -> ConfigError {
        let ConfigError::Setting { problem, .. } = &error else { return error };
        match self.of(name) {
            Some(Source::File { file, line } | Source::VariableOfFile { file, line }) => ConfigError::File {
                file: file.as_ref().into(),
                line: Some(*line),
                key: shown.to_owned(),
                problem: problem.clone().into_owned(),
            },
            Some(Source::Variable(variable)) => ConfigError::Variable {
                variable: variable.as_ref().into(),
                problem: problem.clone().into_owned(),
            },
            Some(Source::Preset(_) | Source::Builder) | None => error,
        }
    }
}
