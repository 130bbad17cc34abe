//! A fault by its number, as a command line or a variable of the environment names it.

use super::Fault;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// No fault has this number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchFault {
    number: String,
}

impl FromStr for Fault {
    type Err = NoSuchFault;

    /// By its [number](Fault::id), in any case.
    ///
    /// ```
    /// use failover_testkit::Fault;
    ///
    /// assert_eq!("s08".parse(), Ok(Fault::StreamCut));
    /// ```
    fn from_str(number: &str) -> Result<Self, NoSuchFault> {
        let mut all = Self::ALL.iter().chain(Self::STREAMED);
        let found = all.find(|fault| fault.id().eq_ignore_ascii_case(number));
        found.copied().ok_or_else(|| NoSuchFault { number: number.to_owned() })
    }
}

impl fmt::Display for NoSuchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = &self.number;
        write!(f, "no fault has the number {number:?}: Fault::ALL and Fault::STREAMED have them all, and ")?;
        f.write_str("`cargo run -p failover-testkit --example provider` lists them")
    }
}

impl Error for NoSuchFault {}
