//! The error of a call that has nothing of the asked provider to hand on.

use crate::provenance::Provenance;

/// Nobody answered in time, and there is no answer or error of the asked provider to hand on: the call's deadline passed
/// before its turn came, or it was given up at a limit of ours.
#[derive(Clone, Debug)]
pub struct Unanswered(Option<Provenance>);

impl Unanswered {
    /// With what is known of the call.
    #[must_use]
    pub const fn new(provenance: Option<Provenance>) -> Self {
        Self(provenance)
    }

    /// Who was asked, and what became of it; nothing if the time was up before anybody was asked.
    #[must_use]
    pub const fn provenance(&self) -> Option<&Provenance> {
        self.0.as_ref()
    }
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no provider answered in time")?;
        self.0.as_ref().map_or(Ok(()), |provenance| write!(f, ":\n{provenance}"))
    }
}

impl std::error::Error for Unanswered {}
