//! How fast the faults go, and the limits that go with them.

use std::time::Duration;

use failover_testkit::Pace;

/// The published timings, or the same a number of times faster. What the providers say in whole seconds (`Retry-After: 2`) and what
/// the plan allows for it stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timing {
    times: u32,
}

impl Timing {
    pub(super) const PUBLISHED: Self = Self { times: 1 };
    /// For a check before every merge.
    pub(super) const SHORT: Self = Self { times: 10 };
    /// What a busy machine may take longer, where the timings are short: there a check of time finds what hangs, no more.
    const ALLOWANCE: Duration = Duration::from_secs(5);

    pub(super) fn is_published(self) -> bool {
        self == Self::PUBLISHED
    }

    pub(super) const fn pace(self) -> Pace {
        Pace::PUBLISHED.faster(self.times)
    }

    /// A published time, as long as it is here.
    pub(super) fn scaled(self, published: Duration) -> Duration {
        published / self.times
    }

    /// The longest that may take which is published as this.
    pub(super) fn at_most(self, published: Duration) -> Duration {
        if self.is_published() { published } else { self.scaled(published) + Self::ALLOWANCE }
    }

    /// The plan's limit on the first token, and on silence after it: the bench allows 30 s. An answer takes 0.9 s of tokens, so with
    /// 9 s a silent route is survived within the 11 s that we ask of ourselves, on a busy machine too.
    pub(super) fn silence(self) -> Duration {
        self.scaled(Duration::from_secs(9))
    }

    /// How long the circuit stays open. At the published timings it is the default.
    pub(super) fn pause(self) -> Duration {
        self.scaled(Duration::from_secs(30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_timings_are_judged_to_the_letter() {
        let eleven = Duration::from_secs(11);
        assert_eq!(Timing::PUBLISHED.at_most(eleven), eleven);
        assert_eq!(Timing::SHORT.at_most(eleven), Duration::from_millis(6_100));
        assert_eq!(Timing::SHORT.pace().first_token(), Duration::from_secs(2));
    }

    #[test]
    fn a_limit_is_shorter_than_the_fault_that_it_is_for() {
        for timing in [Timing::PUBLISHED, Timing::SHORT] {
            assert!(timing.silence() * 2 <= timing.pace().first_token());
        }
    }
}
