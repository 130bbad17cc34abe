//! [`Pace`]: how long the faults take that take their time.

use std::time::Duration;

/// The timings of the [faults](crate::Fault) that have some. As published they are those of the public Failover Bench, too long for a
/// test.
///
/// ```
/// use failover_testkit::{Fault, Pace, Provider};
/// use std::time::Duration;
///
/// let pace = Pace::PUBLISHED.faster(50);
/// assert_eq!(pace.first_token(), Duration::from_millis(400)); // and not 20 s
///
/// let openai = Provider::openai();
/// let base = openai.misbehave_at(Fault::SlowFirstToken, pace);
/// # assert_eq!(base, openai.url());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    times: u32,
}

impl Pace {
    /// The first token after 20 s, something to keep the line busy every second until then, and a token every 15 ms after it.
    pub const PUBLISHED: Self = Self { times: 1 };

    /// So many times faster than that; zero times is once.
    #[must_use]
    pub const fn faster(self, times: u32) -> Self {
        let times = self.times.saturating_mul(times);
        Self { times: if times == 0 { 1 } else { times } }
    }

    /// When the first token comes that comes late.
    #[must_use]
    pub const fn first_token(self) -> Duration {
        self.part_of(Duration::from_secs(20))
    }

    /// How often the line is kept busy until then.
    #[must_use]
    pub const fn keep_alive(self) -> Duration {
        self.part_of(Duration::from_secs(1))
    }

    /// How long a stream pauses between two tokens: 15 ms.
    #[must_use]
    pub const fn token(self) -> Duration {
        self.part_of(Duration::from_millis(15))
    }

    const fn part_of(self, whole: Duration) -> Duration {
        match whole.checked_div(self.times) {
            Some(part) => part,
            // It is never zero times.
            None => whole,
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::PUBLISHED
    }
}
