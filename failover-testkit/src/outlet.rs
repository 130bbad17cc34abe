//! The way out of a stream: one chunk for each event (RFC 9112 section 7.1), at once, or cut up otherwise.

use crate::reply::Reply;
use crate::stage::Stage;
use crate::stream::{Step, Stream};
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How it came to an end.
pub(crate) enum Ended {
    Whole,
    HungUp,
    Reset,
    Stalled,
}

/// Sends it as the reply has it, behind a head that was sent already. Without `chunked`, the bytes as they are.
pub(crate) fn play(
    stage: &Stage,
    socket: &TcpStream,
    stream: Stream,
    reply: &Reply,
    chunked: bool,
) -> io::Result<Ended> {
    let upset = &reply.upset;
    let mut outlet = Outlet {
        stage,
        socket,
        chunked,
        pace: reply.body_pace,
        size: if reply.body_pace.is_zero() { upset.chunk } else { Some(1) },
        held: Vec::new(),
        left: reply.cut.map_or(usize::MAX, |cut| cut.after),
    };
    for step in stream.steps(upset) {
        if outlet.left == 0 {
            break;
        }
        match step {
            Step::Send(text) if upset.crlf => outlet.put(text.replace('\n', "\r\n").as_bytes())?,
            Step::Send(text) => outlet.put(text.as_bytes())?,
            Step::Pause(whole, alive) => outlet.pause(whole, alive)?,
            Step::End if reply.cut.is_some() => break,
            Step::End => return outlet.end().map(|()| Ended::Whole),
            Step::HangUp => return outlet.flush().map(|()| Ended::HungUp),
            Step::Reset => return outlet.reset(),
            Step::Stall => return outlet.flush().map(|()| Ended::Stalled),
        }
    }
    if reply.cut.is_some_and(|cut| cut.reset) {
        outlet.reset()
    } else {
        outlet.flush().map(|()| Ended::HungUp)
    }
}

struct Outlet<'a> {
    stage: &'a Stage,
    socket: &'a TcpStream,
    chunked: bool,
    /// After each chunk.
    pace: Duration,
    /// Of a chunk, where it is not that of the event.
    size: Option<usize>,
    /// Bytes that are no whole chunk yet.
    held: Vec<u8>,
    /// So many bytes more, and then no byte.
    left: usize,
}

impl Outlet<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bytes = &bytes[..bytes.len().min(self.left)];
        self.left -= bytes.len();
        let Some(size) = self.size else { return self.chunk(bytes) };
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut chunks = held.chunks_exact(size);
        chunks.try_for_each(|chunk| self.chunk(chunk))?;
        self.held = chunks.remainder().to_vec();
        Ok(())
    }

    /// Nothing that was put is held back meanwhile.
    fn pause(&mut self, whole: Duration, alive: Option<(String, Duration)>) -> io::Result<()> {
        if whole.is_zero() {
            return Ok(());
        }
        self.flush()?;
        let mut left = whole;
        if let Some((text, every)) = alive {
            while left > every {
                self.stage.connections.pause(every);
                self.put(text.as_bytes())?;
                self.flush()?;
                left -= every;
            }
        }
        self.stage.connections.pause(left);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        if self.chunked { self.socket.write_all(b"0\r\n\r\n") } else { Ok(()) }
    }

    /// A reset takes back what the kernel has not sent yet, so it gets a moment to do so.
    fn reset(&mut self) -> io::Result<Ended> {
        self.flush()?;
        self.stage.connections.pause(Duration::from_millis(10));
        Ok(Ended::Reset)
    }

    fn flush(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        self.chunk(&held)
    }

    /// In one write, so that it is one packet.
    fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        // A chunk of no bytes would be the end.
        if bytes.is_empty() {
            return Ok(());
        }
        if self.chunked {
            let size = format!("{:x}\r\n", bytes.len());
            self.socket.write_all(&[size.as_bytes(), bytes, b"\r\n"].concat())?;
        } else {
            self.socket.write_all(bytes)?;
        }
        self.stage.connections.pause(self.pace);
        Ok(())
    }
}
