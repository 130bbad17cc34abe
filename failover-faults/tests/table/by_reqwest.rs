//! The caller that has reqwest.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use failover_mapping::Fault;
use failover_mapping::cache::Cache;
use failover_reqwest::calls::Provider;
use failover_reqwest::{Calls, Failover, Unanswered};
use http::{HeaderMap, Request};
use reqwest::{Client, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error};
use tokio::runtime::{Builder, Runtime};

use crate::errand::{Body, Errand, Heard, Next, Said, Trouble};
use crate::row::Got;
use crate::scene::{LIMIT, Scene};
use crate::session::{Session, crowd};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn client(scene: &Scene, http_2: bool) -> Client {
    let mut client = Client::builder();
    if let Some(limit) = scene.limit_of_client() {
        client = client.timeout(limit);
    }
    if http_2 {
        client = client.http2_prior_knowledge();
    }
    client.build().unwrap()
}

/// Does the errand, whoever answers.
async fn run(client: &ClientWithMiddleware, mut errand: Errand) -> Result<(Said, Option<String>), Error> {
    let mut request = errand.first();
    loop {
        let heard = read(client.execute(to_send(request)).await?).await;
        let served_by = heard.served_by();
        match errand.heard(heard) {
            Next::Ask(next) => request = next,
            Next::Done(said) => return Ok((said, served_by)),
        }
    }
}

fn to_send(request: Request<String>) -> reqwest::Request {
    request.try_into().unwrap()
}

async fn read(mut answer: Response) -> Heard {
    let (status, headers): (u16, HeaderMap) = (answer.status().as_u16(), answer.headers().clone());
    let mut bytes = Vec::new();
    let body = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break Body::Whole(bytes),
            Err(_) => break Body::BrokenOff,
        }
        if bytes.len() > LIMIT {
            break Body::TooLarge;
        }
    };
    Heard { status, headers, body }
}

/// Lets so much time pass, for everything that goes by tokio's clock.
fn pass(runtime: &Runtime, time: Duration) {
    runtime.block_on(async {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    });
}

/// Drops a request when the asked provider has seen it.
fn cancel(runtime: &Runtime, scene: &Scene, asking: impl Future<Output = Got>) {
    runtime.block_on(async {
        let mut asking = pin!(asking);
        while scene.counts().0 == 0 {
            let early = tokio::time::timeout(Duration::from_millis(1), &mut asking).await;
            assert!(early.is_err(), "what hangs was answered");
        }
    });
}

pub(crate) struct DropIn<'s> {
    scene: &'s Scene,
    client: ClientWithMiddleware,
    runtime: Runtime,
}

impl<'s> DropIn<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Self {
        let runtime = runtime();
        let within = runtime.enter();
        let failover: Failover = scene.builder().build().unwrap();
        let client = ClientBuilder::new(client(scene, scene.speaks_http_2())).with(failover).build();
        drop(within);
        Self { scene, client, runtime }
    }

    async fn got(&self) -> Got {
        match run(&self.client, Errand::primary(self.scene)).await {
            Ok((said, served_by)) => said.got(served_by.as_deref()),
            Err(Error::Middleware(error)) if error.is::<Unanswered>() => {
                self.scene.tell(format!("{error}\n{error:?}"));
                Got::Failed
            }
            Err(_) => Got::OwnError,
        }
    }
}

impl Session for DropIn<'_> {
    fn ask(&self) -> Got {
        self.runtime.block_on(self.got())
    }

    fn crowd(&self, requests: usize) -> Vec<Got> {
        self.runtime.block_on(crowd(requests, async || self.got().await))
    }

    fn pass(&self, time: Duration) {
        pass(&self.runtime, time);
    }

    fn cancel(&self) {
        cancel(&self.runtime, self.scene, self.got());
    }
}

pub(crate) struct Calling<'s> {
    scene: &'s Scene,
    /// As they are: nothing is added to them.
    clients: [ClientWithMiddleware; 2],
    calls: Calls,
    cache: Option<Cache<&'static str, String>>,
    runtime: Runtime,
}

impl<'s> Calling<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Self {
        let runtime = runtime();
        let within = runtime.enter();
        let calls = Calls::builder().retries(2).build().unwrap();
        let clients = [scene.speaks_http_2(), false].map(|it| ClientBuilder::new(client(scene, it)).build());
        drop(within);
        Self { scene, clients, calls, cache: scene.cache(), runtime }
    }

    async fn got(&self) -> Got {
        let (scene, [first, second]) = (self.scene, &self.clients);
        let asking = self
            .calls
            .ask([
                Provider::new("primary", || value(first, Errand::primary(scene))),
                Provider::new("backup", || value(second, Errand::stand_in(scene))),
            ])
            .classify(|trouble| scene.judge(trouble))
            .is_valid(|url| url.starts_with("https://"));
        let served = match &self.cache {
            Some(cache) => asking.cached(cache, "a lighthouse").run().await,
            None => asking.run().await,
        };
        scene.served(served)
    }
}

impl Session for Calling<'_> {
    fn ask(&self) -> Got {
        self.runtime.block_on(self.got())
    }

    fn crowd(&self, requests: usize) -> Vec<Got> {
        self.runtime.block_on(crowd(requests, async || self.got().await))
    }

    fn pass(&self, time: Duration) {
        pass(&self.runtime, time);
    }

    fn cancel(&self) {
        cancel(&self.runtime, self.scene, self.got());
    }
}

async fn value(client: &ClientWithMiddleware, errand: Errand) -> Result<String, Trouble> {
    let (said, _) = run(client, errand).await.map_err(|error| fault_of(&error))?;
    said.into_value()
}

fn fault_of(error: &Error) -> Fault {
    let Error::Reqwest(error) = error else { return Fault::Reset };
    if error.is_timeout() {
        Fault::Timeout
    } else if error.is_connect() {
        Fault::Connect
    } else if error.is_redirect() {
        Fault::Unsupported
    } else {
        Fault::Reset
    }
}
