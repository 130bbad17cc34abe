//! Failover for one request of a plain client: its type, and its errors, stay reqwest's own.

use reqwest::{RequestBuilder, Response};

use crate::Failover;
use crate::own::Plain;
use crate::run;

/// [`send`](RequestBuilder::send), with failover.
///
/// ```no_run
/// use failover_reqwest::{Failover, SendFailover};
///
/// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
/// let (client, failover) = (reqwest::Client::new(), Failover::from_env()?);
/// let answer: reqwest::Response = client
///     .post("https://fal.run/fal-ai/flux/dev")
///     .header("Authorization", format!("Key {}", std::env::var("FAL_KEY")?))
///     .body(r#"{"prompt": "a lighthouse at dusk"}"#)
///     .send_failover(&failover)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// What this one request wants otherwise says [`Failover::per_request`].
pub trait SendFailover {
    /// Sends the request; if the asked provider cannot answer, another one does.
    ///
    /// # Errors
    ///
    /// The client's own, if the asked provider failed with it and nobody stood in. Where there is neither an answer nor an error of
    /// that provider's to hand on, because a deadline of ours passed first, the answer is a 504 that says so, with an
    /// [`Unanswered`](crate::Unanswered) as its extension: nobody but reqwest can make a [`reqwest::Error`].
    fn send_failover(self, failover: &Failover) -> impl Future<Output = reqwest::Result<Response>> + Send;
}

impl SendFailover for RequestBuilder {
    async fn send_failover(self, failover: &Failover) -> reqwest::Result<Response> {
        let (client, request) = self.build_split();
        run::run(failover, request?, None, Plain(client)).await
    }
}
