//! What stands on the wire, byte for byte: through the middleware as without it.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use failover_testkit::Reply;
use failover_ureq::ProviderName;
use ureq::http::Request;
use ureq::{Agent, SendBody};

use crate::scene::{FLUX_DEV, Scene, agent, prompt, served_by};

/// A server that answers each of `connections` once with `answer`, closes, and tells what it was sent.
fn raw(connections: usize, answer: &'static str) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, heard) = mpsc::channel();
    thread::spawn(move || {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&sent) {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => sent.extend_from_slice(&buffer[..read]),
                }
            }
            stream.write_all(answer.as_bytes()).unwrap();
            drop(stream);
            tell.send(String::from_utf8_lossy(&sent).into_owned()).unwrap();
        }
    });
    (url, heard)
}

fn is_whole(sent: &[u8]) -> bool {
    let text = String::from_utf8_lossy(sent);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let head = head.to_ascii_lowercase();
    match head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        Some(length) => body.len() >= length.parse::<usize>().unwrap(),
        None => !head.contains("transfer-encoding") || body.ends_with("0\r\n\r\n"),
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

#[test]
fn a_request_looks_as_without_us() {
    let scene = Scene::new();
    let bare: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let asks: [fn(&Agent, &str); 5] = [
        |agent, url| drop(agent.post(url).header("X-Own", "1").send_json(prompt()).unwrap()),
        |agent, url| drop(agent.post(url).header("X-Own", "1").send(&b"{\"prompt\":\"x\"}"[..]).unwrap()),
        |agent, url| {
            drop(agent.post(url).header("Content-Length", "3").header("X-Own", "1").send("abc").unwrap())
        },
        |agent, url| drop(agent.post(url).send_empty().unwrap()),
        |agent, url| drop(agent.post(url).send("").unwrap()),
    ];
    for (number, ask) in asks.into_iter().enumerate() {
        let (url, heard) = raw(2, OK);
        let through = agent(scene.failover(scene.builder().provider_url(ProviderName::Fal, url.as_str())));
        ask(&bare, &format!("{url}{FLUX_DEV}"));
        ask(&through, &format!("{url}{FLUX_DEV}"));
        assert_eq!(heard.recv().unwrap(), heard.recv().unwrap(), "case {number}");
    }
}

#[test]
fn a_request_without_a_body_looks_as_without_us() {
    const PAGE: &str = "/v1/models/stability-ai/sdxl/versions/\
                        39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b";
    let scene = Scene::new();
    let bare: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let asks: [fn(&Agent, &str); 3] = [
        |agent, url| drop(agent.get(url).header("X-Own", "1").call().unwrap()),
        |agent, url| drop(agent.get(url).force_send_body().send("").unwrap()),
        |agent, url| drop(agent.run(Request::get(url).body(()).unwrap()).unwrap()),
    ];
    for (number, ask) in asks.into_iter().enumerate() {
        let (url, heard) = raw(2, OK);
        let builder = scene.builder().provider_url(ProviderName::Replicate, url.as_str());
        // A limit is set on the way, and changes nothing else.
        let through = agent(scene.failover(builder.deadline(Duration::from_secs(60))));
        ask(&bare, &format!("{url}{PAGE}"));
        ask(&through, &format!("{url}{PAGE}"));
        assert_eq!(heard.recv().unwrap(), heard.recv().unwrap(), "case {number}");
    }
}

#[test]
fn a_reader_goes_out_whole_and_with_its_length() {
    let scene = Scene::new();
    let (url, heard) = raw(1, OK);
    let through = agent(scene.failover(scene.builder().provider_url(ProviderName::Fal, url.as_str())));
    let mut reader = &b"{\"prompt\":\"x\"}"[..];
    through.post(format!("{url}{FLUX_DEV}")).send(SendBody::from_reader(&mut reader)).unwrap();
    let sent = heard.recv().unwrap();
    assert!(
        sent.contains("content-length: 14\r\n") && sent.ends_with("\r\n\r\n{\"prompt\":\"x\"}"),
        "{sent}"
    );
}

#[test]
fn a_refused_answer_gives_its_connection_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, requests) = mpsc::channel();
    thread::spawn(move || {
        for (connection, stream) in listener.incoming().enumerate() {
            let (Ok(mut stream), tell) = (stream, tell.clone()) else { return };
            thread::spawn(move || {
                let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
                while let Ok(read @ 1..) = stream.read(&mut buffer) {
                    sent.extend_from_slice(&buffer[..read]);
                    if is_whole(&sent) {
                        sent.clear();
                        let _ = tell.send(connection);
                        let _ = stream.write_all(b"HTTP/1.1 429 Slow Down\r\ncontent-length: 2\r\n\r\n{}");
                    }
                }
            });
        }
    });
    let scene = Scene::new();
    let patient = failover_ureq::Breaker::new().failures(std::num::NonZeroU8::MAX);
    let builder = scene.builder().provider_url(ProviderName::Fal, url.as_str()).breaker(patient);
    let through = agent(scene.failover(builder));
    // The thread that reads a refused answer may be late for the next request, but not for all of them.
    let mut connections = HashSet::new();
    let reused = (0..30).any(|_| {
        let response = through.post(format!("{url}{FLUX_DEV}")).send_json(prompt()).unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"));
        !connections.insert(requests.recv_timeout(Duration::from_secs(10)).expect("no request"))
    });
    assert!(reused, "every refused answer cost its connection");
}

#[test]
fn a_request_that_cannot_be_sent_is_the_callers_own() {
    let scene = Scene::new();
    let agent = scene.agent();
    for length in ["3", "x"] {
        for _ in 0..4 {
            let request =
                agent.post(format!("{}{FLUX_DEV}", scene.fal.url())).header("Content-Length", length);
            let error = request.send_json(prompt()).expect_err("a body longer than it says was sent");
            assert!(matches!(error, ureq::Error::Protocol(_)), "{error:?}");
        }
    }
    assert_eq!(scene.nexa.count(), 0);
    assert_eq!(served_by(&scene.ask_fal(&agent, &prompt()).unwrap()), None, "FAL was blamed");
}

#[test]
fn a_tls_failure_was_never_sent() {
    let scene = Scene::new();
    let secure = scene.fal.url().replace("http://", "https://");
    let through = agent(scene.failover(scene.builder().provider_url(ProviderName::Fal, secure.as_str())));
    let response = through.post(format!("{secure}{FLUX_DEV}")).send_json(prompt()).unwrap();
    assert_eq!(served_by(&response), Some("nexaapi"));
    assert_eq!(response.headers()["x-failover-attempts"], "fal no connection, nexaapi 200");
}

#[test]
fn the_own_answer_outlives_the_callers_timeout() {
    let scene = Scene::new();
    let big = format!("{{\"detail\":\"{}\"}}", "x".repeat(3_000_000));
    for body in ["{\"detail\":\"own\"}", big.as_str()] {
        scene.fal.always(Reply::json(503, body));
        scene.nexa.always(Reply::status(402).delay(Duration::from_millis(1_300)));
        let through: Agent = Agent::config_builder()
            .middleware(scene.failover(scene.builder()))
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_millis(1_000)))
            .build()
            .into();
        let mut response = scene.ask_fal(&through, &prompt()).unwrap();
        assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
        if body.len() < 64 * 1024 {
            assert_eq!(response.body_mut().read_to_string().unwrap(), body);
        } else {
            // More than is read ahead is the caller's to wait for, and its timeout has passed.
            assert!(response.body_mut().with_config().limit(4_000_000).read_to_string().is_err());
        }
    }
}

#[test]
fn a_long_answer_of_its_own_comes_back_whole() {
    let scene = Scene::new();
    let big = format!("{{\"detail\":\"{}\"}}", "x".repeat(3_000_000));
    scene.fal.always(Reply::json(503, big.as_str()));
    scene.nexa.always(Reply::status(402));
    let mut response = scene.ask_fal(&scene.agent(), &prompt()).unwrap();
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, Some("nobody")));
    assert!(response.body_mut().with_config().limit(4_000_000).read_to_string().unwrap() == big);
}
