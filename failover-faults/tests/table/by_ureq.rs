//! The caller that has ureq.

use std::io::Read;
use std::thread;
use std::time::Duration;

use failover_mapping::Fault;
use failover_mapping::cache::Cache;
use failover_ureq::calls::Provider;
use failover_ureq::{Calls, Clock, Failover, Unanswered};
use http::Request;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;
use ureq::{Agent, Error};

use crate::errand::{Body, Errand, Heard, Next, Said, Trouble};
use crate::row::Got;
use crate::scene::{LIMIT, Scene};
use crate::session::{LANES, Session};
use crate::time::Time;

/// A clock that is turned by hand, for a cell that does so.
fn clock(scene: &Scene, time: &Time) -> Option<Clock> {
    let (now, sleeper) = (time.clone(), time.clone());
    Time::is_turned(scene).then(|| Clock::new(move || now.now(), move |pause| sleeper.add(pause)))
}

fn config(scene: &Scene) -> ConfigBuilder<AgentScope> {
    Agent::config_builder().http_status_as_error(false).timeout_global(scene.limit_of_client())
}

/// Does the errand, whoever answers.
fn run(agent: &Agent, mut errand: Errand) -> Result<(Said, Option<String>), Error> {
    let mut request = errand.first();
    loop {
        let heard = ask(agent, request)?;
        let served_by = heard.served_by();
        match errand.heard(heard) {
            Next::Ask(next) => request = next,
            Next::Done(said) => return Ok((said, served_by)),
        }
    }
}

fn ask(agent: &Agent, request: Request<String>) -> Result<Heard, Error> {
    let answer = match request.method().as_str() {
        "GET" => agent.run(request.map(|_| ()))?,
        _ => agent.run(request)?,
    };
    let (parts, body) = answer.into_parts();
    let mut bytes = Vec::new();
    let body = match body.into_reader().take(LIMIT as u64 + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() > LIMIT => Body::TooLarge,
        Ok(_) => Body::Whole(bytes),
        Err(_) => Body::BrokenOff,
    };
    Ok(Heard { status: parts.status.as_u16(), headers: parts.headers, body })
}

pub(crate) struct DropIn<'s> {
    scene: &'s Scene,
    agent: Agent,
    time: Time,
}

impl<'s> DropIn<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Self {
        let time = Time::default();
        let mut failover: Failover = scene.builder().build().unwrap();
        if let Some(clock) = clock(scene, &time) {
            failover = failover.with_clock(clock);
        }
        let agent = config(scene).middleware(failover).build().into();
        Self { scene, agent, time }
    }
}

impl Session for DropIn<'_> {
    fn ask(&self) -> Got {
        match run(&self.agent, Errand::primary(self.scene)) {
            Ok((said, served_by)) => said.got(served_by.as_deref()),
            Err(Error::Other(error)) if error.is::<Unanswered>() => {
                self.scene.tell(format!("{error}\n{error:?}"));
                Got::Failed
            }
            Err(_) => Got::OwnError,
        }
    }

    fn crowd(&self, requests: usize) -> Vec<Got> {
        crowd(requests, || self.ask())
    }

    fn pass(&self, time: Duration) {
        self.time.add(time);
    }

    fn jump(&self, to: Duration) {
        self.time.set(to);
    }
}

pub(crate) struct Calling<'s> {
    scene: &'s Scene,
    agent: Agent,
    calls: Calls,
    cache: Option<Cache<&'static str, String>>,
    time: Time,
}

impl<'s> Calling<'s> {
    pub(crate) fn new(scene: &'s Scene) -> Self {
        let time = Time::default();
        let mut calls = Calls::builder().retries(2).build().unwrap();
        if let Some(clock) = clock(scene, &time) {
            calls = calls.with_clock(clock);
        }
        Self { scene, agent: config(scene).build().into(), calls, cache: scene.cache(), time }
    }

    fn value(&self, errand: Errand) -> Result<String, Trouble> {
        let (said, _) = run(&self.agent, errand).map_err(|error| fault_of(&error))?;
        said.into_value()
    }
}

impl Session for Calling<'_> {
    fn ask(&self) -> Got {
        let scene = self.scene;
        let asking = self
            .calls
            .ask([
                Provider::new("primary", || self.value(Errand::primary(scene))),
                Provider::new("backup", || self.value(Errand::stand_in(scene))),
            ])
            .classify(|trouble| scene.judge(trouble))
            .is_valid(|url| url.starts_with("https://"));
        let served = match &self.cache {
            Some(cache) => asking.cached(cache, "a lighthouse").run(),
            None => asking.run(),
        };
        scene.served(served)
    }

    fn crowd(&self, requests: usize) -> Vec<Got> {
        crowd(requests, || self.ask())
    }

    fn pass(&self, time: Duration) {
        self.time.add(time);
    }

    fn jump(&self, to: Duration) {
        self.time.set(to);
    }
}

/// A crowd of threads.
fn crowd(requests: usize, ask: impl Fn() -> Got + Sync) -> Vec<Got> {
    thread::scope(|scope| {
        let lane = || (0..requests / LANES).map(|_| ask()).collect::<Vec<_>>();
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    })
}

fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Fault::Connect,
        Error::Timeout(_) => Fault::Timeout,
        Error::TooManyRedirects | Error::RedirectFailed => Fault::Unsupported,
        _ => Fault::Reset,
    }
}
