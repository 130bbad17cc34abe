//! The error of a call that has nothing of the asked provider to hand on.

use failover_core::Fault;
use http::{Response, StatusCode};
use serde_json::json;

use crate::provenance::Provenance;
use crate::shape;

/// Nobody answered in time, and there is no answer or error of the asked provider to hand on: the call's deadline passed
/// before its turn came, or it was given up at a limit of ours.
#[derive(Clone, Debug)]
pub struct Unanswered(Option<Provenance>);

impl Unanswered {
    /// With what is known of the call.
    #[must_use]
    pub const fn new(provenance: Option<Provenance>) -> Self {
        Self(provenance)
    }

    /// Who was asked, and what became of it; nothing if the time was up before anybody was asked.
    #[must_use]
    pub const fn provenance(&self) -> Option<&Provenance> {
        self.0.as_ref()
    }

    /// The same as an answer, 504, for a client whose error cannot be made: it says so in its body, in its headers as far as
    /// anybody was asked, and is its own extension. Where text was asked for, the body is an error of that provider's shape.
    #[must_use]
    pub fn into_response(self) -> Response<Vec<u8>> {
        let status = StatusCode::GATEWAY_TIMEOUT;
        let mut response = match self.0.as_ref().and_then(|provenance| provenance.asked.api) {
            Some(api) => {
                let body = api.refusal(status.as_u16(), Fault::Timeout, &self.to_string());
                shape::respond_with(status, shape::JSON, body)
            }
            None => {
                let detail = json!({ "detail": self.to_string(), "error_type": "request_timeout" });
                shape::respond(status, &detail)
            }
        };
        if let Some(provenance) = &self.0 {
            provenance.mark(response.headers_mut());
            response.extensions_mut().insert(provenance.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no provider answered")?;
        self.0.as_ref().map_or(Ok(()), |provenance| write!(f, ":\n{provenance}"))
    }
}

impl std::error::Error for Unanswered {}
