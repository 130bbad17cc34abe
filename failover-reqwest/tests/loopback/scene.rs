//! A FAL with its queue, a Replicate and a NexaAPI on loopback, and a client that fails over between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_reqwest::{Builder, Failover, Provenance, ProviderName};
use failover_testkit::Provider;
use reqwest::Response;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Result};
use serde_json::{Value, json};

pub(crate) const FAL_KEY: &str = "Key fal-secret-0001";
pub(crate) const REPLICATE_KEY: &str = "Bearer replicate-secret-0002";
pub(crate) const NEXA_KEY: &str = "nexa-secret-0003";

pub(crate) const FLUX_DEV: &str = "/fal-ai/flux/dev";
pub(crate) const FLUX_SCHNELL: &str = "/v1/models/black-forest-labs/flux-schnell/predictions";

pub(crate) struct Scene {
    pub(crate) fal: Provider,
    pub(crate) queue: Provider,
    pub(crate) replicate: Provider,
    pub(crate) nexa: Provider,
    pub(crate) seen: Arc<Mutex<Vec<Provenance>>>,
}

impl Scene {
    /// Everybody is healthy.
    pub(crate) fn new() -> Self {
        Self {
            fal: Provider::fal(),
            queue: Provider::fal_queue(),
            replicate: Provider::replicate(),
            nexa: Provider::nexa(),
            seen: Arc::default(),
        }
    }

    /// The second attempt on NexaAPI comes at once, and so does the next question for its job: delays are real time here.
    pub(crate) fn builder(&self) -> Builder<Failover> {
        let seen = Arc::clone(&self.seen);
        Failover::builder()
            .nexa_api_key(NEXA_KEY)
            .nexa_base_url(self.nexa.url())
            .stand_in_delay(Duration::from_millis(1))
            .poll_interval(Duration::from_millis(1))
            .provider_url(ProviderName::Fal, self.fal.url())
            .fal_queue_url(self.queue.url())
            .provider_url(ProviderName::Replicate, self.replicate.url())
            .on_failover(move |provenance| seen.lock().expect("never poisoned").push(provenance.clone()))
    }

    /// A client that knows nothing of the others, as one in another process.
    pub(crate) fn client(&self) -> ClientWithMiddleware {
        client(self.builder().build().expect("a good configuration"))
    }

    /// How many requests FAL, Replicate and NexaAPI have seen; the queue is counted apart.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.fal.count(), self.replicate.count(), self.nexa.count()]
    }

    pub(crate) async fn ask_fal(&self, client: &ClientWithMiddleware, body: &Value) -> Result<Response> {
        let url = format!("{}{FLUX_DEV}", self.fal.url());
        client.post(url).header("Authorization", FAL_KEY).json(body).send().await
    }

    pub(crate) async fn ask_replicate(
        &self,
        client: &ClientWithMiddleware,
        path: &str,
        body: &Value,
    ) -> Response {
        let request = client.post(format!("{}{path}", self.replicate.url())).json(body);
        let request = request.header("Authorization", REPLICATE_KEY).header("Prefer", "wait");
        request.send().await.expect("an answer")
    }

    /// Submits to FAL's queue.
    pub(crate) async fn submit(&self, client: &ClientWithMiddleware, body: &Value) -> Response {
        let url = format!("{}{FLUX_DEV}", self.queue.url());
        client.post(url).header("Authorization", FAL_KEY).json(body).send().await.expect("an answer")
    }

    /// What NexaAPI was asked last.
    pub(crate) fn nexa_body(&self) -> Value {
        let last = self.nexa.seen().pop().expect("NexaAPI was not asked");
        serde_json::from_slice(&last.body).expect("NexaAPI was sent something that is not JSON")
    }
}

/// Lets so much time pass, for everything that goes by tokio's clock.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

pub(crate) fn client(failover: Failover) -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(failover).build()
}

pub(crate) fn prompt() -> Value {
    json!({ "prompt": "a lighthouse at dusk" })
}

pub(crate) async fn json_of(response: Response) -> Value {
    response.json().await.expect("JSON")
}

pub(crate) fn provenance(response: &Response) -> &Provenance {
    response.extensions().get().expect("no provenance")
}

pub(crate) fn served_by(response: &Response) -> Option<&str> {
    response.headers().get("x-failover-served-by").map(|name| name.to_str().expect("ASCII"))
}
