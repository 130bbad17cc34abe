//! What one request wants otherwise: off, a deadline, an order; and what is switched for all of them at run time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_mapping::{CircuitState, Config, Engine, Fault, Moment, PerRequest, ProviderName, Target};
use http::{HeaderMap, Method, Uri};
use stage::{GOOD, Played, Says, builder, fal, fleet, ok, replicate, status, wait, wishing};

const BODY: &[u8] = br#"{"prompt":"a cat","input":{"prompt":"a cat"}}"#;

/// Everybody stands in: NexaAPI, then Replicate, then FAL.
fn config() -> Config {
    builder()
        .key(ProviderName::Replicate, "r8-key")
        .key(ProviderName::Fal, "fal-key")
        .stand_ins([ProviderName::Nexa, ProviderName::Replicate, ProviderName::Fal])
        .build()
        .unwrap()
}

fn ask(wishes: &PerRequest, url: &str, own: &[Says], stand_in: &[Says]) -> Option<Played> {
    let config = config();
    wishing(&config, &fleet(&config), Some(wishes), (&Method::POST, url, &wait(), BODY), own, stand_in)
}

fn hosts(played: &Played) -> Vec<String> {
    played.sent.iter().map(|request| request.uri().host().unwrap().to_owned()).collect()
}

#[test]
fn off_passes_through_except_for_jobs_that_nobody_else_knows() {
    let off = PerRequest::off();
    assert!(ask(&off, &fal("fal-ai/flux/dev"), &[status(503)], &[]).is_none());
    // A job that was failed over, under an id of ours.
    let config = stage::config();
    let (queue, get) = (stage::queue("fal-ai/flux/dev"), Method::GET);
    let submitted =
        stage::play(&config, &fleet(&config), (&queue, &wait(), BODY), &[status(503)], &[ok(GOOD)]);
    let id = submitted.unwrap().json()["request_id"].as_str().unwrap().to_owned();
    let url = format!("https://queue.fal.run/fal-ai/flux/requests/{id}");
    let played =
        wishing(&config, &fleet(&config), Some(&off), (&get, &url, &HeaderMap::new(), b""), &[], &[]);
    assert_eq!(played.unwrap().status(), 200);
}

#[test]
fn an_order_names_who_stands_in_and_who_does_not() {
    let refusing = [Says::Nothing(Fault::Connect)];
    let url = fal("fal-ai/flux/dev");
    let order = |order: &[ProviderName]| PerRequest::new().order(order.iter().copied());
    let (nexa, replicate_) = (ProviderName::Nexa, ProviderName::Replicate);
    for (wanted, asked) in [
        (order(&[replicate_, nexa]), &["api.replicate.com", "api.nexa-api.com"][..]),
        (order(&[replicate_]), &["api.replicate.com"]),
        (order(&[replicate_, replicate_]), &["api.replicate.com"]),
        (order(&[]), &[]),
        (PerRequest::new(), &["api.nexa-api.com", "api.replicate.com"]),
    ] {
        let played = ask(&wanted, &url, &[status(503)], &refusing).unwrap();
        let mut hosts = hosts(&played);
        hosts.dedup();
        assert_eq!(hosts, asked, "{wanted:?}");
        assert_eq!(played.judged.len(), 1, "the asked provider came first");
    }
}

/// The asked provider in its turn: after somebody else, or not at all if that one serves.
#[test]
fn the_asked_provider_can_come_later() {
    let later = PerRequest::new().order([ProviderName::Replicate, ProviderName::Fal, ProviderName::Nexa]);
    let url = fal("fal-ai/flux/dev");
    let good = r#"{"id":"p1","status":"succeeded","output":"https://replicate.delivery/a.webp"}"#;
    let played = ask(&later, &url, &[], &[ok(good)]).unwrap();
    assert_eq!((hosts(&played), played.judged.len()), (vec!["api.replicate.com".to_owned()], 0));
    assert_eq!(played.json()["images"][0]["url"], "https://replicate.delivery/a.webp", "in FAL's shape");
    let provenance = played.provenance.unwrap();
    assert_eq!(provenance.served.unwrap().provider, ProviderName::Replicate);

    // Replicate fails, FAL is asked in its turn, and its healthy answer is the caller's: with the history, as it was not first.
    let played = ask(&later, &url, &[ok(GOOD)], &[status(500), status(500)]).unwrap();
    assert!(played.answer.is_none() && hosts(&played).iter().all(|host| host == "api.replicate.com"));
    let provenance = played.provenance.unwrap();
    assert_eq!(provenance.served.unwrap().provider, ProviderName::Fal);
    assert_eq!(provenance.attempts.len(), 3);

    // All fail: everyone was asked, each under the right name.
    let played = ask(&later, &url, &[status(503)], &[status(500)]).unwrap();
    let named: Vec<_> = played.provenance.unwrap().attempts.iter().map(|attempt| attempt.provider).collect();
    let (nexa, asked) = (ProviderName::Nexa, ProviderName::Fal);
    assert_eq!(named, [ProviderName::Replicate, ProviderName::Replicate, asked, nexa, nexa]);
}

#[test]
fn a_caller_of_replicate_orders_alike() {
    let wishes = PerRequest::new().order([ProviderName::Fal]);
    let good = r#"{"images":[{"url":"https://v3.fal.media/a.png"}]}"#;
    let url = replicate("black-forest-labs/flux-dev");
    let played = ask(&wishes, &url, &[status(503)], &[ok(good)]).unwrap();
    assert_eq!(hosts(&played), ["fal.run"]);
    assert_eq!(played.json()["output"][0], "https://v3.fal.media/a.png");
}

#[test]
fn a_deadline_bounds_the_call_and_half_of_it_the_asked_provider() {
    let config = config();
    let url: Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let target = Target::of_uri(&Method::POST, &url).unwrap();
    let wishes = PerRequest::new().deadline(Duration::from_secs(8));
    let route = config.route(&target, &HeaderMap::new()).unwrap().with_wishes(&wishes).unwrap();
    let (now, fleet) = (Moment::EPOCH, fleet(&config));
    let exchange = route.exchange(BODY, now).unwrap();
    let mut call = failover_core::Call::new(exchange.policy(), exchange.candidates(), 1, now);
    let failover_core::Action::Launch(own) = call.poll(&fleet, now) else { panic!("nobody is asked") };
    assert_eq!(own.limits.total(), Some(Duration::from_secs(4)));
    let later = now.plus(Duration::from_secs(5));
    call.settle(own.attempt, Fault::Overloaded.into(), &fleet, later);
    let failover_core::Action::Launch(next) = call.poll(&fleet, later) else { panic!("nobody is asked") };
    assert_eq!(next.limits.total(), Some(Duration::from_secs(3)), "what is left");
    let end = now.plus(Duration::from_secs(8));
    call.settle(next.attempt, Fault::Overloaded.into(), &fleet, end);
    assert!(matches!(call.poll(&fleet, end), failover_core::Action::Finish(_)));
}

#[test]
fn no_time_at_all_is_very_little_time() {
    let wishes = PerRequest::new().deadline(Duration::ZERO);
    let played = ask(&wishes, &fal("fal-ai/flux/dev"), &[status(503)], &[]).unwrap();
    assert!(played.sent.is_empty() && played.answer.is_none());
}

#[test]
fn switched_off_everything_passes_but_questions_for_our_jobs() {
    let engine = Engine::new(stage::config());
    let url: Uri = fal("fal-ai/flux/dev").parse().unwrap();
    let job: Uri = "https://queue.fal.run/fal-ai/flux/requests/nx_abc".parse().unwrap();
    let is_ours = |method: &Method, uri: &Uri| {
        engine.route(&Target::of_uri(method, uri).unwrap(), &HeaderMap::new(), None).is_some()
    };
    assert!(is_ours(&Method::POST, &url) && is_ours(&Method::GET, &job));
    engine.switch_off();
    assert!(!is_ours(&Method::POST, &url) && is_ours(&Method::GET, &job) && engine.is_off());
    engine.switch_on();
    assert!(is_ours(&Method::POST, &url) && !engine.is_off());
}

#[test]
fn a_breaker_can_be_read_and_forced_by_name() {
    let engine = Engine::new(config());
    let now = Moment::EPOCH;
    let (dev, queue, nexa) = ("fal/fal-ai/flux/dev", "fal/fal-ai/flux/dev (queue)", "nexaapi/flux-dev");
    assert_eq!(engine.state(dev, now), Some(CircuitState::Closed));
    engine.force_open(dev).unwrap();
    assert_eq!(engine.state(dev, now), Some(CircuitState::ForcedOpen));
    assert_eq!(engine.state(queue, now), Some(CircuitState::Closed), "it fails apart from the rest");
    engine.force_closed("fal").unwrap();
    assert_eq!(engine.state(dev, now), Some(CircuitState::ForcedClosed));
    assert_eq!(engine.state(queue, now), Some(CircuitState::ForcedClosed));
    assert_eq!(engine.state("fal (jobs)", now), Some(CircuitState::ForcedClosed));
    assert_eq!(engine.state(nexa, now), Some(CircuitState::Closed));
    engine.release("fal").unwrap();
    assert!(engine.states(now).all(|(_, state)| state == CircuitState::Closed));
    for unknown in ["", "fa", "fal/", "flux/dev", "fal/fal-ai/flux", "FAL"] {
        assert_eq!(engine.state(unknown, now), None);
        let refused = engine.force_open(unknown).unwrap_err().to_string();
        assert!(refused.starts_with("name is no fault domain: name a provider"), "{refused}");
    }
    assert!(engine.states(now).all(|(_, state)| state == CircuitState::Closed), "nothing was touched");
}
