//! The timeline of a call: who was asked when, what became of it, and who was passed over.
//!
//! It holds the names of providers, and neither questions, answers nor errors, so all of it may be logged.

use std::fmt;
use std::time::Duration;

use failover_core::{Fault, Skip};

use crate::cache::Cached;
use crate::plain::Plain;

/// The history of one call. Its `Display` is a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The attempts, in the order of their start.
    pub attempts: Vec<Attempt>,
    /// The providers that were passed over. One that was asked after all, as the last resort, is among the attempts as well.
    pub skipped: Vec<Passed>,
    /// An attempt that did not serve may have been carried out all the same, and billed.
    pub maybe_billed: bool,
    /// How many values were wanted; one unless it is a batch.
    pub wanted: usize,
    /// How many of them were served.
    pub served: usize,
    /// How long the whole call took.
    pub took: Duration,
    /// The value lay in the cache, and none of the attempts served it.
    pub cached: Option<Cached>,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The name of the provider.
    pub provider: String,
    /// When it began, from the start of the call.
    pub at: Duration,
    /// How long it took, or was waited for.
    pub took: Duration,
    /// What became of it.
    pub end: End,
    /// It took longer than it was allowed to. A value that comes so late is used where there is one.
    pub late: bool,
    /// It was made although the circuit breaker refuses, because nobody else could serve.
    pub last_resort: bool,
    /// The provider has no breaker, as all are taken by other names.
    pub unguarded: bool,
    /// It could not be stopped: it may still complete.
    pub goes_on: bool,
    /// It did not serve, and may have been carried out all the same, and billed.
    pub maybe_billed: bool,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// It served so many of the values that it was asked for.
    Served {
        /// How many it was asked for.
        asked: usize,
        /// How many it served; in a batch, possibly none.
        served: usize,
    },
    /// It answered, and nothing of that was valid.
    Invalid,
    /// It failed.
    Failed(Fault),
    /// It was called off: another had served, or the call was over.
    CalledOff,
}

/// A provider that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passed {
    /// Its name.
    pub provider: String,
    /// Why.
    pub why: Skip,
    /// Until when, from the start of the call.
    pub until: Option<Duration>,
}

impl Report {
    /// The names of those that were asked, in order, each once.
    pub fn tried(&self) -> impl Iterator<Item = &str> {
        let names = self.attempts.iter().map(|attempt| attempt.provider.as_str());
        let first = move |at: usize, name: &str| !self.attempts.iter().take(at).any(|it| it.provider == name);
        names.enumerate().filter(move |(at, name)| first(*at, name)).map(|(_, name)| name)
    }

    /// The lines up to the last, each attempt with what there is to say on it besides.
    pub(crate) fn lines(
        &self,
        f: &mut fmt::Formatter<'_>,
        besides: impl Fn(usize, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let names = self.skipped.iter().map(|passed| &passed.provider);
        let names = names.chain(self.attempts.iter().map(|attempt| &attempt.provider));
        let width = names.map(|name| name.chars().count()).max().unwrap_or_default();
        for passed in &self.skipped {
            writeln!(f, "{passed:width$}")?;
        }
        for (number, attempt) in self.attempts.iter().enumerate() {
            write!(f, "{attempt:width$}")?;
            besides(number, f)?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines(f, |_, _| Ok(()))?;
        let (served, wanted, took) = (self.served, self.wanted, Plain(self.took));
        let server =
            self.attempts.iter().find(|it| matches!(it.end, End::Served { served, .. } if served > 0));
        if let Some(cached) = self.cached {
            return write!(f, "served {cached}, after {took}");
        }
        match server {
            Some(server) if wanted == 1 => write!(f, "served by {}, after {took}", server.provider),
            _ if wanted == 1 => write!(f, "nobody served, after {took}"),
            _ => write!(f, "{served} of {wanted} served, after {took}"),
        }
    }
}

/// A line of the timeline, its name as wide as the formatter says.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, width) = (format!("+{}", Plain(self.at)), f.width().unwrap_or_default());
        write!(f, "  {at:<8}  {:<width$}  {}, {}", self.provider, self.end, Plain(self.took))?;
        let remarks = [
            (self.late && self.end != End::Failed(Fault::Timeout), "later than allowed"),
            (self.last_resort, "as the last resort"),
            (self.unguarded, "without a breaker"),
            (self.goes_on, "abandoned, may still complete"),
            (self.maybe_billed, "maybe billed"),
        ];
        for (_, remark) in remarks.iter().filter(|(holds, _)| *holds) {
            write!(f, ", {remark}")?;
        }
        Ok(())
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served { asked: 1, served: 1 } => f.write_str("answered"),
            Self::Served { asked, served } => write!(f, "answered {served} of {asked}"),
            Self::Invalid => f.write_str("invalid answer"),
            Self::Failed(fault) => f.write_str(fault.name()),
            Self::CalledOff => f.write_str("called off"),
        }
    }
}

/// A line of the timeline, its name as wide as the formatter says.
impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self { provider, why, until }, width) = (self, f.width().unwrap_or_default());
        write!(f, "  skipped   {provider:<width$}  {why}")?;
        until.map_or(Ok(()), |until| write!(f, ", until +{}", Plain(until)))
    }
}
