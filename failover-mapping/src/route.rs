//! Which requests are ours: a generation, for a model that has a row, at a declared origin of its provider; a question for a
//! job that was failed over; and a version's page, which a client asks for after it has created a prediction.
//!
//! Host, path and model must match exactly; everything that is not named here is passed on as it is. What is matched is the
//! parsed URL that the client will dial.

use std::borrow::Cow;
use std::time::Duration;

use failover_core::Moment;
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde::Deserialize;
use url::Url;

use crate::catalogue::is_hash;
use crate::config::Config;
use crate::errand::Errand;
use crate::exchange::Exchange;
use crate::follow::{Follow, Wish};
use crate::generation::Generation;
use crate::origin::{Origin, Site};
use crate::provider::ProviderName;
use crate::ticket::Ticket;

/// The headers of a request that a stand-in is sent too. All others may be the caller's or the asked provider's secrets.
pub(crate) const CROSSING: [&str; 1] = ["traceparent"];

/// By these a caller tells FAL how long it waits (`fal_client`, `@fal-ai/client`).
const OWN_DEADLINE: [&str; 2] = ["x-fal-request-timeout", "x-fal-request-start-timeout"];

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
    way: Way,
    crossing: Crossing,
    own_deadline: bool,
}

/// The values of the headers that cross.
pub(crate) type Crossing = [Option<HeaderValue>; CROSSING.len()];

/// What the address asks for.
#[derive(Debug)]
enum Way {
    Generate {
        entrance: Entrance,
        declined: Option<&'static str>,
        prefer: Option<Prefer>,
    },
    /// A question for a job that was failed over, under this id.
    Follow {
        site: Site,
        app: String,
        id: String,
        wish: Wish,
    },
    /// The page of this version of that model.
    Version {
        row: usize,
        hash: String,
    },
}

/// The path by which a generation came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// `/{model}`: the row of FAL's data.
    Fal(usize),
    /// The same, by way of the queue.
    FalQueue(usize),
    /// `/v1/models/{owner}/{name}/predictions`: the row of Replicate's data.
    Model(usize),
    /// `/v1/deployments/{owner}/{name}/predictions`: the place of the user's setting.
    Deployment(usize),
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
        let here = self.origins.iter().filter(|(_, origin)| origin.matches(target));
        let (way, origin) = here.into_iter().find_map(|(site, origin)| {
            let way = match site {
                Site::Fal => self.fal(target),
                Site::FalQueue => self.fal_queue(target),
                Site::Replicate => self.replicate(target, headers),
            };
            Some((way?, origin))
        })?;
        let crossing = CROSSING.map(|name| headers.get(name).cloned());
        let own_deadline = OWN_DEADLINE.iter().any(|name| headers.contains_key(*name));
        Some(Route { config: self, origin, way, crossing, own_deadline })
    }

    fn fal(&self, target: &Target<'_>) -> Option<Way> {
        if target.method != Method::POST || target.query.is_some() {
            return None;
        }
        let row = self.fal_row(target.path.strip_prefix('/')?)?;
        Some(Way::Generate { entrance: Entrance::Fal(row), declined: None, prefer: None })
    }

    fn fal_queue(&self, target: &Target<'_>) -> Option<Way> {
        let path = target.path.strip_prefix('/')?;
        if let Some((app, rest)) = path.split_once("/requests/") {
            let (id, rest) = rest.split_once('/').map_or((rest, None), |(id, rest)| (id, Some(rest)));
            if !Ticket::is_id(id) {
                return None;
            }
            let logs = || target.query.is_some_and(wants_logs);
            let wish = match (target.method, rest) {
                (&Method::GET, None) => Wish::Result,
                (&Method::GET, Some("status")) => Wish::State { logs: logs() },
                (&Method::GET, Some("status/stream")) => Wish::Stream { logs: logs() },
                (&Method::PUT, Some("cancel")) => Wish::Cancel,
                // Nobody but us knows such an id, so nobody else is asked for it.
                _ => Wish::Nothing,
            };
            return Some(Way::Follow { site: Site::FalQueue, app: app.to_owned(), id: id.to_owned(), wish });
        }
        let row = self.fal_row(path).filter(|_| target.method == Method::POST)?;
        let declined = match target.query {
            None => None,
            Some(query) if query.split('&').any(|pair| pair.starts_with("fal_webhook=")) => {
                Some("fal_webhook: the result is asked for by webhook")
            }
            // A limit on FAL's own queue.
            Some(query) if query.split('&').all(|pair| pair.starts_with("fal_max_queue_length=")) => None,
            Some(_) => return None,
        };
        Some(Way::Generate { entrance: Entrance::FalQueue(row), declined, prefer: None })
    }

    fn replicate(&self, target: &Target<'_>, headers: &HeaderMap) -> Option<Way> {
        let path = target.path.strip_prefix("/v1/")?;
        if let Some(rest) = path.strip_prefix("predictions/") {
            let (id, rest) = rest.split_once('/').map_or((rest, None), |(id, rest)| (id, Some(rest)));
            if !Ticket::is_id(id) {
                return None;
            }
            let wish = match (target.method, rest) {
                (&Method::GET, None) => Wish::State { logs: false },
                (&Method::POST, Some("cancel")) => Wish::Cancel,
                _ => Wish::Nothing,
            };
            return Some(Way::Follow { site: Site::Replicate, app: String::new(), id: id.to_owned(), wish });
        }
        if let Some((model, hash)) =
            path.strip_prefix("models/").and_then(|rest| rest.split_once("/versions/"))
        {
            let row = self.row(ProviderName::Replicate, model).filter(|_| is_hash(hash))?;
            let asked = target.method == Method::GET && target.query.is_none();
            return asked.then(|| Way::Version { row, hash: hash.to_owned() });
        }
        if target.method != Method::POST || target.query.is_some() {
            return None;
        }
        let entrance = if path == "predictions" {
            Entrance::Version
        } else if let Some(rest) = path.strip_prefix("models/") {
            Entrance::Model(self.row(ProviderName::Replicate, rest.strip_suffix("/predictions")?)?)
        } else {
            let name = path.strip_prefix("deployments/")?.strip_suffix("/predictions")?;
            Entrance::Deployment(self.deployments.iter().position(|(known, _)| known == name)?)
        };
        Some(Way::Generate { entrance, declined: None, prefer: Prefer::read(headers) })
    }

    /// The row of a model that somebody can stand in for.
    fn row(&self, provider: ProviderName, id: &str) -> Option<usize> {
        self.catalogue.row(provider, id).filter(|row| self.plan(provider, *row).is_some())
    }

    /// FAL also takes `12345-app` for `12345/app`.
    fn fal_row(&self, id: &str) -> Option<usize> {
        self.row(ProviderName::Fal, id).or_else(|| {
            let (digits, rest) = id.split_once('-')?;
            let old = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if old { self.row(ProviderName::Fal, &format!("{digits}/{rest}")) } else { None }
        })
    }
}

/// `logs=1` or `logs=true`, as clients write it.
fn wants_logs(query: &str) -> bool {
    query.split('&').any(|pair| matches!(pair, "logs=1" | "logs=true"))
}

impl<'c> Route<'c> {
    /// Whether [`exchange`](Self::exchange) reads the body. A question for a job has none to speak of.
    #[must_use]
    pub const fn needs_body(&self) -> bool {
        matches!(self.way, Way::Generate { .. })
    }

    /// The exchange of this request, which has this body and began then. None if the body says that the request is not ours
    /// after all, or is larger than the limit.
    #[must_use]
    pub fn exchange<'b>(self, body: &'b [u8], started: Moment) -> Option<Exchange<'c, 'b>> {
        let Self { config, origin, way, crossing, own_deadline } = self;
        if body.len() > config.request_limit() && matches!(way, Way::Generate { .. }) {
            return None;
        }
        let errand = match way {
            Way::Generate { entrance, declined, prefer } => {
                let provider = match entrance {
                    Entrance::Fal(_) | Entrance::FalQueue(_) => ProviderName::Fal,
                    Entrance::Model(_) | Entrance::Deployment(_) | Entrance::Version => {
                        ProviderName::Replicate
                    }
                };
                let (row, version) = match entrance {
                    Entrance::Fal(row) | Entrance::FalQueue(row) | Entrance::Model(row) => (row, None),
                    Entrance::Deployment(place) => (config.deployments.get(place)?.1, None),
                    Entrance::Version => {
                        let version = Version::read(body)?;
                        (config.catalogue.row_of_version(&version.0)?, Some(version))
                    }
                };
                let plan = config.plan(provider, row)?;
                let source = config.catalogue.source(provider, row)?;
                let generation =
                    Generation { source, plan, origin, entrance, version, prefer, declined, own_deadline };
                Errand::Generation(Box::new(generation))
            }
            Way::Follow { site, app, id, wish } => {
                Errand::Follow(Box::new(Follow::new(config, origin, site, app, id, wish)))
            }
            Way::Version { row, hash } => {
                let model = &config.catalogue.source(ProviderName::Replicate, row)?.model.id;
                Errand::Version { model, hash, origin }
            }
        };
        Some(Exchange::new(config, errand, crossing, body, started))
    }
}

impl Prefer {
    /// `wait`, or `wait=` and 1 to 60 seconds. Whatever else is preferred, Replicate answers at once.
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

    /// As long as the caller is kept waiting.
    pub(crate) const fn wait(self) -> Duration {
        match self {
            Self::Wait => Duration::from_secs(60),
            Self::Seconds(seconds) => Duration::from_secs(seconds as u64),
        }
    }
}

/// Replicate's `version`, as the body of a request names it.
#[derive(Debug)]
pub(crate) struct Version<'b>(Cow<'b, str>);

impl<'b> Version<'b> {
    fn read(body: &'b [u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body<'b> {
            #[serde(borrow)]
            version: Cow<'b, str>,
        }
        serde_json::from_slice::<Body<'b>>(body).ok().map(|body| Self(body.version))
    }

    /// The hash, if one was named.
    pub(crate) fn hash(&self) -> Option<&str> {
        self.0.rsplit(':').next().filter(|hash| is_hash(hash))
    }
}
