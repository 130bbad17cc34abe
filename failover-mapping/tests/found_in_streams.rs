//! What a hostile reading of the driver of streams found, driven by hand: each failed before it was mended.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use failover_mapping::calls::futures::Runtime;
use failover_mapping::chat::streams::{Begun, OwnSaid, Question, Running, Wire, Wish, begins_as_events};
use failover_mapping::{Config, Engine, Fault, Moment, ProviderName};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};

/// A clock that only sleeping moves, and every sleep ends 60 ms late.
#[derive(Clone)]
struct Late(Arc<Engine>, Arc<AtomicU64>, Arc<AtomicU64>);

/// None never ends: that is before the stream has begun.
struct Sleep(Option<(Arc<AtomicU64>, u64)>);

impl Future for Sleep {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            Some((clock, time)) => {
                clock.fetch_add(*time, Ordering::Relaxed);
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    }
}

impl Runtime for Late {
    type Sleep = Sleep;
    fn now(&self) -> Moment {
        Moment::EPOCH.plus(Duration::from_millis(self.1.load(Ordering::Relaxed)))
    }
    fn sleep(&self, time: Duration) -> Sleep {
        if self.2.load(Ordering::Relaxed) == 0 {
            return Sleep(None);
        }
        assert!(
            self.2.fetch_add(1, Ordering::Relaxed) < 1_000,
            "nobody gives up a stream that has stalled: {:?}",
            self.now()
        );
        Sleep(Some((Arc::clone(&self.1), time.as_millis() as u64 + 60)))
    }
    fn seed(&self) -> u64 {
        7
    }
}

impl Wire for Late {
    type Body = VecDeque<&'static str>;
    type Piece = &'static str;
    fn engine(&self) -> &Engine {
        &self.0
    }
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
    async fn ask(&self, _: Request<Vec<u8>>) -> Result<(StatusCode, HeaderMap, Self::Body), Fault> {
        Err(Fault::Connect)
    }
    fn poll_piece(body: &mut Self::Body, _: &mut Context<'_>) -> Poll<Option<Result<&'static str, Fault>>> {
        body.pop_front().map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(piece))))
    }
}

/// Whoever polls 60 ms late waits for a stalled stream for ever: each late wake gives it all its time again.
#[test]
fn a_stalled_stream_ends_on_a_machine_that_is_always_late() {
    let config: Config = Config::builder().key(ProviderName::Anthropic, "anthropic-secret").build().unwrap();
    let wire = Late(Arc::new(Engine::new(config)), Arc::default(), Arc::default());
    let question = Question {
        method: Method::POST,
        uri: "https://api.openai.com/v1/chat/completions".parse().unwrap(),
        headers: HeaderMap::new(),
        body: br#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true}"#.to_vec(),
        wishes: None,
    };
    let looks = Arc::clone(&wire.2);
    let mut running = Running::new(wire, question);
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Wish::SendOwn(..))) = pin!(running.wish()).poll(&mut context) else {
        panic!("not sent")
    };
    let kind = HeaderValue::from_static("text/event-stream");
    let events = HeaderMap::from_iter([(http::header::CONTENT_TYPE, kind)]);
    let first =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n";
    running.own_said(OwnSaid::Events(StatusCode::OK, events, VecDeque::from([first])));
    let Poll::Ready(Some(Wish::Begin(Begun::Own))) = pin!(running.wish()).poll(&mut context) else {
        panic!("not begun")
    };
    let Poll::Ready(Some(Ok(_))) = running.poll_piece(&mut context) else { panic!("no piece") };
    looks.store(1, Ordering::Relaxed);
    for _ in 0..10 {
        match running.poll_piece(&mut context) {
            Poll::Ready(Some(Err(broken))) => return assert_eq!(broken.fault, Fault::Timeout),
            Poll::Ready(None) => panic!("a whole answer"),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
    }
    panic!("no end");
}

/// A blank would be a part of the field's name, and the event would be read as none.
#[test]
fn a_stream_that_does_not_say_so_is_known_by_its_first_field() {
    for is in ["data: x", "event: x", "id: 1", "retry: 9", ": ping", "\r\n\n\rdata: x", "\u{feff}data: x"] {
        assert!(begins_as_events(is.as_bytes()), "{is:?}");
    }
    for is_not in
        ["", "dat", " data: x", "\t\ndata: x", "\n data: x", "{\"data:\": 1}", "<p>data:", "\u{feff} data:"]
    {
        assert!(!begins_as_events(is_not.as_bytes()), "{is_not:?}");
    }
}
