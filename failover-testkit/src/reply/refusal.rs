//! Refusals for a reason, each in the words and with the status of the provider that says so.

use super::{Deed, Reply};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    ContextTooLong,
    ContentPolicy,
    Quota,
    SpendLimit,
    Overloaded,
}

/// Refusals: what they look like depends on the provider.
impl Reply {
    /// The request is longer than the model can read: 400 with the code `context_length_exceeded`; Anthropic's is told by its
    /// message, `prompt is too long: ..`.
    pub fn context_too_long() -> Self {
        Self::of(Deed::Refusal(Refusal::ContextTooLong))
    }

    /// The request is not allowed: 400 with the code `content_policy_violation`; Anthropic's is told by its message,
    /// `Output blocked by content filtering policy`.
    pub fn content_policy() -> Self {
        Self::of(Deed::Refusal(Refusal::ContentPolicy))
    }

    /// The money is spent: 402, but OpenAI says 429 `insufficient_quota` and FAL 403.
    pub fn quota() -> Self {
        Self::of(Deed::Refusal(Refusal::Quota))
    }

    /// The customer's own limit of spending is reached: 429 with the code `organization_spend_limit_exceeded` (OpenAI) or with the
    /// details `enforced_spend_limit_reached` (Anthropic); else as [`quota`](Self::quota).
    pub fn spend_limit() -> Self {
        Self::of(Deed::Refusal(Refusal::SpendLimit))
    }

    /// Too many others are asking: 503, but Anthropic says 529.
    pub fn overloaded() -> Self {
        Self::of(Deed::Refusal(Refusal::Overloaded))
    }

    /// Adds `retry-after-ms`, which OpenAI and Anthropic send and their clients prefer to `Retry-After`.
    pub fn retry_after_ms(self, milliseconds: u64) -> Self {
        self.header("retry-after-ms", &milliseconds.to_string())
    }
}
