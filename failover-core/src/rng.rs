//! Pseudo-random numbers from a seed: the only randomness there is.
//!
//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): one word of state, good
//! enough to spread waits, and the same seed gives the same waits.

use core::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    #[inline]
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline]
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly from `0..=most` (up to a bias of 2^-64 of its size).
    pub(crate) const fn below_or_at(&mut self, most: u64) -> u64 {
        ((self.next() as u128 * (most as u128 + 1)) >> 64) as u64
    }

    /// Evenly between nothing and `most`.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_nanos(self.below_or_at(u64::try_from(most.as_nanos()).unwrap_or(u64::MAX)))
    }
}
