//! The caller's own request: what the asked provider's answer to it means.

use std::time::SystemTime;

use failover_core::{Fault, Moment, Outcome, Step};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};

use crate::errand::Errand;
use crate::exchange::Exchange;
use crate::flight::{Body, Flight, Read};
use crate::provider::ProviderName;
use crate::{hint, verdict};

impl<'c> Exchange<'c, '_> {
    /// Headers to add to the caller's own request: none unless the user asked for it.
    #[must_use]
    pub fn own_headers(&self) -> Option<&'c HeaderMap> {
        let headers = &self.config.primary_headers;
        let fal = self.errand.primary().0 == ProviderName::Fal && !headers.is_empty();
        fal.then_some(headers)
    }

    /// How much of the asked provider's answer is needed to judge it.
    #[must_use]
    pub fn wants_body(&self, status: StatusCode, headers: &HeaderMap, wall: impl Fn() -> SystemTime) -> Read {
        if status.is_success() {
            let checked = self.config.check_answers() && self.is_checkable();
            return if checked || self.wants_to_keep() { Read::Whole } else { Read::Nothing };
        }
        let triggers = &self.config.triggers;
        let trigger = triggers.should_failover(status.as_u16());
        let telling = self.errand.verdicts(self.config).iter().any(|row| {
            let credit = row.fault == Fault::OutOfCredit && triggers.when_out_of_credit();
            let told = row.is_told_by_body() && (trigger || credit || row.fault == Fault::ContextTooLong);
            row.status == status.as_u16() && told
        });
        let throttled = status == StatusCode::TOO_MANY_REQUESTS && trigger;
        let wanted = telling || (throttled && hint::of_headers(headers, wall).is_none());
        if wanted { Read::Beginning } else { Read::Nothing }
    }

    /// The asked provider answered with this status. `body` is what was read of it.
    ///
    /// A status that is a trigger is a failure. Any other answer is the caller's, also a refusal; but a success that was read
    /// as a whole, because the user wants answers checked, must hold what was asked for.
    #[must_use]
    pub fn own_answered(
        &mut self,
        flight: &Flight,
        (status, headers, body): (StatusCode, &HeaderMap, Body<'_>),
        now: Moment,
        wall: impl Fn() -> SystemTime,
    ) -> Outcome<'static> {
        if status.as_u16() < 400 {
            let junk = if status.is_success() { self.junk(status, headers, body) } else { None };
            if junk.is_none() {
                self.keep_own((status, headers, body), wall);
            }
            self.own_ended(flight, Some(status), junk, junk.is_none(), now);
            return junk.map_or(Outcome::Answered, Outcome::from);
        }
        let body = match body {
            Body::Beginning(read) | Body::Whole(read) => Some(read),
            Body::Unread | Body::Broken(_) => None,
        };
        let triggers = &self.config.triggers;
        let mut said = verdict::fault(self.errand.verdicts(self.config), status, headers, body);
        // A client that hides the headers hides whose deadline it was: then it is the caller's, if the caller set one.
        if headers.is_empty() && status == StatusCode::GATEWAY_TIMEOUT && self.has_own_deadline() {
            said = Fault::CallerDeadline;
        }
        let credit = said == Fault::OutOfCredit && triggers.when_out_of_credit();
        // Another model may have the room.
        let too_long = said == Fault::ContextTooLong;
        // Its provider asks for a repeat, whatever the status.
        let repeat = self.chat().is_some() && hint::should_retry(headers) == Some(true);
        let said = if repeat { verdict::of_willing(said, headers) } else { said };
        let trigger = triggers.should_failover(status.as_u16()) || credit || too_long || repeat;
        // Whoever names a status that is usually the request's own fault wants another provider's word on it.
        let said = if trigger && said == Fault::InvalidRequest { Fault::Unsupported } else { said };
        let stops = said.remedy().step == Step::Stop;
        let fault = if stops || trigger { said } else { Fault::InvalidRequest };
        let handed_on = stops || fault == Fault::InvalidRequest;
        self.own_ended(flight, Some(status), Some(said), handed_on, now);
        let retry_after = hint::of(headers, body, wall).filter(|_| !handed_on);
        match hint::should_retry(headers).filter(|_| self.chat().is_some()) {
            Some(false) => Outcome::Final { fault, retry_after },
            _ => Outcome::Failed { fault, retry_after },
        }
    }

    /// The asked provider did not answer. A fault that is not a trigger ends the call, and the error is the caller's.
    #[must_use]
    pub fn own_failed(&mut self, flight: &Flight, fault: Fault, now: Moment) -> Outcome<'static> {
        let handed_on = fault.remedy().step == Step::Stop || !self.config.triggers.transport(fault);
        self.own_ended(flight, None, Some(fault), handed_on, now);
        Outcome::from(if handed_on { Fault::InvalidRequest } else { fault })
    }

    /// Why a success is none, where answers are checked.
    fn junk(&self, status: StatusCode, headers: &HeaderMap, body: Body<'_>) -> Option<Fault> {
        if !self.config.check_answers() || !self.is_checkable() {
            return None;
        }
        match body {
            Body::Whole(body) => {
                // What the caller decodes itself is nobody else's to judge. Some clients leave the header where they decode.
                let encoded = headers.contains_key(CONTENT_ENCODING);
                let junk = match &self.errand {
                    Errand::Generation(generation) => generation.check(self.config, status, body).err(),
                    Errand::Chat(chat) => chat.check(body).err(),
                    Errand::Follow(_) | Errand::Version { .. } => None,
                };
                junk.filter(|fault| !(encoded && *fault == Fault::Malformed))
            }
            Body::Broken(fault) => Some(fault).filter(|fault| self.config.triggers.transport(*fault)),
            // It is too long to be checked.
            Body::Unread | Body::Beginning(_) => None,
        }
    }

    /// Whether it is known what an answer looks like. A stream of events is not read as a whole.
    fn is_checkable(&self) -> bool {
        match &self.errand {
            Errand::Generation(_) => true,
            Errand::Chat(chat) => !chat.wants_stream,
            Errand::Follow(_) | Errand::Version { .. } => false,
        }
    }

    fn has_own_deadline(&self) -> bool {
        matches!(&self.errand, Errand::Generation(generation) if generation.own_deadline)
    }

    pub(crate) fn own_ended(
        &mut self,
        flight: &Flight,
        status: Option<StatusCode>,
        fault: Option<Fault>,
        handed_on: bool,
        now: Moment,
    ) {
        let first = self.history.attempts.is_empty() && !flight.launch.last_resort;
        self.history.untouched = handed_on && first;
        if let Some(recall) = &mut self.recall {
            recall.handed_on = handed_on;
        }
        if !self.history.untouched {
            let (provider, model) = self.errand.primary();
            self.history.record(flight, (provider, model), status, fault, now);
        }
        self.tell_ended(flight, status, fault, self.history.maybe_billed(fault), now);
    }
}
