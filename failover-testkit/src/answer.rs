//! An answer and how its head is written.

use crate::stream::Stream;
use std::fmt::Write as _;

pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What is sent bit by bit instead of the body.
    pub(crate) stream: Option<Stream>,
}

impl Answer {
    pub(crate) fn json(code: u16, body: String) -> Self {
        Self::of(code, "application/json", body.into_bytes())
    }

    pub(crate) fn of(code: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { code, headers: vec![("Content-Type".to_owned(), content_type.to_owned())], body, stream: None }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The status line and the headers, how the body is framed among them unless a header claims something else: the length of
    /// the whole of it, or that it comes in chunks.
    pub(crate) fn head(&self, close: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {:03} {}\r\n", self.code, reason(self.code));
        for (name, value) in &self.headers {
            push(&mut head, name, value);
        }
        if self.may_have_body() && !self.is_framed_by_hand() {
            match self.stream {
                Some(_) => push(&mut head, "Transfer-Encoding", "chunked"),
                None => push(&mut head, "Content-Length", &self.body.len().to_string()),
            }
        }
        if close && !self.has("connection") {
            push(&mut head, "Connection", "close");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// RFC 9112 section 6.3: these statuses end with their head.
    pub(crate) fn may_have_body(&self) -> bool {
        !matches!(self.code, 100..=199 | 204 | 304)
    }

    pub(crate) fn ends_connection(&self) -> bool {
        self.is_framed_by_hand()
            || self.headers.iter().any(|(name, value)| {
                name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
            })
    }

    pub(crate) fn is_framed_by_hand(&self) -> bool {
        self.has("content-length") || self.has("transfer-encoding")
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name))
    }
}

fn push(head: &mut String, name: &str, value: &str) {
    // Writing to a `String` cannot fail.
    _ = write!(head, "{name}: {value}\r\n");
}

/// The usual phrase, also what an error body says where its provider has no better words.
pub(crate) fn reason(code: u16) -> &'static str {
    match code {
        100 => "Continue",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        499 => "Client Closed Request",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        529 => "Site Overloaded",
        _ => "Unassigned",
    }
}
