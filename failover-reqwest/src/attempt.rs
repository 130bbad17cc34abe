//! One attempt over HTTP: the caller's own request through the caller's client, all others through one of ours.

use std::time::Duration;

use failover_core::{Fault, Limits};
use http::{HeaderMap, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response};

use crate::error::{fault_of_body, fault_of_client};
use crate::own::Own;

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

/// Sends the request on its way, as it came but for headers that the user wants added. `None` if it takes longer than the
/// limit.
pub(crate) async fn own<O: Own>(
    mut request: Request,
    added: Option<&HeaderMap>,
    own: &mut O,
    limits: &Limits,
) -> Option<Result<Response, O::Error>> {
    for (name, value) in added.into_iter().flatten() {
        // What the caller has said itself stands.
        request.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    let answer = own.send_marked(request);
    match limits.total() {
        Some(limit) => tokio::time::timeout(limit, answer).await.ok(),
        None => Some(answer.await),
    }
}

/// Asks a stand-in, and reads its answer up to `most` bytes.
pub(crate) async fn stand_in(
    client: &Client,
    request: http::Request<Vec<u8>>,
    limit: Option<Duration>,
    most: usize,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
    let answer = read(client, request, most);
    match limit {
        Some(limit) => tokio::time::timeout(limit, answer).await.unwrap_or(Err(Fault::Timeout)),
        None => answer.await,
    }
}

async fn read(
    client: &Client,
    request: http::Request<Vec<u8>>,
    most: usize,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
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
