//! Rows and providers of the user's own.

use super::Builder;
use crate::config::FromConfig;
use crate::provider::ProviderName;
use crate::settings::OwnData;

impl<F: FromConfig> Builder<F> {
    /// Rows of your own, in TOML of the form of `failover_mapping::ProviderData`, added to the built-in ones of that provider
    /// or put in place of those of the same name. `file` is what a refusal calls them by. Sets, sizes and ratios that a row
    /// names stand in the same file, in an earlier one, or among the built-in data.
    ///
    /// A neutral name connects a row with NexaAPI's. The built-in ones stand in the README's tables; one of your own needs a
    /// second file, with a row of [`ProviderName::Nexa`] that says `model = "acme"` and NexaAPI's `id`.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let rows = r#"
    ///     [[models]]
    ///     id = "acme/flux-tuned" # asked at https://fal.run/acme/flux-tuned
    ///     model = "flux-dev"     # the neutral name
    ///     task = "image"
    ///     answer = "flux"        # the shape of its answer
    /// "#;
    /// let builder = Config::builder().nexa_api_key("nexa-key"); // or an adapter's `Failover::builder()`
    /// let config = builder.data(ProviderName::Fal, "acme.toml", rows).build()?;
    /// let row = config.catalogue().resolve_fal("acme/flux-tuned").expect("it has a row now");
    /// assert_eq!(row.stand_in, "flux-dev");
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn data(self, provider: ProviderName, file: impl Into<String>, toml: impl Into<String>) -> Self {
        let own = OwnData { provider: Some(provider), file: file.into(), toml: toml.into() };
        self.say(&format!("data.{provider}"), |settings| settings.data.push(own))
    }

    /// A further provider, in TOML of the same form: a `[host]` says where it is and how it is shown its key, the rest how it
    /// is asked and answers. Its key is set by [`key`](Self::key), its turn by [`stand_ins`](Self::stand_ins).
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let acme = r#"
    ///     model-key = "model" # the key of the body that names the model
    ///     job = "/jobs/{id}"  # where a job's state is
    ///
    ///     [host]
    ///     name = "acme"
    ///     base-url = "https://api.acme.example"
    ///     authentication = { header = "x-api-key" }
    ///
    ///     [endpoints]
    ///     image = "/images"
    ///
    ///     [answer]
    ///     url = ["url"]
    ///     nested = ["images"]
    ///     id = ["id"]
    ///     failed = ["failed"]
    ///     pending = ["queued", "running"]
    ///
    ///     [inputs]
    ///     image = [
    ///         { field = "prompt", key = "text", codec = "text" },
    ///         { field = "width", key = "w", codec = "integer", max = 2048 },
    ///         { field = "height", key = "h", codec = "integer", max = 2048 },
    ///     ]
    ///
    ///     [[models]]
    ///     model = "flux-dev" # the neutral name
    ///     id = "flux"        # its own
    ///     task = "image"
    /// "#;
    /// let name = ProviderName::other("acme").expect("it is a name");
    /// let builder = Config::builder().provider("acme.toml", acme).key(name, "acme-key").stand_ins([name]);
    /// let config = builder.build()?;
    /// assert_eq!(config.catalogue().resolve(ProviderName::Fal, "fal-ai/flux/dev", name).map(|row| row.stand_in), Some("flux"));
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn provider(self, file: impl Into<String>, toml: impl Into<String>) -> Self {
        let own = OwnData { provider: None, file: file.into(), toml: toml.into() };
        self.say("provider", |settings| settings.data.push(own))
    }
}
