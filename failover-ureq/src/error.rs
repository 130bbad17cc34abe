//! What ureq's errors mean, and the one error that is ours.

use std::io;

use failover_core::Fault;
use failover_mapping::Provenance;
use ureq::{Error, Timeout};

/// Nobody answered in time, and there is no answer or error of the asked provider to hand on: the call's deadline passed
/// before its turn came, or it was given up at a limit of ours.
///
/// It arrives inside [`ureq::Error::Other`].
#[derive(Debug)]
pub struct Unanswered(Option<Provenance>);

impl Unanswered {
    pub(crate) const fn new(provenance: Option<Provenance>) -> Self {
        Self(provenance)
    }

    /// Who was asked, and what became of it; nothing if the time was up before anybody was asked.
    #[must_use]
    pub const fn provenance(&self) -> Option<&Provenance> {
        self.0.as_ref()
    }
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no provider answered in time")?;
        self.0.as_ref().map_or(Ok(()), |provenance| write!(f, ":\n{provenance}"))
    }
}

impl std::error::Error for Unanswered {}

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
