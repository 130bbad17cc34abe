//! What a subscriber of `tracing` sees of a request.

#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::future::Future;
use std::io::{self, Write};
use std::num::NonZeroU8;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use failover_core::{Breaker, Fault, Fleet, Moment};
use failover_mapping::{Config, Engine, Target};
use http::{HeaderMap, Method, Uri};
use stage::{GOOD, KEY, Says, builder, fal, fleet, headers, ok, play, status};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt;

const PROMPT: &str = "an unspeakable cat";
const BODY: &[u8] = br#"{"prompt":"an unspeakable cat","an unspeakable key":1}"#;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged in this thread, at this level and above, while this works.
fn logged(level: tracing::Level, work: impl FnOnce()) -> String {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .without_time()
        .with_ansi(false)
        .with_span_events(if level == tracing::Level::TRACE { FmtSpan::ACTIVE } else { FmtSpan::NONE })
        .with_writer(move || written.clone())
        .finish();
    let guard = subscriber.set_default();
    work();
    drop(guard);
    let log = log.0.lock().unwrap();
    String::from_utf8(log.clone()).unwrap()
}

fn asked(config: &Config, fleet: &Fleet, primary: &[Says], stand_in: &[Says]) {
    let (uri, headers) = (fal("fal-ai/flux/dev"), headers(&[("authorization", "Key fal-secret")]));
    play(config, fleet, (&uri, &headers, BODY), primary, stand_in).unwrap();
}

fn story(level: tracing::Level, primary: &Says, stand_in: &[Says]) -> String {
    let config = stage::config();
    logged(level, || asked(&config, &fleet(&config), std::slice::from_ref(primary), stand_in))
}

#[test]
fn a_healthy_call_is_silent() {
    assert_eq!(story(tracing::Level::INFO, &status(200), &[]), "");
    insta::assert_snapshot!(story(tracing::Level::DEBUG, &status(200), &[]));
}

#[test]
fn a_call_that_is_failed_over() {
    let says = [Says::Nothing(Fault::Timeout), ok(GOOD)];
    insta::assert_snapshot!(story(tracing::Level::DEBUG, &status(503), &says));
}

#[test]
fn a_call_that_nobody_serves() {
    let says = [Says::Nothing(Fault::Timeout)];
    insta::assert_snapshot!(story(tracing::Level::INFO, &status(500), &says));
}

#[test]
fn the_life_of_a_breaker() {
    let breaker = Breaker::new().failures(NonZeroU8::MIN).pause(Duration::from_secs(30)).jitter_percent(0);
    let config = builder().breaker(breaker).build().unwrap();
    let fleet = fleet(&config);
    let log = logged(tracing::Level::DEBUG, || {
        for (seconds, primary) in [(0, status(500)), (1, status(200)), (40, status(200))] {
            let uri = fal("fal-ai/flux/dev");
            let request = (&Method::POST, &*uri, &HeaderMap::new(), BODY);
            let late = Moment::after_epoch(Duration::from_secs(seconds));
            stage::at(late, &config, &fleet, None, request, &[primary], &[ok(GOOD)]).unwrap();
        }
    });
    insta::assert_snapshot!(log);
}

#[test]
fn switches_and_forced_breakers() {
    let engine = Engine::new(stage::config());
    insta::assert_snapshot!(logged(tracing::Level::INFO, || {
        engine.switch_off();
        engine.switch_on();
        engine.force_open("nexaapi/flux-dev").unwrap();
    }));
}

/// A future that is polled, waits, and is polled again, beside another one in the same thread.
struct Twice(bool);

impl Future for Twice {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        tracing::info!("polled");
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// What an adapter does for a call is within its span, in whatever order futures are polled, and nothing else is.
#[test]
fn what_goes_out_goes_out_within_the_span() {
    let config = stage::config();
    let uris: [Uri; 2] = ["fal-ai/flux/dev", "fal-ai/flux-pro"].map(|model| fal(model).parse().unwrap());
    let log = logged(tracing::Level::INFO, || {
        let spans = uris.each_ref().map(|uri| {
            let target = Target::of_uri(&Method::POST, uri).unwrap();
            let route = config.route(&target, &HeaderMap::new()).unwrap();
            route.exchange(BODY, Moment::EPOCH).unwrap().span()
        });
        let [one, other] = &spans;
        let mut first = pin!(one.around(Twice(false)));
        let mut second = pin!(other.around(Twice(false)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(first.as_mut().poll(&mut context).is_pending());
        tracing::info!("not within");
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert!(first.as_mut().poll(&mut context).is_ready());
        one.within(|| tracing::info!("at once"));
    });
    insta::assert_snapshot!(log);
}

/// The span is a child of the one that the caller is in.
#[test]
fn a_call_belongs_to_its_caller() {
    let config = stage::config();
    let log = logged(tracing::Level::WARN, || {
        let _caller = tracing::error_span!("job", number = 7).entered();
        asked(&config, &fleet(&config), &[status(500)], &[ok(GOOD)]);
    });
    assert!(log.contains("job{number=7}: failover: failed over"), "{log}");
    let log = logged(tracing::Level::INFO, || {
        let _caller = tracing::error_span!("job", number = 7).entered();
        asked(&config, &fleet(&config), &[status(500)], &[ok(GOOD)]);
    });
    assert!(log.contains("job{number=7}:failover{"), "{log}");
}

#[test]
fn no_secret_is_logged() {
    let echo = format!(r#"{{"error":"{KEY} {PROMPT}"}}"#);
    let mut log = String::new();
    for says in [ok(GOOD), ok(&echo), status(401), Says::Answer(500, HeaderMap::new(), echo.clone().into())] {
        log +=
            &story(tracing::Level::TRACE, &Says::Answer(500, HeaderMap::new(), echo.clone().into()), &[says]);
    }
    for secret in [KEY, PROMPT, "unspeakable", "fal-secret", "cdn.nexa.example"] {
        assert!(!log.contains(secret), "{secret} stands in {log}");
    }
    assert!(log.contains("fal-ai/flux/dev"));
}
