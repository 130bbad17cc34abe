//! One connection from its first request to its end.

use crate::answer::Answer;
use crate::goaway;
use crate::inlet::Inlet;
use crate::outlet::{self, Ended};
use crate::reply::{Cut, Deed};
use crate::request::{self, Request, Unreadable};
use crate::script::Cue;
use crate::stage::Stage;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// How long a client may take to hang up after the last answer, so that it gets to read it.
const FAREWELL: Duration = Duration::from_secs(1);

enum After {
    NextRequest,
    Close,
    /// Drop the socket as it is: the held byte of the [`Inlet`] makes a reset of it.
    Abandon,
}

/// An error of the socket means that the client has gone (or the provider), and there is nobody left to tell.
pub(crate) fn hold(stage: &Stage, stream: &TcpStream) {
    let mut inlet = Inlet::new(stream);
    while !stage.connections.stopped() {
        let after = match request::read(&mut inlet) {
            Ok(request) => exchange(stage, &mut inlet, request),
            Err(Unreadable::Gone) => return,
            Err(Unreadable::Preface) => goaway::hold(stage, &mut inlet).map(|()| After::Close),
            Err(Unreadable::Refused(code)) => refuse(stage, stream, code),
        };
        match after {
            Ok(After::NextRequest) => {}
            Ok(After::Close) => return close(stage, &mut inlet),
            Ok(After::Abandon) | Err(_) => return,
        }
    }
}

fn exchange(stage: &Stage, inlet: &mut Inlet<'_>, request: Request) -> io::Result<After> {
    let Cue { seen, reply, serial } = stage.script.take(request.seen);
    stage.connections.pause(reply.delay);
    let healthy = match &reply.deed {
        Deed::Reset => return Ok(After::Abandon),
        Deed::Silence => return listen(stage, inlet),
        Deed::Healthy => stage.kind.answer(stage, &seen, serial, &reply.wish),
        Deed::Status(code) => stage.kind.refusal(*code, serial),
        Deed::Refusal(why) => stage.kind.refuse(*why, serial),
        Deed::Json(code, body) => Answer::json(*code, body.clone()),
    };
    let mut answer = reply.spoil(healthy);
    let close = request.last || answer.ends_connection();
    let head = answer.head(close);
    if let Some(events) = answer.stream.take().filter(|_| answer.may_have_body() && seen.method != "HEAD") {
        let stream = inlet.stream();
        interim(stage, stream, reply.interim)?;
        send(stage, stream, &head, reply.head_pace)?;
        return match outlet::play(stage, stream, events, &reply, !answer.is_framed_by_hand())? {
            Ended::Whole if close => Ok(After::Close),
            Ended::Whole => Ok(After::NextRequest),
            Ended::HungUp => Ok(After::Close),
            Ended::Reset => Ok(After::Abandon),
            Ended::Stalled => listen(stage, inlet),
        };
    }
    let mut body = &answer.body[..];
    if !answer.may_have_body() || seen.method == "HEAD" {
        body = &[];
    } else if let Some(cut) = reply.cut {
        body = &body[..cut.after.min(body.len())];
    }
    let stream = inlet.stream();
    interim(stage, stream, reply.interim)?;
    if reply.head_pace.is_zero() && reply.body_pace.is_zero() {
        // At once, so that the client meets no pause between the two.
        send(stage, stream, &[&head[..], body].concat(), Duration::ZERO)?;
    } else {
        send(stage, stream, &head, reply.head_pace)?;
        send(stage, stream, body, reply.body_pace)?;
    }
    Ok(match reply.cut {
        Some(Cut { reset: true, .. }) => After::Abandon,
        Some(_) => After::Close,
        None if close => After::Close,
        None => After::NextRequest,
    })
}

/// Says nothing more, for as long as the client stays.
fn listen(stage: &Stage, inlet: &mut Inlet<'_>) -> io::Result<After> {
    inlet.drain(None, || stage.connections.stopped()).map(|()| After::Close)
}

fn send(stage: &Stage, mut stream: &TcpStream, bytes: &[u8], pace: Duration) -> io::Result<()> {
    if pace.is_zero() {
        return stream.write_all(bytes);
    }
    for byte in bytes {
        stream.write_all(&[*byte])?;
        stage.connections.pause(pace);
    }
    Ok(())
}

/// In bursts with a breath after each, so that a flood fills neither the client's core nor ours: it is its length that a
/// client has to survive, and as fast as it goes a client would read nothing else.
fn interim(stage: &Stage, mut stream: &TcpStream, heads: u64) -> io::Result<()> {
    const HEAD: &[u8] = b"HTTP/1.1 103 Early Hints\r\n\r\n";
    const BURST: u64 = 64;
    let mut left = heads;
    while left > 0 {
        let now = left.min(BURST);
        stream.write_all(&HEAD.repeat(now as usize))?;
        left -= now;
        stage.connections.pause(Duration::from_millis(1));
    }
    Ok(())
}

fn refuse(stage: &Stage, mut stream: &TcpStream, code: u16) -> io::Result<After> {
    let answer = stage.kind.refusal(code, 0);
    let mut bytes = answer.head(true);
    bytes.extend_from_slice(&answer.body);
    stream.write_all(&bytes)?;
    Ok(After::Close)
}

/// Says first that nothing more will come and then listens for a while: a socket closed over unread bytes is reset, and
/// a reset may overtake the answer.
fn close(stage: &Stage, inlet: &mut Inlet<'_>) {
    let said = inlet.stream().shutdown(Shutdown::Write);
    _ = said.and_then(|()| inlet.drain(Some(FAREWELL), || stage.connections.stopped()));
}
