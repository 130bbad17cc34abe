//! Settings that are not the program's: from variables and from a file. The adapters look at both; here is what they mean.

use std::io;
use std::path::Path;

use super::Builder;
use crate::config::FromConfig;
use crate::error::ConfigError;
use crate::settings::{file, variables};

impl<F: FromConfig> Builder<F> {
    /// What the variables say, as `variable` finds them: `NEXA_API_KEY`, `NEXA_BASE_URL`, `FAL_KEY`, `REPLICATE_API_TOKEN`,
    /// `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `TOGETHER_API_KEY`, and `FAILOVER_..` for each simple setting, listed in the table of
    /// `SETTINGS.md`. The keys of FAL and Replicate are used only if [`stand_ins`](Self::stand_ins) names them, those for text
    /// unless [`text_stand_ins`](Self::text_stand_ins) names others.
    ///
    /// What cannot be used is refused by [`build`](Self::build), even if the builder says otherwise: a variable that nobody
    /// can read should be seen. Nor is `FAILOVER_CONFIG` passed over, which names a file: it needs
    /// [`from_vars_and_files`](Self::from_vars_and_files), which is behind an adapter's `Failover::from_env`.
    pub fn from_vars(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable(variables::FILE).is_some() {
            let problem = "names a file, and files are not read here: use from_vars_and_files, or unset it";
            return Self::new().refuse(ConfigError::variable(variables::FILE, problem));
        }
        Self::new().variables(&variable)
    }

    /// As [`from_vars`](Self::from_vars), over the file that `FAILOVER_CONFIG` names, if it is set, as `read` reads it.
    pub fn from_vars_and_files(
        variable: impl Fn(&str) -> Option<String>,
        read: impl Fn(&Path) -> io::Result<String>,
    ) -> Self {
        let Some(file) = variable(variables::FILE) else { return Self::new().variables(&variable) };
        match read(Path::new(&file)) {
            Ok(text) => Self::from_toml(&file, &text, &variable, &read).variables(&variable),
            Err(error) => {
                let problem = format!("names a file that cannot be read: {error}");
                Self::new().refuse(ConfigError::variable(variables::FILE, problem))
            }
        }
    }

    /// What this file says, as `read` reads it and the files that it names, and over it what the variables say.
    pub fn from_file(
        file: impl AsRef<Path>,
        variable: impl Fn(&str) -> Option<String>,
        read: impl Fn(&Path) -> io::Result<String>,
    ) -> Self {
        let file = file.as_ref();
        match read(file) {
            Ok(text) => Self::from_toml(file, &text, &variable, &read).variables(&variable),
            Err(error) => Self::new().refuse(ConfigError::unread(file, &error)),
        }
    }

    /// What the text of a configuration file says, in which `file` is what a refusal calls it by. `variable` finds the keys that
    /// it takes from variables, and `read` the files that it names, from the folder of `file` on.
    ///
    /// A setting is called like the builder's method; `failover.example.toml` shows all of them.
    ///
    /// ```
    /// use failover_mapping::{Builder, Config};
    ///
    /// let text = r#"
    ///     preset = "interactive"
    ///     stand_ins = ["nexaapi", "replicate"]
    ///     deadline = "20s"
    ///
    ///     [key]
    ///     nexaapi = { env = "NEXA_API_KEY" } # the variable that holds it
    ///     replicate = { env = "REPLICATE_STAND_IN_TOKEN" }
    ///
    ///     [breaker]
    ///     failures = 5
    /// "#;
    /// let variable = |_: &str| Some("a-key".to_owned()); // or std::env::var(name).ok()
    /// let read = |path: &std::path::Path| std::fs::read_to_string(path);
    /// let builder: Builder<Config> = Builder::from_toml("failover.toml", text, variable, read);
    /// println!("{}", builder.build()?); // every setting, and who said it
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn from_toml(
        file: impl AsRef<Path>,
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
        read: impl Fn(&Path) -> io::Result<String>,
    ) -> Self {
        let mut builder = Self::new();
        match file::read(file.as_ref(), text, &variable, &read, &mut builder.settings) {
            Ok(()) => builder,
            Err(refused) => builder.refuse(refused),
        }
    }

    fn variables(mut self, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        match variables::read(variable, &mut self.settings) {
            Ok(()) => self,
            Err(refused) => self.refuse(refused),
        }
    }

    /// Refuses a variable that is misspelt, among these names of the environment's: unread, it would be missed in an outage. One
    /// that begins with `FAILOVER_` and is like none of ours is somebody else's.
    pub fn none_misspelt(self, names: impl IntoIterator<Item = String>) -> Self {
        let found = names.into_iter().find_map(|name| Some((variables::meant(&name)?, name)));
        match found {
            Some((meant, name)) => {
                self.refuse(ConfigError::variable(&name, format!("is not known: use {meant}")))
            }
            None => self,
        }
    }

    /// The first thing that is refused is what the user hears of.
    fn refuse(mut self, refused: ConfigError) -> Self {
        self.settings.refused.get_or_insert(refused);
        self
    }
}
