//! How long something took, for a person.

use std::fmt;
use std::time::Duration;

/// `6 ms` below a second, then `1.2 s`.
pub(crate) struct Plain(pub(crate) Duration);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let millis = (seconds * 1000.0).round();
        if millis < 1000.0 { write!(f, "{millis} ms") } else { write!(f, "{seconds:.1} s") }
    }
}
