//! One attempt over HTTP: the primary through the caller's client, a stand-in through one of ours.

use std::time::Duration;

use failover_core::{Fault, Limits};
use http::{HeaderMap, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response, ResponseBuilderExt, Url};
use reqwest_middleware::{Next, Result};

use crate::error::{fault_of_body, fault_of_client};

/// The client for stand-ins. It follows no redirect, for the key would go along; tells nobody where it comes from; and
/// repeats nothing by itself.
pub(crate) fn stand_in_client() -> reqwest::Result<Client> {
    let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .user_agent(name)
        .build()
}

/// Sends the request on its way, as it came. `None` if it takes longer than the limit.
pub(crate) async fn primary(
    request: Request,
    extensions: &mut http::Extensions,
    next: Next<'_>,
    limits: &Limits,
) -> Option<Result<Response>> {
    let answer = next.run(request, extensions);
    match limits.total() {
        Some(limit) => tokio::time::timeout(limit, answer).await.ok(),
        None => Some(answer.await),
    }
}

/// Asks a stand-in, and reads its answer up to `most` bytes.
pub(crate) async fn stand_in(
    client: &Client,
    request: http::Request<Vec<u8>>,
    limits: &Limits,
    most: usize,
) -> std::result::Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
    let answer = read(client, request, most);
    match limits.total() {
        Some(limit) => tokio::time::timeout(limit, answer).await.unwrap_or(Err(Fault::Timeout)),
        None => answer.await,
    }
}

async fn read(
    client: &Client,
    request: http::Request<Vec<u8>>,
    most: usize,
) -> std::result::Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
    let request = Request::try_from(request).map_err(|error| fault_of_client(&error))?;
    let mut response = client.execute(request).await.map_err(|error| fault_of_client(&error))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault_of_body(&error))? {
        if body.len() + chunk.len() > most {
            return Err(Fault::Malformed);
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), std::mem::take(response.headers_mut()), body))
}

/// A synthetic answer that says it comes from `url`.
pub(crate) fn answer(made: http::Response<Vec<u8>>, url: Url) -> Response {
    let (parts, body) = made.into_parts();
    let marks = http::response::Builder::new().url(url);
    let mut response = http::Response::new(body);
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    *response.extensions_mut() = parts.extensions;
    if let Some(marked) = marks.extensions_ref() {
        response.extensions_mut().extend(marked.clone());
    }
    Response::from(response)
}

/// So much of a refused answer is read before it is dropped, in so much time: undrained, it would cost its connection.
const DRAINED: usize = 64 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// Reads the rest of an answer that nobody wants, beside everything else.
pub(crate) fn drain(mut response: Response) {
    tokio::spawn(tokio::time::timeout(DRAIN_TIME, async move {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > DRAINED {
                break;
            }
        }
    }));
}
