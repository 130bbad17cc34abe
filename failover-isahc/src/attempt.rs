//! One attempt over HTTP: the caller's own request through the caller's client, all others through one of ours.

use std::time::Duration;

use failover_core::{Fault, Limits};
use futures_lite::AsyncReadExt;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, USER_AGENT};
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, response};
use isahc::config::{Configurable, ExpectContinue, RedirectPolicy};
use isahc::{AsyncBody, Error, HttpClient, Metrics, Trailer};

use crate::clock::Clock;
use crate::error::{fault_of, fault_of_body, sendable};

/// The client for stand-ins. It keeps no connection: libcurl sends a request again, and it is billed twice, when a connection
/// that is used again is lost before the answer. What goes for every request of a stand-in's, each one says by itself.
pub(crate) fn stand_in_client() -> Result<HttpClient, Error> {
    let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    HttpClient::builder().connection_cache_size(0).default_header(USER_AGENT, name).build()
}

/// Sends the request on its way, as it came but for headers that the user wants added. `None` if it takes longer than the
/// limit.
pub(crate) async fn own(
    client: &HttpClient,
    mut request: Request<AsyncBody>,
    added: Option<&HeaderMap>,
    limits: &Limits,
    clock: &Clock,
) -> Option<Result<Response<AsyncBody>, Error>> {
    for (name, value) in added.into_iter().flatten() {
        // What the caller has said itself stands.
        request.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    clock.within(limits.total(), client.send_async(request)).await
}

/// The same request once more: `body` is what its body was.
pub(crate) fn again(request: &Request<AsyncBody>, body: &[u8]) -> Request<AsyncBody> {
    let mut again = Request::new(AsyncBody::from(body));
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    again
}

/// What isahc knows of an answer beyond its headers, as far as it is true of another one in its place: the URL that was asked,
/// above all. Only isahc can make that mark.
pub(crate) fn marks(answer: response::Parts) -> Extensions {
    let mut marks = answer.extensions;
    marks.remove::<Trailer>();
    marks.remove::<Metrics>();
    marks
}

/// Asks a stand-in, and reads its answer up to `most` bytes.
pub(crate) async fn stand_in(
    client: &HttpClient,
    request: Request<Vec<u8>>,
    limit: Option<Duration>,
    most: usize,
    clock: &Clock,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
    let answer = clock.within(limit, read(client, request, limit, most)).await;
    answer.unwrap_or(Err(Fault::Timeout))
}

async fn read(
    client: &HttpClient,
    request: Request<Vec<u8>>,
    limit: Option<Duration>,
    most: usize,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
    let limits = limit.map_or(Limits::NONE, |limit| Limits::NONE.with_total(limit));
    let response = open(client, request, &limits).await?;
    let (parts, mut rest) = response.into_parts();
    let (mut body, mut chunk) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        match rest.read(&mut chunk).await.map_err(|error| fault_of_body(&error))? {
            0 => break,
            read if body.len() + read > most => return Err(Fault::Malformed),
            read => body.extend_from_slice(&chunk[..read]),
        }
    }
    whole(&parts.headers, body.len())?;
    Ok((parts.status, parts.headers, body))
}

/// Asks a stand-in, and waits for the head of its answer.
pub(crate) async fn open(
    client: &HttpClient,
    request: Request<Vec<u8>>,
    limits: &Limits,
) -> Result<Response<AsyncBody>, Fault> {
    let request = prepared(request, limits).map_err(|_| Fault::Unsupported)?;
    client.send_async(request).await.map_err(|error| match fault_of(&error) {
        // The caller has no part in it, so another stand-in may do.
        Fault::InvalidRequest => Fault::Unsupported,
        fault => fault,
    })
}

/// A stand-in's request, with what must not be left to the client: no redirect, for the key would go along; no
/// decompression, for libcurl itself would hold what comes of it; and an end, for isahc goes on with what is dropped.
fn prepared(request: Request<Vec<u8>>, limits: &Limits) -> Result<Request<AsyncBody>, Error> {
    let (parts, body) = request.into_parts();
    sendable(&parts.headers)?;
    // isahc tells "none" from "empty" on the wire.
    let body = match parts.method {
        Method::GET | Method::HEAD => AsyncBody::empty(),
        _ => AsyncBody::from(body),
    };
    let mut prepared = Request::builder()
        .method(parts.method)
        .uri(parts.uri)
        .redirect_policy(RedirectPolicy::None)
        .automatic_decompression(false)
        .expect_continue(ExpectContinue::disabled());
    if let Some(limit) = limits.total() {
        prepared = prepared.timeout(payable(limit));
    }
    if let Some(silence) = limits.first_answer().max(limits.idle()) {
        // isahc counts this in seconds.
        prepared = prepared.low_speed_timeout(1, payable(silence.saturating_add(Duration::from_secs(1))));
    }
    let mut prepared = prepared.body(body)?;
    *prepared.headers_mut() = parts.headers;
    Ok(prepared)
}

/// Whether an answer of these headers can have so many bytes. isahc itself is content with a declared length that is no number,
/// and where a user's client keeps to HTTP/1.0, with any.
pub(crate) fn whole(headers: &HeaderMap, received: usize) -> Result<(), Fault> {
    let coded = headers.contains_key(CONTENT_ENCODING) || headers.contains_key(TRANSFER_ENCODING);
    for declared in headers.get_all(CONTENT_LENGTH).iter().filter(|_| !coded) {
        let declared: Option<u64> = declared.to_str().ok().and_then(|declared| declared.parse().ok());
        match declared {
            None => return Err(Fault::Malformed),
            Some(declared) if usize::try_from(declared) != Ok(received) => return Err(Fault::Cut),
            Some(_) => {}
        }
    }
    Ok(())
}

/// isahc counts in milliseconds, takes less than one for no limit at all, and fails at what never ends. It gets a little more
/// time than there is, so that it is our clock that says when the time is up.
fn payable(limit: Duration) -> Duration {
    limit.saturating_add(Duration::from_millis(100)).min(Duration::from_secs(365 * 24 * 60 * 60))
}
