//! Why a configuration was refused: which field, and what to do about it.
//!
//! No message repeats a value that the user gave for a key or a URL, so an error can be logged as it is.

use std::borrow::Cow;
use std::path::Path;
use std::{fmt, io};

use crate::provider::ProviderName;
use crate::settings::said::shown;

/// A configuration that cannot be used.
///
/// Its `Debug` is the same sentence as its `Display`, so that an error that ends `main` can be read.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A setting of the builder.
    #[error("{field} {problem}")]
    #[non_exhaustive]
    Setting {
        /// The builder's method, and the environment variable where there is one.
        field: &'static str,
        /// What is wrong with it, and the cure.
        problem: Cow<'static, str>,
    },
    /// A setting in a configuration file.
    #[error("{}: {key} {problem}", place(file, *line))]
    #[non_exhaustive]
    File {
        /// The file, as it was named.
        file: String,
        /// The line; none of a file that cannot be read.
        line: Option<usize>,
        /// The key, with a dot before each part.
        key: String,
        /// What is wrong with it, and the cure.
        problem: String,
    },
    /// A variable of the environment.
    #[error("{variable} {problem}")]
    #[non_exhaustive]
    Variable {
        /// Its name.
        variable: String,
        /// What is wrong with it, and the cure.
        problem: String,
    },
    /// A data file.
    #[error("data for {provider} in {file}: {key}: {reason}")]
    #[non_exhaustive]
    Data {
        /// The provider whose rows these are.
        provider: ProviderName,
        /// The file, as it was named; `built-in` for the data of this crate.
        file: String,
        /// The key, or the line where the text is not TOML of the expected form.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ConfigError {
    /// A refusal of `field`, also for the settings that an adapter adds. `problem` says what is wrong and the cure, never
    /// the value.
    #[must_use]
    pub fn setting(field: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Setting { field, problem: problem.into() }
    }
}

impl ConfigError {
    pub(crate) fn variable(name: &str, problem: impl Into<String>) -> Self {
        Self::Variable { variable: name.to_owned(), problem: problem.into() }
    }

    /// A file that cannot be read.
    pub(crate) fn unread(file: &Path, error: &io::Error) -> Self {
        Self::File {
            file: file.to_string_lossy().into(),
            line: None,
            key: "the file".to_owned(),
            problem: format!("cannot be read: {error}"),
        }
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn place(file: &str, line: Option<usize>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// Whose data are read, and out of which file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) provider: ProviderName,
    pub(crate) file: &'a str,
}

impl Place<'_> {
    /// A refusal of what stands here.
    pub(crate) fn refuse(self, key: impl Into<String>, reason: impl Into<String>) -> ConfigError {
        let Self { provider, file } = self;
        ConfigError::Data { provider, file: file.to_owned(), key: key.into(), reason: reason.into() }
    }
}

/// The choice that a refusal offers: "`flux`, `files-seed` or `files`".
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

/// What serde says, without what it repeats of the file, unless that is a plain name: it may be a key in the wrong place. What was
/// expected stays.
pub(crate) fn without_values(message: &str) -> String {
    let (said, expected) = match message.split_once(", expected ") {
        Some((said, expected)) => (said, format!(", expected {expected}")),
        None => (message, String::new()),
    };
    let said = ["`", "\""].iter().fold(said.to_owned(), |said, quote| {
        let parts = said.split(quote).enumerate();
        let parts = parts.map(|(at, part)| if at % 2 == 1 { shown(part) } else { part });
        parts.collect::<Vec<_>>().join(quote)
    });
    said + &expected
}
