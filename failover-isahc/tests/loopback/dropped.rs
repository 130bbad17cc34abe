//! A future that is dropped at any point leaves the circuit breakers in order.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::scene::{Caller, blocking};
use crate::scene::{Scene, Way, prompt, provenance, served_by};
use failover_isahc::{CircuitState, ProviderName};
use failover_testkit::{JobEnd, Reply};
use futures_lite::future::{block_on, or, poll_fn, yield_now};
use isahc::http::Response;
use isahc::{Body, Error};

/// What the future comes to, if so many polls are enough.
fn polled<T>(most: usize, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut polls) = (pin!(future), 0);
    block_on(poll_fn(|context| {
        if polls < most {
            polls += 1;
            if let Poll::Ready(done) = future.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
        }
        if polls < most { Poll::Pending } else { Poll::Ready(None) }
    }))
}

async fn ask(scene: &Scene, caller: &Caller) -> Result<Response<Body>, Error> {
    let request = scene.to_fal().body(prompt().to_string()).expect("a request");
    caller.us().send_async(request).await.map(blocking)
}

#[test]
fn a_probe_that_is_dropped_before_it_is_sent_or_in_flight_is_given_back() {
    for polls in [0, 1] {
        let scene = Scene::new(Way::Future);
        let failover = scene.failover(scene.builder());
        let caller = scene.caller_with(isahc::HttpClient::new().unwrap(), failover.clone());
        scene.fal.always(Reply::status(503));
        for _ in 0..3 {
            assert_eq!(served_by(&block_on(ask(&scene, &caller)).unwrap()), Some("nexaapi"));
        }
        scene.pass(Duration::from_secs(40));
        scene.fal.always(Reply::silence());
        assert!(polled(polls, ask(&scene, &caller)).is_none(), "the probe was answered");
        scene.fal.heal();
        let next = block_on(ask(&scene, &caller)).unwrap();
        assert_eq!(served_by(&next), None, "dropped after {polls} polls, the probe blocks all others");
        assert_eq!(failover.state("fal/fal-ai/flux/dev"), Some(CircuitState::Closed));
    }
}

#[test]
fn a_call_that_is_dropped_after_any_poll_blames_nobody() {
    let scene = Scene::new(Way::Future);
    let failover = scene.failover(scene.builder());
    let caller = scene.caller_with(isahc::HttpClient::new().unwrap(), failover.clone());
    scene.nexa.jobs(2);
    // FAL's refusals are its own; what is dropped in the middle of NexaAPI's conversation is nobody's.
    scene.fal.always(Reply::status(503));
    let mut polls = 0;
    while polled(polls, ask(&scene, &caller)).is_none() {
        polls += 1;
    }
    assert!(polls > 3, "it waited {polls} times only");
    let open = |(domain, state): (&str, _)| (state != CircuitState::Closed).then(|| domain.to_owned());
    let open: Vec<_> = failover.states().filter_map(open).collect();
    assert!(open.iter().all(|domain| domain.starts_with("fal/")), "{open:?}");
    assert_eq!(served_by(&block_on(ask(&scene, &caller)).unwrap()), Some("nexaapi"));
}

#[test]
fn a_call_that_is_dropped_at_any_point_of_a_conversation_leaves_the_breakers_in_order() {
    let scene = Scene::new(Way::Future);
    let caller = scene.caller();
    scene.nexa.jobs_end(JobEnd::Never);
    scene.nexa.jobs(1);
    // In the middle of a submit, of questions, and of the pauses between them.
    scene.fal.always(Reply::status(503));
    for count in 1..=12 {
        scene.nexa.forget();
        let watch = async {
            while scene.nexa.count() < count {
                yield_now().await;
            }
            None
        };
        let call = async { Some(ask(&scene, &caller).await) };
        assert!(block_on(or(call, watch)).is_none(), "it was answered");
    }
    scene.nexa.jobs_end(JobEnd::Completed);
    let response = block_on(ask(&scene, &caller)).unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"), "nobody's breaker but FAL's is open");
    assert!(provenance(&response).skipped.iter().all(|passed| passed.provider == ProviderName::Fal));
}

#[test]
fn a_probe_that_is_dropped_in_a_conversation_is_given_back() {
    for (interval, requests) in [(Duration::from_secs(20), 1), (Duration::from_millis(1), 2)] {
        let scene = Scene::new(Way::Future);
        let caller = scene.caller_of(scene.builder().poll_interval(interval));
        scene.fal.always(Reply::status(503));
        scene.nexa.always(Reply::status(500));
        for _ in 0..3 {
            assert_eq!(served_by(&block_on(ask(&scene, &caller)).unwrap()), Some("nobody"));
        }
        assert_eq!(scene.nexa.count(), 3, "the third failure has opened its breaker");
        scene.pass(Duration::from_secs(40));
        scene.nexa.heal();
        scene.nexa.forget();
        scene.nexa.jobs(1);
        // It hangs in its pause after the submit, or in the question after that.
        scene.nexa.script([Reply::healthy(), Reply::silence()]);
        let watch = async {
            while scene.nexa.count() < requests {
                yield_now().await;
            }
            None
        };
        let probe = async { Some(ask(&scene, &caller).await) };
        assert!(block_on(or(probe, watch)).is_none(), "the probe was answered");
        assert_eq!(scene.nexa.count(), requests);
        scene.nexa.heal();
        scene.nexa.jobs(0);
        let next = block_on(ask(&scene, &caller)).unwrap();
        assert_eq!(served_by(&next), Some("nexaapi"), "the next call probes");
    }
}
