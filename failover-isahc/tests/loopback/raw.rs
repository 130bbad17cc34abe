//! Servers that say, byte for byte, what a test wants them to, and count what they were sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server that hands each whole request to `answer`, with its number, and keeps the connection as long as that says so.
pub(crate) struct Raw {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    pub(crate) fn new(answer: impl Fn(usize, &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, answer) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(answer));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, log, answer) = (stream.unwrap(), Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || {
                    while let Some(request) = whole(&mut stream) {
                        let number = {
                            let mut log = log.lock().unwrap();
                            log.push(request);
                            log.len() - 1
                        };
                        if !answer(number, &mut stream) {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, seen }
    }

    /// A server that says this and hangs up, however often it is asked.
    pub(crate) fn saying(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self::new(move |_, stream| {
            // Who has heard enough may be gone.
            let _ = stream.write_all(&text);
            false
        })
    }

    /// All that was sent, request by request.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// One request, or nothing at the end of the connection.
fn whole(stream: &mut TcpStream) -> Option<String> {
    let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
    while !is_whole(&sent) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => sent.extend_from_slice(&buffer[..read]),
        }
    }
    Some(String::from_utf8_lossy(&sent).into_owned())
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
