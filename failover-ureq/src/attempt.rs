//! One attempt over HTTP: the caller's own request through the caller's agent, a stand-in's through one of ours.

use std::io::{self, Read};
use std::time::Duration;

use failover_core::{Fault, Limits};
use http::header::CONTENT_LENGTH;
use http::{
    Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, request, response,
};
use ureq::middleware::MiddlewareNext;
use ureq::{Agent, AsSendBody, Body, Error, RequestExt, SendBody};

use crate::error::{fault_of, fault_of_body};
use crate::marks;

/// The agent for stand-ins. It follows no redirect: the key would go along.
pub(crate) fn stand_in_agent() -> Agent {
    let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    Agent::config_builder().max_redirects(0).http_status_as_error(false).user_agent(name).build().into()
}

/// A request whose body was read, so that it can be translated.
pub(crate) enum Captured<'b, 'n> {
    /// Whole, not sent yet.
    Whole(Own<'b, 'n>, Vec<u8>),
    /// Longer than the limit: it was sent on as it came, with this result.
    HandedOn(Result<Response<Body>, Error>),
}

/// The caller's own request, and the only way to send it.
pub(crate) struct Own<'b, 'n> {
    parts: request::Parts,
    /// The body as it came, of a method that has none: ureq tells "none" from "empty" on the wire, and we cannot.
    unread: Option<Box<SendBody<'b>>>,
    next: MiddlewareNext<'n>,
}

/// This is the caller's own request, on its way already.
#[derive(Clone)]
struct OnItsWay;

/// Whether this request has come through a failover before. One that is installed twice on an agent is installed once: else
/// each would ask the stand-ins, and be billed.
pub(crate) fn is_on_its_way(request: &Request<SendBody<'_>>) -> bool {
    request.extensions().get::<OnItsWay>().is_some()
}

/// The answer, or the error that its status is where the caller wants it so.
pub(crate) fn as_wanted(answer: Response<Body>, status_as_error: bool) -> Result<Response<Body>, Error> {
    let status = answer.status();
    let failing = status.is_client_error() || status.is_server_error();
    if status_as_error && failing { Err(Error::StatusCode(status.as_u16())) } else { Ok(answer) }
}

/// Reads the body, as long as it has at most `limit` bytes, and if it is `needed` at all.
pub(crate) fn capture<'b, 'n>(
    request: Request<SendBody<'b>>,
    next: MiddlewareNext<'n>,
    limit: usize,
    needed: bool,
) -> Result<Captured<'b, 'n>, Error> {
    let (parts, body) = request.into_parts();
    if !needed || !has_body(&parts.method) {
        return Ok(Captured::Whole(Own { parts, unread: Some(Box::new(body)), next }, Vec::new()));
    }
    let mut reader = body.into_reader();
    let mut body = Vec::new();
    reader.by_ref().take(one_more_than(limit)).read_to_end(&mut body)?;
    if body.len() <= limit {
        return Ok(Captured::Whole(Own { parts, unread: None, next }, body));
    }
    let mut whole = io::Cursor::new(body).chain(reader);
    let request = Request::from_parts(parts, SendBody::from_reader(&mut whole));
    Ok(Captured::HandedOn(next.handle(request)))
}

impl Own<'_, '_> {
    pub(crate) const fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// The marks for an answer of ours to this request, which was not sent.
    pub(crate) fn marks(self, status: StatusCode) -> Result<Extensions, Error> {
        marks::of(&self.parts.uri, self.parts.extensions, status)
    }

    /// Whether ureq is to show a refusal with its headers and its body, whatever the caller's agent does with one.
    pub(crate) fn seeing_all(mut self, on: bool) -> Self {
        if on && let Some(config) = Request::from_parts(self.parts.clone(), ()).middleware_config() {
            self.parts = config.http_status_as_error(false).build().into_parts().0;
        }
        self
    }

    /// Whether it has no length of its own, or one that ureq can send.
    pub(crate) fn says_its_length(&self) -> bool {
        let mut lengths = self.parts.headers.get_all(CONTENT_LENGTH).iter();
        let is_number = |length: &HeaderValue| length.as_bytes().iter().all(u8::is_ascii_digit);
        lengths.next().is_none_or(is_number) && lengths.next().is_none()
    }

    /// What the caller itself says under such a name goes before.
    pub(crate) fn add(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            self.parts.headers.entry(name).or_insert_with(|| value.clone());
        }
    }

    /// Sends the request on its way, as it came. `body` is what was read of it.
    pub(crate) fn send(self, mut body: &[u8], limits: &Limits) -> Result<Response<Body>, Error> {
        let Self { mut parts, unread, next } = self;
        parts.extensions.insert(OnItsWay);
        if limits.total().or(limits.first_answer()).is_some() {
            parts = limited(parts, limits);
        }
        match unread {
            Some(unread) => next.handle(Request::from_parts(parts, *unread)),
            // As ureq itself makes a body of bytes: then it writes the length where it always does.
            None => next.handle(Request::from_parts(parts, body.as_body())),
        }
    }
}

/// All of it by `timeout_per_call`, because it is the one that callers set least: their `timeout_global` goes on beside it. What
/// is due until an answer begins, by the limits of the phases that end with its head: `timeout_per_call` would end its body.
fn limited(parts: request::Parts, limits: &Limits) -> request::Parts {
    let Some(mut config) = Request::from_parts(parts.clone(), ()).middleware_config() else { return parts };
    if let Some(limit) = limits.total() {
        config = config.timeout_per_call(Some(payable(limit)));
    }
    if let Some(limit) = limits.first_answer().map(payable) {
        config = config.timeout_connect(Some(limit)).timeout_recv_response(Some(limit));
    }
    config.build().into_parts().0
}

/// Sends a stand-in a request, and reads its answer up to `most` bytes.
pub(crate) fn stand_in(
    agent: &Agent,
    request: Request<Vec<u8>>,
    limit: Option<Duration>,
    most: usize,
) -> Result<(response::Parts, Vec<u8>), Fault> {
    if has_body(request.method()) {
        ask(agent, request, limit, most)
    } else {
        // Even an empty body would be announced by its length.
        ask(agent, request.map(|_| ()), limit, most)
    }
}

fn ask<B: AsSendBody>(
    agent: &Agent,
    request: Request<B>,
    limit: Option<Duration>,
    most: usize,
) -> Result<(response::Parts, Vec<u8>), Fault> {
    let mut request = request;
    // An agent of the user's may have a failover of its own.
    request.extensions_mut().insert(OnItsWay);
    let request = agent
        .configure_request(request)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(limit.map(payable))
        .build();
    let (parts, body) = agent.run(request).map_err(|error| fault_of(&error))?.into_parts();
    let mut bytes = Vec::new();
    // Counted after decompression: the limit of ureq's own reader counts before it.
    body.into_reader()
        .take(one_more_than(most))
        .read_to_end(&mut bytes)
        .map_err(|error| fault_of_body(&error))?;
    if bytes.len() > most { Err(Fault::Malformed) } else { Ok((parts, bytes)) }
}

/// An answer of ours, with the marks of a real one.
pub(crate) fn answer(made: Response<Vec<u8>>, marks: Extensions) -> Response<Body> {
    let (mut parts, bytes) = made.into_parts();
    parts.extensions.extend(marks);
    let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let body = Body::builder().mime_type(kind.unwrap_or("application/json")).data(bytes);
    Response::from_parts(parts, body)
}

/// The methods for which ureq wants a body.
fn has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// ureq refuses a limit of nothing and panics on one that never ends.
fn payable(limit: Duration) -> Duration {
    limit.clamp(Duration::from_millis(1), Duration::from_secs(365 * 24 * 60 * 60))
}

fn one_more_than(limit: usize) -> u64 {
    u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1)
}
