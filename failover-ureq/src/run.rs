//! The loop that obeys a call: the only place that knows its actions.

use std::time::SystemTime;

use failover_core::{Action, Call, Fault, Guard, Limits, Moment, Outcome};
use failover_mapping::{Conclusion, Exchange, Flight, Target, Unanswered};
use http::{HeaderMap, Request, Response, StatusCode};
use ureq::middleware::MiddlewareNext;
use ureq::{Body, Error, SendBody};

use crate::attempt::Captured;
use crate::clock::seed;
use crate::error::fault_of;
use crate::kept::Kept;
use crate::{Failover, attempt};

/// Answers one request, by whoever can.
pub(crate) fn run(
    failover: &Failover,
    request: Request<SendBody<'_>>,
    next: MiddlewareNext<'_>,
) -> Result<Response<Body>, Error> {
    let Failover { shared, clock, .. } = failover;
    let route = Target::of_uri(request.method(), request.uri())
        .and_then(|target| shared.config.route(&target, request.headers()));
    let Some(route) = route else { return next.handle(request) };
    let (parts, body, next) = match attempt::capture(request, next, shared.config.request_limit())? {
        Captured::Whole(parts, body, next) => (parts, body, next),
        Captured::HandedOn(result) => return result,
    };
    let mut now = clock.now();
    let Some(mut exchange) = route.exchange(&body, now) else {
        return attempt::primary(parts, &body, &Limits::NONE, next);
    };
    let call = Call::new(shared.config.policy(), exchange.candidates(), seed(), now);
    let mut call = Guard::new(call, &shared.fleet, || clock.now());
    let mut unasked = Some((parts, next));
    let mut first = First::Unasked;
    let mut marks = http::Extensions::new();
    loop {
        match call.poll(now) {
            Action::Launch(launch) => {
                let flight = Flight::new(launch, now);
                let outcome = match unasked.take_if(|_| launch.is_primary()) {
                    Some((parts, next)) => {
                        let result = attempt::primary(parts, &body, &launch.limits, next);
                        let outcome = judge(&mut exchange, &flight, &result, clock.now());
                        first = First::Own(result);
                        outcome
                    }
                    None => {
                        first = first.keep();
                        stand_in(failover, &mut exchange, &flight, &mut marks)
                    }
                };
                now = clock.now();
                call.settle(launch.attempt, outcome, now);
            }
            Action::Wait(Some(until)) => {
                clock.sleep(until.since(now));
                now = clock.now();
            }
            // Attempts run to their end within this loop: there is none to wait for or to cancel.
            Action::Wait(None) | Action::Cancel(_) => now = clock.now(),
            Action::Finish(_) => break,
        }
    }
    match exchange.conclude(call.report().entries(), now, SystemTime::now(), seed()) {
        Conclusion::StandIn(made) => {
            if let First::Kept(kept) = first {
                marks = kept.into_marks();
            }
            Ok(attempt::answer(made, marks))
        }
        Conclusion::Own(provenance) => match (first.hand_back(), provenance) {
            (Some(Ok(mut response)), Some(provenance)) => {
                provenance.mark(response.headers_mut());
                response.extensions_mut().insert(provenance);
                Ok(response)
            }
            (Some(own), _) => own,
            (None, provenance) => Err(Error::Other(Box::new(Unanswered::new(provenance)))),
        },
    }
}

/// What the asked provider said.
enum First {
    Unasked,
    Own(Result<Response<Body>, Error>),
    Kept(Kept),
}

impl First {
    /// Keeps a refused answer safe while a stand-in is asked.
    fn keep(self) -> Self {
        match self {
            Self::Own(Ok(response)) => Self::Kept(Kept::new(response)),
            first => first,
        }
    }

    fn hand_back(self) -> Option<Result<Response<Body>, Error>> {
        match self {
            Self::Unasked => None,
            Self::Own(result) => Some(result),
            Self::Kept(kept) => Some(Ok(kept.into_response())),
        }
    }
}

/// What the asked provider's answer or error means.
fn judge(
    exchange: &mut Exchange<'_, '_>,
    flight: &Flight,
    result: &Result<Response<Body>, Error>,
    now: Moment,
) -> Outcome<'static> {
    let (status, headers) = match result {
        Ok(response) => (response.status(), Some(response.headers())),
        // ureq keeps no more of an answer that it turns into an error.
        Err(Error::StatusCode(code)) => match StatusCode::from_u16(*code) {
            Ok(status) => (status, None),
            Err(_) => return exchange.primary_failed(flight, Fault::Reset, now),
        },
        Err(error) => return exchange.primary_failed(flight, fault_of(error), now),
    };
    let none = HeaderMap::new();
    exchange.primary_answered(flight, status, headers.unwrap_or(&none), now, SystemTime::now())
}

/// Asks a stand-in, if the request can be translated for it. Keeps ureq's marks of the answer in `marks`.
fn stand_in(
    failover: &Failover,
    exchange: &mut Exchange<'_, '_>,
    flight: &Flight,
    marks: &mut http::Extensions,
) -> Outcome<'static> {
    let Failover { shared, stand_in, clock } = failover;
    let request = match exchange.request() {
        Ok(request) => request,
        Err(outcome) => return outcome,
    };
    let most = shared.config.answer_limit();
    match attempt::stand_in(stand_in, request, &flight.launch.limits, most) {
        Ok((parts, body)) => {
            let wall = SystemTime::now();
            let outcome =
                exchange.stand_in_answered(flight, parts.status, &parts.headers, &body, clock.now(), wall);
            *marks = parts.extensions;
            outcome
        }
        Err(fault) => exchange.stand_in_failed(flight, fault, clock.now()),
    }
}
