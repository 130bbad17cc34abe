//! What is known about the providers of text: the form of their data files, and the files.

use serde::Deserialize;

use super::api::ChatApi;
use crate::answers::Verdict;
use crate::provider::ProviderName;

/// One provider of text. A file has no place for a host, a path or a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ChatData {
    /// How it is spoken to.
    pub(crate) api: ChatApi,
    /// Its models, those of a class in the order in which they stand in.
    pub(crate) models: Vec<ChatModel>,
    /// What its statuses mean. The first row that fits counts.
    pub(crate) verdicts: Vec<Verdict>,
}

/// A model that writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ChatModel {
    /// The provider's name of it.
    pub(crate) id: String,
    /// Models of one class stand in for each other: the first of each provider that is not only asked for.
    pub(crate) class: String,
    /// The most tokens that it writes in one answer.
    #[serde(default)]
    pub(crate) most_tokens: Option<u64>,
    /// It samples in its own way: it refuses a request with a temperature, `top_p` or `top_k`.
    #[serde(default)]
    pub(crate) fixed_sampling: bool,
    /// It can be asked by a caller, and never stands in: it is old, or another name of one that does.
    #[serde(default)]
    pub(crate) asked_only: bool,
}

const OPENAI: &str = include_str!("../../data/openai.toml");
const ANTHROPIC: &str = include_str!("../../data/anthropic.toml");
const TOGETHER: &str = include_str!("../../data/together.toml");

/// The built-in providers of text, in the order in which they stand in.
pub(crate) const PROVIDERS: [(ProviderName, &str); 3] = [
    (ProviderName::OpenAi, OPENAI),
    (ProviderName::Anthropic, ANTHROPIC),
    (ProviderName::Together, TOGETHER),
];
