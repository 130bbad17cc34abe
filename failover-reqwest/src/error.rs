//! What reqwest's errors mean, and the one error that is ours.

use failover_core::Fault;
use failover_mapping::Provenance;
use reqwest_middleware::Error;

/// Nobody answered in time, and there is no answer or error of the asked provider to hand on: the call's deadline passed
/// before its turn came, or it was given up at a limit of ours.
///
/// It arrives inside [`reqwest_middleware::Error::Middleware`].
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

/// The fault behind an error of the caller's client, also where another middleware has wrapped it. What is the caller's own
/// doing is an invalid request.
pub(crate) fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Reqwest(error) => fault_of_client(error),
        Error::Middleware(error) => error
            .chain()
            .find_map(|cause| match cause.downcast_ref::<Error>() {
                Some(inner) => Some(fault_of(inner)),
                None => cause.downcast_ref::<reqwest::Error>().map(fault_of_client),
            })
            .unwrap_or(Fault::InvalidRequest),
    }
}

/// The fault behind an error of a client before the answer began.
pub(crate) fn fault_of_client(error: &reqwest::Error) -> Fault {
    if error.is_connect() {
        Fault::Connect
    } else if error.is_timeout() {
        Fault::Timeout
    } else if error.is_builder() || error.is_redirect() || error.is_status() {
        Fault::InvalidRequest
    } else {
        Fault::Reset
    }
}

/// The fault behind an error that breaks off an answer whose head has arrived.
pub(crate) fn fault_of_body(error: &reqwest::Error) -> Fault {
    if error.is_timeout() { Fault::Timeout } else { Fault::Cut }
}
