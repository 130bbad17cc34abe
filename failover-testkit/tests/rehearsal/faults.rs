//! The failures that have names, and what they are made of.

use crate::client::{Answer, Client, connect, get, post};
use failover_testkit::{Fault, Provider, Reply, blackholed};
use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const PATH: &str = "/fal-ai/flux/dev";

/// The answer of a provider that misbehaves in such a way.
fn answer(fault: Fault) -> Answer {
    let fal = Provider::fal();
    assert_eq!(fal.misbehave(fault), fal.url());
    let answer = post(&fal, PATH, "{}");
    assert_eq!(fal.count(), 1, "{fault}");
    answer
}

#[test]
fn every_fault_has_a_number_and_a_name_of_its_own() {
    let numbers: HashSet<&str> = Fault::ALL.iter().map(|fault| fault.id()).collect();
    let names: HashSet<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    assert_eq!((numbers.len(), names.len()), (Fault::ALL.len(), Fault::ALL.len()));
    assert_eq!(Fault::Overloaded.to_string(), "S04 503 always");
}

#[test]
fn some_faults_pass_and_some_stay_until_healed() {
    for (fault, codes) in [
        (Fault::ThrottledOnce, [429, 200, 200]),
        (Fault::BrokenOnce, [500, 200, 200]),
        (Fault::Throttled, [429, 429, 200]),
        (Fault::Overloaded, [503, 503, 200]),
    ] {
        let fal = Provider::fal();
        let base = fal.misbehave(fault);
        assert_eq!(base, fal.url());
        let [first, second] = [post(&fal, PATH, "{}").code, post(&fal, PATH, "{}").code];
        fal.heal();
        assert_eq!([first, second, post(&fal, PATH, "{}").code], codes, "{fault}");
    }
}

#[test]
fn hints_are_sent_as_they_are() {
    for (fault, hint) in [
        (Fault::ThrottledOnce, Some("2")),
        (Fault::Throttled, None),
        (Fault::HintNegative, Some("-1")),
        (Fault::HintHuge, Some("1000000000")),
        (Fault::HintNoNumber, Some("NaN")),
        (Fault::HintPast, Some("Sun, 06 Nov 1994 08:49:37 GMT")),
        (Fault::HintFuture, Some("Fri, 06 Nov 2099 08:49:37 GMT")),
    ] {
        let answer = answer(fault);
        assert_eq!((answer.code, answer.header("retry-after")), (429, hint), "{fault}");
    }
}

#[test]
fn refusals_have_their_code() {
    for (fault, word) in [
        (Fault::ContextTooLong, r#""code":"context_length_exceeded""#),
        (Fault::ContentPolicy, r#""code":"content_policy_violation""#),
    ] {
        let answer = answer(fault);
        assert!(answer.code == 400 && answer.body.contains(word), "{answer:?}");
    }
}

#[test]
fn junk_is_a_success_by_its_status() {
    for (fault, begins, kind) in [
        (Fault::TruncatedJson, r#"{"images":[{"url":"https://"#, "application/json"),
        (Fault::ErrorInSuccess, r#"{"error":"#, "application/json"),
        (Fault::Html, "<!doctype html>", "text/html; charset=utf-8"),
        (Fault::Empty, "", "application/json"),
        (Fault::WrongType, r#"{"images":[{"url":"#, "text/plain"),
        (Fault::DeepJson, "[[[[[[[[", "application/json"),
    ] {
        let answer = answer(fault);
        assert_eq!((answer.code, answer.header("content-type")), (200, Some(kind)), "{fault}");
        assert!(answer.body.starts_with(begins) && answer.body.is_empty() == begins.is_empty(), "{fault}");
    }
}

#[test]
fn large_answers_are_healthy_but_for_their_size() {
    let large = answer(Fault::LargeBody);
    assert!(large.bytes.len() > Fault::LARGE && large.body.starts_with(r#"{"images":[{"url":"#));
    assert!(large.body.ends_with(r#"xxx"}"#) && large.body.contains(r#","padding":"xxx"#));
    let bomb = answer(Fault::GzipBomb);
    assert_eq!(bomb.header("content-encoding"), Some("gzip"));
    assert!(bomb.bytes.starts_with(&[0x1f, 0x8b, 8]) && bomb.bytes.len() < Fault::LARGE / 100);
    let unpacked: [u8; 4] = bomb.bytes[bomb.bytes.len() - 4..].try_into().unwrap();
    let unpacked = u32::from_le_bytes(unpacked) as usize;
    assert!((large.bytes.len()..large.bytes.len() + 1_000).contains(&unpacked), "{unpacked}");
}

#[test]
fn lengths_lie() {
    for (fault, lengths) in [
        (Fault::LengthTooLong, &["100000"][..]),
        (Fault::LengthTooShort, &["20"]),
        (Fault::TwoLengths, &["20", "30"]),
    ] {
        let fal = Provider::fal();
        fal.misbehave(fault);
        let all = Client::of(&fal).post(PATH, "", "{}").rest().unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        let said: Vec<&str> = head.lines().filter_map(|line| line.strip_prefix("Content-Length: ")).collect();
        assert_eq!(said, lengths, "{fault}");
        assert!(body.len() > 30 && body.len() < 100_000 && body.ends_with('}'), "{fault}: {body}");
    }
}

#[test]
fn an_answer_may_be_reset_in_its_middle() {
    let fal = Provider::fal();
    fal.misbehave(Fault::ResetInBody);
    let mut client = Client::of(&fal);
    let head = client.post(PATH, "", "{}").head();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let rest = client.rest();
    if cfg!(target_os = "linux") {
        assert_eq!(rest.unwrap_err().kind(), ErrorKind::ConnectionReset);
    } else {
        assert!(rest.unwrap_or_default().len() <= 20);
    }
}

#[test]
fn a_slow_answer_is_whole_in_the_end() {
    let pace = Duration::from_millis(1);
    for reply in [
        Reply::json(200, "0123456789").slow_head(pace),
        Reply::json(200, "0123456789").slow_body(pace),
        Reply::json(200, "0123456789").slow_head(pace).slow_body(pace),
    ] {
        let fal = Provider::fal();
        fal.script([reply]);
        let start = Instant::now();
        let mut client = Client::of(&fal);
        for body in ["0123456789", r#"{"images""#] {
            let answer = client.post(PATH, "", "{}").answer();
            assert!(answer.code == 200 && answer.body.starts_with(body), "{answer:?}");
        }
        assert!(start.elapsed() >= pace * 10);
    }
}

#[test]
fn interim_heads_come_before_the_answer_or_instead() {
    let fal = Provider::fal();
    fal.script([Reply::healthy().after_interim(100)]);
    let mut client = Client::of(&fal);
    client.post(PATH, "", "{}");
    for _ in 0..100 {
        assert_eq!(client.head(), "HTTP/1.1 103 Early Hints\r\n\r\n");
    }
    assert_eq!(client.answer().code, 200);

    let fal = Provider::fal();
    let mut stream = connect(&fal.misbehave(Fault::InterimFlood)).unwrap();
    stream.write_all(b"POST /a/b HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut flood = vec![0; 1 << 20];
    stream.read_exact(&mut flood).unwrap();
    assert!(!flood.windows(4).any(|bytes| bytes == b"200 "));
    drop(fal); // ends it
}

#[test]
fn redirects_lead_in_circles_or_away() {
    let fal = Provider::fal();
    fal.misbehave(Fault::RedirectLoop);
    let (first, second) = (post(&fal, PATH, "{}"), get(&fal, "/again"));
    assert_eq!([first.code, second.code], [302, 302]);
    assert_eq!([first.header("location"), second.header("location")], [Some("/again"); 2]);

    for (provider, path) in [
        (Provider::fal(), PATH),
        (Provider::replicate(), "/v1/models/black-forest-labs/flux-schnell/predictions"),
        (Provider::nexa(), "/v1/images/generate"),
    ] {
        for (fault, code) in [(Fault::RedirectAway, 302), (Fault::RedirectBodyAway, 307)] {
            provider.misbehave(fault);
            let answer = post(&provider, path, "{}");
            let there = format!("{}{path}", provider.elsewhere().url());
            assert_eq!((answer.code, answer.header("location")), (code, Some(&*there)));
        }
        assert_ne!(provider.elsewhere().url(), provider.url());
        assert_eq!(provider.elsewhere().count(), 0);
    }
    assert_eq!(post(fal.elsewhere(), PATH, "{}").code, 200);
}

#[test]
fn headers_come_twice_or_are_long() {
    let twice = answer(Fault::TwiceTheHeaders);
    for name in ["Content-Type", "Retry-After", "X-Fal-Request-Id"] {
        assert_eq!(twice.head.matches(&format!("\r\n{name}: ")).count(), 2, "{}", twice.head);
    }
    assert!(twice.body.starts_with(r#"{"images""#));
    assert_eq!(answer(Fault::LongHeader).header("x-long").map(str::len), Some(1 << 20));
}

#[test]
fn jobs_are_accepted_first() {
    for (fault, code, word) in
        [(Fault::JobFails, 200, r#""error_type""#), (Fault::JobNeverEnds, 202, "IN_PROGRESS")]
    {
        let queue = Provider::fal_queue();
        assert_eq!(queue.misbehave(fault), queue.url());
        let submitted = post(&queue, PATH, "{}");
        assert!(submitted.code == 200 && submitted.body.contains("IN_QUEUE"), "{submitted:?}");
        let status = "/fal-ai/flux/requests/00000000-0000-4000-8000-000000000001/status";
        let asked: Vec<Answer> = (0..9).map(|_| get(&queue, status)).collect();
        let last = asked.last().unwrap();
        assert!(last.code == code && last.body.contains(word), "{last:?}");
    }
}

#[test]
fn some_addresses_are_nobodys() {
    let fal = Provider::fal();
    assert_eq!(connect(&fal.misbehave(Fault::Refused)).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(fal.misbehave(Fault::Unresolved), "https://provider.invalid");
    assert_eq!(fal.misbehave(Fault::NoTls), fal.url().replace("http:", "https:"));

    let hole = fal.misbehave(Fault::Blackholed);
    assert_eq!(hole, blackholed());
    let address: SocketAddr = hole.strip_prefix("http://").unwrap().parse().unwrap();
    for _ in 0..2 {
        let lost = TcpStream::connect_timeout(&address, Duration::from_millis(100));
        assert_eq!(lost.unwrap_err().kind(), ErrorKind::TimedOut);
    }
    assert_eq!(fal.count(), 0);
}

/// A frame of HTTP/2: its type, flags, stream and payload.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
}

#[test]
fn what_speaks_http_2_is_counted_and_sent_away() {
    let fal = Provider::fal();
    let mut stream = connect(&fal.misbehave(Fault::GoAway)).unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(4, 0, 0, &[0, 3, 0, 0, 0, 9])).unwrap();
    stream.write_all(&frame(1, 4, 1, &[0x83, 0x86, 0x84])).unwrap(); // POST http /, more to come
    stream.write_all(&frame(0, 0, 1, b"{\"prompt\"")).unwrap();
    stream.write_all(&frame(0, 1, 1, b":\"cat\"}")).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [frame(4, 0, 0, &[]), frame(4, 1, 0, &[]), frame(7, 0, 0, &[0; 8])].concat());
    let seen = fal.seen();
    assert_eq!((seen.len(), seen[0].text().as_str()), (1, r#"{"prompt":"cat"}"#));

    // What takes another turn after the first line is no HTTP/2, and no HTTP/1 either.
    let odd = Client::of(&fal).send("PRI * HTTP/2.0\r\nHost: x\r\n\r\n").rest().unwrap();
    assert!(odd.starts_with("HTTP/1.1 400 "), "{odd}");
    assert_eq!(Client::of(&fal).send("PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n").rest().unwrap(), "");
    assert_eq!(fal.count(), 1);
}
