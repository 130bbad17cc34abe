//! The ways on which the caller's own request goes out: through the rest of a client's middlewares, through a plain client, or
//! through a service.

use failover_core::Fault;
use failover_mapping::Unanswered;
use reqwest::{Body, Client, Request, Response};
use reqwest_middleware::{Error, Next};

use crate::error::{fault_of, fault_of_client};

/// This is the caller's own request, on its way already: a failover that is installed twice on a client is installed once, or
/// each would ask the stand-ins, and be billed.
#[derive(Clone)]
pub(crate) struct OnItsWay;

/// A way on which the caller's own request goes out.
pub(crate) trait Own: Send {
    type Error: Send;

    /// As it came.
    fn send(self, request: Request) -> impl Future<Output = Result<Response, Self::Error>> + Send;

    /// So that no other failover on its way takes it for its own.
    fn send_marked(&mut self, request: Request)
    -> impl Future<Output = Result<Response, Self::Error>> + Send;

    /// The request, and whether it is on its way already.
    fn marked(&self, request: Request) -> (Request, bool);

    /// What the error means. What is the caller's own doing is an invalid request.
    fn fault(error: &Self::Error) -> Fault;

    /// What the caller gets where the asked provider has said nothing.
    fn unanswered(unanswered: Unanswered) -> Result<Response, Self::Error>;
}

/// Through the rest of a client's middlewares.
pub(crate) struct Passed<'a, 'n> {
    pub(crate) extensions: &'a mut http::Extensions,
    pub(crate) next: Next<'n>,
}

impl Own for Passed<'_, '_> {
    type Error = Error;

    async fn send(self, request: Request) -> Result<Response, Error> {
        self.next.run(request, self.extensions).await
    }

    async fn send_marked(&mut self, request: Request) -> Result<Response, Error> {
        let marked = Marked::new(self.extensions);
        self.next.clone().run(request, &mut *marked.0).await
    }

    fn marked(&self, request: Request) -> (Request, bool) {
        (request, self.extensions.get::<OnItsWay>().is_some())
    }

    fn fault(error: &Error) -> Fault {
        fault_of(error)
    }

    fn unanswered(unanswered: Unanswered) -> Result<Response, Error> {
        Err(Error::middleware(unanswered))
    }
}

/// Extensions that bear the mark as long as the request is on its way: a middleware outside may send another with them.
struct Marked<'a>(&'a mut http::Extensions);

impl<'a> Marked<'a> {
    fn new(extensions: &'a mut http::Extensions) -> Self {
        extensions.insert(OnItsWay);
        Self(extensions)
    }
}

impl Drop for Marked<'_> {
    fn drop(&mut self) {
        self.0.remove::<OnItsWay>();
    }
}

/// Through a plain client, whose errors nobody else can make: so an answer says that there was none.
pub(crate) struct Plain(pub(crate) Client);

impl Own for Plain {
    type Error = reqwest::Error;

    async fn send(self, request: Request) -> Result<Response, reqwest::Error> {
        self.0.execute(request).await
    }

    /// There is no other failover behind a plain client.
    async fn send_marked(&mut self, request: Request) -> Result<Response, reqwest::Error> {
        self.0.execute(request).await
    }

    fn marked(&self, request: Request) -> (Request, bool) {
        (request, false)
    }

    fn fault(error: &reqwest::Error) -> Fault {
        fault_of_client(error)
    }

    fn unanswered(unanswered: Unanswered) -> Result<Response, reqwest::Error> {
        Ok(Response::from(unanswered.into_response().map(Body::from)))
    }
}
