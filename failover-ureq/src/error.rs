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
        Error::Protocol(_) | Error::LargeResponseHeader(..) | Error::BodyStalled => Fault::Reset,
        _ => Fault::InvalidRequest,
    }
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
