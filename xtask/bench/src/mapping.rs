//! What the mapping costs: whether a request is ours, its translation, and the translation of the answer.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use failover_core::{Action, Call, Fault, Fleet, Moment};
use failover_mapping::{Body, Config, Exchange, Flight, Route, Step, Target};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::budget::Budget;
use crate::subject::{Compared, Group, Subject};

const ASKED: &[u8] = br#"{"prompt":"a lighthouse at dusk, oil on canvas","image_size":"portrait_16_9",
    "num_inference_steps":24,"guidance_scale":3.0,"num_images":2,"seed":42}"#;
const ANSWERED: &[u8] = br#"{"id":"job-1","status":"completed","model":"flux-dev","images":[
    {"url":"https://cdn.nexa-api.com/images/1.png","width":576,"height":1024},
    {"url":"https://cdn.nexa-api.com/images/2.png","width":576,"height":1024}],"seed":42,"cost":0.02}"#;

/// Some hundred repetitions: these take microseconds, and find none of their code in the caches after another row's turn.
const WINDOW: Duration = Duration::from_millis(3);

/// One FAL flux request that NexaAPI answers.
pub(crate) fn translated() -> Group {
    let scene = Arc::new(Scene::new());
    let subject = |name: &str, budget, work: fn(&Scene)| {
        let scene = Arc::clone(&scene);
        Subject::new(name, budget, move |_, count| (0..count).for_each(|_| work(&scene))).window(WINDOW)
    };
    Group {
        title: "Mapping: a FAL flux request, NexaAPI's answer",
        compared: Compared::Difference,
        subjects: vec![
            subject("route, translate", Budget::NONE.one(5_000.0), |scene| {
                scene.asked(|_, _, step| {
                    black_box(step);
                });
            }),
            subject("the same, and its answer read", Budget::NONE, Scene::read),
            subject("the same, and answered, with provenance", Budget::NONE.more(5_000.0), Scene::answered),
            subject("route, healthy answer", Budget::NONE, Scene::healthy),
            subject("route, not ours", Budget::NONE.one(100.0).no_allocations(), Scene::passed),
        ],
    }
}

fn midnight() -> SystemTime {
    SystemTime::UNIX_EPOCH
}

struct Scene {
    config: Config,
    fleet: Fleet,
    ours: Uri,
    other: Uri,
    headers: HeaderMap,
}

impl Scene {
    fn new() -> Self {
        let config = Config::builder().nexa_api_key("nexa-key").build().expect("the defaults are sound");
        let fleet = Fleet::new(config.domains(), config.breaker());
        let ours = Uri::from_static("https://fal.run/fal-ai/flux/dev");
        let other = Uri::from_static("https://api.example.com/v1/images?size=large");
        Self { config, fleet, ours, other, headers: HeaderMap::new() }
    }

    fn passed(&self) {
        let target = Target::of_uri(&Method::POST, &self.other);
        black_box(target.and_then(|target| self.config.route(&target, &self.headers)));
    }

    fn route(&self) -> Option<Route<'_>> {
        let target = Target::of_uri(&Method::POST, &self.ours)?;
        self.config.route(&target, &self.headers)
    }

    fn healthy(&self) {
        let Some(route) = self.route() else { return };
        let Some(mut exchange) = route.exchange(ASKED, Moment::EPOCH) else { return };
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
        if let Action::Launch(launch) = call.poll(&self.fleet, Moment::EPOCH) {
            let flight = Flight::new(launch, Moment::EPOCH);
            let answer = (StatusCode::OK, &self.headers, Body::Unread);
            let outcome = exchange.own_answered(&flight, answer, Moment::EPOCH, midnight);
            call.settle(launch.attempt, outcome, &self.fleet, Moment::EPOCH);
        }
        black_box(exchange.conclude(call.report().entries(), Moment::EPOCH, midnight, 7));
    }

    /// Straight to the stand-in: what the core adds is measured elsewhere.
    fn asked<T>(&self, then: impl FnOnce(&mut Exchange<'_, '_>, &Flight, Step) -> T) -> Option<T> {
        let route = self.route()?;
        let mut exchange = route.exchange(ASKED, Moment::EPOCH)?;
        let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
        let Action::Launch(first) = call.poll(&self.fleet, Moment::EPOCH) else { return None };
        // Not blamed on anybody, so that no breaker opens however often this is repeated.
        call.settle(first.attempt, Fault::Unsupported.into(), &self.fleet, Moment::EPOCH);
        let Action::Launch(launch) = call.poll(&self.fleet, Moment::EPOCH) else { return None };
        let flight = Flight::new(launch, Moment::EPOCH);
        let step = exchange.ask(&flight, Moment::EPOCH);
        call.abandon(&self.fleet, Moment::EPOCH);
        Some(then(&mut exchange, &flight, step))
    }

    fn read(&self) {
        let answer = (StatusCode::OK, &self.headers, ANSWERED);
        self.asked(|exchange, flight, _| {
            black_box(exchange.answered(flight, answer, Moment::EPOCH, midnight));
        });
    }

    fn answered(&self) {
        let answer = (StatusCode::OK, &self.headers, ANSWERED);
        self.asked(|exchange, flight, _| {
            black_box(exchange.answered(flight, answer, Moment::EPOCH, midnight));
            black_box(exchange.conclude([], Moment::EPOCH, midnight, 7));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover_mapping::Conclusion;

    #[test]
    fn what_is_measured_is_an_answer() {
        let scene = Scene::new();
        let made = scene.asked(|exchange, flight, step| {
            assert!(matches!(step, Step::Send { .. }));
            let answer = (StatusCode::OK, &scene.headers, ANSWERED);
            let step = exchange.answered(flight, answer, Moment::EPOCH, midnight);
            assert!(matches!(step, Step::Done(_)));
            exchange.conclude([], Moment::EPOCH, midnight, 7)
        });
        let Some(Conclusion::StandIn(made)) = made else { panic!("nobody stood in") };
        assert!(String::from_utf8_lossy(made.body()).contains("images/2.png"));
    }
}
