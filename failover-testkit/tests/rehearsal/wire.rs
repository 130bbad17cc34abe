//! HTTP/1.1 itself: framing, reuse of connections, and what is not HTTP.

use crate::client::Client;
use failover_testkit::{Provider, Reply};

const HEAD: &str = "POST /a/b HTTP/1.1\r\nHost: x\r\n";

#[test]
fn a_connection_is_kept_until_the_client_wants_it_closed() {
    let fal = Provider::fal();
    let mut client = Client::of(&fal);
    for _ in 0..3 {
        let answer = client.post("/a/b", "", "{}").answer();
        assert_eq!((answer.code, answer.header("connection")), (200, None));
    }
    let answer = client.post("/a/b", "Connection: Keep-Alive, Close\r\n", "{}").answer();
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(client.rest().unwrap(), "");
    let old = Client::of(&fal).send("POST /a/b HTTP/1.0\r\n\r\n").rest().unwrap();
    assert!(old.starts_with("HTTP/1.1 200 OK\r\n") && old.contains("\r\nConnection: close\r\n"));
    fal.script([Reply::healthy().header("Connection", "close")]);
    assert_eq!(Client::of(&fal).post("/a/b", "", "").rest().unwrap().matches("Connection").count(), 1);
}

#[test]
fn requests_sent_ahead_are_answered_in_turn() {
    let fal = Provider::fal();
    fal.script([Reply::status(429), Reply::status(503)]);
    let mut client = Client::of(&fal);
    client.send(format!("{HEAD}Content-Length: 1\r\n\r\na{HEAD}Content-Length: 1\r\n\r\nb"));
    assert_eq!([client.answer().code, client.answer().code], [429, 503]);
    let bodies: Vec<String> = fal.seen().iter().map(|seen| seen.text()).collect();
    assert_eq!(bodies, ["a", "b"]);
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let fal = Provider::fal();
    let mut client = Client::of(&fal);
    for byte in format!("\r\n{HEAD}Content-Length: 3\r\n\r\nabc").bytes() {
        client.send([byte]);
    }
    assert_eq!(client.answer().code, 200);
    assert_eq!(fal.seen().pop().unwrap().text(), "abc");
}

#[test]
fn chunks_become_one_body_and_trailers_headers() {
    let fal = Provider::fal();
    let mut client = Client::of(&fal);
    client.send(format!("{HEAD}transfer-encoding: Chunked\r\n\r\n"));
    client.send("3;name=value\r\n{\"a\r\n00B\r\n\":\"\r\n\r\n123\"\r\n1\r\n}\r\n0\r\nX-Sum: 9\r\n\r\n");
    assert_eq!(client.answer().code, 200);
    let seen = fal.seen().pop().unwrap();
    assert_eq!(seen.text(), "{\"a\":\"\r\n\r\n123\"}");
    assert_eq!(seen.header("x-sum"), Some("9"));
    assert_eq!(client.post("/a/b", "", "").answer().code, 200);
}

#[test]
fn a_client_that_expects_to_be_told_is_told_to_continue() {
    let fal = Provider::fal();
    let mut client = Client::of(&fal);
    client.send(format!("{HEAD}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(fal.count(), 0);
    assert_eq!(client.send("{}").answer().code, 200);
    assert_eq!(fal.seen().pop().unwrap().text(), "{}");
}

#[test]
fn some_answers_end_with_their_head() {
    let fal = Provider::fal();
    fal.script([Reply::healthy(), Reply::status(204), Reply::status(304)]);
    let mut client = Client::of(&fal);
    let head = client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n").head();
    assert!(
        head.starts_with("HTTP/1.1 404 Not Found\r\n") && head.contains("\r\nContent-Length: "),
        "{head}"
    );
    for code in [204, 304] {
        let answer = client.post("/a/b", "", "").answer();
        assert_eq!((answer.code, answer.header("content-length")), (code, None));
    }
    assert_eq!(client.post("/a/b", "", "").answer().code, 200);
}

#[test]
fn an_absolute_target_is_known_by_its_path() {
    let fal = Provider::fal();
    let mut client = Client::of(&fal);
    client.send("POST http://fal.run/a/b?c=/d HTTP/1.1\r\nHost: fal.run\r\n\r\n");
    assert_eq!(client.answer().code, 200);
    assert_eq!(fal.seen()[0].path, "/a/b?c=/d");
}

#[test]
fn what_is_malformed_is_refused_and_the_connection_closed() {
    let fal = Provider::fal();
    fal.always(Reply::silence());
    let heads = [
        "\x16\x03\x01\x02", // how TLS begins, and it sends no line end
        "nonsense\r\n",
        "POST /a\r\n",
        "POST /a HTTP/2.0\r\n",
        "POST /a b HTTP/1.1\r\n",
        "PO(ST /a HTTP/1.1\r\n",
        "POST /a HTTP/1.1\n",
        "POST /a HTTP/1.1\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nno colon\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nspace : y\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\n folded\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
    ];
    for head in heads {
        let answer = Client::of(&fal).send(head).rest().unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head:?}: {answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{head:?}: {answer}");
        assert!(answer.ends_with("{\"detail\":\"Bad Request\"}"), "{head:?}: {answer}");
    }
    assert_eq!(fal.count(), 0);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let fal = Provider::fal();
    for (request, code) in [
        (format!("{HEAD}X: {}", "x".repeat(70_000)), 431),
        (format!("{HEAD}Content-Length: 33554433\r\n\r\n"), 413),
        (format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n2000001\r\n"), 413),
        (format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"), 413),
    ] {
        let answer = Client::of(&fal).send(request).rest().unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{answer}");
    }
    assert_eq!(fal.count(), 0);
}

#[test]
fn half_a_request_is_none() {
    let fal = Provider::fal();
    for half in ["", "POST", HEAD, &format!("{HEAD}Content-Length: 5\r\n\r\nabc")] {
        let mut client = Client::of(&fal);
        client.send(half).hang_up();
        assert_eq!(client.rest().unwrap(), "");
    }
    assert_eq!(fal.count(), 0);
}
