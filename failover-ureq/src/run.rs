//! The loop that obeys a call: the only place that knows its actions.

use std::time::SystemTime;

use failover_core::{Action, Call, Fault, Guard, Limits, Moment, Outcome};
use failover_mapping::{
    Body, Conclusion, Exchange, Flight, PerRequest, Provenance, Read, Recalled, Step, Target, Unanswered,
};
use http::{Extensions, HeaderMap, Request, Response, StatusCode};
use ureq::middleware::MiddlewareNext;
use ureq::{Error, SendBody};

use crate::attempt::{Captured, Own};
use crate::clock::seed;
use crate::error::fault_of;
use crate::kept::Kept;
use crate::{Failover, attempt, marks};

/// Answers one request, by whoever can.
pub(crate) fn run(
    failover: &Failover,
    request: Request<SendBody<'_>>,
    next: MiddlewareNext<'_>,
) -> Result<Response<ureq::Body>, Error> {
    let Failover { engine, clock, .. } = failover;
    let wishes = request.extensions().get::<PerRequest>().cloned();
    let route = Target::of_uri(request.method(), request.uri())
        .and_then(|target| {
            engine.route(&target, request.headers(), wishes.as_ref().or(failover.wishes.as_ref()))
        })
        .filter(|_| !attempt::is_on_its_way(&request));
    let Some(route) = route else { return next.handle(request) };
    let limit = engine.config().request_limit();
    let (own, body) = match attempt::capture(request, next, limit, route.needs_body())? {
        Captured::Whole(own, body) => (own.seeing_all(failover.status_as_error.is_some()), body),
        Captured::HandedOn(result) => return result,
    };
    let mut now = clock.now();
    let as_error = failover.status_as_error == Some(true);
    let Some(mut exchange) = route.exchange(&body, now) else {
        let answer = own.send(&body, &Limits::NONE)?;
        return attempt::as_wanted(answer, as_error);
    };
    let began = now;
    loop {
        match exchange.recall(now, SystemTime::now) {
            Recalled::Answer(made) => {
                let marks = own.marks(made.status())?;
                return attempt::as_wanted(attempt::answer(made, marks), as_error);
            }
            Recalled::Follow(follow) => {
                clock.follow(follow, now);
                now = clock.now();
            }
            Recalled::Nothing => break,
        }
    }
    let span = exchange.span();
    let call = Call::new(exchange.policy(), exchange.candidates(), seed(), began);
    let mut call = Guard::new(call, engine.fleet(), || clock.now());
    let uri = own.uri().clone();
    let mut unasked = Some(own);
    let mut said = Said::Nothing;
    loop {
        let action = call.poll(now);
        exchange.told(call.next_event(), call.report(), now);
        match action {
            Action::Launch(launch) => {
                let flight = exchange.launched(launch, now);
                let outcome;
                (outcome, now) = match unasked.take_if(|_| exchange.is_own(&launch)) {
                    Some(own) => {
                        span.within(|| ask_own(failover, &mut exchange, &flight, own, &body, &mut said))
                    }
                    None => {
                        said = said.keep();
                        let outcome = span.within(|| ask_stand_in(failover, &mut exchange, &flight));
                        (outcome, clock.now())
                    }
                };
                call.settle(launch.attempt, outcome, now);
                exchange.told(call.next_event(), call.report(), now);
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
    match exchange.conclude(call.report().entries(), now, SystemTime::now, seed()) {
        Conclusion::StandIn(made) => {
            let marks = match (said.keep(), unasked) {
                (Said::Kept(kept), _) => kept.into_marks(),
                (_, Some(own)) => own.marks(made.status())?,
                (_, None) => marks::of(&uri, Extensions::new(), made.status())?,
            };
            attempt::as_wanted(attempt::answer(made, marks), as_error)
        }
        Conclusion::Own(provenance) => {
            let answer = said.hand_back(provenance)?;
            attempt::as_wanted(answer, as_error)
        }
    }
}

/// What the asked provider said.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each request; how large depends on features of ureq"
)]
enum Said {
    Nothing,
    This(Result<Response<ureq::Body>, Error>),
    Kept(Kept),
}

impl Said {
    /// Keeps an answer safe while a stand-in is asked, or reads it for its connection.
    fn keep(self) -> Self {
        match self {
            Self::This(Ok(response)) => Self::Kept(Kept::new(response)),
            said => said,
        }
    }

    fn hand_back(self, provenance: Option<Provenance>) -> Result<Response<ureq::Body>, Error> {
        let mut response = match self {
            Self::Nothing => return Err(Error::Other(Box::new(Unanswered::new(provenance)))),
            Self::This(result) => result?,
            Self::Kept(kept) => kept.into_response(),
        };
        if let Some(provenance) = provenance {
            provenance.mark(response.headers_mut());
            response.extensions_mut().insert(provenance);
        }
        Ok(response)
    }
}

/// Sends the caller's own request. What came of it, and since when that is known.
fn ask_own(
    failover: &Failover,
    exchange: &mut Exchange<'_, '_>,
    flight: &Flight,
    mut own: Own<'_, '_>,
    body: &[u8],
    said: &mut Said,
) -> (Outcome<'static>, Moment) {
    if let Some(headers) = exchange.own_headers() {
        own.add(headers);
    }
    let sendable = own.says_its_length();
    let result = own.send(body, &flight.launch.limits);
    if !sendable && matches!(result, Err(Error::Protocol(_))) {
        *said = Said::This(result);
        let now = failover.clock.now();
        return (exchange.own_failed(flight, Fault::InvalidRequest, now), now);
    }
    *said = match result {
        Ok(response) => match exchange.wants_body(response.status(), response.headers(), SystemTime::now) {
            Read::Nothing => Said::This(Ok(response)),
            Read::Beginning => Said::Kept(Kept::new(response)),
            Read::Whole => Said::Kept(Kept::whole(response, failover.engine.config().answer_limit())),
        },
        result => Said::This(result),
    };
    judge(exchange, flight, said, || failover.clock.now())
}

/// What the asked provider's answer or error means, and since when that is known.
fn judge(
    exchange: &mut Exchange<'_, '_>,
    flight: &Flight,
    said: &mut Said,
    now: impl Fn() -> Moment,
) -> (Outcome<'static>, Moment) {
    let none = HeaderMap::new();
    let answer = match said {
        Said::Kept(kept) => Ok(kept.peek(flight.left(now()))),
        Said::This(Ok(response)) => Ok((response.status(), response.headers(), Body::Unread)),
        // ureq keeps no more of an answer that it turns into an error.
        Said::This(Err(Error::StatusCode(code))) => match StatusCode::from_u16(*code) {
            Ok(status) => Ok((status, &none, Body::Unread)),
            Err(_) => Err(Fault::Reset),
        },
        Said::This(Err(error)) => Err(fault_of(error)),
        Said::Nothing => Err(Fault::Reset),
    };
    let now = now();
    let outcome = match answer {
        Ok(answer) => exchange.own_answered(flight, answer, now, SystemTime::now),
        Err(fault) => exchange.own_failed(flight, fault, now),
    };
    (outcome, now)
}

/// Talks to a stand-in until it has answered, or failed to.
fn ask_stand_in(failover: &Failover, exchange: &mut Exchange<'_, '_>, flight: &Flight) -> Outcome<'static> {
    let Failover { engine, stand_in, clock, .. } = failover;
    let mut step = exchange.ask(flight, clock.now());
    loop {
        step = match step {
            Step::Send { request, limit } => {
                match attempt::stand_in(stand_in, request, limit, engine.config().answer_limit()) {
                    Ok((parts, body)) => {
                        let answer = (parts.status, &parts.headers, &body[..]);
                        exchange.answered(flight, answer, clock.now(), SystemTime::now)
                    }
                    Err(fault) => exchange.failed(flight, fault, clock.now()),
                }
            }
            Step::Pause(pause) => {
                clock.sleep(pause);
                exchange.resumed(flight, clock.now())
            }
            Step::Done(outcome) => return outcome,
        };
    }
}
