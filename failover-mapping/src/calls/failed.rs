//! Nobody served: why not, provider by provider, with every error of the callables.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use failover_core::Fault;

use super::filled::Values;
use super::report::Report;
use super::setting::SettingError;
use crate::plain::Plain;

/// Nobody served.
///
/// Its `Display` has a line for each attempt, with its error, and for each provider that was passed over; its `source()` is
/// the latest error. Whether the errors of the callables may be logged, their author knows: they are shown as they are.
pub struct AllFailed<E>(Box<Inner<E>>);

struct Inner<E> {
    why: Why,
    failures: Vec<Failure<E>>,
    report: Report,
}

/// Why nobody served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// Every provider was tried or skipped.
    Exhausted,
    /// Nobody was asked, as the breakers of all providers refuse; the first can be asked again after this long.
    Unavailable(Duration),
    /// The call's deadline passed.
    Deadline,
    /// The call's attempts are used up.
    Attempts,
    /// The latest error is about the request itself, so nobody else was asked.
    Refused,
    /// Nobody was asked, as the list of providers cannot be used.
    Unusable(SettingError),
}

/// One failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure<E> {
    /// The name of the provider.
    pub provider: String,
    /// What it counts as.
    pub fault: Fault,
    /// What happened.
    pub cause: RootCause<E>,
    /// Which of the report's attempts it was.
    pub(crate) attempt: usize,
}

/// What happened in an attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootCause<E> {
    /// The callable returned this error.
    Error(E),
    /// The callable returned a value, or several, and none was valid.
    Invalid,
    /// The callable had not returned when its time was up.
    TimedOut,
    /// There was no thread for it.
    NotStarted,
}

impl<E> Failure<E> {
    /// The callable's error, if it returned one.
    pub const fn error(&self) -> Option<&E> {
        match &self.cause {
            RootCause::Error(error) => Some(error),
            RootCause::Invalid | RootCause::TimedOut | RootCause::NotStarted => None,
        }
    }
}

impl<E> AllFailed<E> {
    pub(crate) fn new(why: Why, failures: Vec<Failure<E>>, report: Report) -> Self {
        Self(Box::new(Inner { why, failures, report }))
    }

    /// Why the call ended.
    #[must_use]
    pub const fn why(&self) -> &Why {
        &self.0.why
    }

    /// Every attempt that failed, in the order of their ends.
    #[must_use]
    pub fn failures(&self) -> &[Failure<E>] {
        &self.0.failures
    }

    /// Who was asked and what became of it, and who was passed over and until when.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.0.report
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.0.report
    }

    /// The failed attempts, with their errors to keep.
    #[must_use]
    pub fn into_failures(self) -> Vec<Failure<E>> {
        self.0.failures
    }

    /// The same with errors of one type, to be handed on by `?`: for callables whose errors are strings, boxed or
    /// `anyhow`'s, as those are no [`Error`]s themselves.
    ///
    /// ```
    /// use failover_mapping::calls::AllFailed;
    ///
    /// fn hand_on(result: Result<f64, AllFailed<String>>) -> Result<f64, Box<dyn std::error::Error>> {
    ///     Ok(result.map_err(AllFailed::boxed)?)
    /// }
    /// # let _ = hand_on;
    /// ```
    #[must_use]
    pub fn boxed(self) -> AllFailed<AnyError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let Inner { why, failures, report } = *self.0;
        let failures = failures.into_iter().map(Failure::boxed).collect();
        AllFailed::new(why, failures, report)
    }

    /// All but the beginning of the first line.
    fn show(
        &self,
        f: &mut fmt::Formatter<'_>,
        error: impl Fn(&E, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let Inner { why, failures, report } = &*self.0;
        writeln!(f, ": {why}")?;
        report.lines(f, |number, f| {
            let failure = failures.iter().find(|failure| failure.attempt == number);
            match failure.map(|failure| &failure.cause) {
                Some(RootCause::Error(cause)) => {
                    f.write_str(": ")?;
                    error(cause, f)
                }
                Some(RootCause::NotStarted) => f.write_str(": no thread could be started"),
                Some(RootCause::Invalid | RootCause::TimedOut) | None => Ok(()),
            }
        })?;
        write!(f, "after {}", Plain(report.took))
    }
}

impl<E> Failure<E> {
    fn boxed(self) -> Failure<AnyError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let Self { provider, fault, cause, attempt } = self;
        let cause = match cause {
            RootCause::Error(error) => RootCause::Error(AnyError(error.into())),
            RootCause::Invalid => RootCause::Invalid,
            RootCause::TimedOut => RootCause::TimedOut,
            RootCause::NotStarted => RootCause::NotStarted,
        };
        Failure { provider, fault, cause, attempt }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted => f.write_str("every provider was tried or skipped"),
            Self::Unavailable(wait) => {
                write!(f, "every provider is unavailable, the first for another {}", Plain(*wait))
            }
            Self::Deadline => f.write_str("the deadline passed"),
            Self::Attempts => f.write_str("the attempts are used up"),
            Self::Refused => f.write_str("the request was refused"),
            Self::Unusable(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Display> fmt::Display for AllFailed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no provider served")?;
        self.show(f, |error, f| error.fmt(f))
    }
}

/// As its `Display`, with the errors as their own `Debug` has them, so that an error that ends `main` can be read.
impl<E: fmt::Debug> fmt::Debug for AllFailed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no provider served")?;
        self.show(f, |error, f| error.fmt(f))
    }
}

impl<E: Error + 'static> Error for AllFailed<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let latest = self.0.failures.iter().rev().find_map(Failure::error);
        match (&self.0.why, latest) {
            (Why::Unusable(error), _) => Some(error),
            (_, Some(error)) => Some(error),
            (_, None) => None,
        }
    }
}

impl<E> From<SettingError> for AllFailed<E> {
    fn from(error: SettingError) -> Self {
        Self::new(Why::Unusable(error), Vec::new(), Report::default())
    }
}

/// A batch that failed, with what there is of it.
///
/// Of a batch that need not be complete, that is nothing; of one that had to be, all but the missing.
#[non_exhaustive]
pub struct Unfilled<K, X, E> {
    /// Why, provider by provider.
    pub failed: AllFailed<E>,
    /// What was served all the same.
    pub values: Values<K, X>,
    /// The keys that nobody has a valid value for.
    pub missing: Vec<K>,
}

impl<K, X, E> Unfilled<K, X, E> {
    /// As [`AllFailed::boxed`].
    #[must_use]
    pub fn boxed(self) -> Unfilled<K, X, AnyError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Unfilled { failed: self.failed.boxed(), values: self.values, missing: self.missing }
    }

    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (missing, wanted) = (self.missing.len(), self.missing.len() + self.values.len());
        write!(f, "{missing} of {wanted} values are missing")
    }
}

impl<K, X, E: fmt::Display> fmt::Display for Unfilled<K, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        self.failed.show(f, |error, f| error.fmt(f))
    }
}

/// As that of [`AllFailed`]: neither keys nor values are shown.
impl<K, X, E: fmt::Debug> fmt::Debug for Unfilled<K, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        self.failed.show(f, |error, f| error.fmt(f))
    }
}

impl<K, X, E: Error + 'static> Error for Unfilled<K, X, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failed.source()
    }
}

/// An error of any type, as [`AllFailed::boxed`] makes them.
pub struct AnyError(Box<dyn Error + Send + Sync>);

impl AnyError {
    /// The error itself, for downcasting.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }
}

impl fmt::Display for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for AnyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
