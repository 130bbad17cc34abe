//! The client: isahc's own methods, under their own names.

use std::fmt;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use failover_mapping::Route;
use futures_lite::AsyncRead;
use futures_lite::future::block_on;
use futures_lite::io::{AssertAsync, BlockOn};
use http::{Method, Request, Response, Uri};
use isahc::{AsyncBody, Body, Error, HttpClient};

use crate::error::sendable;
use crate::{Failover, run};

/// An [`isahc::HttpClient`] that fails over. Clones share connections and state.
///
/// Its methods are those of isahc's client, which is there by [`AsRef`] for everything else. What goes another way, such as
/// [`isahc::RequestExt::send`], goes out without failover.
///
/// ```
/// use failover_isahc::Failover;
/// use failover_testkit::{Provider, Reply};
/// use isahc::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (fal, nexa) = (Provider::fal(), Provider::nexa());
/// # fal.always(Reply::status(503));
/// # let failover = Failover::builder().nexa_api_key("any").nexa_base_url(nexa.url())
/// #     .provider_url(failover_isahc::ProviderName::Fal, fal.url()).build()?;
/// let client = failover.wrap(isahc::HttpClient::new()?);
/// let mut response = client.post(format!("{}/fal-ai/flux/dev", fal.url()), r#"{"prompt": "a lighthouse"}"#)?;
/// assert_eq!(response.headers()["x-failover-served-by"], "nexaapi");
/// assert!(response.json::<serde_json::Value>()?["images"][0]["url"].is_string());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    http: HttpClient,
    failover: Failover,
}

impl Client {
    /// The requests of `http`, with failover. The asked provider is asked through it, with its settings.
    #[must_use]
    pub const fn new(http: HttpClient, failover: Failover) -> Self {
        Self { http, failover }
    }

    /// See [`HttpClient::get`].
    ///
    /// # Errors
    ///
    /// See [`Client::send`].
    pub fn get<U: TryInto<Uri, Error: Into<http::Error>>>(&self, uri: U) -> Result<Response<Body>, Error> {
        self.send(request(Method::GET, uri, ())?)
    }

    /// See [`HttpClient::get_async`].
    pub fn get_async<U: TryInto<Uri, Error: Into<http::Error>>>(&self, uri: U) -> ResponseFuture<'_> {
        self.send_any(request(Method::GET, uri, ()))
    }

    /// See [`HttpClient::head`].
    ///
    /// # Errors
    ///
    /// See [`Client::send`].
    pub fn head<U: TryInto<Uri, Error: Into<http::Error>>>(&self, uri: U) -> Result<Response<Body>, Error> {
        self.send(request(Method::HEAD, uri, ())?)
    }

    /// See [`HttpClient::head_async`].
    pub fn head_async<U: TryInto<Uri, Error: Into<http::Error>>>(&self, uri: U) -> ResponseFuture<'_> {
        self.send_any(request(Method::HEAD, uri, ()))
    }

    /// See [`HttpClient::post`].
    ///
    /// # Errors
    ///
    /// See [`Client::send`].
    pub fn post<U, B>(&self, uri: U, body: B) -> Result<Response<Body>, Error>
    where
        U: TryInto<Uri, Error: Into<http::Error>>,
        B: Into<Body>,
    {
        self.send(request(Method::POST, uri, body)?)
    }

    /// See [`HttpClient::post_async`].
    pub fn post_async<U, B>(&self, uri: U, body: B) -> ResponseFuture<'_>
    where
        U: TryInto<Uri, Error: Into<http::Error>>,
        B: Into<AsyncBody>,
    {
        self.send_any(request(Method::POST, uri, body))
    }

    /// See [`HttpClient::put`].
    ///
    /// # Errors
    ///
    /// See [`Client::send`].
    pub fn put<U, B>(&self, uri: U, body: B) -> Result<Response<Body>, Error>
    where
        U: TryInto<Uri, Error: Into<http::Error>>,
        B: Into<Body>,
    {
        self.send(request(Method::PUT, uri, body)?)
    }

    /// See [`HttpClient::put_async`].
    pub fn put_async<U, B>(&self, uri: U, body: B) -> ResponseFuture<'_>
    where
        U: TryInto<Uri, Error: Into<http::Error>>,
        B: Into<AsyncBody>,
    {
        self.send_any(request(Method::PUT, uri, body))
    }

    /// See [`HttpClient::delete`].
    ///
    /// # Errors
    ///
    /// See [`Client::send`].
    pub fn delete<U: TryInto<Uri, Error: Into<http::Error>>>(&self, uri: U) -> Result<Response<Body>, Error> {
        self.send(request(Method::DELETE, uri, ())?)
    }

    /// See [`HttpClient::delete_async`].
    pub fn delete_async<U: TryInto<Uri, Error: Into<http::Error>>>(&self, uri: U) -> ResponseFuture<'_> {
        self.send_any(request(Method::DELETE, uri, ()))
    }

    /// Sends a request and waits for the answer; if the asked provider cannot answer, another one does. The calling thread
    /// waits without a runtime.
    ///
    /// What one request wants otherwise says a [`PerRequest`](crate::PerRequest) among its extensions.
    ///
    /// # Errors
    ///
    /// isahc's own, as the asked provider's client gave it, if nobody else could answer. Where there is neither an answer nor an
    /// error of that provider's to hand on, because a deadline of ours passed first, [`unanswered`](crate::unanswered) tells
    /// more. And where isahc would panic, an invalid request: of a header whose value is not visible ASCII.
    pub fn send<B: Into<Body>>(&self, request: Request<B>) -> Result<Response<Body>, Error> {
        sendable(request.headers())?;
        let mut request = request.map(Into::into);
        let Some((route, copy)) = self.ours(&mut request) else { return self.http.send(request) };
        let request = request.map(|body: Body| match (body.is_empty(), body.len()) {
            (true, _) => AsyncBody::empty(),
            _ if route.needs_body() => AsyncBody::from(copy.clone()),
            // Nobody sends one with such a request, and if so, it is not needed.
            (false, Some(length)) => AsyncBody::from_reader_sized(AssertAsync::new(body), length),
            (false, None) => AsyncBody::from_reader(AssertAsync::new(body)),
        });
        let answer = block_on(run::run(&self.failover, &self.http, route, request, copy))?;
        Ok(answer.map(|body| match (body.is_empty(), body.len()) {
            (true, _) => Body::empty(),
            (false, Some(length)) => Body::from_reader_sized(BlockOn::new(body), length),
            (false, None) => Body::from_reader(BlockOn::new(body)),
        }))
    }

    /// As [`Client::send`], in any executor.
    pub fn send_async<B: Into<AsyncBody>>(&self, request: Request<B>) -> ResponseFuture<'_> {
        self.send_any(Ok(request))
    }

    fn send_any<B: Into<AsyncBody>>(&self, request: Result<Request<B>, Error>) -> ResponseFuture<'_> {
        let request = request.and_then(|request| sendable(request.headers()).map(|()| request));
        ResponseFuture(match request {
            Err(error) => Way::Refused(Some(error)),
            Ok(request) => {
                let mut request = request.map(Into::into);
                match self.ours(&mut request) {
                    None => Way::PassedOn(self.http.send_async(request)),
                    Some((route, copy)) => {
                        Way::Ours(Box::pin(run::run(&self.failover, &self.http, route, request, copy)))
                    }
                }
            }
        })
    }

    /// Where the request is going, if that is ours, with a copy of its body if that is needed. A body that cannot be sent again, or
    /// is longer than the limit, is not touched.
    fn ours<B: Replayed>(&self, request: &mut Request<B>) -> Option<(Route<'_>, Vec<u8>)> {
        let route = self.failover.route(request)?;
        let limit = self.failover.config().request_limit();
        let copy = if route.needs_body() { request.body_mut().copied(limit)? } else { Vec::new() };
        Some((route, copy))
    }
}

impl AsRef<HttpClient> for Client {
    fn as_ref(&self) -> &HttpClient {
        &self.http
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("failover", &self.failover).finish_non_exhaustive()
    }
}

fn request<U, B>(method: Method, uri: U, body: B) -> Result<Request<B>, Error>
where
    U: TryInto<Uri, Error: Into<http::Error>>,
{
    Ok(Request::builder().method(method).uri(uri).body(body)?)
}

/// A body that may be a buffer, and then can be read and sent all the same.
trait Replayed {
    /// Its bytes, if it is a buffer of at most so many.
    fn copied(&mut self, limit: usize) -> Option<Vec<u8>>;
}

impl Replayed for Body {
    fn copied(&mut self, limit: usize) -> Option<Vec<u8>> {
        let length = usize::try_from(self.len()?).ok().filter(|length| *length <= limit)?;
        // isahc can go back to the beginning of a buffer, and of nothing else.
        let mut bytes = self.reset().then(|| vec![0; length])?;
        let read = self.read_exact(&mut bytes);
        self.reset();
        read.ok().map(|()| bytes)
    }
}

impl Replayed for AsyncBody {
    fn copied(&mut self, limit: usize) -> Option<Vec<u8>> {
        let length = usize::try_from(self.len()?).ok().filter(|length| *length <= limit)?;
        let mut bytes = self.reset().then(|| vec![0; length])?;
        // A buffer is never waited for, and gives all that is asked of it at once.
        let read = Pin::new(&mut *self).poll_read(&mut Context::from_waker(Waker::noop()), &mut bytes);
        self.reset();
        matches!(read, Poll::Ready(Ok(read)) if read == length).then_some(bytes)
    }
}

/// The answer to a request that was sent with [`Client::send_async`] or one of its like.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct ResponseFuture<'c>(Way<'c>);

enum Way<'c> {
    Refused(Option<Error>),
    PassedOn(isahc::ResponseFuture<'c>),
    Ours(Pin<Box<dyn Future<Output = Result<Response<AsyncBody>, Error>> + Send + 'c>>),
}

impl Future for ResponseFuture<'_> {
    type Output = Result<Response<AsyncBody>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Way::Refused(error) => error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
            Way::PassedOn(answer) => Pin::new(answer).poll(context),
            Way::Ours(answer) => answer.as_mut().poll(context),
        }
    }
}

impl fmt::Debug for ResponseFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
