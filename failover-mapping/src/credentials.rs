//! NexaAPI's key: checked once, so that no client can be made to panic or to split a header by it, and never printed.

use std::fmt;

use http::HeaderValue;

use crate::error::ConfigError;

/// The builder's method and the environment variable.
const FIELD: &str = "nexa_api_key (NEXA_API_KEY)";

/// A key that has not been checked yet. Its `Debug` says only that there is one.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) const fn new(key: String) -> Self {
        Self(key)
    }

    /// The `Authorization` header that carries it, marked as sensitive.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, ConfigError> {
        if self.0.is_empty() {
            return Err(ConfigError::setting(FIELD, "is empty: set it to the key that NexaAPI issued"));
        }
        if self.0.trim() != self.0 {
            return Err(ConfigError::setting(FIELD, "begins or ends with white space: remove it"));
        }
        if ['"', '\''].iter().any(|quote| self.0.starts_with(*quote) && self.0.ends_with(*quote)) {
            return Err(ConfigError::setting(FIELD, "begins and ends with quotes: remove them"));
        }
        if self.0.contains(char::is_whitespace) {
            let problem = "holds white space: give the key alone, without \"Bearer\"";
            return Err(ConfigError::setting(FIELD, problem));
        }
        let malformed =
            ConfigError::setting(FIELD, "holds characters other than visible ASCII: copy it again");
        if !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed);
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {}", self.0)).map_err(|_| malformed)?;
        header.set_sensitive(true);
        Ok(header)
    }

    pub(crate) const fn missing() -> ConfigError {
        ConfigError::setting(FIELD, "is missing: set the variable, or call nexa_api_key(..)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
