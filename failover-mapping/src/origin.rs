//! Where the providers are: the built-in hosts, and the URLs that the user adds.
//!
//! Hosts are code and the user's settings, never data. Text that is parsed here must be canonical, because the parsers of
//! the HTTP clients disagree about the rest: what is checked must be what is dialled.

use std::fmt;

use http::Uri;
use url::{Host, Url};

use crate::provider::ProviderName;
use crate::target::Target;

/// A part of a provider that is asked under hosts of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// FAL's models, answered at once.
    Fal,
    /// FAL's queue.
    FalQueue,
    /// Replicate's API.
    Replicate,
}

impl Site {
    pub(crate) const fn provider(self) -> ProviderName {
        match self {
            Self::Fal | Self::FalQueue => ProviderName::Fal,
            Self::Replicate => ProviderName::Replicate,
        }
    }
}

/// Scheme, host and port of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: &'static str,
    host: String,
    port: u16,
}

const fn default_port(scheme: &str) -> u16 {
    // The two schemes differ in their length; `==` on text is not `const`.
    if scheme.len() == "https".len() { 443 } else { 80 }
}

impl Origin {
    /// The hosts at which providers generate on request. Upload and media hosts are not among them.
    pub(crate) fn built_in() -> Vec<(Site, Self)> {
        [
            (Site::Fal, "fal.run"),
            (Site::Fal, "falrun.com"), // FAL's own backup
            (Site::FalQueue, "queue.fal.run"),
            (Site::FalQueue, "queue.falrun.com"),
            (Site::Replicate, "api.replicate.com"),
        ]
        .map(|(site, host)| (site, Self { scheme: "https", host: host.to_owned(), port: 443 }))
        .into()
    }

    /// The user's further origin of a provider. Says what is wrong with the text, and the cure.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = canonical(text)?;
        if url.path() != "/" {
            return Err("has a path: give scheme, host and port only");
        }
        let scheme = if url.scheme() == "https" { "https" } else { "http" };
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Self { scheme, host, port: url.port().unwrap_or(default_port(scheme)) })
    }

    /// Whether this is what the request will be sent to.
    pub(crate) fn matches(&self, target: &Target<'_>) -> bool {
        // Most requests are for other hosts, and differ in length already.
        target.host.len() == self.host.len()
            && target.host.eq_ignore_ascii_case(&self.host)
            && target.scheme.eq_ignore_ascii_case(self.scheme)
            && target.port.unwrap_or(default_port(self.scheme)) == self.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.port == default_port(self.scheme) { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// Where a stand-in is asked: its base URL.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    /// Without a slash at its end.
    url: String,
    host: String,
    /// It is on this machine.
    pub(crate) local: bool,
}

impl Base {
    /// Says what is wrong with the text, and the cure.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = canonical(text)?;
        let local = is_loopback(&url);
        if url.scheme() == "http" && !local {
            return Err(
                "is http: on a host that is not this machine, which would show the key to the network: use https:",
            );
        }
        if url.path().contains("//") {
            return Err("has an empty path segment: remove the double slash");
        }
        let base = url.as_str().strip_suffix('/').unwrap_or(url.as_str());
        let host = url.host_str().unwrap_or_default().to_owned();
        let base = Self { url: base.to_owned(), host, local };
        match base.join("/") {
            Some(_) => Ok(base),
            None => Err("has a path that cannot be sent: use letters, digits and dashes"),
        }
    }

    /// Scheme, host and port, without the path.
    pub(crate) fn origin(&self) -> Option<Origin> {
        Origin::parse(&self.to_string()).ok()
    }

    /// The path before all others; empty, if there is none.
    pub(crate) fn path(&self) -> &str {
        self.url.get(self.to_string().len()..).unwrap_or_default()
    }

    /// Whether there is more than scheme, host and port.
    pub(crate) fn has_path(&self) -> bool {
        self.to_string() != self.url
    }

    /// The address of a path.
    pub(crate) fn join(&self, path: &str) -> Option<Uri> {
        Uri::try_from(format!("{}{path}", self.url)).ok().filter(|uri| uri.host() == Some(&self.host))
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.url.find("://").map_or(0, |at| at + 3);
        let path = self.url.get(end..).and_then(|rest| rest.find('/')).map_or(self.url.len(), |at| end + at);
        f.write_str(self.url.get(..path).unwrap_or_default())
    }
}

/// Where a provider keeps files that may be fetched for a caller.
#[derive(Clone, Debug)]
pub(crate) struct MediaHost {
    scheme: String,
    /// Without the `*` of a host whose subdomains count too.
    host: String,
    subdomains: bool,
    port: Option<u16>,
}

impl MediaHost {
    /// `https://cdn.example`, `https://*.example`, or `http:` on this machine.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (text, subdomains) = match text.split_once("://*.") {
            Some((scheme, rest)) => (format!("{scheme}://{rest}"), true),
            None => (text.to_owned(), false),
        };
        let url = canonical(&text)?;
        if url.path() != "/" {
            return Err("has a path: give scheme, host and port only");
        }
        let local = is_loopback(&url);
        if !local && (url.scheme() == "http" || !matches!(url.host(), Some(Host::Domain(_)))) {
            return Err("is not https: on a host with a name: files are fetched from such hosts only");
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.contains('*') || (subdomains && !host.contains('.')) {
            return Err(
                "has a star that is not for the subdomains of one host: write it like https://*.example.com",
            );
        }
        Ok(Self { scheme: url.scheme().to_owned(), host, subdomains, port: url.port() })
    }

    /// Whether a file of this address may be fetched from here.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let below = || host.strip_suffix(&self.host).is_some_and(|sub| sub.len() > 1 && sub.ends_with('.'));
        let plain = url.username().is_empty() && url.password().is_none();
        plain
            && url.scheme() == self.scheme
            && url.port() == self.port
            && (host == self.host || (self.subdomains && below()))
    }
}

const NO_SCHEME: &str = "has no scheme: write it like https://host";

/// Says what is wrong with the text, and the cure.
fn canonical(text: &str) -> Result<Url, &'static str> {
    let refused = Err;
    if text.is_empty() {
        return refused("is empty: unset it, or write it like https://host");
    }
    // `host:8080` is a URL of the scheme `host`.
    let bare = text.split_once(':').is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    let url = match Url::parse(text) {
        Ok(_) if bare => return refused(NO_SCHEME),
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => return refused(NO_SCHEME),
        Err(_) => return refused("is not a URL: write it like https://host"),
    };
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return refused("is not a web address: write it like https://host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("holds a user name or password: remove what stands before the @");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("has a query or a fragment: end it before the ? or #");
    }
    if url.as_str() != text && url.as_str().strip_suffix('/') != Some(text) {
        return refused(not_canonical(text));
    }
    Ok(url)
}

/// Why a URL parser would print this text differently.
fn not_canonical(text: &str) -> &'static str {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let end = rest.find(['/', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if text.contains(char::is_whitespace) {
        "holds white space: remove it"
    } else if text.contains('\\') {
        "has a backslash: write it like https://host"
    } else if [scheme, authority].iter().any(|part| part.bytes().any(|byte| byte.is_ascii_uppercase())) {
        "has capital letters in the host: write them small"
    } else if !authority.is_ascii() {
        "has a host that is not ASCII: write its xn-- form"
    } else if authority.ends_with(':') || authority.ends_with(&format!(":{}", default_port(scheme))) {
        "names the default port: leave it out, and the colon"
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        "has a path with dot segments: write the path without them"
    } else {
        "is not canonical: write it as a URL parser prints it, like https://host"
    }
}

/// Whether a URL points at this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
