//! A bad day: reset, silence, delay, half an answer, a length that is a lie.

use crate::client::{Client, connect, post};
use failover_testkit::{Provider, Reply, refused};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

const PATH: &str = "/fal-ai/flux/dev";

/// On Linux a reset is certain; elsewhere the answer has at least to be missing.
fn assert_reset(client: &mut Client) {
    match client.rest() {
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        Ok(rest) => assert!(cfg!(not(target_os = "linux")) && rest.is_empty(), "closed after {rest:?}"),
    }
}

#[test]
fn a_reset_comes_after_the_request_was_read() {
    let fal = Provider::fal();
    let long = "x".repeat(1 << 20);
    let chunked = "POST /a/b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for body in ["", "{}", &long] {
        fal.script([Reply::reset()]);
        assert_reset(Client::of(&fal).post(PATH, "", body));
        assert_eq!(fal.seen().pop().unwrap().body, body.as_bytes());
    }
    fal.script([Reply::reset()]);
    assert_reset(Client::of(&fal).send(chunked));
    assert_eq!(fal.seen().pop().unwrap().text(), "abc");
}

#[test]
fn a_reset_may_come_on_a_connection_that_worked() {
    let fal = Provider::fal();
    fal.script([Reply::healthy(), Reply::reset()]);
    let mut client = Client::of(&fal);
    assert_eq!(client.post(PATH, "", "{}").answer().code, 200);
    assert_reset(client.post(PATH, "", "{}"));
    assert_eq!(post(&fal, PATH, "{}").code, 200);
}

#[test]
fn silence_holds_up_nobody_else_and_lasts_until_the_provider_is_dropped() {
    let fal = Provider::fal();
    fal.script([Reply::silence()]);
    let mut silenced = Client::of(&fal);
    silenced.post(PATH, "", "{}");
    while fal.count() == 0 {
        thread::yield_now();
    }
    assert_eq!(post(&fal, PATH, "{}").code, 200);
    drop(fal);
    assert_eq!(silenced.rest().unwrap_or_default(), "");
}

#[test]
fn silence_ends_when_the_client_goes_away() {
    let fal = Provider::fal();
    fal.script([Reply::silence()]);
    let mut client = Client::of(&fal);
    client.post(PATH, "", "{}").hang_up();
    assert_eq!(client.rest().unwrap(), "");
    assert_eq!(fal.count(), 1);
}

#[test]
fn a_delay_comes_before_the_first_byte() {
    let fal = Provider::fal();
    let delay = Duration::from_millis(20);
    fal.script([Reply::healthy().delay(delay), Reply::reset().delay(delay)]);
    let start = Instant::now();
    assert_eq!(post(&fal, PATH, "{}").code, 200);
    assert!(start.elapsed() >= delay);
    let start = Instant::now();
    assert_reset(Client::of(&fal).post(PATH, "", "{}"));
    assert!(start.elapsed() >= delay);
}

#[test]
fn a_cut_answer_declares_more_than_it_sends() {
    let fal = Provider::fal();
    for (sent, expected) in [(0, ""), (4, "0123"), (10, "0123456789"), (99, "0123456789")] {
        fal.script([Reply::json(200, "0123456789").cut_after(sent)]);
        let mut client = Client::of(&fal);
        let head = client.post(PATH, "", "{}").head();
        assert!(head.contains("\r\nContent-Length: 10\r\n"), "{head}");
        assert!(!head.contains("Connection"), "{head}");
        assert_eq!(client.rest().unwrap(), expected);
    }
}

#[test]
fn a_length_may_be_a_lie() {
    let fal = Provider::fal();
    fal.script([
        Reply::json(200, "abc").header("content-length", "1000"),
        Reply::status(200).header("Transfer-Encoding", "chunked").body("3\r\nabc\r\nzz"),
    ]);
    let mut client = Client::of(&fal);
    assert!(client.post(PATH, "", "").head().contains("\r\ncontent-length: 1000\r\n"));
    assert_eq!(client.rest().unwrap(), "abc");
    let mut client = Client::of(&fal);
    assert!(!client.post(PATH, "", "").head().contains("Content-Length"));
    assert_eq!(client.rest().unwrap(), "3\r\nabc\r\nzz");
}

#[test]
fn a_refused_address_refuses_whatever_starts_meanwhile() {
    let bases: Vec<String> = (0..4).map(|_| refused()).collect();
    let _providers: Vec<Provider> = (0..20).map(|_| Provider::nexa()).collect();
    for base in &bases {
        assert_eq!(connect(base).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    assert_eq!(bases.iter().collect::<HashSet<_>>().len(), bases.len());
}
