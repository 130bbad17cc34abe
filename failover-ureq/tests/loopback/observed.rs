//! What those who listen hear, over real sockets: every event, in order.

use std::num::NonZeroU8;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::observe::Event;
use failover_ureq::{Breaker, Builder, Failover};

use crate::scene::{Scene, agent, prompt};

/// What was told, without times: those are real here.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn listen(&self, builder: Builder<Failover>) -> Builder<Failover> {
        let heard = self.clone();
        let builder = builder.breaker(Breaker::new().failures(NonZeroU8::MIN));
        builder.on_event(move |event| heard.0.lock().unwrap().push(line(event)))
    }

    fn take(&self) -> Vec<String> {
        self.0.lock().unwrap().drain(..).collect()
    }
}

fn line(event: &Event<'_>) -> String {
    match event {
        Event::Started { call, by, attempt, .. } => format!("#{call} {by}: attempt {attempt}"),
        Event::Ended { call, by, attempt, status, outcome, .. } => {
            format!("#{call} {by}: attempt {attempt} {outcome} {}", status.unwrap_or_default())
        }
        Event::Skipped { call, who, why, .. } => format!("#{call} {who}: {why}"),
        Event::Breaker { domain, change, .. } => format!("{domain}: {}", change.state()),
        Event::HandedOn { call, by, .. } => format!("#{call} {by}: handed on"),
        Event::FailedOver { call, asked, by, .. } => format!("#{call} {asked}: failed over to {by}"),
        other => other.to_string(),
    }
}

/// A healthy answer; a failure, which opens the breaker; a request that passes it over; a probe; and the kill switch.
const STORY: [&str; 18] = [
    "#1 fal fal-ai/flux/dev: attempt 1",
    "#1 fal fal-ai/flux/dev: attempt 1 answered 200",
    "#1 fal fal-ai/flux/dev: handed on",
    "#2 fal fal-ai/flux/dev: attempt 1",
    "#2 fal fal-ai/flux/dev: attempt 1 overloaded 503",
    "fal/fal-ai/flux/dev: open",
    "#2 nexaapi flux-dev: attempt 2",
    "#2 nexaapi flux-dev: attempt 2 answered 200",
    "#2 fal fal-ai/flux/dev: failed over to nexaapi flux-dev",
    "#3 fal fal-ai/flux/dev: circuit open",
    "#3 nexaapi flux-dev: attempt 1",
    "#3 nexaapi flux-dev: attempt 1 answered 200",
    "#3 fal fal-ai/flux/dev: failed over to nexaapi flux-dev",
    "fal/fal-ai/flux/dev: half-open",
    "#4 fal fal-ai/flux/dev: attempt 1",
    "#4 fal fal-ai/flux/dev: attempt 1 answered 200",
    "fal/fal-ai/flux/dev: closed",
    "#4 fal fal-ai/flux/dev: handed on",
];

#[test]
fn events_come_as_things_happen() {
    let (scene, heard) = (Scene::new(), Heard::default());
    let failover = scene.failover(heard.listen(scene.builder()));
    let agent = agent(failover.clone());
    scene.ask_fal(&agent, &prompt()).unwrap();
    scene.fal.script([Reply::status(503)]);
    scene.ask_fal(&agent, &prompt()).unwrap();
    scene.ask_fal(&agent, &prompt()).unwrap();
    scene.pass(Duration::from_secs(40));
    scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!(heard.take(), STORY);
    failover.switch_off();
    scene.ask_fal(&agent, &prompt()).unwrap();
    assert_eq!(heard.take(), ["failover is switched off"]);
}

#[cfg(all(feature = "metrics", feature = "tracing"))]
#[path = "../../examples/observability_ureq.rs"]
mod example;

#[cfg(all(feature = "metrics", feature = "tracing"))]
#[test]
fn the_example_runs() {
    example::main().unwrap();
}
