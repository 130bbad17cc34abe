//! The loop that obeys a call: the only place that knows its actions.

use std::time::SystemTime;

use failover_core::{Action, Call, Fault, Guard, Moment, Outcome};
use failover_mapping::{Conclusion, Exchange, Flight, Target, Unanswered};
use reqwest::{Body, Request, Response};
use reqwest_middleware::{Error, Next, Result};

use crate::clock::seed;
use crate::error::fault_of;
use crate::kept::{Kept, with_url};
use crate::{Failover, attempt};

/// Answers one request, by whoever can.
pub(crate) async fn run(
    failover: &Failover,
    request: Request,
    extensions: &mut http::Extensions,
    next: Next<'_>,
) -> Result<Response> {
    let Failover { shared, .. } = failover;
    let clock = &shared.clock;
    let route = Target::of_url(request.method(), request.url())
        .and_then(|target| shared.config.route(&target, request.headers()));
    let Some(route) = route else { return next.run(request, extensions).await };
    let Some(body) = replayable(&request, shared.config.request_limit()) else {
        return next.run(request, extensions).await;
    };
    let mut now = clock.now();
    let Some(mut exchange) = route.exchange(&body, now) else {
        return next.run(request, extensions).await;
    };
    let url = request.url().clone();
    let call = Call::new(shared.config.policy(), exchange.candidates(), seed(), now);
    let mut call = Guard::new(call, &shared.fleet, || clock.now());
    let mut unasked = Some((request, next));
    let mut first = First::Unasked;
    loop {
        match call.poll(now) {
            Action::Launch(launch) => {
                let flight = Flight::new(launch, now);
                let outcome = match unasked.take_if(|_| launch.is_primary()) {
                    Some((request, next)) => {
                        let result = attempt::primary(request, extensions, next, &launch.limits).await;
                        let outcome = judge(&mut exchange, &flight, result.as_ref(), clock.now());
                        first = result.map_or(First::Unasked, First::Own);
                        outcome
                    }
                    None => {
                        first = first.keep();
                        stand_in(failover, &mut exchange, &flight).await
                    }
                };
                now = clock.now();
                call.settle(launch.attempt, outcome, now);
            }
            Action::Wait(Some(until)) => {
                clock.sleep(until.since(now)).await;
                now = clock.now();
            }
            // Attempts run to their end within this loop: there is none to wait for or to cancel.
            Action::Wait(None) | Action::Cancel(_) => now = clock.now(),
            Action::Finish(_) => break,
        }
    }
    match exchange.conclude(call.report().entries(), now, SystemTime::now(), seed()) {
        Conclusion::StandIn(made) => Ok(with_url(made.map(Body::from), url)),
        Conclusion::Own(provenance) => match (first.hand_back().await, provenance) {
            (Some(Ok(mut response)), Some(provenance)) => {
                provenance.mark(response.headers_mut());
                response.extensions_mut().insert(provenance);
                Ok(response)
            }
            (Some(own), _) => own,
            (None, provenance) => Err(Error::middleware(Unanswered::new(provenance))),
        },
    }
}

/// What the asked provider said. One that was given up at a limit of ours has said nothing.
enum First {
    Unasked,
    Own(Result<Response>),
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

    async fn hand_back(self) -> Option<Result<Response>> {
        match self {
            Self::Unasked => None,
            Self::Own(result) => Some(result),
            Self::Kept(kept) => kept.into_response().await.map(Ok),
        }
    }
}

/// The body, if it can be sent and translated: not a stream, and not longer than `limit`.
fn replayable(request: &Request, limit: usize) -> Option<Vec<u8>> {
    let bytes = request.body().map_or(Some(&[][..]), |body| body.as_bytes())?;
    (bytes.len() <= limit).then(|| bytes.to_vec())
}

/// What the asked provider's answer or error means; no result is one that did not come in time.
fn judge(
    exchange: &mut Exchange<'_, '_>,
    flight: &Flight,
    result: Option<&Result<Response>>,
    now: Moment,
) -> Outcome<'static> {
    match result {
        Some(Ok(response)) => {
            exchange.primary_answered(flight, response.status(), response.headers(), now, SystemTime::now())
        }
        Some(Err(error)) => exchange.primary_failed(flight, fault_of(error), now),
        None => exchange.primary_failed(flight, Fault::Timeout, now),
    }
}

/// Asks a stand-in, if the request can be translated for it.
async fn stand_in(failover: &Failover, exchange: &mut Exchange<'_, '_>, flight: &Flight) -> Outcome<'static> {
    let Failover { shared, stand_in } = failover;
    let request = match exchange.request() {
        Ok(request) => request,
        Err(outcome) => return outcome,
    };
    let most = shared.config.answer_limit();
    let result = attempt::stand_in(stand_in, request, &flight.launch.limits, most).await;
    let now = shared.clock.now();
    match result {
        Ok((status, headers, body)) => {
            exchange.stand_in_answered(flight, status, &headers, &body, now, SystemTime::now())
        }
        Err(fault) => exchange.stand_in_failed(flight, fault, now),
    }
}
