//! Plays whole calls through the core without a network: what was sent, what the caller got, and the history.

#![allow(dead_code, reason = "each test file uses its part")]

use std::time::{Duration, SystemTime};

use failover_core::{Action, Call, Fault, Finish, Fleet, Moment, Outcome};
use failover_mapping::{Builder, Conclusion, Config, Flight, Provenance, Target};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};

pub(crate) const KEY: &str = "nexa-key-2f81";
pub(crate) const GOOD: &str = r#"{"data":[{"url":"https://cdn.nexa.example/a.png"}]}"#;

/// What a provider does.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Answer(u16, HeaderMap, Vec<u8>),
    Nothing(Fault),
}

pub(crate) fn status(status: u16) -> Says {
    Says::Answer(status, HeaderMap::new(), b"{}".to_vec())
}

pub(crate) fn ok(body: &str) -> Says {
    Says::Answer(200, HeaderMap::new(), body.as_bytes().to_vec())
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Played {
    /// What the stand-in was sent.
    pub(crate) sent: Vec<Request<Vec<u8>>>,
    /// What the asked provider's attempts were judged to be.
    pub(crate) judged: Vec<Outcome<'static>>,
    pub(crate) finish: Finish,
    pub(crate) answer: Option<Response<Vec<u8>>>,
    pub(crate) provenance: Option<Provenance>,
}

pub(crate) fn builder() -> Builder<Config> {
    Builder::new().nexa_api_key(KEY)
}

pub(crate) fn config() -> Config {
    builder().build().unwrap()
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect()
}

pub(crate) fn wait() -> HeaderMap {
    headers(&[("prefer", "wait")])
}

pub(crate) fn wall() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_215_600_000)
}

pub(crate) fn fleet(config: &Config) -> Fleet {
    Fleet::new(config.domains(), config.breaker())
}

/// Every attempt takes 100 ms. The last word of each script is repeated.
pub(crate) fn play(
    config: &Config,
    fleet: &Fleet,
    (uri, headers, body): (&str, &HeaderMap, &[u8]),
    primary: &[Says],
    stand_in: &[Says],
) -> Option<Played> {
    let uri: Uri = uri.parse().unwrap();
    let started = Moment::after_epoch(Duration::from_secs(5));
    let route = config.route(&Target::of_uri(&Method::POST, &uri)?, headers)?;
    let mut exchange = route.exchange(body, started)?;
    let mut call = Call::new(config.policy(), exchange.candidates(), 1, started);
    let (mut now, mut sent, mut judged, mut scripts) = (started, vec![], vec![], [primary, stand_in]);
    let finish = loop {
        match call.poll(fleet, now) {
            Action::Launch(launch) => {
                let flight = Flight::new(launch, now);
                let says = scripts[launch.candidate][0].clone();
                if let [_, rest @ ..] = scripts[launch.candidate]
                    && !rest.is_empty()
                {
                    scripts[launch.candidate] = rest;
                }
                now = now.plus(Duration::from_millis(100));
                let outcome = match (launch.candidate, says) {
                    (0, Says::Answer(status, headers, _)) => {
                        let status = StatusCode::from_u16(status).unwrap();
                        exchange.primary_answered(&flight, status, &headers, now, wall())
                    }
                    (0, Says::Nothing(fault)) => exchange.primary_failed(&flight, fault, now),
                    (_, says) => match (exchange.request(), says) {
                        (Err(outcome), _) => outcome,
                        (Ok(request), Says::Answer(status, headers, body)) => {
                            sent.push(request);
                            let status = StatusCode::from_u16(status).unwrap();
                            exchange.stand_in_answered(&flight, status, &headers, &body, now, wall())
                        }
                        (Ok(request), Says::Nothing(fault)) => {
                            sent.push(request);
                            exchange.stand_in_failed(&flight, fault, now)
                        }
                    },
                };
                if launch.candidate == 0 {
                    judged.push(outcome);
                }
                call.settle(launch.attempt, outcome, fleet, now);
            }
            Action::Wait(until) => now = until.unwrap(),
            Action::Cancel(_) => {}
            Action::Finish(finish) => break finish,
        }
    };
    let (answer, provenance) = match exchange.conclude(call.report().entries(), now, wall(), 7) {
        Conclusion::StandIn(made) => {
            let provenance = made.extensions().get().cloned();
            (Some(made), provenance)
        }
        Conclusion::Own(provenance) => (None, provenance),
    };
    Some(Played { sent, judged, finish, answer, provenance })
}

/// The asked provider fails with 500, and the stand-in says this.
pub(crate) fn failed_over(request: (&str, &HeaderMap, &str), stand_in: &[Says]) -> Played {
    let config = config();
    let (uri, headers, body) = request;
    play(&config, &fleet(&config), (uri, headers, body.as_bytes()), &[status(500)], stand_in).unwrap()
}

pub(crate) fn fal(model: &str) -> String {
    format!("https://fal.run/{model}")
}

pub(crate) fn replicate(model: &str) -> String {
    format!("https://api.replicate.com/v1/models/{model}/predictions")
}

pub(crate) fn pretty(body: &[u8]) -> String {
    serde_json::to_string_pretty(&serde_json::from_slice::<serde_json::Value>(body).unwrap()).unwrap()
}
