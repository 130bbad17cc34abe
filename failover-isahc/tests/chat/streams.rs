//! Answers that come as streams.

use std::time::Duration;

use failover_isahc::{CircuitState, PerRequest, Provenance, StreamPolicy};
use failover_testkit::{Provider, Reply};
use futures_lite::AsyncReadExt;
use futures_lite::future::block_on;
use isahc::error::ErrorKind;
use isahc::http::{Request, Response};
use isahc::{AsyncBody, ResponseExt};

use crate::read::read;
use crate::scene::{CALLERS_KEY, Scene, Side, Way, blocking, client, served_by};

/// Once each way, and once for each that can be asked.
fn each(test: impl Fn(&Scene, Side)) {
    for way in Way::BOTH {
        for side in Side::BOTH {
            test(&Scene::new(way), side);
        }
    }
}

#[test]
fn a_healthy_stream_is_handed_on_as_it_is() {
    each(|scene, side| {
        let response = scene.stream(side, &scene.client());
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, None));
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert!(response.effective_uri().is_some(), "isahc's own marks are there");
        let said = read(side, response);
        assert_eq!(said.text, scene.own(side).text());
        assert!(said.complete && said.clean);
        assert_eq!(scene.counts(side), [1, 0]);
        assert!(scene.told().is_empty());
    });
}

#[test]
fn a_stand_ins_stream_has_its_head_and_is_told_of_once() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        let response = scene.stream(side, &scene.client());
        assert_eq!((response.status().as_u16(), served_by(&response)), (200, Some(side.other().name())));
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        assert!(response.effective_uri().is_some(), "it names what was asked");
        let so_far: &Provenance = response.extensions().get().expect("a history");
        assert_eq!(so_far.served.as_ref().unwrap().model, side.other().model());
        assert!(scene.told().is_empty(), "it is not over");
        let said = read(side, response);
        assert_eq!(said.text, scene.other(side).text());
        let told = scene.told();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].attempts.len(), 4);
        // It streams, too, and sees its own key only.
        let asked = &scene.other(side).seen()[0];
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(body["stream"], true);
        assert!(!asked.mentions(CALLERS_KEY));
    });
}

#[test]
fn when_all_have_failed_the_caller_hears_its_own_provider() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        scene.other(side).always(Reply::status(500));
        let response = scene.stream(side, &scene.client());
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert_eq!(scene.counts(side), [3, 3]);
    });
}

#[test]
fn a_refusal_for_its_content_is_the_callers() {
    each(|scene, side| {
        scene.own(side).always(Reply::content_policy());
        let response = scene.stream(side, &scene.client());
        assert_eq!((response.status().as_u16(), served_by(&response)), (400, None));
        assert_eq!(scene.counts(side), [1, 0]);
    });
}

#[test]
fn where_there_is_no_connection_the_clients_own_error_stays() {
    each(|scene, side| {
        let nowhere = failover_testkit::refused();
        let path = scene.to(side).body(()).unwrap().uri().path().to_owned();
        let ask = || {
            let client = client(scene.builder().provider_url(side.into(), nowhere.as_str()));
            scene.send(&client, Request::post(format!("{nowhere}{path}")), &side.question(true))
        };
        assert_eq!(read(side, ask().unwrap()).text, scene.other(side).text());
        scene.other(side).always(Reply::status(500));
        assert_eq!(ask().unwrap_err().kind(), ErrorKind::ConnectionFailed);
    });
}

#[test]
fn tokens_are_handed_on_as_they_come() {
    // The last of them never comes, and the first are here all the same.
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.openai.always(Reply::healthy().stall_after_tokens(3));
        let client = client(scene.builder().idle_limit(Duration::from_secs(20)));
        let mut body = scene.stream(Side::OpenAi, &client).into_body();
        let (mut text, mut chunk) = (String::new(), [0; 100]);
        while !text.contains("openai3") {
            let count = std::io::Read::read(&mut body, &mut chunk).unwrap();
            assert!(count > 0, "it ended: {text}");
            text.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
        }
    }
}

#[test]
fn a_stream_goes_on_in_another_thread_and_in_another_executor() {
    let scene = Scene::new(Way::Future);
    scene.openai.always(Reply::healthy().cut_after_tokens(40));
    let client = client(scene.builder().stream_policy(StreamPolicy::Restart));
    let request = scene.to(Side::OpenAi).body(Side::OpenAi.question(true).to_string()).unwrap();
    let mut response: Response<AsyncBody> = block_on(client.send_async(request)).unwrap();
    drop(client);
    let mut begin = [0; 10];
    block_on(response.body_mut().read_exact(&mut begin)).unwrap();
    assert_eq!(&begin[..6], b"data: ");
    let said = std::thread::spawn(move || {
        let (head, rest) = response.into_parts();
        let whole = AsyncBody::from_reader(futures_lite::io::Cursor::new(begin).chain(rest));
        read(Side::OpenAi, blocking(Response::from_parts(head, whole)))
    });
    let said = said.join().unwrap();
    assert_eq!((said.text, said.restarts.len()), (scene.anthropic.text(), 1));
    assert!(said.complete && said.clean);
}

#[test]
fn one_request_may_want_it_otherwise() {
    each(|scene, side| {
        scene.own(side).always(Reply::status(503));
        let response = scene.stream_as(side, &scene.client(), PerRequest::off());
        assert_eq!((response.status().as_u16(), scene.counts(side)), (503, [1, 0]));
        // Silence until half of the deadline, and the other half is for the stand-in.
        scene.own(side).always(Reply::silence());
        let client = client(scene.builder().first_token_limit(Duration::from_secs(60)));
        let response = scene.stream_as(side, &client, PerRequest::new().deadline(Duration::from_secs(2)));
        assert_eq!(served_by(&response), Some(side.other().name()));
        assert_eq!(read(side, response).text, scene.other(side).text());
    });
}

#[test]
fn a_stream_that_has_stalled_three_times_is_not_asked_for() {
    for way in Way::BOTH {
        let scene = Scene::new(way);
        scene.openai.always(Reply::healthy().stall_after_tokens(5));
        let failover = scene.builder().build().unwrap();
        let client = failover.wrap(isahc::HttpClient::new().unwrap());
        for _ in 0..3 {
            assert!(!read(Side::OpenAi, scene.stream(Side::OpenAi, &client)).complete);
        }
        let said = read(Side::OpenAi, scene.stream(Side::OpenAi, &client));
        assert_eq!((said.text, scene.counts(Side::OpenAi)), (scene.anthropic.text(), [3, 1]));
        let state = failover.state(&Side::OpenAi.domain()).unwrap();
        assert!(matches!(state, CircuitState::Open(_)), "{state:?}");
    }
}

#[test]
fn many_at_once_are_whole_or_tell() {
    let scene = Scene::new(Way::Blocking);
    let flaky = [Reply::healthy(), Reply::status(503), Reply::healthy().cut_after_tokens(9), Reply::reset()];
    scene.openai.script(flaky.into_iter().cycle().take(60));
    let client = client(
        scene.builder().stream_policy(StreamPolicy::Buffer).first_token_limit(Duration::from_secs(20)),
    );
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let said = read(Side::OpenAi, scene.stream(Side::OpenAi, &client));
                    let whole = |by: &Provider| said.text == by.text();
                    assert!(said.complete && said.clean, "{said:?}");
                    assert!(whole(&scene.openai) || whole(&scene.anthropic), "{said:?}");
                }
            });
        }
    });
}
