//! Spans over real sockets: what goes out for a call goes out within its span, however futures take turns.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use failover_testkit::Reply;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next, Result};
use tracing_subscriber::util::SubscriberInitExt;

use crate::scene::{FAL_KEY, FLUX_SCHNELL, NEXA_KEY, Scene, prompt};

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

/// A middleware of the user's, behind ours. It lets others take a turn before and after.
struct Inner;

#[async_trait::async_trait]
impl Middleware for Inner {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        tokio::task::yield_now().await;
        let port = request.url().port().unwrap();
        tracing::info!(port, "on its way");
        let answer = next.run(request, extensions).await;
        tracing::info!(port, "answered");
        answer
    }
}

#[tokio::test]
async fn two_calls_at_once_have_a_span_each() {
    let scene = Scene::new();
    let failover = scene.builder().build().unwrap();
    let client = ClientBuilder::new(reqwest::Client::new()).with(failover).with(Inner).build();
    scene.fal.script([Reply::status(500)]);
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt().without_time().with_ansi(false);
    let guard = subscriber.with_writer(move || written.clone()).finish().set_default();
    let prompt = prompt();
    let body = serde_json::json!({ "input": prompt });
    let (fal, replicate, ()) = tokio::join!(
        scene.ask_fal(&client, &prompt),
        scene.ask_replicate(&client, FLUX_SCHNELL, &body),
        async {
            tokio::task::yield_now().await;
            tracing::info!("somebody else's");
        }
    );
    drop(guard);
    assert_eq!((fal.unwrap().status().as_u16(), replicate.status().is_success()), (200, true));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let port = |url: String| url.rsplit(':').next().unwrap().to_owned();
    for (span, port) in [
        ("failover{provider=\"fal\" model=\"fal-ai/flux/dev\"}", port(scene.fal.url())),
        (
            "failover{provider=\"replicate\" model=\"black-forest-labs/flux-schnell\"}",
            port(scene.replicate.url()),
        ),
    ] {
        for said in ["on its way", "answered"] {
            let line = format!(" INFO {span}: loopback::traced: {said} port={port}\n");
            assert!(log.contains(&line), "{line} {log}");
        }
    }
    assert!(log.contains(" INFO loopback::traced: somebody else's\n"), "{log}");
    assert!(log.contains("failed over served_by=\"nexaapi\" model=\"flux-dev\""), "{log}");
    for secret in [FAL_KEY, NEXA_KEY, "lighthouse"] {
        assert!(!log.contains(secret), "{secret} stands in {log}");
    }
}
