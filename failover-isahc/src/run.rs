//! The loop that obeys a call, and the smaller one that obeys an attempt: the only place that knows their wishes.

use std::time::SystemTime;

use failover_core::{Action, Call, Fault, Guard, Moment, Outcome};
use failover_mapping::{Body, Conclusion, Exchange, Flight, Read, Recalled, Route, Step, Unanswered};
use http::{Extensions, Request, Response, response};
use isahc::{AsyncBody, Error, HttpClient};

use crate::clock::seed;
use crate::error::{fault_of, nobody};
use crate::kept::Kept;
use crate::{Failover, attempt, stream};

/// Answers one request that may be ours, by whoever can. `body` is a copy of the request's.
pub(crate) async fn run(
    failover: &Failover,
    client: &HttpClient,
    route: Route<'_>,
    request: Request<AsyncBody>,
    body: Vec<u8>,
) -> Result<Response<AsyncBody>, Error> {
    let Failover { engine, clock, .. } = failover;
    let mut now = clock.now();
    let Some(mut exchange) = route.exchange(&body, now) else { return client.send_async(request).await };
    let began = now;
    loop {
        match exchange.recall(now, SystemTime::now) {
            Recalled::Answer(made) => return Ok(made.map(AsyncBody::from)),
            Recalled::Follow(follow) => {
                // Who waits no longer asks.
                let _ = clock.within(Some(follow.until().since(now)), follow).await;
                now = clock.now();
            }
            Recalled::Nothing => break,
        }
    }
    if exchange.wants_stream() {
        drop(exchange);
        return stream::run(failover, client, request, body).await;
    }
    let repeats = exchange.can_repeat();
    let span = exchange.span();
    let call = Call::new(exchange.policy(), exchange.candidates(), seed(), began);
    let mut call = Guard::new(call, engine.fleet(), || clock.now());
    let mut unasked = Some(request);
    let mut first = First::Unasked;
    loop {
        let action = call.poll(now);
        exchange.told(call.next_event(), call.report(), now);
        match action {
            Action::Launch(launch) => {
                let flight = exchange.launched(launch, now);
                let outcome = match unasked.take_if(|_| exchange.is_own(&launch)) {
                    Some(request) => {
                        if repeats {
                            unasked = Some(attempt::again(&request, &body));
                        }
                        let added = exchange.own_headers();
                        let said = attempt::own(client, request, added, &launch.limits, clock);
                        let said = span.around(said).await;
                        let outcome;
                        (first, outcome, now) = judge(failover, &mut exchange, &flight, said).await;
                        outcome
                    }
                    None => {
                        let outcome =
                            first.beside(span.around(converse(failover, &mut exchange, &flight))).await;
                        now = clock.now();
                        outcome
                    }
                };
                call.settle(launch.attempt, outcome, now);
                exchange.told(call.next_event(), call.report(), now);
            }
            Action::Wait(Some(until)) => {
                first.beside(clock.sleep(until.since(now))).await;
                now = clock.now();
            }
            // Attempts run to their end within this loop: there is none to wait for or to cancel.
            Action::Wait(None) | Action::Cancel(_) => now = clock.now(),
            Action::Finish(_) => break,
        }
    }
    hand_on(exchange.conclude(call.report().entries(), now, SystemTime::now, seed()), first)
}

/// What the caller gets.
pub(crate) fn hand_on(conclusion: Conclusion, first: First) -> Result<Response<AsyncBody>, Error> {
    match conclusion {
        Conclusion::StandIn(made) => {
            let (mut parts, body) = made.into_parts();
            if let Some(marks) = first.into_marks() {
                let made = std::mem::replace(&mut parts.extensions, marks);
                parts.extensions.extend(made);
            }
            Ok(Response::from_parts(parts, AsyncBody::from(body)))
        }
        Conclusion::Own(provenance) => {
            let mut response = match first {
                First::Unasked | First::Streamed(_) => return Err(nobody(Unanswered::new(provenance))),
                First::Error(error) => return Err(error),
                First::Untouched(response) => response,
                First::Answer(kept) => kept.into_response(),
            };
            if let Some(provenance) = provenance {
                provenance.mark(response.headers_mut());
                response.extensions_mut().insert(provenance);
            }
            Ok(response)
        }
    }
}

/// What the asked provider said. One that was given up at a limit of ours has said nothing.
pub(crate) enum First {
    Unasked,
    Error(Error),
    Untouched(Response<AsyncBody>),
    Answer(Kept),
    /// A stream, which somebody else reads.
    Streamed(response::Parts),
}

impl First {
    /// Does the work, and keeps a refused answer safe meanwhile.
    pub(crate) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        if let Self::Untouched(_) = self
            && let Self::Untouched(response) = std::mem::replace(self, Self::Unasked)
        {
            *self = Self::Answer(Kept::new(response));
        }
        match self {
            Self::Answer(kept) => kept.beside(work).await,
            Self::Unasked | Self::Error(_) | Self::Untouched(_) | Self::Streamed(_) => work.await,
        }
    }

    /// What isahc knows of its answer, for another one in its place.
    pub(crate) fn into_marks(self) -> Option<Extensions> {
        match self {
            Self::Answer(kept) => Some(kept.into_marks()),
            Self::Streamed(head) => Some(attempt::marks(head)),
            Self::Unasked | Self::Error(_) | Self::Untouched(_) => None,
        }
    }
}

/// What the asked provider's answer or error means, and since when that is known; no result is one that did not come in
/// time.
async fn judge(
    failover: &Failover,
    exchange: &mut Exchange<'_, '_>,
    flight: &Flight,
    said: Option<Result<Response<AsyncBody>, Error>>,
) -> (First, Outcome<'static>, Moment) {
    let clock = &failover.clock;
    let response = match said {
        Some(Ok(response)) => response,
        Some(Err(error)) => {
            let now = clock.now();
            let outcome = exchange.own_failed(flight, fault_of(&error), now);
            return (First::Error(error), outcome, now);
        }
        None => {
            let now = clock.now();
            return (First::Unasked, exchange.own_failed(flight, Fault::Timeout, now), now);
        }
    };
    let wanted = exchange.wants_body(response.status(), response.headers(), SystemTime::now);
    if wanted == Read::Nothing {
        let answer = (response.status(), response.headers(), Body::Unread);
        let now = clock.now();
        let outcome = exchange.own_answered(flight, answer, now, SystemTime::now);
        return (First::Untouched(response), outcome, now);
    }
    let (mut kept, left) = (Kept::new(response), flight.left(clock.now()));
    let answer = match wanted {
        Read::Nothing | Read::Beginning => kept.peek(left, clock).await,
        Read::Whole => kept.read(left, failover.engine.config().answer_limit(), clock).await,
    };
    let now = clock.now();
    let outcome = exchange.own_answered(flight, answer, now, SystemTime::now);
    (First::Answer(kept), outcome, now)
}

/// Talks to a stand-in until the attempt is over.
async fn converse(failover: &Failover, exchange: &mut Exchange<'_, '_>, flight: &Flight) -> Outcome<'static> {
    let Failover { engine, stand_in, clock, .. } = failover;
    let most = engine.config().answer_limit();
    let mut step = exchange.ask(flight, clock.now());
    loop {
        step = match step {
            Step::Send { request, limit } => {
                let said = attempt::stand_in(stand_in, request, limit, most, clock).await;
                let now = clock.now();
                match said {
                    Ok((status, headers, body)) => {
                        exchange.answered(flight, (status, &headers, &body), now, SystemTime::now)
                    }
                    Err(fault) => exchange.failed(flight, fault, now),
                }
            }
            Step::Pause(pause) => {
                clock.sleep(pause).await;
                exchange.resumed(flight, clock.now())
            }
            Step::Done(outcome) => return outcome,
        }
    }
}
