//! A provider of chats that sees how its connections end, which those of the testkit do not tell.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What it does with the first question; to all others it gives a whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Silence,
    /// It begins a stream, says so many tokens, and then nothing more.
    Tokens(usize),
}

#[derive(Debug)]
pub(super) struct Wire {
    url: String,
    /// Whom it was asked for.
    asked: Arc<Mutex<Vec<String>>>,
    played: Receiver<()>,
    ended: Receiver<bool>,
    over: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

/// What it works with.
struct Part {
    text: String,
    act: Option<Act>,
    asked: Arc<Mutex<Vec<String>>>,
    has_played: Sender<()>,
    has_ended: Sender<bool>,
}

impl Wire {
    /// One that says this text.
    pub(super) fn new(text: String, act: Option<Act>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let ((has_played, played), (has_ended, ended)) = (mpsc::channel(), mpsc::channel());
        let (asked, over) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let mut part = Part { text, act, asked: Arc::clone(&asked), has_played, has_ended };
        let stop = Arc::clone(&over);
        let serving = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                match listener.accept() {
                    // Whoever goes in the middle of a question has none.
                    Ok((stream, _)) => drop(part.serve(&stream)),
                    Err(_) => thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        Ok(Self { url, asked, played, ended, over, serving: Some(serving) })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the first question has been dealt with as it is to be.
    pub(super) fn has_played(&self, patience: Duration) -> Result<()> {
        self.played.recv_timeout(patience).context("the provider was not asked")
    }

    /// Whether the connection of the first question ends in time.
    pub(super) fn hears_the_end(&self, patience: Duration) -> bool {
        self.ended.recv_timeout(patience).unwrap_or(false)
    }

    pub(super) fn asked_for(&self, model: &str) -> usize {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|of| *of == model).count()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // It has nothing to panic for.
        self.serving.take().map(JoinHandle::join);
    }
}

impl Part {
    fn serve(&mut self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let model = question(stream)?;
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(model.clone());
        let Some(act) = self.act.take() else { return stream.write_all(&self.answer(&model)) };
        if let Act::Tokens(tokens) = act {
            stream.write_all(&self.begin(&model, tokens))?;
        }
        // Nobody may be interested.
        let _ = self.has_played.send(());
        // The end of what it is sent, or a reset; and no time limit.
        let ended = match stream.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
        };
        let _ = self.has_ended.send(ended);
        Ok(())
    }

    fn answer(&self, model: &str) -> Vec<u8> {
        let message = json!({ "role": "assistant", "content": self.text });
        let body = json!({
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": model,
            "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 12, "completion_tokens": 60, "total_tokens": 72 },
        });
        let body = body.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    /// The head of a stream, and its first tokens.
    fn begin(&self, model: &str, tokens: usize) -> Vec<u8> {
        let mut said =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
                .to_owned();
        for token in self.text.split_inclusive(' ').take(tokens) {
            let delta = json!({ "content": token.trim_end() });
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": null });
            let event = json!({ "id": "chatcmpl-1", "model": model, "choices": [choice] });
            let event = format!("data: {event}\n\n");
            said.push_str(&format!("{:x}\r\n{event}\r\n", event.len()));
        }
        said.into_bytes()
    }
}

/// Reads a question, and says for which model it is.
fn question(mut stream: &TcpStream) -> io::Result<String> {
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let head = all.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
        // The JSON is complete when it can be read.
        let body = head.and_then(|head| serde_json::from_slice::<Value>(&all[head..]).ok());
        if let Some(body) = body {
            return Ok(body["model"].as_str().unwrap_or_default().to_owned());
        }
        match stream.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => all.extend_from_slice(&piece[..count]),
        }
    }
}
