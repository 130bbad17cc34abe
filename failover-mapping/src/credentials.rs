//! The stand-ins' keys: checked before they are sent, so that no client can be made to panic or to split a header by them,
//! and never printed.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::data::Authentication;
use crate::provider::ProviderName;
use crate::route::CROSSING;
use crate::settings::said::shown_variable;

/// Where a key comes from.
#[derive(Clone)]
pub(crate) enum Key {
    Given(Secret),
    /// The user's callback is asked for it, for each request.
    Asked(Asking),
    /// A file names this variable for it, which is not set.
    Unset(String),
}

/// A key that has not been checked yet. Its `Debug` says only that there is one.
#[derive(Clone)]
pub(crate) struct Secret(String);

/// The user's callback for a key.
#[derive(Clone)]
pub(crate) struct Asking(Arc<dyn Fn() -> String + Send + Sync>);

/// How a provider knows us: by a key in a header, and perhaps another header.
pub(crate) struct Credentials {
    provider: ProviderName,
    name: HeaderName,
    scheme: &'static str,
    key: Shown,
    besides: Option<(HeaderName, HeaderValue)>,
}

enum Shown {
    /// Checked already, with its scheme.
    Always(HeaderValue),
    Asked(Asking),
}

const RAPIDAPI_KEY: HeaderName = HeaderName::from_static("x-rapidapi-key");
const RAPIDAPI_HOST: HeaderName = HeaderName::from_static("x-rapidapi-host");

/// The builder's method and the environment variable.
pub(crate) const fn field(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Nexa => "nexa_api_key (NEXA_API_KEY)",
        ProviderName::Fal => "key for fal (FAL_KEY)",
        ProviderName::Replicate => "key for replicate (REPLICATE_API_TOKEN)",
        ProviderName::OpenAi => "key for openai (OPENAI_API_KEY)",
        ProviderName::Anthropic => "key for anthropic (ANTHROPIC_API_KEY)",
        ProviderName::Together => "key for together (TOGETHER_API_KEY)",
        ProviderName::Other(_) => "key for a provider of your own",
    }
}

/// What to do about a key that is missing.
pub(crate) const fn missing(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Nexa => "is missing: set the variable, or call nexa_api_key(..)",
        ProviderName::Fal
        | ProviderName::Replicate
        | ProviderName::OpenAi
        | ProviderName::Anthropic
        | ProviderName::Together => "is missing: set the variable, or call key(..)",
        ProviderName::Other(_) => "is missing: call key(..)",
    }
}

/// Nobody has a key, and nobody is named: there are two ways to begin.
pub(crate) const NO_KEY: &str = "is missing: set the variable, or call nexa_api_key(..); for text alone, OPENAI_API_KEY, \
     ANTHROPIC_API_KEY or TOGETHER_API_KEY will do";

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

impl Key {
    /// As the provider wants to see it.
    pub(crate) fn shown(
        &self,
        provider: ProviderName,
        authentication: &Authentication,
    ) -> Result<Credentials, Cow<'static, str>> {
        let (name, scheme) = match authentication {
            Authentication::Bearer => (AUTHORIZATION, "Bearer "),
            Authentication::Key => (AUTHORIZATION, "Key "),
            Authentication::Header(name) => (header(name)?, ""),
        };
        Ok(Credentials { provider, name, scheme, key: self.checked(scheme)?, besides: None })
    }

    /// As RapidAPI wants to see it, for the API at this host of theirs.
    pub(crate) fn by_rapidapi(&self, host: HeaderValue) -> Result<Credentials, Cow<'static, str>> {
        let (provider, besides) = (ProviderName::Nexa, Some((RAPIDAPI_HOST, host)));
        Ok(Credentials { provider, name: RAPIDAPI_KEY, scheme: "", key: self.checked("")?, besides })
    }

    fn checked(&self, scheme: &str) -> Result<Shown, Cow<'static, str>> {
        match self {
            Self::Given(secret) => Ok(Shown::Always(secret.value(scheme)?)),
            Self::Asked(asking) => Ok(Shown::Asked(asking.clone())),
            Self::Unset(variable) => {
                let which = shown_variable(variable);
                Err(format!("names {which}, which is not set: set it, or leave this line out").into())
            }
        }
    }
}

/// RapidAPI's host for an API. Says what is wrong with it, and the cure.
pub(crate) fn rapidapi_host(host: &str) -> Result<HeaderValue, &'static str> {
    const REFUSED: &str = "is not a host name: write it like nexa-api.p.rapidapi.com";
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if !host.bytes().all(plain) || !host.contains('.') {
        return Err(REFUSED);
    }
    HeaderValue::from_str(host).map_err(|_| REFUSED)
}

impl Secret {
    pub(crate) const fn new(key: String) -> Self {
        Self(key)
    }

    fn value(&self, scheme: &str) -> Result<HeaderValue, &'static str> {
        if self.0.is_empty() {
            return Err("is empty: set it to the key that the provider issued");
        }
        if self.0.trim() != self.0 {
            return Err("begins or ends with white space: remove it");
        }
        if ['"', '\''].iter().any(|quote| self.0.starts_with(*quote) && self.0.ends_with(*quote)) {
            return Err("begins and ends with quotes: remove them");
        }
        if self.0.contains(char::is_whitespace) {
            return Err("holds white space: give the key alone, without \"Bearer\"");
        }
        const MALFORMED: &str = "holds characters other than visible ASCII: copy it again";
        if !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MALFORMED);
        }
        let mut header = HeaderValue::from_str(&format!("{scheme}{}", self.0)).map_err(|_| MALFORMED)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl Asking {
    pub(crate) fn new(callback: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }
}

impl Credentials {
    /// Puts them on a request. Says what is wrong with the key that the user's callback gave, by name of the setting.
    pub(crate) fn put(&self, headers: &mut HeaderMap) -> Result<(), String> {
        let value = match &self.key {
            Shown::Always(value) => value.clone(),
            Shown::Asked(Asking(callback)) => {
                let refused = |problem| format!("{}'s key_from(..) {problem}", self.provider.proper());
                // What the callback leaves behind half done is its own; nothing of ours is in its reach.
                let key = catch_unwind(AssertUnwindSafe(|| callback()));
                let key = key.map_err(|_| refused("panicked".to_owned()))?;
                let value = Secret::new(key).value(self.scheme);
                value.map_err(|problem| refused(format!("gave a key that {problem}")))?
            }
        };
        headers.insert(self.name.clone(), value);
        headers.extend(self.besides.clone());
        Ok(())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given(_) => "[redacted]",
            Self::Asked(_) => "[asked for]",
            Self::Unset(_) => "[not set]",
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}
