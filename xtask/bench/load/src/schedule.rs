//! When which provider fails, and how.
//!
//! The asked one flaps: four turns of every ten, in four ways. The stand-in fails rarely, and each time while the asked one does too:
//! then nobody can answer, and a clean error is the right answer. A turn is a second, or longer where calls are long: half of one.

use std::time::Duration;

use clap::ValueEnum;

/// Whose provider it is, and the first word of all its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Who {
    Asked,
    Spare,
}

/// What a provider does to the requests of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// Answers break off: half a body, or a stream in its middle.
    Cuts,
    /// Connections are reset, those of calls in flight too.
    Resets,
    /// Requests are refused with a 503.
    Refuses,
    /// Requests are refused with a 429 and a hint when to come back.
    Limits,
}

use Mood::{Cuts, Limits, Refuses, Resets, Well};

/// In thousandths of a turn, as all that follows.
const ASKED: [(Mood, u64); 5] =
    [(Well, 6_000), (Cuts, 1_000), (Resets, 1_000), (Refuses, 1_000), (Limits, 1_000)];
/// 37 and 58.5 turns are both in a bad moment of the asked one.
const SPARE: [(Mood, u64); 5] = [(Well, 37_000), (Cuts, 250), (Well, 21_250), (Refuses, 750), (Well, 750)];

/// How long a turn is where calls take so long.
pub(crate) fn turn(takes: Duration) -> Duration {
    (takes / 2).max(Duration::from_secs(1))
}

impl Who {
    pub(crate) const ALL: [Self; 2] = [Self::Asked, Self::Spare];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Spare => "spare",
        }
    }

    /// How it is, so long after all began.
    pub(crate) fn mood(self, since: Duration, turn: Duration) -> Mood {
        let phases = self.phases();
        let cycle: u64 = phases.iter().map(|(_, lasts)| lasts).sum();
        let turns = since.as_secs_f64() / turn.as_secs_f64();
        let mut left = (turns * 1_000.0) as u64 % cycle;
        for (mood, lasts) in phases {
            if left < *lasts {
                return *mood;
            }
            left -= lasts;
        }
        Well
    }

    const fn phases(self) -> &'static [(Mood, u64)] {
        match self {
            Self::Asked => &ASKED,
            Self::Spare => &SPARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_asked_one_flaps_in_four_ways() {
        let at = |turns: f64, turn: Duration| Who::Asked.mood(turn.mul_f64(turns), turn);
        for turn in [SECOND, SECOND * 4] {
            let moods: Vec<_> = (0..10).map(|turns| at(10.5 + f64::from(turns), turn)).collect();
            assert_eq!(moods, [Well, Well, Well, Well, Well, Well, Cuts, Resets, Refuses, Limits]);
        }
        assert_eq!([turn(SECOND), turn(SECOND * 8)], [SECOND, SECOND * 4]);
    }

    #[test]
    fn the_stand_in_fails_only_when_the_asked_one_does() {
        let moments = || (0..60_000).map(Duration::from_millis);
        assert!(
            moments().all(|at| Who::Spare.mood(at, SECOND) == Well || Who::Asked.mood(at, SECOND) != Well)
        );
        let down = moments().filter(|at| Who::Spare.mood(*at, SECOND) != Well).count();
        assert_eq!(down, 1_000, "of a minute");
    }
}
