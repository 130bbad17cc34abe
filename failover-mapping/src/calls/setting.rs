//! Why a setting, or a list of providers, was refused: which, and what to do about it.

use std::borrow::Cow;

/// A setting, or a list of providers, that cannot be used.
///
/// ```
/// use std::time::Duration;
/// use failover_mapping::calls::{Builder, FromRoster, Roster};
/// # struct Calls(Roster);
/// # impl FromRoster for Calls {
/// #     fn from_roster(roster: Roster) -> Self {
/// #         Self(roster)
/// #     }
/// # }
///
/// let refused = Builder::<Calls>::new().deadline(Duration::ZERO).build().err().expect("no time at all");
/// assert_eq!(refused.to_string(), "deadline is zero: give it some time, or leave it out for no limit");
/// assert_eq!(refused.field(), "deadline");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct SettingError {
    field: &'static str,
    problem: Cow<'static, str>,
}

impl SettingError {
    pub(crate) fn new(field: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { field, problem: problem.into() }
    }

    /// Which: the builder's method, or the argument.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }
}
