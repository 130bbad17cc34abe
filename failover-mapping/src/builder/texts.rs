//! Text.

use std::time::Duration;

use super::Builder;
use crate::chat::StreamPolicy;
use crate::config::FromConfig;
use crate::provider::ProviderName;

impl<F: FromConfig> Builder<F> {
    /// Who stands in for a model that writes, in this order, where [`fallbacks`](Self::fallbacks) does not say it: unless said,
    /// everybody who has a key, OpenAI before Anthropic before Together. Each stands in with its first model of the asked one's
    /// class ([`Config::text_models`](crate::Config::text_models)); the asked provider itself is passed over. With an empty list,
    /// nobody stands in but whom `fallbacks` names.
    pub fn text_stand_ins(self, providers: impl IntoIterator<Item = ProviderName>) -> Self {
        let providers = providers.into_iter().collect();
        self.say("text_stand_ins", |settings| settings.texts.stand_ins = Some(providers))
    }

    /// Who stands in for this model, in this order, each as `provider/model`: also another model of the same provider. The model is
    /// named as it is asked for, whoever is asked; as `openai/gpt-4o`, at that provider only. `*` is every model that has no line
    /// of its own, `openai/*` every such model of OpenAI's. Each who stands in needs a key.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let config: Config = Config::builder() // or an adapter's `Failover::builder()`
    ///     .key(ProviderName::OpenAi, "openai-key")
    ///     .key(ProviderName::Anthropic, "anthropic-key")
    ///     .fallbacks("gpt-4o", ["openai/gpt-4o-mini", "anthropic/claude-sonnet-4-6"])
    ///     .build()?;
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn fallbacks<M: Into<String>>(
        self,
        model: impl Into<String>,
        by: impl IntoIterator<Item = M>,
    ) -> Self {
        let (model, by) = (model.into(), by.into_iter().map(Into::into).collect());
        self.say(&format!("fallbacks.{model}"), |settings| {
            settings.texts.fallbacks.retain(|(known, _)| *known != model);
            settings.texts.fallbacks.push((model, by));
        })
    }

    /// A provider of your own that speaks OpenAI's chat completions, at this base URL: what stands before `/chat/completions`.
    /// It can be asked, and it stands in where [`fallbacks`](Self::fallbacks) names its models, under its [`key`](Self::key): any
    /// text, if it wants none.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let vllm = ProviderName::other("vllm").expect("it is a name");
    /// let config: Config = Config::builder()
    ///     .key(ProviderName::Anthropic, "anthropic-key")
    ///     .text_provider(vllm, "http://127.0.0.1:8000/v1")
    ///     .fallbacks("vllm/*", ["anthropic/claude-haiku-4-5"]) // whatever it is asked for
    ///     .build()?;
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn text_provider(self, name: ProviderName, base_url: impl Into<String>) -> Self {
        let base_url = base_url.into();
        self.say(&format!("text_provider.{name}"), |settings| {
            settings.texts.providers.retain(|(known, _)| *known != name);
            settings.texts.providers.push((name, base_url));
        })
    }

    /// How often each provider of text is asked again before the next one is; 2 unless said. Where the caller's own request can
    /// be sent once only, as by ureq, its provider is asked once.
    pub fn text_retries(self, retries: u8) -> Self {
        self.say("text_retries", |settings| settings.texts.retries = retries)
    }

    /// The longest wait before a provider of text is asked again; 3 s unless said. Where the wait would be longer, because the
    /// provider says so, the next one is asked at once.
    pub fn text_patience(self, patience: Duration) -> Self {
        self.say("text_patience", |settings| settings.texts.patience = patience)
    }

    /// The longest until the first token of a stream; 30 s unless said. Role chunks, pings and keep-alives are no tokens.
    pub fn first_token_limit(self, limit: Duration) -> Self {
        self.say("first_token_limit", |settings| settings.texts.first_token = limit)
    }

    /// The longest between two tokens of a stream; 30 s unless said.
    pub fn idle_limit(self, limit: Duration) -> Self {
        self.say("idle_limit", |settings| settings.texts.idle = limit)
    }

    /// The longest that a whole stream may take, of whoever writes it; unless said, as long as it goes on, and the
    /// [`deadline`](Self::deadline) allows.
    pub fn stream_limit(self, limit: Duration) -> Self {
        self.say("stream_limit", |settings| settings.texts.stream_limit = Some(limit))
    }

    /// What happens when a stream breaks of which the caller has seen a part; it ends with an error unless said.
    pub fn stream_policy(self, policy: StreamPolicy) -> Self {
        self.say("stream_policy", |settings| settings.texts.streams = policy)
    }

    /// How much of a stream is held back under [`StreamPolicy::Buffer`], in bytes; 4 MiB unless said. A longer one is shown from
    /// then on, as under [`StreamPolicy::Error`].
    pub fn stream_buffer(self, bytes: usize) -> Self {
        self.say("stream_buffer", |settings| settings.texts.buffer = bytes)
    }
}
