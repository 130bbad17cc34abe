//! A client that hides nothing: it sends what it is given and shows what came back.

use failover_testkit::Provider;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

pub(crate) struct Client {
    stream: TcpStream,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) head: String,
    /// As text; what is none in it is replaced.
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Client {
    pub(crate) fn of(provider: &Provider) -> Self {
        Self { stream: connect(&provider.url()).expect("a provider should be reachable") }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).expect("a provider should take what it is sent");
        self
    }

    pub(crate) fn post(&mut self, path: &str, headers: &str, body: &str) -> &mut Self {
        let length = body.len();
        self.send(format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).expect("an answer should have a whole head");
            head.extend_from_slice(&byte);
        }
        String::from_utf8(head).expect("a head should be text")
    }

    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.head();
        let code = head[9..12].parse().expect("a status should be a number");
        let mut bytes =
            vec![0; header(&head, "content-length").map_or(0, |value| value.parse().expect("a length"))];
        self.stream.read_exact(&mut bytes).expect("an answer should have the length it declares");
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { code, head, body, bytes }
    }

    /// The next chunk of an answer that comes in chunks, None after the last one, or how the connection broke.
    pub(crate) fn chunk(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            line.extend_from_slice(&byte);
        }
        let digits = String::from_utf8_lossy(&line);
        let size = usize::from_str_radix(digits.trim_end(), 16).expect("a chunk should have a size");
        let mut bytes = vec![0; size + 2];
        self.stream.read_exact(&mut bytes)?;
        assert!(bytes.ends_with(b"\r\n"), "a chunk should end where it says");
        bytes.truncate(size);
        Ok((size > 0).then(|| String::from_utf8(bytes).expect("an event should be text")))
    }

    /// All chunks, and how the connection broke, if it did.
    pub(crate) fn chunks(&mut self) -> (Vec<String>, Option<io::ErrorKind>) {
        let mut chunks = Vec::new();
        loop {
            match self.chunk() {
                Ok(Some(chunk)) => chunks.push(chunk),
                Ok(None) => return (chunks, None),
                Err(error) => return (chunks, Some(error.kind())),
            }
        }
    }

    /// Says that nothing more will be sent, and goes on listening.
    pub(crate) fn hang_up(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("a connection should be there to hang up");
    }

    /// Everything until the provider closes, or how the connection broke.
    pub(crate) fn rest(&mut self) -> io::Result<String> {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).map(|_| rest)
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

pub(crate) fn connect(base: &str) -> io::Result<TcpStream> {
    TcpStream::connect(base.strip_prefix("http://").expect("a base URL should be http"))
}

pub(crate) fn post(provider: &Provider, path: &str, body: &str) -> Answer {
    Client::of(provider).post(path, "", body).answer()
}

pub(crate) fn get(provider: &Provider, path: &str) -> Answer {
    ask(provider, "GET", path, "")
}

pub(crate) fn ask(provider: &Provider, method: &str, path: &str, headers: &str) -> Answer {
    Client::of(provider).send(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).answer()
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
}
