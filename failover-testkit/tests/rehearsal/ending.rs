//! Dropping a provider: at once, whatever its connections are at, and the port is free.

use crate::client::{Client, connect};
use failover_testkit::{Provider, Reply};
use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// Longer than any machine is busy, shorter than whatever the provider was told to wait for.
fn assert_ends_at_once(provider: Provider) {
    let base = provider.url();
    let (done, ended) = std::sync::mpsc::channel();
    thread::spawn(move || {
        drop(provider);
        done.send(()).expect("the test should still be there");
    });
    ended.recv_timeout(Duration::from_secs(20)).expect("a provider should end at once");
    assert_eq!(connect(&base).expect_err("the port should be closed").kind(), ErrorKind::ConnectionRefused);
}

fn wait_for(provider: &Provider, requests: usize) {
    while provider.count() < requests {
        thread::yield_now();
    }
}

#[test]
fn without_any_client() {
    assert_ends_at_once(Provider::replicate());
}

#[test]
fn with_idle_connections_and_half_a_request() {
    let fal = Provider::fal();
    let mut idle = Client::of(&fal);
    assert_eq!(idle.post("/a/b", "", "{}").answer().code, 200);
    let mut fresh = Client::of(&fal);
    let mut half = Client::of(&fal);
    half.send("POST /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
    assert_ends_at_once(fal);
    for client in [&mut idle, &mut fresh, &mut half] {
        assert_eq!(client.rest().unwrap_or_default(), "");
    }
}

#[test]
fn in_the_middle_of_silence_and_delay() {
    let fal = Provider::fal();
    fal.script([Reply::silence(), Reply::healthy().delay(HOUR), Reply::reset().delay(Duration::MAX)]);
    let mut clients: Vec<Client> = (0..3).map(|_| Client::of(&fal)).collect();
    for client in &mut clients {
        client.post("/a/b", "", "{}");
    }
    wait_for(&fal, 3);
    assert_ends_at_once(fal);
    for mut client in clients {
        assert_eq!(client.rest().unwrap_or_default(), "");
    }
}

#[test]
fn while_a_client_does_not_read_its_answer() {
    let fal = Provider::fal();
    fal.always(Reply::status(200).body(vec![b'x'; 64 << 20]));
    let mut client = Client::of(&fal);
    client.post("/a/b", "", "{}");
    wait_for(&fal, 1);
    assert_ends_at_once(fal);
}

#[test]
fn one_provider_ends_and_the_others_go_on() {
    let (fal, nexa) = (Provider::fal(), Provider::nexa());
    assert_ends_at_once(fal);
    assert_eq!(Client::of(&nexa).post("/a", "", "").answer().code, 401);
}

#[test]
fn a_provider_may_be_used_from_many_threads() {
    fn shared<T: Send + Sync + std::fmt::Debug>() {}
    shared::<Provider>();
    shared::<Reply>();
    assert!(format!("{:?}", Provider::nexa()).starts_with("Provider { kind: Nexa, url: \"http://127.0.0.1:"));
}
