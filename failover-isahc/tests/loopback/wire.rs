//! What stands on the wire, and isahc's own view of an answer: through us as without us.

use std::collections::HashSet;
use std::io::{Cursor, Write};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::drop_in::wire;
use crate::raw::Raw;
use crate::scene::{FAL_KEY, FLUX_DEV, Scene, Way, blocking, post, prompt, provenance, served_by};
use failover_isahc::{Breaker, Client, PerRequest, ProviderName};
use failover_testkit::{Reply, Seen};
use futures_lite::future::block_on;
use futures_lite::io::Cursor as AsyncCursor;
use isahc::config::{Configurable, RedirectPolicy};
use isahc::error::ErrorKind;
use isahc::http::{Method, Request, Response};
use isahc::{AsyncBody, Body, Error, HttpClient, ResponseExt};

const PAGE: &str = "/v1/models/stability-ai/sdxl/versions/\
                    39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b";

/// The same request, sent by isahc and by us.
struct Twice {
    isahc: HttpClient,
    us: Client,
}

impl Twice {
    fn new(scene: &Scene) -> Self {
        // A limit is set on the way, and changes nothing else.
        let failover = scene.failover(scene.builder().deadline(Duration::from_secs(60)));
        let isahc = HttpClient::new().unwrap();
        Self { us: failover.wrap(isahc.clone()), isahc }
    }

    fn send<B: Into<Body>>(&self, request: impl Fn() -> Request<B>) {
        self.isahc.send(request()).unwrap();
        self.us.send(request()).unwrap();
    }

    fn send_async<B: Into<AsyncBody>>(&self, request: impl Fn() -> Request<B>) {
        block_on(self.isahc.send_async(request())).unwrap();
        block_on(self.us.send_async(request())).unwrap();
    }
}

fn assert_alike(seen: Vec<Seen>, what: &str) {
    let [direct, through] = <[Seen; 2]>::try_from(seen).expect("one request each");
    assert_eq!(wire(direct), wire(through), "{what}");
}

#[test]
fn a_request_looks_as_without_us() {
    let scene = Scene::new(Way::Blocking);
    let twice = Twice::new(&scene);
    let to = || post(&format!("{}{FLUX_DEV}", scene.fal.url())).header("X-Own", "1");
    let looks = |what: &str| {
        assert_alike(scene.fal.seen(), what);
        scene.fal.forget();
    };
    let json = || prompt().to_string();
    twice.send(|| to().body(json()).unwrap());
    looks("JSON");
    twice.send(|| to().header("Content-Length", "3").body("abc").unwrap());
    looks("a length of its own");
    twice.send(|| to().body(()).unwrap());
    looks("no body");
    twice.send(|| to().body("").unwrap());
    looks("an empty body");
    twice.send(|| to().body(Body::from_reader(Cursor::new(json()))).unwrap());
    looks("a stream");
    twice.send(|| to().body(Body::from_reader_sized(Cursor::new(json()), json().len() as u64)).unwrap());
    looks("a stream of known length");
    twice.send_async(|| to().body(json()).unwrap());
    looks("JSON, in a future");
    twice.send_async(|| to().body(()).unwrap());
    looks("no body, in a future");
    twice.send_async(|| to().body("").unwrap());
    looks("an empty body, in a future");
    twice.send_async(|| to().body(AsyncBody::from_reader(AsyncCursor::new(json()))).unwrap());
    looks("a stream, in a future");

    let page = format!("{}{PAGE}", scene.replicate.url());
    twice.send(|| Request::get(&page).body(()).unwrap());
    assert_alike(scene.replicate.seen(), "a page");
    scene.replicate.forget();
    twice.send(|| Request::get(&page).body(Body::from_reader(Cursor::new("odd"))).unwrap());
    assert_alike(scene.replicate.seen(), "a page that is asked for with a stream");
    scene.replicate.forget();
    twice.send_async(|| Request::get(&page).body(AsyncBody::from_reader(AsyncCursor::new("odd"))).unwrap());
    assert_alike(scene.replicate.seen(), "the same in a future");
}

#[test]
fn every_method_of_isahcs_client_is_there_and_does_the_same() {
    let scene = Scene::new(Way::Blocking);
    let Twice { isahc, us } = Twice::new(&scene);
    let url = format!("{}/any/thing", scene.fal.url());
    let url = url.as_str();
    let status = |answer: Result<Response<Body>, Error>| answer.unwrap().status();
    let same = |direct: Result<Response<Body>, Error>, through: Result<Response<Body>, Error>, what: &str| {
        assert_eq!(status(direct), status(through), "{what}");
        assert_alike(scene.fal.seen(), what);
        scene.fal.forget();
    };
    same(isahc.get(url), us.get(url), "get");
    same(isahc.head(url), us.head(url), "head");
    same(isahc.post(url, "a"), us.post(url, "a"), "post");
    same(isahc.put(url, "a"), us.put(url, "a"), "put");
    same(isahc.delete(url), us.delete(url), "delete");
    let wait = |answer: Result<Response<AsyncBody>, Error>| answer.map(blocking);
    let (direct, through) = (block_on(isahc.get_async(url)), block_on(us.get_async(url)));
    same(wait(direct), wait(through), "get_async");
    let (direct, through) = (block_on(isahc.head_async(url)), block_on(us.head_async(url)));
    same(wait(direct), wait(through), "head_async");
    let (direct, through) = (block_on(isahc.post_async(url, "a")), block_on(us.post_async(url, "a")));
    same(wait(direct), wait(through), "post_async");
    let (direct, through) = (block_on(isahc.put_async(url, "a")), block_on(us.put_async(url, "a")));
    same(wait(direct), wait(through), "put_async");
    let (direct, through) = (block_on(isahc.delete_async(url)), block_on(us.delete_async(url)));
    same(wait(direct), wait(through), "delete_async");

    for error in [us.get("no url").unwrap_err(), block_on(us.post_async("no url", "a")).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
}

#[test]
fn a_client_and_its_futures_go_to_other_threads() {
    fn goes<T: Send>(_: &T) {}
    fn is_shared<T: Sync>(_: &T) {}
    let scene = Scene::new(Way::Future);
    scene.fal.always(Reply::status(503));
    let client = scene.failover(scene.builder()).wrap(HttpClient::new().unwrap());
    is_shared(&client);
    let url = format!("{}{FLUX_DEV}", scene.fal.url());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let call = client.post_async(url.as_str(), prompt().to_string());
            goes(&call);
            scope.spawn(move || assert_eq!(served_by(&blocking(block_on(call).unwrap())), Some("nexaapi")));
        }
    });
    assert_eq!(scene.nexa.count(), 8);
    assert!((3..=8).contains(&scene.fal.count()), "{}", scene.fal.count());
}

#[test]
fn a_body_that_is_no_buffer_goes_out_once_and_whole_without_failover() {
    let scene = Scene::new(Way::Blocking);
    scene.fal.always(Reply::status(503));
    let client = scene.failover(scene.builder()).wrap(HttpClient::new().unwrap());
    let long = format!(r#"{{"prompt":"{}"}}"#, "x".repeat(200_000));
    let to = || post(&format!("{}{FLUX_DEV}", scene.fal.url())).header("Authorization", FAL_KEY);
    let size = long.len() as u64;
    let read = || Cursor::new(long.clone());
    let read_async = || AsyncCursor::new(long.clone());
    let send = |body: Body| client.send(to().body(body).unwrap());
    let send_async = |body: AsyncBody| block_on(client.send_async(to().body(body).unwrap())).map(blocking);
    let answers = [
        send(Body::from_reader(read())),
        send(Body::from_reader_sized(read(), size)),
        send_async(AsyncBody::from_reader(read_async())),
        send_async(AsyncBody::from_reader_sized(read_async(), size)),
    ];
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), served_by(&answer)), (503, None));
    }
    assert_eq!(scene.counts(), [4, 0, 0]);
    assert!(scene.fal.seen().iter().all(|seen| seen.body == long.as_bytes()));
}

#[test]
fn an_answer_names_the_url_that_was_asked_as_far_as_isahc_has_said_it() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let caller = scene.caller();
        scene.fal.always(Reply::status(503));
        let url = format!("{}{FLUX_DEV}", scene.fal.url());
        for _ in 0..3 {
            let response = scene.ask_fal(&caller, &prompt()).unwrap();
            assert_eq!(served_by(&response), Some("nexaapi"));
            assert_eq!(response.effective_uri().unwrap().to_string(), url);
            assert!(response.trailer().try_get().is_some_and(|trailer| trailer.is_empty()));
            assert!(response.metrics().is_none());
        }
        let response = scene.ask_fal(&caller, &prompt()).unwrap();
        assert_eq!((served_by(&response), scene.fal.count()), (Some("nexaapi"), 3));
        assert!(response.effective_uri().is_none(), "nobody but isahc can say it");
        assert!(response.remote_addr().is_none() && response.local_addr().is_none());
        assert!(response.trailer().try_get().is_some_and(|trailer| trailer.is_empty()));
    }
}

#[test]
fn an_answer_in_place_of_another_has_none_of_its_trailers() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let chunked = "HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\ntrailer: x-own\r\n\r\n";
        let fal = Raw::saying(format!("{chunked}2\r\n{{}}\r\n0\r\nx-own: 1\r\n\r\n"));
        let direct = scene.bare().send(post(&fal.url), "x").unwrap();
        assert!(
            direct.trailer().wait().contains_key("x-own"),
            "this proves nothing: isahc knows no trailers"
        );
        let caller = scene.caller_of(scene.builder().provider_url(ProviderName::Fal, fal.url.as_str()));
        let response = caller.send(post(&format!("{}{FLUX_DEV}", fal.url)), prompt().to_string()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        assert!(response.trailer().try_get().is_some_and(|trailer| trailer.is_empty()));
    }
}

#[test]
fn redirects_of_the_asked_provider_are_the_callers_to_follow() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.script([Reply::status(307).header("Location", FLUX_DEV), Reply::status(503)]);
        let eager = HttpClient::builder().redirect_policy(RedirectPolicy::Limit(2)).build().unwrap();
        let response = scene.ask_fal(&scene.caller_by(eager, scene.builder()), &prompt()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"), "it is judged by where it ended");
        assert_eq!(scene.counts(), [2, 0, 1]);
        assert!(scene.fal.seen().iter().all(|seen| seen.body == prompt().to_string().as_bytes()));

        scene.fal.script([Reply::status(307).header("Location", FLUX_DEV)]);
        let response = scene.ask_fal(&scene.caller(), &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (307, None), "isahc follows none");
    }
}

#[test]
fn a_refused_answer_gives_its_connection_back() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let (tell, ports) = mpsc::channel();
        let tell = Mutex::new(tell);
        let fal = Raw::new(move |_, stream| {
            tell.lock().unwrap().send(stream.peer_addr().unwrap().port()).unwrap();
            stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}").is_ok()
        });
        let patient = Breaker::new().failures(std::num::NonZeroU8::MAX);
        let builder = scene.builder().provider_url(ProviderName::Fal, fal.url.as_str()).breaker(patient);
        let caller = scene.caller_of(builder);
        // What is read while a stand-in is asked may come too late for the next request, but not for all of them.
        let mut seen = HashSet::new();
        let reused = (0..30).any(|_| {
            let request = post(&format!("{}{FLUX_DEV}", fal.url));
            let response = caller.send(request, prompt().to_string()).unwrap();
            assert_eq!(served_by(&response), Some("nexaapi"));
            !seen.insert(ports.recv_timeout(Duration::from_secs(10)).expect("no request"))
        });
        assert!(reused, "every refused answer cost its connection");
    }
}

#[test]
fn a_tls_failure_was_never_sent() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        let secure = scene.fal.url().replace("http://", "https://");
        let caller = scene.caller_of(scene.builder().provider_url(ProviderName::Fal, secure.as_str()));
        let answer = caller.send(post(&format!("{secure}{FLUX_DEV}")), prompt().to_string());
        if cfg!(feature = "rustls") {
            let response = answer.unwrap();
            assert_eq!(served_by(&response), Some("nexaapi"));
            assert_eq!(response.headers()["x-failover-attempts"], "fal no connection, nexaapi 200");
            assert!(!provenance(&response).maybe_billed);
        } else if *scene.bare().send(post(&secure), "x").unwrap_err().kind() == ErrorKind::ProtocolViolation {
            // A client that cannot speak it is the caller's own doing, and no outage.
            assert_eq!((answer.unwrap_err().kind(), scene.nexa.count()), (&ErrorKind::ProtocolViolation, 0));
        }
    }
}

#[test]
fn one_request_can_wish_for_no_failover() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.fal.always(Reply::status(503));
        let request = scene.to_fal().extension(PerRequest::off());
        let response = scene.caller().send(request, prompt().to_string()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, None));

        let failover = scene.failover(scene.builder());
        let off = scene.caller_with(HttpClient::new().unwrap(), failover.per_request(PerRequest::off()));
        assert_eq!(served_by(&scene.ask_fal(&off, &prompt()).unwrap()), None);
        let on = scene.caller_with(HttpClient::new().unwrap(), failover.clone());
        failover.switch_off();
        assert_eq!(served_by(&scene.ask_fal(&on, &prompt()).unwrap()), None);
        failover.switch_on();
        assert_eq!(served_by(&scene.ask_fal(&on, &prompt()).unwrap()), Some("nexaapi"));
        assert_eq!(scene.counts(), [4, 0, 1]);
        assert_eq!(Method::POST, scene.fal.seen()[0].method.as_str());
    }
}
