//! One request on its way to the provider that was asked, or to whoever stands in for it, and the answer on its way back.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use failover_reqwest::SendFailover;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body::Body as _;
use reqwest::Url;

use super::addresses::with_urls_of;
use super::large::{self, Unread};
use super::lines::Lines;
use super::refusal::{Refusal, Shape};
use super::{Gateway, headers};

/// Where a request goes.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) shape: Shape,
    base: String,
    /// With the query.
    path: String,
    /// The base URL that the caller uses, which is to stand in answers in place of these.
    shown: Option<(String, Vec<String>)>,
}

impl Door {
    /// What follows `dropped` in the caller's path, below this base URL.
    pub(super) fn new(shape: Shape, base: &str, dropped: &str, asked: &Uri) -> Self {
        let path = asked.path_and_query().map_or("/", |path| path.as_str());
        // The router has seen the prefix, in this very spelling or another that means the same.
        let path = path.get(dropped.len()..).filter(|rest| rest.starts_with('/')).unwrap_or("/");
        Self { shape, base: base.to_owned(), path: path.to_owned(), shown: None }
    }

    /// The answers name URLs of the provider's, below the base URL or one of `homes`: they are to begin with `shown`.
    pub(super) fn showing(self, shown: String, homes: &[&str]) -> Self {
        let mut bases = vec![self.base.clone()];
        bases.extend(homes.iter().map(|home| (*home).to_owned()));
        Self { shown: Some((shown, bases)), ..self }
    }

    /// Nothing in the caller's path can lead to another host, or out of the base URL: what else is there may be for others.
    fn url(&self) -> Option<Url> {
        let base = Url::parse(&self.base).ok()?;
        let url = Url::parse(&format!("{}{}", self.base, self.path)).ok()?;
        let below = url.path().strip_prefix(base.path().trim_end_matches('/'))?.starts_with('/');
        (below && url.origin() == base.origin() && url.username().is_empty()).then_some(url)
    }
}

/// Sends a caller's request on as it came.
pub(super) async fn forward(gateway: &Gateway, door: Door, request: Request) -> Response {
    let headers = headers::asked(request.headers());
    forward_with(gateway, door, headers, request).await
}

/// Sends a caller's request on, with these headers.
pub(super) async fn forward_with(
    gateway: &Gateway,
    door: Door,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let method = request.method().clone();
    let answer = match read(gateway, door.shape, request).await {
        Ok(body) => send(gateway, &door, method, headers, body).await,
        Err(refusal) => Err(refusal),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// The body, whole, so that it can be sent again; what is longer than the failover takes, as it comes.
async fn read(gateway: &Gateway, shape: Shape, request: Request) -> Result<reqwest::Body, Refusal> {
    let limit = gateway.failover.config().request_limit();
    let body = large::read(request.into_body(), limit, gateway.settings.body_limit).await;
    body.map_err(|unread| match unread {
        Unread::Broken => Refusal::new(shape, StatusCode::BAD_REQUEST, "the body did not arrive"),
        Unread::Late => Refusal::new(shape, StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
    })
}

async fn send(
    gateway: &Gateway,
    door: &Door,
    method: Method,
    headers: HeaderMap,
    body: reqwest::Body,
) -> Result<Response, Refusal> {
    let Gateway { failover, settings } = gateway;
    let Some(url) = door.url() else { return Err(Refusal::nowhere(door.shape)) };
    let request = settings.client.request(method, url).headers(headers);
    let request = if body.as_bytes().is_some_and(<[u8]>::is_empty) { request } else { request.body(body) };
    let response = request.send_failover(failover).await;
    let response = response.map_err(|error| Refusal::unreached(door.shape, error))?;
    let mut response = http::Response::<reqwest::Body>::from(response).map(Body::new);
    headers::answered(response.headers_mut());
    match (&door.shown, kind(response.headers())) {
        (Some((shown, bases)), Some("application/json")) => {
            let limits = (failover.config().answer_limit(), settings.body_limit);
            in_their_place(response, door, (shown, bases), limits).await
        }
        (Some((shown, bases)), Some("text/event-stream")) => {
            response.headers_mut().remove(CONTENT_LENGTH);
            let lines = |body| Body::new(Lines::new(body, shown.clone(), bases.clone()));
            Ok(response.map(lines))
        }
        (None, Some("application/json")) => {
            whole(response, door, failover.config().answer_limit(), settings.body_limit).await
        }
        _ => Ok(response),
    }
}

/// An answer that can be read only when all of it is there: half of one is none. What is longer than `most` is handed on as it comes.
async fn whole(
    response: Response,
    door: &Door,
    most: usize,
    patience: Duration,
) -> Result<Response, Refusal> {
    let (parts, body) = response.into_parts();
    let body = large::read(body, most, patience).await.map_err(|unread| match unread {
        Unread::Broken => Refusal::broke_off(door.shape),
        Unread::Late => Refusal::late(door.shape),
    })?;
    Ok(Response::from_parts(parts, Body::new(body)))
}

/// With URLs that lead back here. What is longer than `most` is handed on as it is.
async fn in_their_place(
    response: Response,
    door: &Door,
    (shown, bases): (&str, &[String]),
    (most, patience): (usize, Duration),
) -> Result<Response, Refusal> {
    let (mut parts, body) = whole(response, door, most, patience).await?.into_parts();
    // It is here already, or longer than that.
    if body.size_hint().exact().is_none_or(|length| length > most as u64)
        || bases.iter().all(|base| base == shown)
    {
        return Ok(Response::from_parts(parts, body));
    }
    let body = to_bytes(body, most).await.map_err(|_| Refusal::broke_off(door.shape))?;
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(parts, with_urls_of(shown, bases, body).into()))
}

/// What kind of body it is, if one that is read here.
fn kind(headers: &HeaderMap) -> Option<&'static str> {
    const KNOWN: [&str; 2] = ["application/json", "text/event-stream"];
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(kind))
}
