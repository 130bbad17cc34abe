//! One attempt over HTTP: the primary through the caller's agent, a stand-in through one of ours.

use std::io::{self, Read};
use std::time::Duration;

use failover_core::{Fault, Limits};
use http::{Request, Response, request, response};
use ureq::middleware::MiddlewareNext;
use ureq::{Agent, AsSendBody, Body, Error, RequestExt, SendBody};

use crate::error::{fault_of, fault_of_body};

/// The agent for stand-ins. It follows no redirect: the key would go along.
pub(crate) fn stand_in_agent() -> Agent {
    let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    Agent::config_builder().max_redirects(0).http_status_as_error(false).user_agent(name).build().into()
}

/// A request whose body was read, so that it can be translated.
pub(crate) enum Captured<'n> {
    /// Whole, not sent yet.
    Whole(request::Parts, Vec<u8>, MiddlewareNext<'n>),
    /// Longer than the limit: it was sent on as it came, with this result.
    HandedOn(Result<Response<Body>, Error>),
}

/// Reads the body, as long as it has at most `limit` bytes.
pub(crate) fn capture<'n>(
    request: Request<SendBody<'_>>,
    next: MiddlewareNext<'n>,
    limit: usize,
) -> Result<Captured<'n>, Error> {
    let (parts, body) = request.into_parts();
    let mut reader = body.into_reader();
    let mut body = Vec::new();
    reader.by_ref().take(one_more_than(limit)).read_to_end(&mut body)?;
    if body.len() <= limit {
        return Ok(Captured::Whole(parts, body, next));
    }
    let mut whole = io::Cursor::new(body).chain(reader);
    let request = Request::from_parts(parts, SendBody::from_reader(&mut whole));
    Ok(Captured::HandedOn(next.handle(request)))
}

/// Sends the request on its way, as it came.
pub(crate) fn primary(
    mut parts: request::Parts,
    mut body: &[u8],
    limits: &Limits,
    next: MiddlewareNext<'_>,
) -> Result<Response<Body>, Error> {
    if let Some(limit) = limits.total() {
        parts = limited(parts, limit);
    }
    // As ureq itself makes a body of bytes: then it writes the length where it always does.
    next.handle(Request::from_parts(parts, body.as_body()))
}

/// `timeout_per_call`, because it is the one that callers set least: their `timeout_global` goes on beside it.
fn limited(parts: request::Parts, limit: Duration) -> request::Parts {
    match Request::from_parts(parts.clone(), ()).middleware_config() {
        Some(config) => config.timeout_per_call(Some(payable(limit))).build().into_parts().0,
        None => parts,
    }
}

/// Asks a stand-in, and reads its answer up to `most` bytes.
pub(crate) fn stand_in(
    agent: &Agent,
    request: Request<Vec<u8>>,
    limits: &Limits,
    most: usize,
) -> Result<(response::Parts, Vec<u8>), Fault> {
    let request = agent
        .configure_request(request)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(limits.total().map(payable))
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

/// A synthetic answer. It keeps the private marks of a real one, without which ureq panics when asked for its URL.
pub(crate) fn answer(made: Response<Vec<u8>>, marks: http::Extensions) -> Response<Body> {
    let (mut parts, bytes) = made.into_parts();
    parts.extensions.extend(marks);
    let body = Body::builder().mime_type("application/json").data(bytes);
    Response::from_parts(parts, body)
}

/// ureq refuses a limit of nothing and panics on one that never ends.
fn payable(limit: Duration) -> Duration {
    limit.clamp(Duration::from_millis(1), Duration::from_secs(365 * 24 * 60 * 60))
}

fn one_more_than(limit: usize) -> u64 {
    u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1)
}
