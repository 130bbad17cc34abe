//! The ways on which the caller's own request goes out: through the rest of a client's middlewares, through a plain client, or
//! through a service.

use failover_core::Fault;
use failover_mapping::Unanswered;
use reqwest::{Body, Client, Request, Response};
use reqwest_middleware::{Error, Next};

use crate::error::{fault_of, fault_of_client};

tokio::task_local! {
    /// This is the caller's own request, on its way already.
    static ON_ITS_WAY: ();
}

/// Whether this request has come through a failover before. One that is installed twice on a client is installed once: else
/// each would ask the stand-ins, and be billed.
pub(crate) fn is_on_its_way() -> bool {
    ON_ITS_WAY.try_with(|()| ()).is_ok()
}

/// Sends the request, so that no other failover on its way takes it for its own.
pub(crate) async fn send<O: Own>(own: O, request: Request) -> Result<Response, O::Error> {
    ON_ITS_WAY.scope((), own.send(request)).await
}

/// A way on which the caller's own request goes out, once.
pub(crate) trait Own: Send {
    type Error: Send;

    fn send(self, request: Request) -> impl Future<Output = Result<Response, Self::Error>> + Send;

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

    fn fault(error: &Error) -> Fault {
        fault_of(error)
    }

    fn unanswered(unanswered: Unanswered) -> Result<Response, Error> {
        Err(Error::middleware(unanswered))
    }
}

/// Through a plain client, whose errors nobody else can make: so an answer says that there was none.
pub(crate) struct Plain(pub(crate) Client);

impl Own for Plain {
    type Error = reqwest::Error;

    async fn send(self, request: Request) -> Result<Response, reqwest::Error> {
        self.0.execute(request).await
    }

    fn fault(error: &reqwest::Error) -> Fault {
        fault_of_client(error)
    }

    fn unanswered(unanswered: Unanswered) -> Result<Response, reqwest::Error> {
        Ok(Response::from(unanswered.into_response().map(Body::from)))
    }
}
