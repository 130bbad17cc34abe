//! Plays whole calls through the core without a network: what was sent, what the caller got, and the history.

#![allow(dead_code, reason = "each test file uses its part")]

use std::time::{Duration, SystemTime};

use failover_core::{Action, Call, Fault, Finish, Fleet, Moment, Outcome};
use failover_mapping::{Body, Builder, Conclusion, Config, PerRequest, Provenance, Read, Step, Target};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use serde_json::Value;

pub(crate) const KEY: &str = "nexa-key-2f81";
pub(crate) const GOOD: &str = r#"{"data":[{"url":"https://cdn.nexa.example/a.png"}]}"#;

/// What a provider does.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Answer(u16, HeaderMap, Vec<u8>),
    Nothing(Fault),
    /// Nothing, for as long as it is given.
    Hangs,
}

pub(crate) fn status(status: u16) -> Says {
    Says::Answer(status, HeaderMap::new(), b"{}".to_vec())
}

pub(crate) fn ok(body: &str) -> Says {
    Says::Answer(200, HeaderMap::new(), body.as_bytes().to_vec())
}

/// A file, as a media host hands it out.
pub(crate) fn file(media_type: &str, content: &[u8]) -> Says {
    Says::Answer(200, headers(&[("content-type", media_type)]), content.to_vec())
}

/// A refusal with a header.
pub(crate) fn hinting(status: u16, header: (&str, &str)) -> Says {
    Says::Answer(status, headers(&[header]), b"{}".to_vec())
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Played {
    /// What the stand-in was sent.
    pub(crate) sent: Vec<Request<Vec<u8>>>,
    /// How long each of these could have taken.
    pub(crate) limits: Vec<Option<Duration>>,
    pub(crate) pauses: Vec<Duration>,
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

/// Every request takes 100 ms, and a pause as long as it is. The last word of each script is repeated.
pub(crate) fn play(
    config: &Config,
    fleet: &Fleet,
    (uri, headers, body): (&str, &HeaderMap, &[u8]),
    primary: &[Says],
    stand_in: &[Says],
) -> Option<Played> {
    send(config, fleet, (&Method::POST, uri, headers, body), primary, stand_in)
}

/// The same, with a method.
pub(crate) fn send(
    config: &Config,
    fleet: &Fleet,
    request: (&Method, &str, &HeaderMap, &[u8]),
    primary: &[Says],
    stand_in: &[Says],
) -> Option<Played> {
    wishing(config, fleet, None, request, primary, stand_in)
}

/// The same, with what this request wants otherwise.
pub(crate) fn wishing(
    config: &Config,
    fleet: &Fleet,
    wishes: Option<&PerRequest>,
    request: (&Method, &str, &HeaderMap, &[u8]),
    primary: &[Says],
    stand_in: &[Says],
) -> Option<Played> {
    at(Moment::after_epoch(Duration::from_secs(5)), config, fleet, wishes, request, primary, stand_in)
}

/// The same, from this moment on.
pub(crate) fn at(
    started: Moment,
    config: &Config,
    fleet: &Fleet,
    wishes: Option<&PerRequest>,
    (method, uri, headers, body): (&Method, &str, &HeaderMap, &[u8]),
    primary: &[Says],
    stand_in: &[Says],
) -> Option<Played> {
    const TICK: Duration = Duration::from_millis(100);
    let uri: Uri = uri.parse().unwrap();
    let route = config.route(&Target::of_uri(method, &uri)?, headers)?;
    let route = match wishes {
        Some(wishes) => route.with_wishes(wishes)?,
        None => route,
    };
    let mut exchange = route.exchange(body, started)?;
    let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, started);
    let (mut now, mut sent, mut judged) = (started, vec![], vec![]);
    let (mut limits, mut pauses) = (vec![], vec![]);
    let (mut own, mut others) = (primary.iter(), stand_in.iter());
    let mut next = |own_turn: bool| {
        let (script, whole) = if own_turn { (&mut own, primary) } else { (&mut others, stand_in) };
        script.next().or(whole.last()).cloned().unwrap()
    };
    let finish = loop {
        let action = call.poll(fleet, now);
        exchange.told(call.next_event(), call.report(), now);
        match action {
            Action::Launch(launch) => {
                let flight = exchange.launched(launch, now);
                let outcome = if exchange.is_own(&launch) {
                    now = now.plus(TICK);
                    let outcome = match next(true) {
                        Says::Answer(status, headers, body) => {
                            let status = StatusCode::from_u16(status).unwrap();
                            let read = match exchange.wants_body(status, &headers, wall) {
                                Read::Nothing => Body::Unread,
                                Read::Beginning => Body::Beginning(&body),
                                Read::Whole => Body::Whole(&body),
                            };
                            exchange.own_answered(&flight, (status, &headers, read), now, wall)
                        }
                        Says::Nothing(fault) => exchange.own_failed(&flight, fault, now),
                        Says::Hangs => exchange.own_failed(&flight, Fault::Timeout, now),
                    };
                    judged.push(outcome);
                    outcome
                } else {
                    let mut step = exchange.ask(&flight, now);
                    loop {
                        step = match step {
                            Step::Send { request, limit } => {
                                sent.push(request);
                                limits.push(limit);
                                let says = next(false);
                                now =
                                    now.plus(if matches!(says, Says::Hangs) { limit.unwrap() } else { TICK });
                                match says {
                                    Says::Answer(status, headers, body) => {
                                        let status = StatusCode::from_u16(status).unwrap();
                                        exchange.answered(&flight, (status, &headers, &body), now, wall)
                                    }
                                    Says::Nothing(fault) => exchange.failed(&flight, fault, now),
                                    Says::Hangs => exchange.failed(&flight, Fault::Timeout, now),
                                }
                            }
                            Step::Pause(pause) => {
                                pauses.push(pause);
                                now = now.plus(pause);
                                exchange.resumed(&flight, now)
                            }
                            Step::Done(outcome) => break outcome,
                        }
                    }
                };
                call.settle(launch.attempt, outcome, fleet, now);
                exchange.told(call.next_event(), call.report(), now);
            }
            Action::Wait(until) => now = until.unwrap(),
            Action::Cancel(_) => {}
            Action::Finish(finish) => break finish,
        }
    };
    let (answer, provenance) = match exchange.conclude(call.report().entries(), now, wall, 7) {
        Conclusion::StandIn(made) => {
            let provenance = made.extensions().get().cloned();
            (Some(made), provenance)
        }
        Conclusion::Own(provenance) => (None, provenance),
    };
    Some(Played { sent, limits, pauses, judged, finish, answer, provenance })
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

pub(crate) fn queue(model: &str) -> String {
    format!("https://queue.fal.run/{model}")
}

/// Plays a request that the asked provider must not be sent: its script is empty, so it would end the test.
pub(crate) fn local(config: &Config, method: &Method, uri: &str, stand_in: &[Says]) -> Played {
    let request = (method, uri, &HeaderMap::new(), &b""[..]);
    send(config, &fleet(config), request, &[], stand_in).unwrap()
}

impl Played {
    /// The body of the answer that somebody else gave.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.answer.as_ref().unwrap().body()).unwrap()
    }

    pub(crate) fn status(&self) -> u16 {
        self.answer.as_ref().unwrap().status().as_u16()
    }

    /// Methods and addresses of what was sent to stand-ins.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.sent.iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }

    /// How often something was generated.
    pub(crate) fn posts(&self) -> usize {
        self.sent.iter().filter(|request| request.method() == Method::POST).count()
    }

    pub(crate) fn note(&self) -> &str {
        self.provenance.as_ref().and_then(|provenance| provenance.note.as_deref()).unwrap_or_default()
    }

    pub(crate) fn losses(&self) -> Vec<String> {
        self.provenance.iter().flat_map(|provenance| &provenance.losses).map(ToString::to_string).collect()
    }

    /// The faults of the attempts, in order.
    pub(crate) fn faults(&self) -> Vec<Option<Fault>> {
        self.provenance
            .iter()
            .flat_map(|provenance| &provenance.attempts)
            .map(|attempt| attempt.fault)
            .collect()
    }
}

pub(crate) fn pretty(body: &[u8]) -> String {
    serde_json::to_string_pretty(&serde_json::from_slice::<Value>(body).unwrap()).unwrap()
}
