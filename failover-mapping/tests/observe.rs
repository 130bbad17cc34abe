//! What those who listen hear of a request: events, as they happen, each a line.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::num::NonZeroU8;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::{Action, Breaker, Call, Fault, Moment};
use failover_mapping::observe::{Change, Event, Outcome};
use failover_mapping::{Body, Builder, Config, Engine, Flight, ProviderName, Skip, Target};
use http::{HeaderMap, Method, StatusCode, Uri};
use stage::{GOOD, KEY, Says, builder, fal, fleet, headers, ok, play, queue, send, status, wall};

const PROMPT: &str = "an unspeakable cat";
const BODY: &[u8] = br#"{"prompt":"an unspeakable cat","an unspeakable key":1}"#;

/// Everything that was told, a line each.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn listen(&self, builder: Builder<Config>) -> Builder<Config> {
        let heard = self.clone();
        builder.on_event(move |event| heard.0.lock().unwrap().push(event.to_string()))
    }

    /// What was told since the last time.
    fn take(&self) -> String {
        self.0.lock().unwrap().drain(..).map(|line| line + "\n").collect()
    }
}

fn breaking() -> Builder<Config> {
    let breaker =
        Breaker::new().failures(NonZeroU8::new(2).unwrap()).pause(Duration::from_secs(30)).jitter_percent(0);
    builder().breaker(breaker)
}

fn asked(config: &Config, fleet: &failover_core::Fleet, primary: &[Says], stand_in: &[Says]) {
    let (uri, headers) = (fal("fal-ai/flux/dev"), headers(&[("authorization", "Key fal-secret")]));
    play(config, fleet, (&uri, &headers, BODY), primary, stand_in).unwrap();
}

#[test]
fn a_healthy_call() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    asked(&config, &fleet(&config), &[status(200)], &[]);
    insta::assert_snapshot!(heard.take());
}

#[test]
fn a_call_that_is_failed_over() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    asked(&config, &fleet(&config), &[status(503)], &[Says::Nothing(Fault::Connect), ok(GOOD)]);
    insta::assert_snapshot!(heard.take());
}

#[test]
fn a_call_that_nobody_serves() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    asked(&config, &fleet(&config), &[status(500)], &[Says::Nothing(Fault::Timeout)]);
    insta::assert_snapshot!(heard.take());
}

#[test]
fn a_refusal_that_is_handed_on() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    asked(&config, &fleet(&config), &[status(422)], &[]);
    asked(&config, &fleet(&config), &[Says::Nothing(Fault::InvalidRequest)], &[]);
    insta::assert_snapshot!(heard.take());
}

#[test]
fn a_request_that_cannot_be_translated() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    let body = br#"{"prompt":"an unspeakable cat","image_size":"unspeakable"}"#;
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &body[..]);
    play(&config, &fleet(&config), request, &[status(500)], &[]).unwrap();
    insta::assert_snapshot!(heard.take());
}

/// It opens, is passed over, lets a probe through, opens again, and closes.
#[test]
fn the_life_of_a_breaker() {
    let heard = Heard::default();
    let config = heard.listen(breaking()).build().unwrap();
    let fleet = fleet(&config);
    let mut told = String::new();
    // The stage's clock starts at 5 s.
    for (title, late, primary) in [
        ("it fails", 0, status(500)),
        ("and again", 1, status(500)),
        ("it is left alone", 2, status(200)),
        ("a probe fails", 40, status(500)),
        ("a probe succeeds", 80, status(200)),
        ("all is well", 81, status(200)),
    ] {
        let late = Moment::after_epoch(Duration::from_secs(late));
        let uri = fal("fal-ai/flux/dev");
        let request = (&Method::POST, &*uri, &HeaderMap::new(), BODY);
        stage::at(late, &config, &fleet, None, request, &[primary], &[ok(GOOD)]).unwrap();
        told += &format!("-- {title}\n{}", heard.take());
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_question_for_a_job_is_no_call() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    let fleet = fleet(&config);
    let uri = queue("fal-ai/flux/dev");
    let job = ok(r#"{"id":"job-7","status":"pending"}"#);
    let played = play(&config, &fleet, (&uri, &HeaderMap::new(), BODY), &[status(500)], &[job]).unwrap();
    let id = played.json()["request_id"].as_str().unwrap().to_owned();
    let poll = format!("https://queue.fal.run/fal-ai/flux/requests/{id}/status");
    let running = ok(r#"{"id":"job-7","status":"processing"}"#);
    send(&config, &fleet, (&Method::GET, &poll, &HeaderMap::new(), b""), &[], &[running]).unwrap();
    insta::assert_snapshot!(heard.take());
}

#[test]
fn a_call_that_is_dropped() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    let fleet = fleet(&config);
    let uri: Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let route = config.route(&target, &HeaderMap::new()).unwrap();
    let mut exchange = route.exchange(BODY, Moment::EPOCH).unwrap();
    let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
    let Action::Launch(launch) = call.poll(&fleet, Moment::EPOCH) else { panic!("nobody is asked") };
    let flight = exchange.launched(launch, Moment::EPOCH);
    let answer = (StatusCode::BAD_GATEWAY, &HeaderMap::new(), Body::Unread);
    let now = Moment::after_epoch(Duration::from_millis(20));
    call.settle(launch.attempt, exchange.own_answered(&flight, answer, now, wall), &fleet, now);
    drop(exchange);
    insta::assert_snapshot!(heard.take());
}

/// An exchange that nobody used, or that an adapter drives without telling of it, is no call.
#[test]
fn an_exchange_that_asks_nobody_is_not_dropped() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    let uri: Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let route = config.route(&target, &HeaderMap::new()).unwrap();
    drop(route.exchange(BODY, Moment::EPOCH).unwrap());
    assert_eq!(heard.take(), "");
}

#[test]
fn switches_are_told_when_they_change_something() {
    let heard = Heard::default();
    let engine = Engine::new(heard.listen(builder()).build().unwrap());
    engine.switch_on();
    engine.switch_off();
    engine.switch_off();
    engine.switch_on();
    engine.force_open("fal/fal-ai/flux/dev").unwrap();
    engine.force_closed("nexaapi/flux-dev").unwrap();
    engine.release("fal/fal-ai/flux/dev").unwrap();
    engine.force_open("fal/no-such-model").unwrap_err();
    insta::assert_snapshot!(heard.take());
}

#[test]
fn calls_are_numbered() {
    let heard = Heard::default();
    let builder = heard.listen(builder());
    let config = builder.build().unwrap();
    let fleet = fleet(&config);
    for call in 1..4 {
        asked(&config, &fleet, &[status(200)], &[]);
        assert!(heard.take().lines().all(|line| line.starts_with(&format!("#{call} fal "))));
    }
}

/// Whoever matches on an event finds in it what the line says.
#[test]
fn events_are_typed() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let config = breaking()
        .on_event({
            let seen = Arc::clone(&seen);
            move |event| {
                seen.lock().unwrap().push(match event {
                    Event::Ended { by, status, outcome: Outcome::Failed(fault), maybe_billed, .. } => {
                        format!("{} {} {status:?} {fault:?} {maybe_billed}", by.provider, by.model.unwrap())
                    }
                    Event::Skipped { who, why: Skip::CircuitOpen, pause: Some(pause), .. } => {
                        format!("{} {pause:?}", who.provider)
                    }
                    Event::Breaker { domain, change: Change::Opened(pause), .. } => {
                        format!("{domain} {pause:?}")
                    }
                    Event::FailedOver { by, story, .. } => {
                        format!("{} {:?} {}", by.provider, story.took(), story.attempts())
                    }
                    _ => return,
                });
            }
        })
        .build()
        .unwrap();
    let fleet = fleet(&config);
    for primary in [status(504), status(504), status(200)] {
        asked(&config, &fleet, &[primary], &[ok(GOOD)]);
    }
    insta::assert_debug_snapshot!(*seen.lock().unwrap());
}

/// A panic in the function ends there: the answer is the same, the breaker as well, and the next event is told.
#[test]
fn a_listener_that_panics_harms_nobody() {
    let told = Arc::new(Mutex::new(0));
    let config = builder()
        .on_event({
            let told = Arc::clone(&told);
            move |_| {
                *told.lock().unwrap() += 1;
                resume_unwind(Box::new("the user's own mistake"));
            }
        })
        .build()
        .unwrap();
    let fleet = fleet(&config);
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY);
    let played = play(&config, &fleet, request, &[status(500)], &[ok(GOOD)]).unwrap();
    assert_eq!((played.status(), *told.lock().unwrap()), (200, 5));
    assert_eq!(played.provenance.unwrap().served.unwrap().provider, ProviderName::Nexa);
}

#[test]
fn a_builder_is_cloned_with_its_listener() {
    let heard = Heard::default();
    let builder = heard.listen(builder());
    let configs: [Config; 2] = [builder.clone().build().unwrap(), builder.build().unwrap()];
    for config in &configs {
        asked(config, &fleet(config), &[status(200)], &[]);
    }
    assert_eq!(heard.take().lines().count(), 6);
}

#[test]
fn no_secret_is_in_any_event() {
    let shown = Arc::new(Mutex::new(String::new()));
    let config = builder()
        .on_event({
            let shown = Arc::clone(&shown);
            move |event| {
                let mut shown = shown.lock().unwrap();
                *shown += &format!("{event} {event:?} {event:#?}");
                if let Event::FailedOver { story, .. } | Event::Unserved { story, .. } = event {
                    *shown += &format!("{story} {story:?} {}", story.attempts());
                }
            }
        })
        .build()
        .unwrap();
    let echo = format!(r#"{{"error":"{KEY} {PROMPT}"}}"#);
    for stand_in in
        [ok(GOOD), ok(&echo), status(401), Says::Answer(500, HeaderMap::new(), echo.clone().into())]
    {
        asked(
            &config,
            &fleet(&config),
            &[Says::Answer(500, HeaderMap::new(), echo.clone().into())],
            &[stand_in],
        );
    }
    let shown = shown.lock().unwrap();
    for secret in [KEY, PROMPT, "unspeakable", "fal-secret", "cdn.nexa.example"] {
        assert!(!shown.contains(secret), "{secret} stands in {shown}");
    }
    assert!(shown.contains("fal-ai/flux/dev"));
}

/// The stage tells of its attempts; an adapter that does not still works, and is heard as far as it tells.
#[test]
fn an_adapter_may_be_silent() {
    let heard = Heard::default();
    let config = heard.listen(builder()).build().unwrap();
    let fleet = fleet(&config);
    let uri: Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &uri).unwrap();
    let route = config.route(&target, &HeaderMap::new()).unwrap();
    let mut exchange = route.exchange(BODY, Moment::EPOCH).unwrap();
    let mut call = Call::new(exchange.policy(), exchange.candidates(), 1, Moment::EPOCH);
    let Action::Launch(launch) = call.poll(&fleet, Moment::EPOCH) else { panic!("nobody is asked") };
    let (flight, now) = (Flight::new(launch, Moment::EPOCH), Moment::after_epoch(Duration::from_millis(20)));
    let answer = (StatusCode::OK, &HeaderMap::new(), Body::Unread);
    call.settle(launch.attempt, exchange.own_answered(&flight, answer, now, wall), &fleet, now);
    let _ = exchange.conclude(call.report().entries(), now, wall, 7);
    insta::assert_snapshot!(heard.take());
}
