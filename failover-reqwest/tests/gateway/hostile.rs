//! Callers that are slow, endless, odd or up to something.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_reqwest::{ProviderName, SendFailover};
use failover_testkit::{Provider, Reply};
use serde_json::json;

use crate::app::{Patience, line};
use crate::scene::{PATIENT, Running, Scene, gpt, json_of, plain, served_by};

const SHORT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn who_does_not_end_the_head_of_a_request_is_let_go() {
    let scene = Scene::new();
    let patience = Patience { head: SHORT, ..PATIENT };
    let gateway = Running::with_patience(patience, scene.builder(), |_| {}).await;
    for said in ["", "GET /healthz HTTP/1.1\r\nHost: loc"] {
        assert_eq!(gateway.says_to(said).await, "", "it ends: {said:?}");
    }
    // Nor is a connection for ever which was of use once.
    let said = gateway.says_to("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(said.ends_with("ok\n"), "{said}");
}

#[tokio::test]
async fn who_does_not_end_the_body_of_a_request_is_told_so() {
    let scene = Scene::new();
    let gateway = Running::new(scene.builder(), |settings| settings.body_limit = SHORT).await;
    for (length, body) in [("Content-Length: 100", "{"), ("Transfer-Encoding: chunked", "1\r\n{\r\n")] {
        let head = format!("POST /v1/messages HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n");
        let said = gateway.says_to(head + body).await;
        assert!(said.starts_with("HTTP/1.1 408 ") && said.contains(r#""type":"error""#), "{said}");
    }
    assert_eq!(scene.anthropic.count(), 0);
}

#[tokio::test]
async fn a_body_that_is_too_long_for_failover_goes_on_as_it_comes() {
    let scene = Scene::new();
    let gateway = Running::new(scene.builder().request_limit(1000), |_| {}).await;
    let mut body = gpt(false);
    body["messages"][0]["content"] = "x".repeat(3000).into();
    let text = body.to_string();
    let chunks =
        format!("3e8\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n", &text[..1000], text.len() - 1000, &text[1000..]);
    let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer k";
    for (length, said, told) in [
        (format!("Content-Length: {}", text.len()), &text, Some(text.len().to_string())),
        ("Transfer-Encoding: chunked".to_owned(), &chunks, None),
    ] {
        let answer = gateway.says_to(format!("{head}\r\n{length}\r\n\r\n{said}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("openai60"), "{answer}");
        let seen = scene.openai.seen().pop().unwrap();
        assert_eq!(seen.text(), text);
        assert_eq!(seen.header("content-length"), told.as_deref(), "as the caller has it");
    }
    // Nobody else is asked: it cannot be sent twice.
    scene.openai.always(Reply::status(503));
    let response = gateway.openai(&body).await;
    assert_eq!((response.status().as_u16(), served_by(&response)), (503, None));
    assert_eq!((scene.openai.count(), scene.anthropic.count()), (3, 0));
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_not_read() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let chunks = "0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (headers, body) in [
        ("Content-Length: 2\r\nContent-Length: 3", "{} "),
        ("Content-Length: +2", "{}"),
        ("Transfer-Encoding: xchunked", chunks),
        ("Transfer-Encoding : chunked", chunks),
        ("Transfer-Encoding: gzip", chunks),
    ] {
        let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost";
        let said = gateway.says_to(format!("{head}\r\n{headers}\r\n\r\n{body}")).await;
        assert!(
            said.starts_with("HTTP/1.1 400 ") && said.matches("HTTP/1.1").count() == 1,
            "{headers}: {said}"
        );
    }
    // With both, the chunks are it (RFC 9112, section 6.3), and what follows them is no second request.
    let both = "Content-Length: 5\r\nTransfer-Encoding: chunked";
    let head = "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k";
    let said = gateway.says_to(format!("{head}\r\n{both}\r\n\r\n{chunks}")).await;
    assert_eq!((said.matches("HTTP/1.1").count(), scene.openai.count()), (1, 1), "{said}");
    assert_eq!(gateway.says_to("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "", "HTTP/2 is not spoken");
}

#[tokio::test]
async fn a_host_is_named_once_and_by_the_target_before_the_header() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    for (target, hosts, status) in [
        ("/metrics", "Host: localhost", 200),
        ("http://localhost/metrics", "Host: localhost", 200),
        ("/metrics", "X-Forwarded-Host: localhost", 403),
        ("/metrics", "Host: localhost\r\nHost: localhost", 403),
        ("http://evil.example/metrics", "Host: localhost", 403),
        ("http://localhost/metrics", "Host: localhost\r\nHost: evil.example", 403),
    ] {
        let said = format!("GET {target} HTTP/1.1\r\n{hosts}\r\nConnection: close\r\n\r\n");
        let said = gateway.says_to(said).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{target}, {hosts}: {said}");
    }
    let said =
        gateway.says_to("CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nConnection: close\r\n\r\n");
    assert!(said.await.starts_with("HTTP/1.1 404 "), "it is no such proxy");
}

#[tokio::test]
async fn no_path_leads_out_of_a_base_url() {
    let scene = Scene::new();
    let own = Provider::openai_compatible("own");
    let name = ProviderName::other("own").unwrap();
    let builder = scene.builder().text_provider(name, own.url() + "/inner/v1");
    let gateway = Running::new(builder, |_| {}).await;
    let ask = async |path: &str| {
        let head = "HTTP/1.1\r\nHost: localhost\r\nConnection: close";
        gateway.says_to(format!("GET {path} {head}\r\n\r\n")).await
    };
    for out in
        ["/own/v1/../../admin", "/own/v1/%2e%2e/%2E./admin", "/own/v1/..\\..\\admin", "/own/v1/../v11/x"]
    {
        let said = ask(out).await;
        assert!(
            said.starts_with("HTTP/1.1 404 ") && said.contains("nothing at this address"),
            "{out}: {said}"
        );
    }
    assert_eq!(own.count(), 0);
    for within in ["/own/v1/a/../b", "/own/v1//evil.example/b"] {
        ask(within).await;
        let path = own.seen().pop().expect("it is asked").path;
        assert!(path.starts_with("/inner/v1/") && path.ends_with("/b"), "{within}: {path}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_for_leave_gets_none() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().header("access-control-allow-origin", "*"));
    let gateway = scene.gateway().await;
    for path in ["/v1/chat/completions", "/api/fal/proxy", "/replicate/v1/account", "/metrics"] {
        let request = gateway.client.request(http::Method::OPTIONS, format!("{}{path}", gateway.base));
        let request = request.header("origin", "http://localhost:3000");
        let response = request.header("access-control-request-method", "POST").send().await.unwrap();
        assert_eq!(response.status(), 403, "{path}");
    }
    assert_eq!((scene.openai.count(), scene.replicate.count()), (0, 0));
    let response = gateway.openai(&gpt(false)).await;
    assert_eq!(
        (response.status().as_u16(), response.headers().get("access-control-allow-origin")),
        (200, None)
    );
}

#[tokio::test]
async fn another_method_is_refused_in_a_shape_that_can_be_read() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let response = gateway.post("/v1/models", &json!({})).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET,HEAD".parse().unwrap())
    );
    assert!(json_of(response).await["error"]["message"].is_string());
}

#[tokio::test]
async fn who_goes_in_the_middle_ends_what_was_asked_for() {
    let scene = Scene::new();
    scene.openai.always(Reply::healthy().stall_after_tokens(3));
    let gateway = Running::new(scene.builder().idle_limit(Duration::from_secs(600)), |_| {}).await;
    let mut stream = gateway.openai(&gpt(true)).await;
    assert!(stream.chunk().await.unwrap().is_some(), "it has begun");
    drop(stream);
    let mut counted = String::new();
    while !counted.contains("\nfailover_gateway_in_flight 1\n") {
        counted = gateway.get("/metrics").send().await.unwrap().text().await.unwrap();
    }
    let dropped = r#"failover_calls_total{asked="openai",served_by="dropped"} 1"#;
    assert!(counted.contains(dropped), "{counted}");
}

#[tokio::test]
async fn a_model_that_is_several_lines_is_told_in_one() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let builder = scene.builder().fallbacks("*", ["anthropic/claude-sonnet-4-5"]);
    let builder = builder.on_event(move |event| lines.lock().unwrap().extend(line(event)));
    let failover = builder.build().unwrap().with_stand_in_client(plain());
    let mut body = gpt(false);
    body["model"] = "a\n#9 openai: all is well\u{1b}[2J".into();
    let request = plain().post(format!("{}/v1/chat/completions", scene.openai.url())).json(&body);
    request.send_failover(&failover).await.unwrap();
    let told = told.lock().unwrap();
    assert!(told.iter().any(|line| line.contains("a?#9 openai: all is well?[2J: failed over")), "{told:?}");
    assert!(told.iter().all(|line| !line.contains(char::is_control)), "{told:?}");
}
