//! What comes in on a connection, line by line or by count.
//!
//! The last byte received is looked at but left in the kernel until more is wanted. A socket that is closed over unread
//! bytes is reset rather than closed, so at any time the owner can choose between the two: drop the socket, or
//! [`drain`](Inlet::drain) it first. (The direct way, `SO_LINGER` 0, is not in std.)

use crate::request::Unreadable;
use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Duration;

pub(crate) struct Inlet<'s> {
    stream: &'s TcpStream,
    received: Vec<u8>,
    /// The last byte of `received` is still in the kernel.
    held: bool,
    chunk: Vec<u8>,
}

impl<'s> Inlet<'s> {
    pub(crate) fn new(stream: &'s TcpStream) -> Self {
        Self { stream, received: Vec::new(), held: false, chunk: vec![0; 16 * 1024] }
    }

    pub(crate) fn stream(&self) -> &'s TcpStream {
        self.stream
    }

    /// The next line without its CRLF. `budget` is what all lines of a head may have together.
    pub(crate) fn line(&mut self, budget: &mut usize) -> Result<Vec<u8>, Unreadable> {
        let mut searched = 0;
        let end = loop {
            let fresh = &self.received[searched..];
            let found = fresh.iter().position(|byte| *byte == b'\n').map(|at| searched + at);
            let line = &self.received[..found.unwrap_or(self.received.len())];
            // Seen here and not at the end of the line, since what speaks TLS to us may never send one.
            if line.iter().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r')) {
                return Err(Unreadable::Refused(400));
            }
            if line.len() > *budget {
                return Err(Unreadable::Refused(431));
            }
            if let Some(end) = found {
                break end;
            }
            searched = self.received.len();
            self.fill()?;
        };
        *budget -= end;
        let mut line: Vec<u8> = self.received.drain(..=end).collect();
        line.pop();
        if line.pop() != Some(b'\r') || line.contains(&b'\r') {
            return Err(Unreadable::Refused(400));
        }
        Ok(line)
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<Vec<u8>, Unreadable> {
        while self.received.len() < count {
            self.fill()?;
        }
        let rest = self.received.split_off(count);
        Ok(std::mem::replace(&mut self.received, rest))
    }

    /// Reads and discards until the client hangs up, is quiet for longer than `patience`, or `enough` says so.
    pub(crate) fn drain(&mut self, patience: Option<Duration>, enough: impl Fn() -> bool) -> io::Result<()> {
        self.received.clear();
        self.held = false;
        self.stream.set_read_timeout(patience)?;
        while !enough() && self.stream.read(&mut self.chunk)? > 0 {}
        Ok(())
    }

    fn fill(&mut self) -> Result<(), Unreadable> {
        if self.held {
            self.stream.read_exact(&mut [0])?;
            self.held = false;
        }
        let count = loop {
            match self.stream.peek(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                peeked => break peeked?,
            }
        };
        let Some(all_but_one) = count.checked_sub(1) else { return Err(Unreadable::Gone) };
        self.received.extend_from_slice(&self.chunk[..count]);
        self.stream.read_exact(&mut self.chunk[..all_but_one])?;
        self.held = true;
        Ok(())
    }
}
