//! What a translation could not keep.

use std::fmt;

use crate::redact;

/// Something that was asked for or is expected, and could not be carried over as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The key, as the asked provider spells it.
    pub field: String,
    /// What became of it.
    pub kind: LossKind,
}

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossKind {
    /// The stand-in was not told.
    Dropped,
    /// The stand-in was told the nearest value it takes.
    Clamped,
    /// The stand-in was told something similar.
    Approximated,
    /// The caller did not say it, and the stand-in cannot be told the asked provider's default: its own applies.
    Defaulted,
    /// The answer must name a value that nobody knows.
    Invented,
    /// The answer holds fewer than were asked for.
    Short,
}

impl LossKind {
    const ALL: [Self; 6] =
        [Self::Dropped, Self::Clamped, Self::Approximated, Self::Defaulted, Self::Invented, Self::Short];

    /// By the word for it.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Clamped => "clamped",
            Self::Approximated => "approximated",
            Self::Defaulted => "defaulted",
            Self::Invented => "invented",
            Self::Short => "short",
        }
    }
}

impl Loss {
    pub(crate) fn new(field: &str, kind: LossKind) -> Self {
        Self { field: redact::key(field).to_owned(), kind }
    }
}

/// More than these are not listed one by one; a request with so many unknown keys is not made by a client.
const MOST: usize = 64;

/// Adds a loss to the list, once.
pub(crate) fn note(losses: &mut Vec<Loss>, loss: Loss) {
    if losses.contains(&loss) {
        return;
    }
    match losses.len() {
        ..MOST => losses.push(loss),
        MOST => losses.push(Loss { field: redact::OTHER.to_owned(), kind: loss.kind }),
        _ => {}
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.kind)
    }
}

impl fmt::Display for LossKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
