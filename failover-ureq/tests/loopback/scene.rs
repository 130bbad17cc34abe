//! A FAL, its queue, a Replicate and a NexaAPI on loopback, and an agent that fails over between them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_testkit::Provider;
use failover_ureq::{Builder, Clock, Failover, Provenance, ProviderName};
use serde_json::{Value, json};
use ureq::{Agent, Body, http::Response};

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
    time: Arc<AtomicU64>,
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
            time: Arc::default(),
        }
    }

    pub(crate) fn builder(&self) -> Builder<Failover> {
        let seen = Arc::clone(&self.seen);
        Failover::builder()
            .nexa_api_key(NEXA_KEY)
            .nexa_base_url(self.nexa.url())
            .provider_url(ProviderName::Fal, self.fal.url())
            .fal_queue_url(self.queue.url())
            .provider_url(ProviderName::Replicate, self.replicate.url())
            .on_failover(move |provenance| seen.lock().expect("never poisoned").push(provenance.clone()))
    }

    /// With a clock that stands still unless somebody sleeps or [`Scene::pass`] turns it.
    pub(crate) fn failover(&self, builder: Builder<Failover>) -> Failover {
        let (now, slept) = (Arc::clone(&self.time), Arc::clone(&self.time));
        let clock = Clock::new(
            move || Duration::from_millis(now.load(Ordering::Relaxed)),
            move |time| {
                slept.fetch_add(millis(time), Ordering::Relaxed);
            },
        );
        builder.build().expect("a good configuration").with_clock(clock)
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.time.fetch_add(millis(time), Ordering::Relaxed);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_millis(self.time.load(Ordering::Relaxed))
    }

    pub(crate) fn agent(&self) -> Agent {
        agent(self.failover(self.builder()))
    }

    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.fal.count(), self.replicate.count(), self.nexa.count()]
    }

    pub(crate) fn ask_fal(&self, agent: &Agent, body: &Value) -> Result<Response<Body>, ureq::Error> {
        agent.post(format!("{}{FLUX_DEV}", self.fal.url())).header("Authorization", FAL_KEY).send_json(body)
    }

    pub(crate) fn ask_replicate(&self, agent: &Agent, path: &str, body: &Value) -> Response<Body> {
        agent
            .post(format!("{}{path}", self.replicate.url()))
            .header("Authorization", REPLICATE_KEY)
            .header("Prefer", "wait")
            .send_json(body)
            .expect("an answer")
    }

    /// How often NexaAPI was asked to generate something.
    pub(crate) fn generations(&self) -> usize {
        self.nexa.seen().iter().filter(|seen| seen.method == "POST").count()
    }

    /// What NexaAPI was asked last.
    pub(crate) fn nexa_body(&self) -> Value {
        let last = self.nexa.seen().pop().expect("NexaAPI was not asked");
        serde_json::from_slice(&last.body).expect("NexaAPI was sent something that is not JSON")
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a test does not last that long")
}

/// Statuses are answers, as most callers of JSON APIs have it.
pub(crate) fn agent(failover: Failover) -> Agent {
    Agent::config_builder().middleware(failover).http_status_as_error(false).build().into()
}

pub(crate) fn prompt() -> Value {
    json!({ "prompt": "a lighthouse at dusk" })
}

pub(crate) fn json_of(mut response: Response<Body>) -> Value {
    response.body_mut().read_json().expect("JSON")
}

pub(crate) fn provenance(response: &Response<Body>) -> &Provenance {
    response.extensions().get().expect("no provenance")
}

pub(crate) fn served_by(response: &Response<Body>) -> Option<&str> {
    response.headers().get("x-failover-served-by").map(|name| name.to_str().expect("ASCII"))
}
