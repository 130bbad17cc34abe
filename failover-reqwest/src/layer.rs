//! Failover as a layer of [tower]: around a [`reqwest::Client`], or a stack of services that ends in one.
//!
//! [tower]: https://docs.rs/tower

use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::{fmt, mem};

use failover_core::Fault;
use failover_mapping::Unanswered;
use reqwest::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::Failover;
use crate::error::fault_of_client;
use crate::own::{OnItsWay, Own};
use crate::run;

type AnyError = Box<dyn Error + Send + Sync>;

/// A service with failover, made by [`Failover`] as a [`Layer`].
///
/// Its error is boxed, as tower's own layers have it, and within the box it is the inner service's own. Errors that are, or are
/// caused by, a [`reqwest::Error`] are judged; any other is handed on. Where there is neither an answer nor an error of
/// the asked provider's to hand on, it is an [`Unanswered`].
///
/// ```no_run
/// use failover_reqwest::Failover;
/// use tower::{ServiceBuilder, ServiceExt};
///
/// # async fn ask() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let client = ServiceBuilder::new().layer(Failover::from_env()?).service(reqwest::Client::new());
/// let request = reqwest::Request::new(http::Method::POST, "https://fal.run/fal-ai/flux/dev".parse()?);
/// let answer: reqwest::Response = client.oneshot(request).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FailoverService<S> {
    failover: Failover,
    inner: S,
}

impl<S> Layer<S> for Failover {
    type Service = FailoverService<S>;

    fn layer(&self, inner: S) -> FailoverService<S> {
        FailoverService { failover: self.clone(), inner }
    }
}

impl<S> Service<Request> for FailoverService<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Error: Into<AnyError>,
    S::Future: Send,
{
    type Response = Response;
    type Error = AnyError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, AnyError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), AnyError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready is the one that is called.
        let rest = self.inner.clone();
        let inner = mem::replace(&mut self.inner, rest);
        let failover = self.failover.clone();
        Box::pin(
            async move { run::run(&failover, request, None, Called { service: inner, ready: true }).await },
        )
    }
}

impl<S> fmt::Debug for FailoverService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailoverService").field("failover", &self.failover).finish_non_exhaustive()
    }
}

/// What a request bears besides what is sent. reqwest shows it by way of the `http` crate only, which takes any request that is
/// ours; another is left as it is.
fn with_extensions<T: Default>(
    request: Request,
    look: impl FnOnce(&mut http::Extensions) -> T,
) -> (Request, T) {
    let bodiless = request.body().is_none();
    if request.url().as_str().parse::<http::Uri>().is_err() {
        return (request, T::default());
    }
    let Ok(mut shown) = http::Request::<reqwest::Body>::try_from(request) else {
        unreachable!("its URL is a URI, and all else is of the `http` crate already");
    };
    let looked = look(shown.extensions_mut());
    let Ok(mut request) = Request::try_from(shown) else {
        unreachable!("its URI was a URL before");
    };
    if bodiless {
        *request.body_mut() = None;
    }
    (request, looked)
}

/// Through a service.
struct Called<S> {
    service: S,
    ready: bool,
}

impl<S> Own for Called<S>
where
    S: Service<Request, Response = Response> + Clone + Send,
    S::Error: Into<AnyError>,
    S::Future: Send,
{
    type Error = AnyError;

    fn send(mut self, request: Request) -> impl Future<Output = Result<Response, AnyError>> + Send {
        let answer = self.service.call(request);
        async move { answer.await.map_err(Into::into) }
    }

    /// The first time, the service is ready; it is asked whether it is before any other.
    async fn send_marked(&mut self, request: Request) -> Result<Response, AnyError> {
        let (request, _) = with_extensions(request, |extensions| extensions.insert(OnItsWay));
        let rest = self.service.clone();
        let mut service = mem::replace(&mut self.service, rest);
        if !mem::replace(&mut self.ready, false) {
            poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
        }
        let answer = service.call(request);
        answer.await.map_err(Into::into)
    }

    fn marked(&self, request: Request) -> (Request, bool) {
        with_extensions(request, |extensions| extensions.get::<OnItsWay>().is_some())
    }

    fn fault(error: &AnyError) -> Fault {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&**error);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<reqwest::Error>() {
                return fault_of_client(error);
            }
            cause = error.source();
        }
        Fault::InvalidRequest
    }

    fn unanswered(unanswered: Unanswered) -> Result<Response, AnyError> {
        Err(unanswered.into())
    }
}
