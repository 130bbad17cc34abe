//! Whole calls with the cache before them, and a wall clock that a test turns.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use failover_core::{Action, Call, Fleet, Moment};
use failover_mapping::cache::Freshness;
use failover_mapping::{
    Body, Builder, Conclusion, Config, Exchange, Flight, Provenance, Read, Recalled, Step, Target,
};
use http::{HeaderMap, Method, Response, StatusCode, Uri};

use crate::stage::{self, Says, builder, headers, ok, status};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const PICTURE: &str = r#"{"prompt":"a cat"}"#;
pub(crate) const MADE: &str = r#"{"images":[{"url":"https://v3.fal.media/files/a.png"}],"seed":1}"#;

/// A request, and what the providers say to it.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'a str,
}

pub(crate) struct Scene {
    pub(crate) config: Config,
    fleet: Fleet,
    wall: Cell<Duration>,
    /// How often the asked provider was asked, and a stand-in.
    pub(crate) asked: Cell<(u32, u32)>,
}

/// What the caller got: a made answer, or the asked provider's own.
pub(crate) struct Got {
    pub(crate) made: Option<Response<Vec<u8>>>,
    pub(crate) provenance: Option<Provenance>,
}

/// Fresh for 60 s, then stale for an hour.
pub(crate) fn keeping() -> Builder<Config> {
    builder().cache(Freshness::new(60 * SECOND).stale_if_error(3_600 * SECOND))
}

pub(crate) fn fal() -> Request<'static> {
    let headers = headers(&[("authorization", "Key mine")]);
    Request { url: "https://fal.run/fal-ai/flux/dev", headers, body: PICTURE }
}

pub(crate) fn made() -> Says {
    ok(MADE)
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(keeping())
    }

    pub(crate) fn of(builder: Builder<Config>) -> Self {
        let config = builder.build().unwrap();
        let fleet = stage::fleet(&config);
        let wall = Duration::from_millis(1_795_215_600_000);
        Self { config, fleet, wall: Cell::new(wall), asked: Cell::new((0, 0)) }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.wall.set(self.wall.get() + time);
    }

    pub(crate) fn back(&self, time: Duration) {
        self.wall.set(self.wall.get() - time);
    }

    pub(crate) fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.wall.get()
    }

    /// Everything takes no time at all.
    pub(crate) fn now(&self) -> Moment {
        Moment::after_epoch(self.wall.get() - Duration::from_millis(1_795_215_000_000))
    }

    /// The exchange of this request, before anybody is asked.
    pub(crate) fn with<T>(&self, request: &Request<'_>, act: impl FnOnce(&mut Exchange<'_, '_>) -> T) -> T {
        let uri: Uri = request.url.parse().unwrap();
        let target = Target::of_uri(&Method::POST, &uri).unwrap();
        let route = self.config.route(&target, &request.headers).unwrap();
        act(&mut route.exchange(request.body.as_bytes(), self.now()).unwrap())
    }

    pub(crate) fn ask(&self, request: &Request<'_>, own: Says, stand_in: Says) -> Got {
        self.with(request, |exchange| match exchange.recall(self.now(), || self.wall()) {
            Recalled::Answer(made) => {
                let provenance = made.extensions().get().cloned();
                Got { made: Some(made), provenance }
            }
            Recalled::Follow(follow) => panic!("somebody leads: {follow:?}"),
            Recalled::Nothing => self.play(exchange, own, stand_in),
        })
    }

    pub(crate) fn play(&self, exchange: &mut Exchange<'_, '_>, own: Says, stand_in: Says) -> Got {
        let now = self.now();
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, now);
        while let Action::Launch(launch) = call.poll(&self.fleet, now) {
            let flight = Flight::new(launch, now);
            let (owns, others) = self.asked.get();
            let outcome = if exchange.is_own(&launch) {
                self.asked.set((owns + 1, others));
                self.own(exchange, &flight, &own)
            } else {
                self.asked.set((owns, others + 1));
                let mut step = exchange.ask(&flight, now);
                loop {
                    step = match (step, &stand_in) {
                        (Step::Done(outcome), _) => break outcome,
                        (Step::Pause(_), _) => exchange.resumed(&flight, now),
                        (Step::Send { .. }, Says::Answer(status, headers, body)) => {
                            let answer = (StatusCode::from_u16(*status).unwrap(), headers, &body[..]);
                            exchange.answered(&flight, answer, now, || self.wall())
                        }
                        (Step::Send { .. }, Says::Nothing(fault)) => exchange.failed(&flight, *fault, now),
                        (Step::Send { .. }, Says::Hangs) => panic!("nobody hangs here"),
                    }
                }
            };
            call.settle(launch.attempt, outcome, &self.fleet, now);
        }
        match exchange.conclude(call.report().entries(), now, || self.wall(), 7) {
            Conclusion::StandIn(made) => {
                let provenance = made.extensions().get().cloned();
                Got { made: Some(made), provenance }
            }
            Conclusion::Own(provenance) => Got { made: None, provenance },
        }
    }

    fn own(
        &self,
        exchange: &mut Exchange<'_, '_>,
        flight: &Flight,
        says: &Says,
    ) -> failover_core::Outcome<'static> {
        let now = self.now();
        match says {
            Says::Answer(status, headers, body) => {
                let status = StatusCode::from_u16(*status).unwrap();
                let read = match exchange.wants_body(status, headers, || self.wall()) {
                    Read::Nothing => Body::Unread,
                    Read::Beginning => Body::Beginning(body),
                    Read::Whole if body.len() > self.config.answer_limit() => Body::Beginning(body),
                    Read::Whole => Body::Whole(body),
                };
                exchange.own_answered(flight, (status, headers, read), now, || self.wall())
            }
            Says::Nothing(fault) => exchange.own_failed(flight, *fault, now),
            Says::Hangs => panic!("nobody hangs here"),
        }
    }

    /// Everybody fails.
    pub(crate) fn fail(&self, request: &Request<'_>) -> Got {
        self.ask(request, status(503), status(503))
    }

    /// Whether this request is served from the cache, and nobody asked.
    pub(crate) fn has(&self, request: &Request<'_>) -> bool {
        let before = self.asked.get();
        let got = self.ask(request, status(400), status(400));
        got.made.is_some() && self.asked.get() == before
    }
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.made.as_ref()?.headers().get(name)?.to_str().ok()
    }

    pub(crate) fn body(&self) -> &str {
        str::from_utf8(self.made.as_ref().unwrap().body()).unwrap()
    }

    /// Its age in seconds, and whether it is stale.
    pub(crate) fn cached(&self) -> Option<(u64, bool)> {
        let cached = self.provenance.as_ref()?.cached?;
        Some((cached.age.as_secs(), cached.stale))
    }
}
