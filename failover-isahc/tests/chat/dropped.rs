//! A stream that is dropped, before it has begun or in the middle, leaves the circuit breakers in order.

use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use failover_isahc::{CircuitState, Client, Clock, ProviderName};
use failover_testkit::Reply;
use futures_lite::AsyncReadExt;
use futures_lite::future::{block_on, or, poll_fn, yield_now};
use isahc::{AsyncBody, HttpClient};

use crate::read::read;
use crate::scene::{Scene, Side, Way, client, served_by};

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

async fn ask(scene: &Scene, client: &Client) -> isahc::http::Response<AsyncBody> {
    let request = scene.to(Side::OpenAi).body(Side::OpenAi.question(true).to_string()).expect("a request");
    client.send_async(request).await.expect("an answer")
}

#[test]
fn a_stream_that_is_dropped_after_any_poll_blames_nobody() {
    let scene = Scene::new(Way::Future);
    let failover = scene.builder().first_token_limit(Duration::from_secs(20)).build().unwrap();
    let client = failover.wrap(HttpClient::new().unwrap());
    scene.openai.always(Reply::healthy().token_pace(Duration::from_millis(1)));
    let mut polls = 0;
    let whole = async || {
        let mut response = ask(&scene, &client).await;
        let mut bytes = Vec::new();
        response.body_mut().read_to_end(&mut bytes).await.expect("a whole stream");
    };
    while polled(polls, whole()).is_none() {
        polls += 1;
    }
    assert!(polls > 5, "it waited {polls} times only");
    assert!(failover.states().all(|(_, state)| state == CircuitState::Closed));
    assert_eq!(served_by(&scene.stream(Side::OpenAi, &client)), None);
    assert_eq!(scene.anthropic.count(), 0);
}

#[test]
fn a_probe_that_is_dropped_is_given_back() {
    for begun in [false, true] {
        let scene = Scene::new(Way::Future);
        let (start, passed) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let jumps = Arc::clone(&passed);
        let clock = Clock::new(
            move || start.elapsed() + Duration::from_secs(jumps.load(Ordering::Relaxed)),
            |time| async move {
                async_io::Timer::after(time).await;
            },
        );
        let builder = scene.builder().first_token_limit(Duration::from_secs(20));
        let failover = builder.build().unwrap().with_clock(clock);
        let client = failover.wrap(HttpClient::new().unwrap());
        scene.openai.always(Reply::status(503));
        assert_eq!(served_by(&scene.stream(Side::OpenAi, &client)), Some("anthropic"));
        let domain = Side::OpenAi.domain();
        assert!(matches!(failover.state(&domain), Some(CircuitState::Open(_))));
        passed.store(40, Ordering::Relaxed);
        scene.openai.forget();
        if begun {
            // Half of it was read.
            scene.openai.always(Reply::healthy().stall_after_tokens(5));
            drop(block_on(ask(&scene, &client)));
        } else {
            scene.openai.always(Reply::silence());
            let watch = async {
                while scene.openai.count() == 0 {
                    yield_now().await;
                }
                None
            };
            assert!(block_on(or(async { Some(ask(&scene, &client).await) }, watch)).is_none());
        }
        scene.openai.heal();
        let next = scene.stream(Side::OpenAi, &client);
        assert_eq!(served_by(&next), None, "the probe blocks all others (begun: {begun})");
        assert!(read(Side::OpenAi, next).complete);
        assert_eq!(failover.state(&domain), Some(CircuitState::Closed));
    }
}

/// The beginning of an answer of Anthropic's.
const BEGINNING: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",",
    "\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,",
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,",
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n",
);

/// isahc by itself goes on with it until something arrives.
#[test]
fn a_stand_ins_connection_that_nobody_reads_any_more_does_not_stay() {
    let scene = Scene::new(Way::Blocking);
    scene.openai.always(Reply::status(503));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut sent, mut chunk) = (Vec::new(), [0; 1000]);
        while !sent.ends_with(b"}") {
            let count = socket.read(&mut chunk).unwrap();
            sent.extend_from_slice(&chunk[..count]);
        }
        socket.write_all(BEGINNING.as_bytes()).unwrap();
        match socket.read(&mut chunk) {
            Ok(0) => true,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
            Ok(_) => false,
        }
    });
    let client = client(scene.builder().stand_in_url(ProviderName::Anthropic, url));
    let response = scene.stream(Side::OpenAi, &client);
    assert_eq!(served_by(&response), Some("anthropic"));
    drop(response);
    assert!(server.join().unwrap(), "it stays");
}
