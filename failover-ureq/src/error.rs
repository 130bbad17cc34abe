//! What ureq's errors mean.

use std::io;

use failover_core::Fault;
use ureq::{Error, Timeout};

/// The fault behind an error that is not about a status. What is the caller's own doing is an invalid request.
pub(crate) fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Io(error) => fault_of_io(error),
        Error::Timeout(Timeout::Resolve | Timeout::Connect)
        | Error::HostNotFound
        | Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::Tls(_) => Fault::Connect,
        #[cfg(feature = "rustls")]
        Error::Rustls(_) => Fault::Connect,
        Error::Timeout(_) => Fault::Timeout,
        // Not HTTP, or not to its end: what became of the request is as unknown as after a reset.
        Error::LargeResponseHeader(..) | Error::BodyStalled => Fault::Reset,
        Error::Protocol(error) if is_about_an_answer(&error.to_string()) => Fault::Reset,
        _ => Fault::InvalidRequest,
    }
}

/// ureq has one kind of error for an answer that is not HTTP and for a request that cannot be sent, such as one with a wrong
/// `Content-Length`. The words tell them apart: naming the variants would tie us to a crate that ureq does not show. Those on a
/// `Content-Length` can be about both; that the caller's own is sound is looked at before.
fn is_about_an_answer(message: &str) -> bool {
    [
        "http parse",
        "chunk",
        "received headers",
        "unsupported http version",
        "missing a location",
        "location header",
        "conflicting content-length",
        "content-length header not a number",
    ]
    .iter()
    .any(|beginning| message.starts_with(beginning))
}

fn fault_of_io(error: &io::Error) -> Fault {
    // While a body is read, ureq's own errors come wrapped.
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return fault_of(inner);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => Fault::Connect,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Fault::Timeout,
        // Before an answer it is TLS that finds data invalid.
        io::ErrorKind::InvalidData => Fault::Connect,
        // The standard library gives a failed look-up no kind that can be named.
        _ if error.to_string().starts_with("failed to lookup address") => Fault::Connect,
        _ => Fault::Reset,
    }
}

/// The fault behind an error that breaks off an answer whose head has arrived.
pub(crate) fn fault_of_body(error: &io::Error) -> Fault {
    match fault_of_io(error) {
        Fault::Timeout => Fault::Timeout,
        _ => Fault::Cut,
    }
}
