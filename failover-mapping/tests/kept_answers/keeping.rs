//! Fresh, stale, of no use; and what is kept at all.

use std::sync::{Arc, Mutex};

use failover_core::Fault;
use failover_mapping::PerRequest;
use http::HeaderMap;

use crate::scene::{Got, MADE, Request, SECOND, Scene, fal, keeping, made};
use crate::stage::{GOOD, Says, builder, headers, ok, status};

fn replicate(url: &'static str, prefer: Option<&str>) -> Request<'static> {
    let mut headers = headers(&[("authorization", "Bearer mine")]);
    if let Some(prefer) = prefer {
        headers.insert("prefer", prefer.parse().unwrap());
    }
    Request { url, headers, body: r#"{"input":{"prompt":"a cat"}}"# }
}

const FLUX: &str = "https://api.replicate.com/v1/models/black-forest-labs/flux-dev/predictions";
const PREDICTED: &str = r#"{"id":"abc","status":"succeeded","output":["https://replicate.delivery/a.webp"]}"#;

fn answer(status: u16, body: &str) -> Says {
    Says::Answer(status, headers(&[("content-type", "application/json"), ("x-secret", "s")]), body.into())
}

#[test]
fn a_fresh_answer_is_served_again_as_it_came_and_nobody_is_asked() {
    let scene = Scene::new();
    let first = scene.ask(&fal(), answer(200, MADE), status(500));
    assert!(first.made.is_none() && first.provenance.is_none(), "it is handed on untouched");
    scene.pass(59 * SECOND);
    let again = scene.ask(&fal(), status(500), status(500));
    assert_eq!((again.body(), scene.asked.get()), (MADE, (1, 0)));
    assert_eq!(again.made.as_ref().unwrap().status().as_u16(), 200);
    assert_eq!(again.header("content-type"), Some("application/json"));
    assert_eq!(again.header("x-secret"), None, "only headers about the content are kept");
    assert_eq!(again.cached(), Some((59, false)));
    let told =
        ["age", "x-failover-age", "x-failover-cache", "x-failover-served-by"].map(|it| again.header(it));
    assert_eq!(told, [Some("59"), Some("59"), Some("fresh"), Some("fal")]);
    insta::assert_snapshot!(again.provenance.unwrap(), @r"
    fal was asked for fal-ai/flux/dev at https://fal.run/fal-ai/flux/dev
    served by fal with fal-ai/flux/dev (same), from the cache, 59 s old, after 0 ms
    ");
}

#[test]
fn after_its_time_the_providers_are_asked_again() {
    let scene = Scene::new();
    scene.ask(&fal(), made(), status(500));
    scene.pass(60 * SECOND);
    let newer = MADE.replace("a.png", "b.png");
    assert!(scene.ask(&fal(), ok(&newer), status(500)).made.is_none());
    scene.pass(SECOND);
    assert_eq!(scene.ask(&fal(), status(500), status(500)).body(), newer);
    assert_eq!(scene.asked.get(), (2, 0));
}

#[test]
fn when_every_provider_has_failed_a_stale_answer_serves_and_the_observer_hears_of_it() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    let scene =
        Scene::of(keeping().on_failover(move |provenance| ear.lock().unwrap().push(provenance.cached)));
    scene.ask(&fal(), made(), status(500));
    scene.pass(3_659 * SECOND);
    let stale = scene.fail(&fal());
    assert_eq!((stale.body(), stale.cached()), (MADE, Some((3_659, true))));
    let told =
        ["age", "x-failover-age", "x-failover-cache", "x-failover-served-by"].map(|it| stale.header(it));
    assert_eq!(told, [Some("3659"), Some("3659"), Some("stale"), Some("fal")]);
    insta::assert_snapshot!(stale.provenance.unwrap(), @r"
    fal was asked for fal-ai/flux/dev at https://fal.run/fal-ai/flux/dev
      +0 ms     fal        fal-ai/flux/dev  503  overloaded, 0 ms
      +0 ms     nexaapi    flux-dev         503  overloaded, 0 ms
    served by fal with fal-ai/flux/dev (same), from the cache, stale, 60 min old, as every provider failed, after 0 ms
    ");
    assert_eq!(heard.lock().unwrap().len(), 1);
    scene.pass(SECOND);
    assert!(scene.fail(&fal()).made.is_none(), "too old for anything");
}

#[test]
fn nobody_is_told_of_what_is_fresh() {
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let scene = Scene::of(keeping().on_failover(move |_| *count.lock().unwrap() += 1));
    scene.ask(&fal(), made(), status(500));
    assert!(scene.has(&fal()));
    assert_eq!(*told.lock().unwrap(), 0);
}

#[test]
fn a_stale_answer_does_not_hide_a_refusal() {
    let scene = Scene::new();
    scene.ask(&fal(), made(), status(500));
    scene.pass(61 * SECOND);
    for refusal in [400, 401, 404, 422] {
        assert!(scene.ask(&fal(), status(refusal), status(500)).made.is_none(), "{refusal}");
    }
    assert!(scene.fail(&fal()).made.is_some());
}

#[test]
fn a_stand_in_s_answer_is_kept_with_who_gave_it_and_what_it_lost() {
    let scene = Scene::new();
    let body = r#"{"prompt":"a cat","acceleration":"high"}"#;
    let request = Request { body, ..fal() };
    let first = scene.ask(&request, status(500), ok(GOOD));
    let again = scene.ask(&request, status(500), status(500));
    assert_eq!(again.body(), first.body());
    let told = |got: &Got| {
        let provenance = got.provenance.clone().unwrap();
        (provenance.served, provenance.losses)
    };
    assert_eq!(told(&again), told(&first));
    assert_eq!(again.header("x-failover-served-by"), Some("nexaapi"));
    assert_eq!(again.header("x-failover-lossy"), first.header("x-failover-lossy"));
    assert!(again.header("x-failover-lossy").is_some());
    assert_eq!(again.cached(), Some((0, false)));
}

#[test]
fn finished_predictions_are_kept_of_callers_who_wait_for_them() {
    for prefer in ["wait", "wait=5"] {
        let scene = Scene::new();
        let request = replicate(FLUX, Some(prefer));
        scene.ask(&request, answer(201, PREDICTED), status(500));
        assert!(scene.has(&request));
    }
    let scene = Scene::new();
    let made = scene.ask(&replicate(FLUX, Some("wait")), status(500), ok(GOOD));
    let again = scene.ask(&replicate(FLUX, Some("wait=3")), status(500), status(500));
    assert_eq!(again.body(), made.body());
    assert_eq!(again.header("preference-applied"), Some("wait"));
}

#[test]
fn errors_jobs_and_junk_are_never_kept() {
    let unfinished = r#"{"id":"abc","status":"processing","output":null}"#;
    let failed = r#"{"id":"abc","status":"failed","error":"out of memory","output":null}"#;
    let half = r#"{"id":"abc","status":"processing","output":["https://replicate.delivery/a.webp"]}"#;
    for (status_, body) in [(201, unfinished), (201, failed), (201, half), (202, PREDICTED), (500, PREDICTED)]
    {
        let scene = Scene::new();
        let request = replicate(FLUX, Some("wait"));
        scene.ask(&request, answer(status_, body), status(500));
        assert!(!scene.has(&request), "{status_} {body}");
    }
    for junk in ["", "null", "<html>", "{}", r#"{"detail":"oops"}"#, r#"{"images":[]}"#] {
        let scene = Scene::new();
        scene.ask(&fal(), ok(junk), status(500));
        assert!(!scene.has(&fal()), "{junk}");
    }
    let scene = Scene::new();
    scene.fail(&fal());
    scene.ask(&fal(), Says::Nothing(Fault::Reset), status(500));
    assert!(!scene.has(&fal()));
}

#[test]
fn what_is_no_answer_yet_is_not_looked_for() {
    let job = replicate(FLUX, None);
    let webhook = r#"{"input":{"prompt":"a cat"},"webhook":"https://me.example/done"}"#;
    let webhook = Request { body: webhook, ..replicate(FLUX, Some("wait")) };
    let queue = Request { url: "https://queue.fal.run/fal-ai/flux/dev", ..fal() };
    for request in [job, webhook, queue] {
        let scene = Scene::new();
        scene.ask(&request, answer(201, PREDICTED), status(500));
        assert!(!scene.has(&request), "{}", request.url);
    }
}

#[test]
fn what_is_encoded_or_too_long_is_handed_on_and_not_kept() {
    let scene = Scene::of(keeping().answer_limit(MADE.len()));
    let longer = format!("{MADE} ");
    scene.ask(&fal(), ok(&longer), status(500));
    assert!(!scene.has(&fal()));
    let encoded = headers(&[("content-encoding", "gzip")]);
    scene.ask(&fal(), Says::Answer(200, encoded, vec![0x1f, 0x8b, 8, 0]), status(500));
    assert!(!scene.has(&fal()));
    scene.ask(&fal(), made(), status(500));
    assert!(scene.has(&fal()));
}

#[test]
fn nothing_is_kept_or_read_unless_the_user_wants_it() {
    let scene = Scene::of(builder());
    scene.with(&fal(), |exchange| {
        let read = exchange.wants_body(http::StatusCode::OK, &HeaderMap::new(), || scene.wall());
        assert_eq!(read, failover_mapping::Read::Nothing);
    });
    scene.ask(&fal(), made(), status(500));
    assert!(!scene.has(&fal()));
}

#[test]
fn without_failover_there_is_no_cache_either() {
    let scene = Scene::new();
    let (uri, method) = ("https://fal.run/fal-ai/flux/dev".parse().unwrap(), http::Method::POST);
    let target = failover_mapping::Target::of_uri(&method, &uri).unwrap();
    let route = scene.config.route(&target, &fal().headers).unwrap();
    assert!(route.with_wishes(&PerRequest::off()).is_none());
}

#[test]
fn a_caller_can_want_a_new_answer_or_none_to_be_kept() {
    let saying = |line| {
        let mut request = fal();
        request.headers.insert("cache-control", line);
        request
    };
    let (anew, secret) = (|| saying("no-cache".parse().unwrap()), || saying("no-store".parse().unwrap()));
    let scene = Scene::new();
    scene.ask(&secret(), made(), status(500));
    assert!(!scene.has(&fal()));
    scene.ask(&fal(), made(), status(500));
    assert!(!scene.has(&anew()) && !scene.has(&secret()) && scene.has(&fal()));
    let newer = MADE.replace("a.png", "b.png");
    scene.ask(&anew(), ok(&newer), status(500));
    assert_eq!(scene.ask(&fal(), status(500), status(500)).body(), newer);
    assert!(scene.fail(&anew()).made.is_none(), "nor is it served when it is stale");
}
