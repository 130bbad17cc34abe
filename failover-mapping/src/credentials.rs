//! The stand-ins' keys: checked once, so that no client can be made to panic or to split a header by them, and never printed.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use crate::data::Authentication;
use crate::error::ConfigError;
use crate::provider::ProviderName;
use crate::route::CROSSING;

/// A key that has not been checked yet. Its `Debug` says only that there is one.
#[derive(Clone)]
pub(crate) struct Secret(String);

/// The headers by which a provider knows us.
pub(crate) type Credentials = Vec<(HeaderName, HeaderValue)>;

const RAPIDAPI_KEY: HeaderName = HeaderName::from_static("x-rapidapi-key");
const RAPIDAPI_HOST: HeaderName = HeaderName::from_static("x-rapidapi-host");

/// The builder's method and the environment variable.
const fn field(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Nexa => "nexa_api_key (NEXA_API_KEY)",
        ProviderName::Fal => "key for fal (FAL_KEY)",
        ProviderName::Replicate => "key for replicate (REPLICATE_API_TOKEN)",
        ProviderName::Other(_) => "key for a provider of your own",
    }
}

/// The header of a user's own provider in which it is shown its key.
pub(crate) fn header(name: &str) -> Result<HeaderName, &'static str> {
    /// These say what a request is, or are ours to set.
    const TAKEN: [&str; 17] = [
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "prefer",
        "proxy-authorization",
        "range",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    if TAKEN.contains(&name) || CROSSING.contains(&name) {
        return Err("names a header that has another use: take the one that the provider asks for");
    }
    HeaderName::from_lowercase(name.as_bytes())
        .map_err(|_| "names a header that cannot be: write it in lower case")
}

impl Secret {
    pub(crate) const fn new(key: String) -> Self {
        Self(key)
    }

    /// As the provider wants to see it, marked as sensitive.
    pub(crate) fn shown(
        &self,
        provider: ProviderName,
        authentication: &Authentication,
    ) -> Result<Credentials, ConfigError> {
        let (name, scheme) = match authentication {
            Authentication::Bearer => (AUTHORIZATION, "Bearer "),
            Authentication::Key => (AUTHORIZATION, "Key "),
            Authentication::Header(name) => {
                let name = header(name).map_err(|problem| ConfigError::setting(field(provider), problem));
                (name?, "")
            }
        };
        Ok(vec![(name, self.value(provider, scheme)?)])
    }

    /// As RapidAPI wants to see it, for the API at this host of theirs.
    pub(crate) fn by_rapidapi(&self, host: &str) -> Result<Credentials, ConfigError> {
        let refused = ConfigError::setting(
            "nexa_rapidapi_host",
            "is not a host name: write it like nexa-api.p.rapidapi.com",
        );
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if !host.bytes().all(plain) || !host.contains('.') {
            return Err(refused);
        }
        let host = HeaderValue::from_str(host).map_err(|_| refused)?;
        Ok(vec![(RAPIDAPI_KEY, self.value(ProviderName::Nexa, "")?), (RAPIDAPI_HOST, host)])
    }

    fn value(&self, provider: ProviderName, scheme: &str) -> Result<HeaderValue, ConfigError> {
        let refused = |problem| Err(ConfigError::setting(field(provider), problem));
        if self.0.is_empty() {
            return refused("is empty: set it to the key that the provider issued");
        }
        if self.0.trim() != self.0 {
            return refused("begins or ends with white space: remove it");
        }
        if ['"', '\''].iter().any(|quote| self.0.starts_with(*quote) && self.0.ends_with(*quote)) {
            return refused("begins and ends with quotes: remove them");
        }
        if self.0.contains(char::is_whitespace) {
            return refused("holds white space: give the key alone, without \"Bearer\"");
        }
        const MALFORMED: &str = "holds characters other than visible ASCII: copy it again";
        if !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refused(MALFORMED);
        }
        let Ok(mut header) = HeaderValue::from_str(&format!("{scheme}{}", self.0)) else {
            return refused(MALFORMED);
        };
        header.set_sensitive(true);
        Ok(header)
    }

    pub(crate) const fn missing(provider: ProviderName) -> ConfigError {
        let problem = match provider {
            ProviderName::Nexa => "is missing: set the variable, or call nexa_api_key(..)",
            ProviderName::Fal | ProviderName::Replicate => "is missing: set the variable, or call key(..)",
            ProviderName::Other(_) => "is missing: call key(..)",
        };
        ConfigError::setting(field(provider), problem)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
