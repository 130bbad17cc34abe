//! What a call is to bring.

use super::failed::AllFailed;
use super::report::Report;

/// What a call is to bring: [one value](super::Lone), or [one for each key](super::Batch). The [`Ledger`](super::Ledger)
/// keeps it.
pub trait Wanted {
    /// What a callable is asked.
    type Question;
    /// What it answers.
    type Answer;
    /// What the caller gets.
    type Got;
    /// What the caller gets if that fails.
    type Failed<E>;

    /// How many items there are.
    fn count(&self) -> usize;

    /// The question for what is missing still.
    fn question(&self, missing: &[usize]) -> Self::Question;

    /// Takes what is valid and not there yet out of an answer of the provider `by`.
    fn take(&mut self, answer: Self::Answer, by: &str) -> Taken;

    /// All that was wanted, or as much as is required.
    ///
    /// # Errors
    ///
    /// There is no such thing: nobody served.
    fn got<E>(self, report: Report) -> Result<Self::Got, Self::Failed<E>>;

    /// Not all that was wanted.
    fn failed<E>(self, failed: AllFailed<E>) -> Self::Failed<E>;
}

/// What there was in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a further kind must be judged by the ledger")]
pub enum Taken {
    /// All that was missing.
    All,
    /// These items, by their numbers.
    Items(Vec<usize>),
    /// Something, and none of it valid.
    Invalid,
    /// Nothing that is not there already.
    TooLate,
}
