//! A request off the wire (RFC 9112), strict where leniency would hide a client's fault.

use crate::inlet::Inlet;
use crate::seen::Seen;
use std::io::{self, Write};
use std::time::Instant;

const HEAD_LIMIT: usize = 64 * 1024;
const BODY_LIMIT: usize = 32 * 1024 * 1024;
const MALFORMED: Unreadable = Unreadable::Refused(400);
const TOO_LARGE: Unreadable = Unreadable::Refused(413);

pub(crate) struct Request {
    pub(crate) seen: Seen,
    /// The client wants the connection closed after the answer.
    pub(crate) last: bool,
}

pub(crate) enum Unreadable {
    Gone,
    /// The client speaks HTTP/2; the first two lines of its preface are read.
    Preface,
    Refused(u16),
}

impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

pub(crate) fn read(inlet: &mut Inlet<'_>) -> Result<Request, Unreadable> {
    let mut budget = HEAD_LIMIT;
    let mut line = inlet.line(&mut budget)?;
    if line.is_empty() {
        // RFC 9112 section 2.2: an empty line before the request line is to be ignored.
        line = inlet.line(&mut budget)?;
    }
    if line == b"PRI * HTTP/2.0" && inlet.line(&mut budget)?.is_empty() {
        return Err(Unreadable::Preface);
    }
    let (method, path, modern) = request_line(&line).ok_or(MALFORMED)?;
    let headers = fields(inlet, &mut budget)?;
    let mut seen = Seen { at: Instant::now(), method, path, headers, body: Vec::new() };
    if modern && values(&seen, "host").count() != 1 {
        return Err(MALFORMED);
    }
    let length = Length::of(&seen).ok_or(MALFORMED)?;
    if modern && !matches!(length, Length::Known(0)) && any_token(&seen, "expect", "100-continue") {
        inlet.stream().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    match length {
        Length::Known(count) if count > BODY_LIMIT => return Err(TOO_LARGE),
        Length::Known(count) => seen.body = inlet.take(count)?,
        Length::Chunked => {
            seen.body = chunks(inlet)?;
            seen.headers.extend(fields(inlet, &mut { HEAD_LIMIT })?);
        }
    }
    let last = !modern || any_token(&seen, "connection", "close");
    Ok(Request { seen, last })
}

/// Method, path and query, and whether it is HTTP/1.1 (not 1.0).
fn request_line(line: &[u8]) -> Option<(String, String, bool)> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let modern = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ => return None,
    };
    if words.next().is_some() || !is_token(method) || target.is_empty() {
        return None;
    }
    let path = match target.split_once("://") {
        Some((scheme, rest)) if is_token(scheme) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        _ => target,
    };
    Some((method.to_owned(), path.to_owned(), modern))
}

fn fields(inlet: &mut Inlet<'_>, budget: &mut usize) -> Result<Vec<(String, String)>, Unreadable> {
    let mut fields = Vec::new();
    loop {
        let line = inlet.line(budget)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let line = String::from_utf8_lossy(&line);
        let (name, value) = line.split_once(':').ok_or(MALFORMED)?;
        if !is_token(name) {
            return Err(MALFORMED);
        }
        fields.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
    }
}

enum Length {
    Known(usize),
    Chunked,
}

impl Length {
    /// Nothing where two parties could read two lengths, which is how requests are smuggled (RFC 9112 section 6.3).
    fn of(seen: &Seen) -> Option<Self> {
        let mut lengths = values(seen, "content-length");
        let length = lengths.next();
        if lengths.any(|other| Some(other) != length) {
            return None;
        }
        let mut codings = values(seen, "transfer-encoding");
        match (codings.next(), length) {
            (None, None) => Some(Self::Known(0)),
            (None, Some(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().map(Self::Known)
            }
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") && codings.next().is_none() => {
                Some(Self::Chunked)
            }
            _ => None,
        }
    }
}

fn chunks(inlet: &mut Inlet<'_>) -> Result<Vec<u8>, Unreadable> {
    let mut body = Vec::new();
    loop {
        let line = inlet.line(&mut { HEAD_LIMIT })?;
        let size = chunk_size(&line).ok_or(MALFORMED)?;
        if size > BODY_LIMIT - body.len() {
            return Err(TOO_LARGE);
        }
        if size == 0 {
            return Ok(body);
        }
        body.append(&mut inlet.take(size)?);
        if inlet.take(2)? != b"\r\n" {
            return Err(MALFORMED);
        }
    }
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(line).ok()?.split(';').next()?.trim_end();
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    usize::from_str_radix(digits, 16).ok()
}

fn values<'a>(seen: &'a Seen, name: &'a str) -> impl Iterator<Item = &'a str> {
    seen.headers
        .iter()
        .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn any_token(seen: &Seen, name: &str, token: &str) -> bool {
    values(seen, name).flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
