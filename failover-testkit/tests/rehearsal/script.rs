//! The script, the log, and what a reply may change about an answer.

use crate::client::{Client, post};
use failover_testkit::{Provider, Reply, Seen};
use std::thread;

const PATH: &str = "/fal-ai/flux/dev";

fn codes(provider: &Provider, count: usize) -> Vec<u16> {
    (0..count).map(|_| post(provider, PATH, "{}").code).collect()
}

#[test]
fn a_script_is_played_once_and_in_order() {
    let fal = Provider::fal();
    fal.script([Reply::status(429), Reply::healthy()]);
    fal.script([Reply::status(503)]);
    assert_eq!(codes(&fal, 5), [429, 200, 503, 200, 200]);
}

#[test]
fn always_comes_after_the_script_and_until_healed() {
    let fal = Provider::fal();
    fal.always(Reply::status(500));
    fal.script([Reply::status(429)]);
    assert_eq!(codes(&fal, 3), [429, 500, 500]);
    fal.always(Reply::status(502));
    fal.script([Reply::status(429), Reply::status(429)]);
    assert_eq!(codes(&fal, 1), [429]);
    fal.heal();
    assert_eq!(codes(&fal, 2), [200, 200]);
}

#[test]
fn a_script_may_look_at_the_provider_that_it_is_for() {
    let fal = Provider::fal();
    fal.script((0..2).map(|_| Reply::json(200, fal.count().to_string())));
    assert_eq!(post(&fal, PATH, "").body, "0");
}

#[test]
fn the_log_has_every_request_before_its_answer() {
    let fal = Provider::fal();
    let mut client = Client::of(&fal);
    for n in 1..=3 {
        assert_eq!(
            client.post(&format!("{PATH}?n={n}"), "X-N: secret\r\n", "{\"prompt\":\"cat\"}").answer().code,
            200
        );
        assert_eq!(fal.count(), n);
    }
    let last: Seen = fal.seen().pop().unwrap();
    assert_eq!((last.method.as_str(), last.path.as_str()), ("POST", "/fal-ai/flux/dev?n=3"));
    assert_eq!(
        last.headers,
        [("Host", "x"), ("X-N", "secret"), ("Content-Length", "16")]
            .map(|(name, value)| { (name.to_owned(), value.to_owned()) })
    );
    assert_eq!(last.text(), "{\"prompt\":\"cat\"}");
    assert!(last.mentions("secret") && !last.mentions("dog"));
    fal.forget();
    assert_eq!((fal.count(), fal.seen().len()), (0, 0));
}

#[test]
fn many_clients_at_once_share_one_script() {
    let fal = Provider::fal();
    fal.script((0..40).map(|n| Reply::status(if n % 2 == 0 { 429 } else { 503 })));
    let (mut throttled, mut broken) = (0, 0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(|| codes(&fal, 5))).collect();
        for code in clients.into_iter().flat_map(|client| client.join().unwrap()) {
            *(if code == 429 { &mut throttled } else { &mut broken }) += 1;
        }
    });
    assert_eq!((throttled, broken, fal.count()), (20, 20, 40));
}

#[test]
fn a_status_comes_in_the_words_of_its_provider() {
    for (provider, code, body) in [
        (Provider::fal(), 500, r#"{"detail":"Internal Server Error"}"#),
        (Provider::fal(), 504, r#"{"detail":"Request timed out","error_type":"request_timeout"}"#),
        (
            Provider::fal(),
            422,
            r#"{"detail":[{"loc":["body","prompt"],"msg":"Field required","type":"missing"}]}"#,
        ),
        (
            Provider::replicate(),
            429,
            r#"{"title":"Too Many Requests","detail":"Request was throttled.","status":429}"#,
        ),
        (
            Provider::replicate(),
            503,
            r#"{"title":"Service Unavailable","detail":"Service Unavailable","status":503}"#,
        ),
        (Provider::nexa(), 402, r#"{"detail":"Insufficient credits"}"#),
        (Provider::nexa(), 299, "{}"),
    ] {
        provider.script([Reply::status(code)]);
        let answer = post(&provider, "/any", "");
        assert_eq!((answer.code, answer.body.as_str()), (code, body));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("retry-after"), None);
    }
}

#[test]
fn a_reply_changes_headers_and_body() {
    let fal = Provider::fal();
    let junk = Reply::healthy().body("<html>").content_type("text/plain").content_type("text/html");
    fal.script([
        junk.header("Set-Cookie", "a=1").header("set-cookie", "b=2").header("X-FAL-Request-Id", "mine"),
        Reply::json(418, "{\"cup\":"),
        Reply::status(429).header("Retry-After", "7\r\nX-Second: 1"),
    ]);
    let answer = post(&fal, PATH, "");
    assert_eq!((answer.code, answer.body.as_str()), (200, "<html>"));
    assert_eq!(answer.header("x-fal-request-id"), Some("mine"));
    for (line, times) in
        [("content-type:", 1), ("content-type: text/html", 1), ("set-cookie: ", 2), ("id: ", 1)]
    {
        assert_eq!(answer.head.to_lowercase().matches(line).count(), times, "{}", answer.head);
    }
    let answer = post(&fal, PATH, "");
    assert_eq!((answer.code, answer.body.as_str()), (418, "{\"cup\":"));
    let answer = post(&fal, PATH, "");
    assert_eq!(answer.header("retry-after"), Some("7  X-Second: 1"));
}
