//! What is measured of a scenario, and what is checked of it.

use std::fmt;
use std::time::Duration;

use super::caller::End;
use super::timing::Timing;

/// What became of a scenario, as the caller and the providers saw it.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) end: End,
    /// The text is the one that a provider has, word for word.
    pub(super) whole: bool,
    /// It is so many tokens of the asked provider's, from the first one on.
    pub(super) tokens: Option<usize>,
    pub(super) model: String,
    pub(super) usage: bool,
    pub(super) took: Duration,
    /// When the asked provider was asked, since the call began.
    pub(super) primary: Vec<Duration>,
    pub(super) backup: Vec<Duration>,
    /// How often the stand-in refused to go on with somebody else's beginning.
    pub(super) prefills: usize,
    /// A healthy call right after it was answered.
    pub(super) alive: bool,
    pub(super) leaked: Option<&'static str>,
    pub(super) outage: Option<Outage>,
}

/// Of a row of calls, of which the first find the asked provider down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) calls: usize,
    pub(super) served: usize,
    /// How often the provider was asked while it was down.
    pub(super) attempts: usize,
    /// How often the stand-in was, meanwhile.
    pub(super) stand_in: usize,
    /// How long after its recovery it was first asked again with success.
    pub(super) back_after: Option<Duration>,
}

impl Measured {
    /// Between the first two attempts on the asked provider.
    pub(super) fn first_gap(&self) -> Option<Duration> {
        Some(self.primary.get(1)?.saturating_sub(*self.primary.first()?))
    }
}

/// Something that has to be so. Times are the published ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Check {
    /// So many attempts on the asked provider.
    Primary(usize),
    PrimaryAtLeast(usize),
    PrimaryAtMost(usize),
    /// At most so many attempts on it in so many of the first seconds.
    AtMostWithin(usize, f32),
    /// Attempts on the stand-in.
    Backup(usize),
    /// Seconds between the first two attempts on the asked provider, which it has said itself.
    GapAtLeast(f32),
    /// The stand-in is asked within so many seconds after the call began.
    BackupWithin(f32),
    /// The stand-in is asked at once when the asked provider has been asked for the last time.
    NoSleepAfterTheLast,
    /// The whole call takes no longer than so many seconds.
    TookAtMost(f32),
    /// The answer is whole.
    Whole,
    /// The caller saw exactly so many of the asked provider's tokens, and was told why there are no more.
    Begun(usize, &'static str),
    /// The refusal has this code.
    Code(&'static str),
    /// The answer names the model of the stand-in.
    NamesTheStandIn,
    Usage,
    /// No error of the stand-in about a beginning of an answer is the caller's.
    NoPrefillMasking,
    Alive,
    /// Every call of the outage is answered.
    ServedInOutage,
    /// The provider serves again so many seconds after its recovery.
    BackWithin(f32),
    /// At most so many attempts on the provider that is down.
    AttemptsInOutage(usize),
}

impl Check {
    /// Why it does not hold.
    pub(super) fn missed(self, it: &Measured, timing: Timing) -> Option<String> {
        let within = |seconds: f32| timing.at_most(Duration::from_secs_f32(seconds));
        let asked = it.primary.len();
        let (holds, found) = match self {
            Self::Primary(count) => (asked == count, format!("asked {asked} times")),
            Self::PrimaryAtLeast(least) => (asked >= least, format!("asked {asked} times")),
            Self::PrimaryAtMost(most) => (asked <= most, format!("asked {asked} times")),
            Self::AtMostWithin(most, seconds) => {
                // A window, not a limit: the shorter it is the less it asks.
                let window = timing.scaled(Duration::from_secs_f32(seconds));
                let first = it.primary.first().copied().unwrap_or_default();
                let early = it.primary.iter().filter(|at| at.saturating_sub(first) < window).count();
                (early <= most, format!("asked {early} times by then"))
            }
            Self::Backup(count) => (it.backup.len() == count, format!("asked {} times", it.backup.len())),
            Self::GapAtLeast(seconds) => {
                let gap = it.first_gap();
                // What the provider says it says in whole seconds, whatever the timing.
                let enough = gap.is_some_and(|gap| gap >= Duration::from_secs_f32(seconds));
                (enough, gap.map_or_else(|| "no second attempt".to_owned(), shown))
            }
            Self::BackupWithin(seconds) => {
                let at = it.backup.first();
                (
                    at.is_some_and(|at| *at <= within(seconds)),
                    at.map_or_else(|| "never asked".to_owned(), |at| shown(*at)),
                )
            }
            Self::NoSleepAfterTheLast => {
                let pause =
                    it.backup.first().zip(it.primary.last()).map(|(next, last)| next.saturating_sub(*last));
                let at_once = Duration::from_millis(if timing.is_published() { 150 } else { 1_000 });
                (
                    pause.is_some_and(|pause| pause <= at_once),
                    pause.map_or_else(|| "never asked".to_owned(), shown),
                )
            }
            Self::TookAtMost(seconds) => (it.end != End::Hang && it.took <= within(seconds), shown(it.took)),
            Self::Whole => (it.end == End::Success && it.whole, ended(it)),
            Self::Begun(tokens, code) => {
                let seen = it.tokens.map_or_else(
                    || "none of its tokens".to_owned(),
                    |count| format!("{count} of its tokens"),
                );
                (
                    it.tokens == Some(tokens) && it.end == End::Error(code.to_owned()),
                    format!("{seen}, {}", ended(it)),
                )
            }
            Self::Code(code) => (it.end == End::Error(code.to_owned()), ended(it)),
            Self::NamesTheStandIn => {
                (it.model == super::stage::BACKUP_MODEL, format!("it names `{}`", it.model))
            }
            Self::Usage => (it.usage, "it has none".to_owned()),
            Self::NoPrefillMasking => (it.end == End::Success || it.prefills == 0, ended(it)),
            Self::Alive => (it.alive, "a healthy call afterwards was not answered".to_owned()),
            Self::ServedInOutage => match &it.outage {
                Some(outage) => (
                    outage.calls > 0 && outage.served == outage.calls,
                    format!("{} of {}", outage.served, outage.calls),
                ),
                None => (false, "there was none".to_owned()),
            },
            Self::BackWithin(seconds) => {
                let back = it.outage.as_ref().and_then(|outage| outage.back_after);
                (
                    back.is_some_and(|back| back <= within(seconds)),
                    back.map_or_else(|| "it never was".to_owned(), shown),
                )
            }
            Self::AttemptsInOutage(most) => {
                let attempts = it.outage.as_ref().map_or(usize::MAX, |outage| outage.attempts);
                (attempts <= most, format!("{attempts} attempts"))
            }
        };
        (!holds).then(|| format!("{self}: {found}"))
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary(count) => write!(f, "{count} attempts on the asked provider"),
            Self::PrimaryAtLeast(count) => write!(f, "{count} attempts on the asked provider, or more"),
            Self::PrimaryAtMost(count) => write!(f, "no more than {count} attempts on the asked provider"),
            Self::AtMostWithin(count, seconds) => {
                write!(f, "no more than {count} attempts in the first {seconds} s")
            }
            Self::Backup(count) => write!(f, "{count} attempts on the stand-in"),
            Self::GapAtLeast(seconds) => write!(f, "{seconds} s or more between the first two attempts"),
            Self::BackupWithin(seconds) => write!(f, "the stand-in is asked within {seconds} s"),
            Self::NoSleepAfterTheLast => write!(f, "no sleep after the last attempt"),
            Self::TookAtMost(seconds) => write!(f, "no longer than {seconds} s"),
            Self::Whole => write!(f, "the whole answer"),
            Self::Begun(tokens, code) => write!(f, "{tokens} tokens, and the error `{code}`"),
            Self::Code(code) => write!(f, "the refusal `{code}`"),
            Self::NamesTheStandIn => write!(f, "the answer names the stand-in's model"),
            Self::Usage => write!(f, "the answer says what it used"),
            Self::NoPrefillMasking => write!(f, "no refusal of a prefill"),
            Self::Alive => write!(f, "alive afterwards"),
            Self::ServedInOutage => write!(f, "every call of the outage is answered"),
            Self::BackWithin(seconds) => write!(f, "the asked provider serves again within {seconds} s"),
            Self::AttemptsInOutage(count) => write!(f, "no more than {count} attempts on the dead provider"),
        }
    }
}

fn ended(it: &Measured) -> String {
    match &it.end {
        End::Success if it.whole => "the whole answer".to_owned(),
        End::Success => "part of an answer".to_owned(),
        End::Error(code) => format!("the error `{code}`"),
        End::Broken(how) => format!("it broke off: {how}"),
        End::Hang => "it did not end".to_owned(),
    }
}

/// `0.4 s`, `12.3 s`.
pub(super) fn shown(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn seconds(count: f32) -> Duration {
        Duration::from_secs_f32(count)
    }

    /// The asked provider answered at once.
    pub(in super::super) fn fine() -> Measured {
        Measured {
            end: End::Success,
            whole: true,
            tokens: Some(60),
            model: "asked-model".to_owned(),
            usage: true,
            took: seconds(1.0),
            primary: vec![seconds(0.0)],
            backup: Vec::new(),
            prefills: 0,
            alive: true,
            leaked: None,
            outage: None,
        }
    }

    #[test]
    fn every_check_can_be_missed() {
        let rescued = Measured {
            model: super::super::stage::BACKUP_MODEL.to_owned(),
            primary: vec![seconds(0.0), seconds(2.0)],
            backup: vec![seconds(2.1)],
            outage: Some(Outage {
                calls: 15,
                served: 15,
                attempts: 4,
                stand_in: 15,
                back_after: Some(seconds(8.0)),
            }),
            ..fine()
        };
        let bad = Measured {
            end: End::Error("prefill".into()),
            usage: false,
            took: seconds(31.0),
            prefills: 1,
            alive: false,
            primary: vec![seconds(0.0), seconds(0.5), seconds(0.6), seconds(9.0)],
            backup: vec![seconds(12.0), seconds(13.0)],
            outage: Some(Outage { calls: 15, served: 14, attempts: 5, stand_in: 15, back_after: None }),
            ..fine()
        };
        let checks = [
            Check::Primary(2),
            Check::PrimaryAtMost(3),
            Check::AtMostWithin(2, 1.5),
            Check::Backup(1),
            Check::GapAtLeast(1.8),
            Check::BackupWithin(3.0),
            Check::NoSleepAfterTheLast,
            Check::TookAtMost(11.0),
            Check::Whole,
            Check::NamesTheStandIn,
            Check::Usage,
            Check::NoPrefillMasking,
            Check::Alive,
            Check::ServedInOutage,
            Check::BackWithin(30.0),
            Check::AttemptsInOutage(4),
        ];
        for check in checks {
            assert_eq!(check.missed(&rescued, Timing::PUBLISHED), None, "{check}");
            assert!(check.missed(&bad, Timing::PUBLISHED).is_some(), "{check}");
        }
        assert!(Check::PrimaryAtLeast(2).missed(&fine(), Timing::PUBLISHED).is_some());
        let begun = Measured { end: End::Error("cut".into()), tokens: Some(40), ..fine() };
        assert_eq!(Check::Begun(40, "cut").missed(&begun, Timing::PUBLISHED), None);
        for wrong in [Check::Begun(39, "cut"), Check::Begun(40, "stalled")] {
            assert!(wrong.missed(&begun, Timing::PUBLISHED).is_some(), "{wrong}");
        }
        assert!(Check::Code("other").missed(&bad, Timing::PUBLISHED).is_some());
        assert!(
            Check::GapAtLeast(1.8).missed(&fine(), Timing::PUBLISHED).is_some(),
            "there is no second attempt"
        );
    }
}
