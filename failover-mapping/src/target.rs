//! Where a request is going, by its parsed URL.

use http::{Method, Uri};
use url::Url;

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
