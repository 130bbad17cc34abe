//! The caller that has isahc.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use failover_isahc::calls::{Calls, Provider};
use failover_isahc::{Client, Clock, Failover, unanswered};
use failover_mapping::Fault;
use failover_mapping::cache::Cache;
use futures_lite::{AsyncReadExt, future};
use http::{Request, Response};
use isahc::config::{Configurable, VersionNegotiation};
use isahc::error::ErrorKind;
use isahc::{AsyncBody, Error, HttpClient};

use crate::errand::{Body, Errand, Heard, Next, Said, Trouble};
use crate::row::Got;
use crate::scene::{LIMIT, Scene};
use crate::session::{Session, crowd};
use crate::time::Time;

fn client(scene: &Scene, http_2: bool) -> HttpClient {
    let mut client = HttpClient::builder();
    if let Some(limit) = scene.limit_of_client() {
        client = client.timeout(limit);
    }
    if http_2 {
        client = client.version_negotiation(VersionNegotiation::http2());
    }
    client.build().unwrap()
}

type Answer<'c> = Pin<Box<dyn Future<Output = Result<Response<AsyncBody>, Error>> + Send + 'c>>;

/// Does the errand, whoever answers.
async fn run<'c>(
    mut send: impl FnMut(Request<String>) -> Answer<'c>,
    mut errand: Errand,
) -> Result<(Said, Option<String>), Error> {
    let mut request = errand.first();
    loop {
        let heard = read(send(request).await?).await;
        let served_by = heard.served_by();
        match errand.heard(heard) {
            Next::Ask(next) => request = next,
            Next::Done(said) => return Ok((said, served_by)),
        }
    }
}

async fn read(answer: Response<AsyncBody>) -> Heard {
    let (parts, body) = answer.into_parts();
    let mut bytes = Vec::new();
    let body = match body.take(LIMIT as u64 + 1).read_to_end(&mut bytes).await {
        Ok(_) if bytes.len() > LIMIT => Body::TooLarge,
        Ok(_) => Body::Whole(bytes),
        Err(_) => Body::BrokenOff,
    };
    Heard { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// Drops a request when the asked provider has seen it.
fn cancel(scene: &Scene, asking: impl Future<Output = Got>) {
    let mut asking = pin!(asking);
    while scene.counts().0 == 0 {
        let early = future::block_on(future::poll_once(&mut asking));
        assert!(early.is_none(), "what hangs was answered");
        std::thread::yield_now();
    }
}

pub(crate) struct DropIn<'s> {
    scene: &'s Scene,
    client: Client,
    time: Time,
}

impl<'s> DropIn<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Self {
        let time = Time::default();
        let mut failover: Failover = scene.builder().build().unwrap();
        if Time::is_turned(scene) {
            let now = time.clone();
            // Nobody waits for it but time limits, and none of them passes.
            failover = failover.with_clock(Clock::new(move || now.now(), |_| future::pending()));
        }
        let client = failover.wrap(client(scene, scene.speaks_http_2()));
        Self { scene, client, time }
    }

    async fn got(&self) -> Got {
        let send = |request| -> Answer<'_> { Box::pin(self.client.send_async(request)) };
        match run(send, Errand::primary(self.scene)).await {
            Ok((said, served_by)) => said.got(served_by.as_deref()),
            Err(error) if unanswered(&error).is_some() => {
                self.scene.tell(format!("{error}\n{error:?}"));
                Got::Failed
            }
            Err(_) => Got::OwnError,
        }
    }
}

impl Session for DropIn<'_> {
    fn ask(&self) -> Got {
        future::block_on(self.got())
    }

    fn crowd(&self, requests: usize) -> Vec<Got> {
        future::block_on(crowd(requests, async || self.got().await))
    }

    fn pass(&self, time: Duration) {
        self.time.add(time);
    }

    fn jump(&self, to: Duration) {
        self.time.set(to);
    }

    fn cancel(&self) {
        cancel(self.scene, self.got());
    }
}

pub(crate) struct Calling<'s> {
    scene: &'s Scene,
    clients: [HttpClient; 2],
    calls: Calls,
    cache: Option<Cache<&'static str, String>>,
    time: Time,
}

impl<'s> Calling<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Self {
        let time = Time::default();
        let mut calls = Calls::builder().retries(2).build().unwrap();
        if Time::is_turned(scene) {
            let (now, sleeper) = (time.clone(), time.clone());
            let sleep = move |pause| {
                sleeper.add(pause);
                future::ready(())
            };
            calls = calls.with_clock(Clock::new(move || now.now(), sleep));
        }
        let clients = [scene.speaks_http_2(), false].map(|http_2| client(scene, http_2));
        Self { scene, clients, calls, cache: scene.cache(), time }
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
        future::block_on(self.got())
    }

    fn crowd(&self, requests: usize) -> Vec<Got> {
        future::block_on(crowd(requests, async || self.got().await))
    }

    fn pass(&self, time: Duration) {
        self.time.add(time);
    }

    fn jump(&self, to: Duration) {
        self.time.set(to);
    }

    fn cancel(&self) {
        cancel(self.scene, self.got());
    }
}

async fn value(client: &HttpClient, errand: Errand) -> Result<String, Trouble> {
    let send = |request| -> Answer<'_> { Box::pin(client.send_async(request)) };
    let (said, _) = run(send, errand).await.map_err(|error| fault_of(&error))?;
    said.into_value()
}

fn fault_of(error: &Error) -> Fault {
    match error.kind() {
        ErrorKind::ConnectionFailed | ErrorKind::NameResolution => Fault::Connect,
        ErrorKind::Timeout => Fault::Timeout,
        ErrorKind::TooManyRedirects => Fault::Unsupported,
        _ => Fault::Reset,
    }
}
