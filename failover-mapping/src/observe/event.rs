//! What happens, as it happens: one type for everybody who listens.

use std::fmt::{self, Write};
use std::time::Duration;

use failover_core::{Fault, Skip};

use crate::cache::Cached;
use crate::calls::Report;
use crate::plain::Plain;
#[cfg(feature = "http")]
use crate::provenance::Provenance;

/// Something that happened in a call, or to a circuit breaker.
///
/// Its `Display` is one line. It names providers, models, statuses and faults, and holds no key, prompt, body or URL but
/// that of the [`Story`], which has no query: all of it may be logged.
///
/// `call` numbers the calls that are told of, from 1, so that those under way at once can be told apart.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An attempt starts.
    #[non_exhaustive]
    Started {
        /// The number of the call.
        call: u64,
        /// Who is asked.
        by: Party<'a>,
        /// The number of the attempt within the call, from 1.
        attempt: u32,
        /// Its breaker refuses, and it is asked because nobody else could serve.
        last_resort: bool,
    },
    /// An attempt ended.
    #[non_exhaustive]
    Ended {
        /// The number of the call.
        call: u64,
        /// Who was asked.
        by: Party<'a>,
        /// The number of the attempt within the call, from 1.
        attempt: u32,
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// What became of it.
        outcome: Outcome,
        /// How long it took.
        took: Duration,
        /// It did not serve, and may have been carried out all the same, and billed.
        maybe_billed: bool,
    },
    /// A candidate is passed over.
    #[non_exhaustive]
    Skipped {
        /// The number of the call.
        call: u64,
        /// Who.
        who: Party<'a>,
        /// Why.
        why: Skip,
        /// For how long from now, where that is known.
        pause: Option<Duration>,
    },
    /// A circuit breaker changed its state, because of a call or by hand. When the future of a call is dropped, what its
    /// breakers make of that is not told.
    #[non_exhaustive]
    Breaker {
        /// The fault domain: `fal/fal-ai/flux/dev`, or the name of a callable's provider.
        domain: &'a str,
        /// What it did.
        change: Change,
    },
    /// The call is over: what the provider that was asked said is the caller's, its answer or its refusal, and nobody else had
    /// to be asked.
    #[non_exhaustive]
    HandedOn {
        /// The number of the call.
        call: u64,
        /// Who was asked.
        by: Party<'a>,
        /// How long the call took.
        took: Duration,
    },
    /// The call is over: somebody else answered, or the one that was asked, but not at once.
    #[non_exhaustive]
    FailedOver {
        /// The number of the call.
        call: u64,
        /// Who was asked.
        asked: Party<'a>,
        /// Who answered; of a batch, the last of those who did.
        by: Party<'a>,
        /// All of it.
        story: Story<'a>,
    },
    /// The call is over, and nobody served. The caller gets the asked provider's own answer or error.
    #[non_exhaustive]
    Unserved {
        /// The number of the call.
        call: u64,
        /// Who was asked.
        asked: Party<'a>,
        /// All of it.
        story: Story<'a>,
    },
    /// The call is over: its answer lay in the cache.
    #[non_exhaustive]
    Recalled {
        /// The number of the call.
        call: u64,
        /// Who was asked.
        asked: Party<'a>,
        /// Its age, and whether it is stale.
        cached: Cached,
        /// All of it.
        story: Story<'a>,
    },
    /// Nobody waits for the call any more: its future was dropped, or something panicked. What was in flight may still be
    /// done, and billed.
    #[non_exhaustive]
    Dropped {
        /// The number of the call.
        call: u64,
        /// Who was asked.
        asked: Party<'a>,
    },
    /// The kill switch was used.
    #[non_exhaustive]
    Switched {
        /// Every request passes through as it is from now on.
        off: bool,
    },
}

/// Who is asked: a provider, and its own name of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Party<'a> {
    /// The provider: `fal`, or the name of a callable's.
    pub provider: &'a str,
    /// The model: out of the tables and the settings, or, where `fallbacks` has a line for `"*"`, as the caller has named it. A
    /// callable has none.
    pub model: Option<&'a str>,
    /// One of too many names for each to be counted apart: the model's if there is one, else the provider's.
    pub(crate) unlisted: bool,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It served, or some of it in a batch.
    Answered,
    /// It failed.
    Failed(Fault),
    /// It answered, and nothing of that was valid.
    Invalid,
    /// It was called off: another had served, or the call was over.
    CalledOff,
}

/// What a circuit breaker did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It opened, for so long.
    Opened(Duration),
    /// It lets a probe through.
    HalfOpened,
    /// It closed.
    Closed,
    /// Somebody opened it by hand.
    ForcedOpen,
    /// Somebody closed it by hand.
    ForcedClosed,
    /// It judges for itself again, as if it were new.
    Released,
}

/// The history of a call. Its `Display` is the timeline.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Story<'a> {
    /// Of a request.
    #[cfg(feature = "http")]
    Provenance(&'a Provenance),
    /// Of a call of callables.
    Report(&'a Report),
}

impl<'a> Party<'a> {
    pub(crate) const fn new(provider: &'a str, model: Option<&'a str>) -> Self {
        Self { provider, model, unlisted: false }
    }

    /// Provider and model as labels of a metric, of which there are never many: a name that no table and no setting has is
    /// `other`, and what has no model has an empty one.
    #[must_use]
    pub fn labels(&self) -> [&'a str; 2] {
        match (self.model, self.unlisted) {
            (Some(_), true) => [self.provider, "other"],
            (None, true) => ["other", ""],
            (model, false) => [self.provider, model.unwrap_or_default()],
        }
    }
}

impl Outcome {
    #[cfg(feature = "http")]
    pub(crate) fn of(fault: Option<Fault>) -> Self {
        fault.map_or(Self::Answered, Self::Failed)
    }

    /// In two or three words: `answered`, `timed out`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed(fault) => fault.name(),
            Self::Invalid => "invalid answer",
            Self::CalledOff => "called off",
        }
    }
}

impl Change {
    /// The state that it came to: `open`, `half-open`, `closed`.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Opened(_) => "open",
            Self::HalfOpened => "half-open",
            Self::Closed | Self::Released => "closed",
            Self::ForcedOpen => "forced open",
            Self::ForcedClosed => "forced closed",
        }
    }
}

impl Story<'_> {
    /// How long the call took.
    #[must_use]
    pub const fn took(&self) -> Duration {
        match self {
            #[cfg(feature = "http")]
            Self::Provenance(provenance) => provenance.took,
            Self::Report(report) => report.took,
        }
    }

    /// An attempt that failed may have been carried out all the same, and billed.
    #[must_use]
    pub const fn maybe_billed(&self) -> bool {
        match self {
            #[cfg(feature = "http")]
            Self::Provenance(provenance) => provenance.maybe_billed,
            Self::Report(report) => report.maybe_billed,
        }
    }

    /// The attempts in a line: `fal 500, nexaapi 200`.
    #[must_use]
    pub fn attempts(&self) -> String {
        match self {
            #[cfg(feature = "http")]
            Self::Provenance(provenance) => provenance.attempts_in_a_line(),
            Self::Report(report) => {
                let attempts = report.attempts.iter();
                let attempts: Vec<_> = attempts.map(|it| format!("{} {}", it.provider, it.end)).collect();
                attempts.join(", ")
            }
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { call, by, attempt, last_resort } => {
                write!(f, "#{call} {by}: attempt {attempt} started")?;
                f.write_str(if *last_resort { ", as the last resort" } else { "" })
            }
            Self::Ended { call, by, attempt, status, outcome, took, maybe_billed } => {
                write!(f, "#{call} {by}: attempt {attempt}: {}", outcome.name())?;
                if let Some(status) = status {
                    write!(f, " ({status})")?;
                }
                write!(f, ", {}", Plain(*took))?;
                f.write_str(if *maybe_billed { ", maybe billed" } else { "" })
            }
            Self::Skipped { call, who, why, pause } => {
                write!(f, "#{call} {who}: skipped, {why}")?;
                pause.map_or(Ok(()), |pause| write!(f, " for another {}", Plain(pause)))
            }
            Self::Breaker { domain, change } => write!(f, "{domain}: {change}"),
            Self::HandedOn { call, by, took } => {
                write!(f, "#{call} {by}: handed on after {}", Plain(*took))
            }
            Self::FailedOver { call, asked, by, story } if asked == by => {
                write!(f, "#{call} {asked}: served after all, after {}", Plain(story.took()))
            }
            Self::FailedOver { call, asked, by, story } => {
                write!(f, "#{call} {asked}: failed over to {by} after {}", Plain(story.took()))
            }
            Self::Unserved { call, asked, story } => {
                write!(f, "#{call} {asked}: nobody served, after {}", Plain(story.took()))?;
                match story.attempts() {
                    none if none.is_empty() => Ok(()),
                    attempts => write!(f, ": {attempts}"),
                }
            }
            Self::Recalled { call, asked, cached, .. } => write!(f, "#{call} {asked}: {cached}"),
            Self::Dropped { call, asked } => write!(f, "#{call} {asked}: nobody waits for it any more"),
            Self::Switched { off } => write!(f, "failover is switched {}", if *off { "off" } else { "on" }),
        }
    }
}

impl fmt::Display for Party<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.provider)?;
        let Some(model) = self.model else { return Ok(()) };
        f.write_char(' ')?;
        // A caller may have named it, and must not begin lines of its own in a log.
        model.chars().try_for_each(|letter| f.write_char(if letter.is_control() { '?' } else { letter }))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(pause) => write!(f, "circuit open for {}", Plain(*pause)),
            Self::HalfOpened => f.write_str("circuit half-open, a probe goes through"),
            Self::Closed => f.write_str("circuit closed"),
            Self::ForcedOpen => f.write_str("circuit forced open"),
            Self::ForcedClosed => f.write_str("circuit forced closed"),
            Self::Released => f.write_str("circuit judges for itself again"),
        }
    }
}

impl fmt::Display for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "http")]
            Self::Provenance(provenance) => provenance.fmt(f),
            Self::Report(report) => report.fmt(f),
        }
    }
}
