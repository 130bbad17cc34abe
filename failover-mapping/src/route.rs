//! Which requests are ours: a generation, for a model that has a row, at a declared origin of its provider.
//!
//! Host, path and model must match exactly; everything that is not named here is passed on as it is. What is matched is the
//! parsed URL that the client will dial.

use std::borrow::Cow;

use failover_core::Moment;
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde::Deserialize;
use url::Url;

use crate::config::Config;
use crate::exchange::{Ask, Exchange};
use crate::origin::Origin;
use crate::provider::ProviderName;

/// The headers of a request that a stand-in is sent too. All others may be the caller's or the asked provider's secrets.
pub(crate) const CROSSING: [&str; 1] = ["traceparent"];

/// Where a request is going.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target<'a> {
    /// The method.
    pub method: &'a Method,
    /// `https` or `http`.
    pub scheme: &'a str,
    /// The host, an IPv6 address in brackets.
    pub host: &'a str,
    /// The port, if it is not the scheme's own.
    pub port: Option<u16>,
    /// The path, as it is sent.
    pub path: &'a str,
    /// The query, without the question mark.
    pub query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// The target of a request by URI; none if it names no host, or a user.
    #[must_use]
    pub fn of_uri(method: &'a Method, uri: &'a Uri) -> Option<Self> {
        let authority = uri.authority()?.as_str();
        let host = uri.host().filter(|host| !host.is_empty())?;
        // A user name before the host, or a port that is no port, is no target.
        let port = match authority.strip_prefix(host)?.strip_prefix(':') {
            Some(digits) => Some(digits.parse().ok().filter(|_| !digits.starts_with(['0', '+']))?),
            None if authority.len() == host.len() => None,
            None => return None,
        };
        Some(Self { method, scheme: uri.scheme_str()?, host, port, path: uri.path(), query: uri.query() })
    }

    /// The target of a request by URL; none if it names no host, or a user.
    #[must_use]
    pub fn of_url(method: &'a Method, url: &'a Url) -> Option<Self> {
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str().filter(|host| !host.is_empty())?;
        Some(Self {
            method,
            scheme: url.scheme(),
            host,
            port: url.port(),
            path: url.path(),
            query: url.query(),
        })
    }
}

/// A request that is ours, as far as its address and headers tell.
#[derive(Debug)]
pub struct Route<'c> {
    config: &'c Config,
    origin: &'c Origin,
    entrance: Entrance,
    prefer: Option<Prefer>,
    crossing: [Option<HeaderValue>; CROSSING.len()],
}

/// The path by which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entrance {
    /// `/{model}`: the row of FAL's data.
    Fal(usize),
    /// `/v1/models/{owner}/{name}/predictions`: the row of Replicate's data.
    Model(usize),
    /// `/v1/predictions`: the body names the model.
    Version,
}

/// For how long the caller asked to be kept waiting for the result (RFC 7240), in Replicate's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefer {
    Wait,
    Seconds(u8),
}

impl Config {
    /// Whether this request is ours. Costs no allocation if it is not.
    #[must_use]
    pub fn route<'c>(&'c self, target: &Target<'_>, headers: &HeaderMap) -> Option<Route<'c>> {
        if target.method != Method::POST || target.query.is_some() {
            return None;
        }
        let here = self.origins.iter().filter(|(_, origin)| origin.matches(target));
        let (entrance, origin) = here.into_iter().find_map(|(provider, origin)| {
            let entrance = match provider {
                ProviderName::Fal => Entrance::Fal(self.row(*provider, target.path.strip_prefix('/')?)?),
                ProviderName::Replicate if target.path == "/v1/predictions" => Entrance::Version,
                ProviderName::Replicate => {
                    let model = target.path.strip_prefix("/v1/models/")?.strip_suffix("/predictions")?;
                    Entrance::Model(self.row(*provider, model)?)
                }
                ProviderName::Nexa => return None,
            };
            Some((entrance, origin))
        })?;
        let prefer = match entrance {
            Entrance::Fal(_) => None,
            Entrance::Model(_) | Entrance::Version => Some(Prefer::read(headers)?),
        };
        Some(Route {
            config: self,
            origin,
            entrance,
            prefer,
            crossing: CROSSING.map(|name| headers.get(name).cloned()),
        })
    }

    fn row(&self, provider: ProviderName, id: &str) -> Option<usize> {
        self.catalogue.row(provider, id).filter(|row| self.candidates(provider, *row).is_some())
    }
}

impl<'c> Route<'c> {
    /// The exchange of this request, which has this body and began then. None if the body says that the request is not ours
    /// after all, or is larger than the limit.
    #[must_use]
    pub fn exchange<'b>(self, body: &'b [u8], started: Moment) -> Option<Exchange<'c, 'b>> {
        if body.len() > self.config.request_limit() {
            return None;
        }
        let (provider, row, version) = match self.entrance {
            Entrance::Fal(row) => (ProviderName::Fal, row, None),
            Entrance::Model(row) => (ProviderName::Replicate, row, None),
            Entrance::Version => {
                let version = Version::read(body)?;
                (
                    ProviderName::Replicate,
                    self.config.row(ProviderName::Replicate, version.model())?,
                    Some(version),
                )
            }
        };
        let ask = Ask {
            source: self.config.catalogue.source(provider, row)?,
            candidates: self.config.candidates(provider, row)?,
            origin: self.origin,
            version,
            prefer: self.prefer,
            crossing: self.crossing,
        };
        Some(Exchange::new(self.config, ask, body, started))
    }
}

impl Prefer {
    /// `wait`, or `wait=` and 1 to 60 seconds; anything else asks for something else.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("prefer").iter();
        let (Some(only), None) = (all.next(), all.next()) else { return None };
        let text = only.to_str().ok()?.trim();
        let (word, seconds) =
            text.split_once('=').map_or((text, None), |(word, seconds)| (word, Some(seconds)));
        if !word.eq_ignore_ascii_case("wait") {
            return None;
        }
        let Some(seconds) = seconds else { return Some(Self::Wait) };
        let digits = seconds.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = seconds.parse().ok().filter(|seconds| digits && (1..=60).contains(seconds))?;
        Some(Self::Seconds(seconds))
    }
}

/// Replicate's `version` in the form that names its model: `owner/name` or `owner/name:hash`.
#[derive(Debug)]
pub(crate) struct Version<'b> {
    text: Cow<'b, str>,
    colon: Option<usize>,
}

impl<'b> Version<'b> {
    fn read(body: &'b [u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body<'b> {
            #[serde(borrow)]
            version: Cow<'b, str>,
        }
        let text = serde_json::from_slice::<Body<'b>>(body).ok()?.version;
        let colon = text.find(':');
        let version = Self { text, colon };
        let is_hash =
            |hash: &str| hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        version.hash().is_none_or(is_hash).then_some(version)
    }

    fn model(&self) -> &str {
        self.colon.and_then(|colon| self.text.get(..colon)).unwrap_or(&self.text)
    }

    pub(crate) fn hash(&self) -> Option<&str> {
        self.text.get(self.colon? + 1..)
    }
}
