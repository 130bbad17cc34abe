//! A FAL with its queue, a Replicate and a NexaAPI on loopback, and a client that fails over between them, used blocking or
//! in a future.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use failover_isahc::{Builder, Client, Clock, Failover, Provenance, ProviderName};
use failover_testkit::Provider;
use futures_lite::future::block_on;
use futures_lite::io::BlockOn;
use isahc::http::{Method, Request, Response, request};
use isahc::{AsyncBody, Body, Error, HttpClient};
use serde_json::{Value, json};

pub(crate) const FAL_KEY: &str = "Key fal-secret-0001";
pub(crate) const REPLICATE_KEY: &str = "Bearer replicate-secret-0002";
pub(crate) const NEXA_KEY: &str = "nexa-secret-0003";

pub(crate) const FLUX_DEV: &str = "/fal-ai/flux/dev";
pub(crate) const FLUX_SCHNELL: &str = "/v1/models/black-forest-labs/flux-schnell/predictions";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Blocking,
    Future,
}

impl Way {
    /// Most tests are run once with blocking calls, and once in futures.
    pub(crate) const BOTH: [Self; 2] = [Self::Blocking, Self::Future];
}

pub(crate) struct Scene {
    pub(crate) way: Way,
    pub(crate) fal: Provider,
    pub(crate) queue: Provider,
    pub(crate) replicate: Provider,
    pub(crate) nexa: Provider,
    pub(crate) seen: Arc<Mutex<Vec<Provenance>>>,
    passed: Arc<AtomicU64>,
}

impl Scene {
    /// Everybody is healthy.
    pub(crate) fn new(way: Way) -> Self {
        Self {
            way,
            fal: Provider::fal(),
            queue: Provider::fal_queue(),
            replicate: Provider::replicate(),
            nexa: Provider::nexa(),
            seen: Arc::default(),
            passed: Arc::default(),
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

    /// On a clock that goes as time does, and jumps where [`Scene::pass`] says so.
    pub(crate) fn failover(&self, builder: Builder<Failover>) -> Failover {
        let (start, passed) = (Instant::now(), Arc::clone(&self.passed));
        let clock = Clock::new(
            move || start.elapsed() + Duration::from_millis(passed.load(Ordering::Relaxed)),
            |time| async move {
                async_io::Timer::after(time).await;
            },
        );
        builder.build().expect("a good configuration").with_clock(clock)
    }

    pub(crate) fn pass(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).expect("a test does not last that long");
        self.passed.fetch_add(millis, Ordering::Relaxed);
    }

    /// A client that knows nothing of the others, as one in another process.
    pub(crate) fn caller(&self) -> Caller {
        self.caller_of(self.builder())
    }

    pub(crate) fn caller_of(&self, builder: Builder<Failover>) -> Caller {
        self.caller_by(HttpClient::new().expect("a client"), builder)
    }

    pub(crate) fn caller_by(&self, http: HttpClient, builder: Builder<Failover>) -> Caller {
        self.caller_with(http, self.failover(builder))
    }

    pub(crate) fn caller_with(&self, http: HttpClient, failover: Failover) -> Caller {
        Caller { way: self.way, by: By::Us(Client::new(http, failover)) }
    }

    /// The client without us.
    pub(crate) fn bare(&self) -> Caller {
        Caller { way: self.way, by: By::Isahc(HttpClient::new().expect("a client")) }
    }

    /// How many requests FAL, Replicate and NexaAPI have seen; the queue is counted apart.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.fal.count(), self.replicate.count(), self.nexa.count()]
    }

    pub(crate) fn ask_fal(&self, caller: &Caller, body: &Value) -> Result<Response<Body>, Error> {
        caller.send(self.to_fal(), body.to_string())
    }

    pub(crate) fn to_fal(&self) -> request::Builder {
        post(&format!("{}{FLUX_DEV}", self.fal.url())).header("Authorization", FAL_KEY)
    }

    pub(crate) fn ask_replicate(&self, caller: &Caller, path: &str, body: &Value) -> Response<Body> {
        let request = post(&format!("{}{path}", self.replicate.url())).header("Prefer", "wait");
        let request = request.header("Authorization", REPLICATE_KEY);
        caller.send(request, body.to_string()).expect("an answer")
    }

    /// Submits to FAL's queue.
    pub(crate) fn submit(&self, caller: &Caller, body: &Value) -> Response<Body> {
        let request = post(&format!("{}{FLUX_DEV}", self.queue.url())).header("Authorization", FAL_KEY);
        caller.send(request, body.to_string()).expect("an answer")
    }

    /// What NexaAPI was asked last.
    pub(crate) fn nexa_body(&self) -> Value {
        let last = self.nexa.seen().pop().expect("NexaAPI was not asked");
        serde_json::from_slice(&last.body).expect("NexaAPI was sent something that is not JSON")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this went wrong the {:?} way", self.way);
        }
    }
}

/// Whoever calls, with us or without.
pub(crate) struct Caller {
    way: Way,
    by: By,
}

enum By {
    Us(Client),
    Isahc(HttpClient),
}

impl Caller {
    pub(crate) fn send(
        &self,
        request: request::Builder,
        body: impl Into<Vec<u8>>,
    ) -> Result<Response<Body>, Error> {
        let body = body.into();
        match self.way {
            Way::Blocking => {
                let body = if body.is_empty() { Body::empty() } else { Body::from(body) };
                let request = request.body(body).expect("a request");
                match &self.by {
                    By::Us(client) => client.send(request),
                    By::Isahc(client) => client.send(request),
                }
            }
            Way::Future => {
                let request = request.body((!body.is_empty()).then_some(body)).expect("a request");
                block_on(async {
                    match &self.by {
                        By::Us(client) => client.send_async(request).await,
                        By::Isahc(client) => client.send_async(request).await,
                    }
                })
                .map(blocking)
            }
        }
    }

    pub(crate) fn us(&self) -> &Client {
        match &self.by {
            By::Us(client) => client,
            By::Isahc(_) => panic!("there is no failover"),
        }
    }
}

/// An answer to a future, to be read like the others.
pub(crate) fn blocking(response: Response<AsyncBody>) -> Response<Body> {
    response.map(|body| match body.len() {
        Some(length) => Body::from_reader_sized(BlockOn::new(body), length),
        None => Body::from_reader(BlockOn::new(body)),
    })
}

pub(crate) fn to(method: Method, url: &str) -> request::Builder {
    Request::builder().method(method).uri(url)
}

pub(crate) fn post(url: &str) -> request::Builder {
    to(Method::POST, url).header("Content-Type", "application/json")
}

pub(crate) fn prompt() -> Value {
    json!({ "prompt": "a lighthouse at dusk" })
}

pub(crate) fn json_of(response: Response<Body>) -> Value {
    serde_json::from_str(&text_of(response)).expect("JSON")
}

pub(crate) fn text_of(mut response: Response<Body>) -> String {
    let mut text = String::new();
    response.body_mut().read_to_string(&mut text).expect("a whole text");
    text
}

pub(crate) fn provenance(response: &Response<Body>) -> &Provenance {
    response.extensions().get().expect("no provenance")
}

pub(crate) fn served_by(response: &Response<Body>) -> Option<&str> {
    response.headers().get("x-failover-served-by").map(|name| name.to_str().expect("ASCII"))
}
