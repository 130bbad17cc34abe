//! Which requests are ours: a generation, for a model that has a row, at a declared origin of its provider; a question for a
//! job that was failed over; and a version's page, which a client asks for after it has created a prediction.
//!
//! Host, path and model must match exactly; everything that is not named here is passed on as it is. What is matched is the
//! parsed URL that the client will dial.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use failover_core::{Moment, Policy};
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;

use crate::cache::Scope;
use crate::catalogue::is_hash;
use crate::chat::Chat;
use crate::config::{ChatPlan, Config};
use crate::errand::Errand;
use crate::exchange::Exchange;
use crate::follow::{Follow, Wish};
use crate::generation::Generation;
use crate::origin::{Origin, Site};
use crate::per_request::{Changed, PerRequest};
use crate::prefer::Prefer;
use crate::provider::ProviderName;
use crate::target::Target;
use crate::ticket::Ticket;

/// The headers of a request that a stand-in is sent too. All others may be the caller's or the asked provider's secrets.
pub(crate) const CROSSING: [&str; 1] = ["traceparent"];

/// What a caller of Anthropic's API wants of what is not in it yet: its own clients send it with the query `beta=true`. Another model of
/// Anthropic's is told it too.
pub(crate) const BETA: &str = "anthropic-beta";

/// By these a caller tells FAL how long it waits (`fal_client`, `@fal-ai/client`).
const OWN_DEADLINE: [&str; 2] = ["x-fal-request-timeout", "x-fal-request-start-timeout"];

/// A request that is ours, as far as its address and headers tell.
pub struct Route<'c> {
    config: &'c Config,
    origin: &'c Origin,
    way: Way,
    crossing: Crossing,
    own_deadline: bool,
    wishes: Option<PerRequest>,
    /// Whom the answer is for, if answers are kept.
    scope: Option<Scope>,
    /// What these wishes make of the call, once its model is known.
    changed: OnceLock<Changed>,
    /// Likewise, of text.
    texts: OnceLock<(Policy, ChatPlan)>,
}

// The id of a job can hold its result, so it is never printed.
impl fmt::Debug for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let job = self.is_follow();
        f.debug_struct("Route").field("origin", &self.origin).field("job", &job).finish_non_exhaustive()
    }
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
    /// A chat with the provider of text at this place, and what it is asked for by a beta version of its API.
    Chat(usize, Option<HeaderValue>),
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

impl Config {
    /// Whether this request is ours. Costs no allocation if it is not.
    #[must_use]
    pub fn route<'c>(&'c self, target: &Target<'_>, headers: &HeaderMap) -> Option<Route<'c>> {
        let here = self.origins.iter().filter(|(_, origin)| origin.matches(target));
        let found = here.into_iter().find_map(|(site, origin)| {
            let way = match site {
                Site::Fal => self.fal(target),
                Site::FalQueue => self.fal_queue(target),
                Site::Replicate => self.replicate(target, headers),
            };
            Some((way?, origin))
        });
        let (way, origin) = found.or_else(|| self.chat(target, headers))?;
        let crossing = CROSSING.map(|name| headers.get(name).cloned());
        let own_deadline = OWN_DEADLINE.iter().any(|name| headers.contains_key(*name));
        let scope = self.cache().and_then(|_| Scope::of(headers));
        let (wishes, changed, texts) = (None, OnceLock::new(), OnceLock::new());
        Some(Route { config: self, origin, way, crossing, own_deadline, wishes, scope, changed, texts })
    }

    fn chat(&self, target: &Target<'_>, headers: &HeaderMap) -> Option<(Way, &Origin)> {
        let mut here = self.texts.origins.iter().filter(|(_, origin)| origin.matches(target));
        let asked = |place: usize| {
            target.method == Method::POST
                && self.texts.speakers.get(place).is_some_and(|it| it.is_asked_at(target.path, target.query))
        };
        let (place, origin) = here.find(|(place, _)| asked(*place))?;
        Some((Way::Chat(*place, beta(headers)), origin))
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
        matches!(self.way, Way::Generate { .. } | Way::Chat(..))
    }

    /// With what this request wants otherwise. None if that is no failover at all, and it is not a question for a job
    /// that was failed over: nobody else could answer that.
    #[must_use]
    pub fn with_wishes(mut self, wishes: &PerRequest) -> Option<Self> {
        if wishes.is_off() && !self.is_follow() {
            return None;
        }
        self.scope = self.scope.map(|scope| scope.of_whom(wishes.scope()));
        self.wishes = Some(wishes.clone());
        Some(self)
    }

    pub(crate) const fn is_follow(&self) -> bool {
        matches!(self.way, Way::Follow { .. })
    }

    /// The exchange of this request, which has this body and began then. None if the body says that the request is not ours
    /// after all, or is larger than the limit.
    #[must_use]
    pub fn exchange<'r>(&'r self, body: &'r [u8], started: Moment) -> Option<Exchange<'r, 'r>> {
        let (config, policy) = (self.config, self.config.policy());
        let (errand, policy) = match &self.way {
            Way::Generate { .. } | Way::Chat(..) if body.len() > config.request_limit() => return None,
            Way::Generate { entrance, declined, prefer } => {
                self.generation(body, entrance, *declined, *prefer)?
            }
            Way::Chat(place, beta) => self.texts((*place, beta.as_ref()), body)?,
            Way::Follow { site, app, id, wish } => {
                let follow = Follow::new(config, self.origin, *site, app.clone(), id.clone(), *wish);
                (Errand::Follow(Box::new(follow)), self.hurried(config.job_policy()))
            }
            Way::Version { row, hash } => {
                let model = &config.catalogue.source(ProviderName::Replicate, *row)?.model.id;
                let hash = hash.clone();
                (Errand::Version { model, hash, origin: self.origin }, self.hurried(policy))
            }
        };
        let exchange = Exchange::new(config, errand, policy, self.crossing.clone(), body, started);
        Some(exchange.for_caller(self.scope))
    }

    fn generation<'r>(
        &'r self,
        body: &'r [u8],
        entrance: &Entrance,
        declined: Option<&'static str>,
        prefer: Option<Prefer>,
    ) -> Option<(Errand<'r, 'r>, &'r Policy)> {
        let config = self.config;
        let provider = match entrance {
            Entrance::Fal(_) | Entrance::FalQueue(_) => ProviderName::Fal,
            Entrance::Model(_) | Entrance::Deployment(_) | Entrance::Version => ProviderName::Replicate,
        };
        let (row, version) = match *entrance {
            Entrance::Fal(row) | Entrance::FalQueue(row) | Entrance::Model(row) => (row, None),
            Entrance::Deployment(place) => (config.deployments.get(place)?.1, None),
            Entrance::Version => {
                let version = Version::read(body)?;
                (config.catalogue.row_of_version(&version.0)?, Some(version))
            }
        };
        let plan = config.plan(provider, row)?;
        let source = config.catalogue.source(provider, row)?;
        let queued = matches!(entrance, Entrance::FalQueue(_));
        let candidates = if queued { &plan.queued } else { &plan.candidates };
        let (policy, candidates, standings, own) = match &self.wishes {
            None => (config.policy(), candidates, &plan.standings, 0),
            Some(wishes) => {
                let asked = (provider, source.model.task);
                let changed = || Changed::new(config, plan, candidates, asked, wishes);
                let Changed { policy, candidates, standings, own } = self.changed.get_or_init(changed);
                (policy, candidates, standings, *own)
            }
        };
        let generation = Generation {
            source,
            candidates,
            standings,
            own,
            origin: self.origin,
            entrance: entrance.clone(),
            version,
            prefer,
            declined,
            own_deadline: self.own_deadline,
        };
        Some((Errand::Generation(Box::new(generation)), policy))
    }

    fn texts<'r>(
        &'r self,
        (place, beta): (usize, Option<&'r HeaderValue>),
        body: &'r [u8],
    ) -> Option<(Errand<'r, 'r>, &'r Policy)> {
        let config = self.config;
        let asked = config.texts.speakers.get(place)?.provider;
        let mut policy = &config.texts.policy;
        let chat = Chat::new(config, (place, beta), self.origin, body, |plan| match &self.wishes {
            None => plan,
            Some(wishes) => {
                let changed = self.texts.get_or_init(|| Changed::text(config, plan, asked, wishes));
                policy = &changed.0;
                &changed.1
            }
        })?;
        Some((Errand::Chat(Box::new(chat)), policy))
    }

    /// The policy of a call that has no plan of its own.
    fn hurried<'r>(&'r self, policy: &'r Policy) -> &'r Policy {
        match &self.wishes {
            None => policy,
            Some(wishes) => &self.changed.get_or_init(|| Changed::alone(policy, wishes)).policy,
        }
    }
}

/// In one line, as a list may stand in several.
fn beta(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(BETA).iter();
    let first = lines.next()?.clone();
    let Some(second) = lines.next() else { return Some(first) };
    let all = [&first, second].into_iter().chain(lines).map(HeaderValue::as_bytes);
    HeaderValue::from_bytes(&all.collect::<Vec<_>>().join(&b", "[..])).ok()
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
