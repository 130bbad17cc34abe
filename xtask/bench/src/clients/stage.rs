//! Providers on loopback that always say the same: one that is healthy, one that refuses, the stand-in, one that is none of ours, and
//! two whose answers are streams of events.
//!
//! They say it without allocating, so that all that is allocated is the client's, and so fast that the client is what is
//! measured. As many threads as there may be connections wait for them.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use super::events;

/// What a FAL client asks for.
pub(crate) const ASKED: &str = r#"{"prompt":"a lighthouse at dusk, oil on canvas","image_size":"landscape_4_3","num_inference_steps":28,"guidance_scale":3.5,"num_images":1,"seed":42,"enable_safety_checker":true,"output_format":"jpeg"}"#;
pub(crate) const PATH: &str = "/fal-ai/flux/dev";
/// An answer of FAL's to that, and with it the number of bytes that a body must have.
pub(crate) const PAINTED: &str = r#"{"images":[{"url":"https://v3.fal.media/files/lion/8aQ0n7sVhW2zKk3Yw5bXe_1f0c2d9b7a6e4c5f.jpeg","width":1024,"height":768,"content_type":"image/jpeg"}],"timings":{"inference":1.2094},"seed":42,"has_nsfw_concepts":[false],"prompt":"a lighthouse at dusk, oil on canvas","description":"","cost":0.025}"#;
pub(crate) const REFUSED: &str = r#"{"detail":"Too many concurrent requests."}"#;
pub(crate) const STOOD_IN: &str = r#"{"id":"job-00000001","status":"completed","model":"flux-dev","url":"https://media.nexa-api.example/images/00000001-0.png","images":[{"url":"https://media.nexa-api.example/images/00000001-0.png"}],"width":1024,"height":768,"seed":42,"cost":0.02}"#;

/// Connections to one of them at a time.
const CONNECTIONS: usize = 24;

/// Their base URLs.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) healthy: String,
    pub(crate) busy: String,
    pub(crate) nexa: String,
    pub(crate) other: String,
    /// Chat completions, as a stream.
    pub(crate) completions: String,
    /// Anthropic's messages, as a stream.
    pub(crate) messages: String,
}

impl Stage {
    pub(crate) fn start() -> Self {
        Self {
            healthy: provider("200 OK", PAINTED),
            busy: provider("429 Too Many Requests", REFUSED),
            nexa: provider("200 OK", STOOD_IN),
            other: provider("200 OK", PAINTED),
            completions: listen(events::completions()),
            messages: listen(events::messages()),
        }
    }

    /// Those of another process, as it [told](Stage::told) them.
    pub(crate) fn elsewhere(told: &str) -> Option<Self> {
        let mut urls = told.split(',').map(str::to_owned);
        let (healthy, busy, nexa, other) = (urls.next()?, urls.next()?, urls.next()?, urls.next()?);
        let (completions, messages) = (urls.next()?, urls.next()?);
        Some(Self { healthy, busy, nexa, other, completions, messages })
    }

    pub(crate) fn told(&self) -> String {
        let Self { healthy, busy, nexa, other, completions, messages } = self;
        [&**healthy, busy, nexa, other, completions, messages].join(",")
    }

    pub(crate) fn asked_of(base: &str) -> String {
        format!("{base}{PATH}")
    }
}

/// Starts one, and says where it is.
fn provider(status: &str, body: &str) -> String {
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-fal-request-id: 7b0f6c1e\r\n");
    listen(format!("{head}content-length: {}\r\n\r\n{body}", body.len()))
}

/// Starts one that says this, and says where it is.
fn listen(answer: String) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    for _ in 0..CONNECTIONS {
        let (listener, answer) = (listener.try_clone().expect("a socket can be shared"), answer.clone());
        thread::spawn(move || {
            for connection in listener.incoming() {
                // A client that goes away is no concern of ours.
                let _ = connection.and_then(|connection| serve(&connection, answer.as_bytes()));
            }
        });
    }
    format!("http://{address}")
}

/// Answers one request after the other, until the client goes away.
fn serve(mut connection: &TcpStream, answer: &[u8]) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let (mut buffer, mut here) = ([0; 8 * 1024], 0);
    loop {
        while let Some(length) = whole(&buffer[..here]) {
            connection.write_all(answer)?;
            buffer.copy_within(length..here, 0);
            here -= length;
        }
        match connection.read(&mut buffer[here..])? {
            0 => return Ok(()),
            read => here += read,
        }
    }
}

/// How long the first request is, as soon as all of it has come.
fn whole(received: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let head = received.windows(END.len()).position(|window| window == END)?;
    let lines = received[..head].split(|byte| *byte == b'\n');
    let mut lengths = lines.filter_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let length = head + END.len() + lengths.next().unwrap_or(0_usize);
    (received.len() >= length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_where_its_length_says() {
        assert_eq!(whole(b"GET / HTTP/1.1\r\nhost: a\r\n"), None);
        assert_eq!(whole(b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET"), Some(27));
        let asked = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd";
        assert_eq!(whole(asked), Some(asked.len() - 1));
        assert_eq!(whole(&asked[..asked.len() - 2]), None);
    }

    #[test]
    fn what_is_told_is_understood() {
        let stage = Stage::start();
        let same = Stage::elsewhere(&stage.told()).unwrap();
        assert_eq!((same.other, same.nexa), (stage.other, stage.nexa));
        assert!(Stage::elsewhere("http://a,http://b").is_none());
    }
}
