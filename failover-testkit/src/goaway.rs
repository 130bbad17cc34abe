//! HTTP/2 (RFC 9113), as far as it takes to turn a client away: its request is read, and then it is told to go.
//!
//! The frame says that no stream was processed and that there was no error, so a client may send the same again on another
//! connection. Headers are compressed, and nobody here can read them.

use crate::inlet::Inlet;
use crate::seen::Seen;
use crate::stage::Stage;
use std::io::{self, Write};
use std::time::Instant;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// The flag of `DATA` and `HEADERS` that ends a request, and of `SETTINGS` that confirms.
const END: u8 = 1;
const ACK: u8 = 1;
/// What a sender may put in one frame as long as nobody allows more.
const LONGEST: usize = 16_384;

/// Goes on where the first two lines of the preface have been read.
pub(crate) fn hold(stage: &Stage, inlet: &mut Inlet<'_>) -> io::Result<()> {
    if take(inlet, 6)? != b"SM\r\n\r\n" {
        return Ok(());
    }
    send(inlet, SETTINGS, 0, &[])?;
    let mut body = Vec::new();
    loop {
        let head = take(inlet, 9)?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        if length > LONGEST {
            return Ok(());
        }
        let (kind, flags) = (head[3], head[4]);
        let payload = take(inlet, length)?;
        match kind {
            SETTINGS if flags & ACK == 0 => send(inlet, SETTINGS, ACK, &[])?,
            DATA => body.extend_from_slice(&payload),
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END != 0 {
            break;
        }
    }
    let none = String::new;
    stage.script.log(Seen { at: Instant::now(), method: none(), path: none(), headers: Vec::new(), body });
    // The last stream that was processed, and the code: zero is none, both times.
    send(inlet, GOAWAY, 0, &[0; 8])
}

fn send(inlet: &Inlet<'_>, kind: u8, flags: u8, payload: &[u8]) -> io::Result<()> {
    let mut frame = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    inlet.stream().write_all(&frame)
}

fn take(inlet: &mut Inlet<'_>, count: usize) -> io::Result<Vec<u8>> {
    // Nothing else can be wrong with bytes that are only counted.
    inlet.take(count).map_err(|_| io::ErrorKind::ConnectionAborted.into())
}
