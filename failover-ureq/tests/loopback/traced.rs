//! Spans over real sockets: what goes out for a call goes out within its span.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use failover_testkit::Reply;
use tracing_subscriber::util::SubscriberInitExt;
use ureq::middleware::MiddlewareNext;
use ureq::{Agent, SendBody, http};

use crate::scene::{FAL_KEY, NEXA_KEY, Scene, prompt, served_by};

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

/// A middleware of the user's, behind ours.
fn inner(
    request: http::Request<SendBody<'_>>,
    next: MiddlewareNext<'_>,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    tracing::info!("on its way");
    next.handle(request)
}

#[test]
fn what_goes_out_goes_out_within_the_span() {
    let scene = Scene::new();
    let failover = scene.failover(scene.builder());
    let agent: Agent = Agent::config_builder().middleware(failover).middleware(inner).build().into();
    scene.fal.script([Reply::status(500)]);
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt().without_time().with_ansi(false);
    let guard = subscriber.with_writer(move || written.clone()).finish().set_default();
    let answer = scene.ask_fal(&agent, &prompt()).unwrap();
    tracing::info!("after it");
    drop(guard);
    assert_eq!(served_by(&answer), Some("nexaapi"));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let span = "failover{provider=\"fal\" model=\"fal-ai/flux/dev\"}";
    assert!(log.contains(&format!(" INFO {span}: loopback::traced: on its way\n")), "{log}");
    assert!(log.contains(" INFO loopback::traced: after it\n"), "{log}");
    assert!(log.contains("failed over served_by=\"nexaapi\" model=\"flux-dev\""), "{log}");
    for secret in [FAL_KEY, NEXA_KEY, "lighthouse"] {
        assert!(!log.contains(secret), "{secret} stands in {log}");
    }
}
