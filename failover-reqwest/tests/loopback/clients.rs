//! Clients that are set up in a way of their own: HTTP/2, a proxy, headers and cookies for every request. All of that is for the
//! asked provider.

use std::sync::Arc;

use failover_reqwest::{Failover, ProviderName};
use failover_testkit::{Provider, Reply};
use http::{Response, StatusCode, Version};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use reqwest_middleware::ClientBuilder;
use tokio::net::TcpListener;

use crate::scene::{FAL_KEY, FLUX_DEV, NEXA_KEY, Scene, prompt, provenance, served_by};

/// Speaks HTTP/2 only, and answers every request with this status and an empty object.
async fn http2(status: StatusCode) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    assert_eq!(request.version(), Version::HTTP_2);
                    let head = Response::builder().status(status).body(()).unwrap();
                    let mut body = respond.send_response(head, false).unwrap();
                    body.send_data("{}".into(), true).unwrap();
                }
            });
        }
    });
    url
}

fn with(client: reqwest::Client, failover: Failover) -> reqwest_middleware::ClientWithMiddleware {
    ClientBuilder::new(client).with(failover).build()
}

#[tokio::test]
async fn http_2_stays_with_the_asked_provider() {
    for (status, by) in [(StatusCode::OK, None), (StatusCode::SERVICE_UNAVAILABLE, Some("nexaapi"))] {
        let (scene, url) = (Scene::new(), http2(status).await);
        let failover = scene.builder().provider_url(ProviderName::Fal, url.as_str()).build().unwrap();
        let client = with(reqwest::Client::builder().http2_prior_knowledge().build().unwrap(), failover);
        for _ in 0..2 {
            let answer = client.post(format!("{url}{FLUX_DEV}")).json(&prompt()).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), served_by(&answer)), (200, by));
            // NexaAPI is asked by a client of ours, which speaks what NexaAPI speaks.
            assert_eq!(answer.version() == Version::HTTP_2, by.is_none());
        }
    }
}

#[tokio::test]
async fn the_callers_proxy_carries_the_callers_request_only() {
    let (scene, proxy) = (Scene::new(), Provider::fal());
    proxy.always(Reply::status(503));
    let failover = scene.builder().provider_url(ProviderName::Fal, "http://fal.test").build().unwrap();
    let proxied =
        reqwest::Client::builder().proxy(reqwest::Proxy::http(proxy.url()).unwrap()).build().unwrap();
    let request = with(proxied, failover).post(format!("http://fal.test{FLUX_DEV}")).json(&prompt());
    let answer = request.header("Authorization", FAL_KEY).send().await.unwrap();
    assert_eq!(
        (served_by(&answer), answer.url().as_str()),
        (Some("nexaapi"), "http://fal.test/fal-ai/flux/dev")
    );
    assert_eq!(provenance(&answer).attempts.len(), 2);
    assert_eq!((proxy.count(), scene.counts()), (1, [0, 0, 1]));
}

#[tokio::test]
async fn what_a_client_adds_to_every_request_stays_with_the_asked_provider() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    let jar = Arc::new(reqwest::cookie::Jar::default());
    jar.add_cookie_str("session=fal-session-0004", &scene.fal.url().parse().unwrap());
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_static(FAL_KEY));
    headers.insert("x-fal-key", HeaderValue::from_static("fal-secret-0005"));
    let builder =
        reqwest::Client::builder().default_headers(headers).cookie_provider(jar).user_agent("caller/9");
    let client = with(builder.build().unwrap(), scene.builder().build().unwrap());
    let answer = client.post(format!("{}{FLUX_DEV}", scene.fal.url())).json(&prompt()).send().await.unwrap();
    assert_eq!(served_by(&answer), Some("nexaapi"));
    let asked = scene.fal.seen().pop().unwrap();
    let has = |name: &str, value: &str| {
        asked.headers.iter().any(|(n, v)| n.eq_ignore_ascii_case(name) && v == value)
    };
    assert!(
        has("authorization", FAL_KEY)
            && has("cookie", "session=fal-session-0004")
            && has("user-agent", "caller/9")
    );
    let stood_in = scene.nexa.seen().pop().unwrap();
    let said = format!("{:?}", stood_in.headers);
    assert!(said.contains(NEXA_KEY), "{said}");
    for secret in ["fal-secret", "fal-session", "caller/9", "x-fal-key", COOKIE.as_str()] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}
