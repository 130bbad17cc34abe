//! The loop that obeys a call, and the smaller one that obeys an attempt: the only place that knows their wishes.

use std::time::SystemTime;

use failover_core::{Action, Call, Fault, Guard, Moment, Outcome};
use failover_mapping::{
    Body, Conclusion, Exchange, Flight, PerRequest, Read, Recalled, Step, Target, Unanswered,
};
use reqwest::{Request, Response, Url};

use crate::clock::{Clock, seed};
use crate::failover::Shared;
use crate::kept::{self, Kept, with_url};
use crate::own::Own;
use crate::{Failover, attempt, stream};

/// Answers one request, by whoever can.
pub(crate) async fn run<O: Own>(
    failover: &Failover,
    request: Request,
    wishes: Option<&PerRequest>,
    own: O,
) -> Result<Response, O::Error> {
    let Shared { engine, clock } = &*failover.shared;
    let wishes = wishes.or(failover.wishes.as_ref());
    let route = Target::of_url(request.method(), request.url())
        .and_then(|target| engine.route(&target, request.headers(), wishes));
    let Some(route) = route else { return own.send(request).await };
    let (request, marked) = own.marked(request);
    if marked {
        return own.send(request).await;
    }
    let body = if route.needs_body() {
        replayable(&request, engine.config().request_limit())
    } else {
        Some(Vec::new())
    };
    let Some(body) = body else { return own.send(request).await };
    let mut now = clock.now();
    let Some(mut exchange) = route.exchange(&body, now) else { return own.send(request).await };
    let url = request.url().clone();
    let began = now;
    if let Some(limit) = request.timeout() {
        exchange.waits_at_most(*limit);
    }
    loop {
        match exchange.recall(now, SystemTime::now) {
            Recalled::Answer(made) => return Ok(with_url(made.map(reqwest::Body::from), url)),
            Recalled::Follow(follow) => {
                clock.follow(follow, now).await;
                now = clock.now();
            }
            Recalled::Nothing => break,
        }
    }
    if exchange.wants_stream() {
        drop(exchange);
        // Boxed: it is the largest part, and most requests are for no stream.
        return Box::pin(stream::run(failover, request, wishes.cloned(), body, own)).await;
    }
    let repeats = exchange.can_repeat();
    let span = exchange.span();
    let call = Call::new(exchange.policy(), exchange.candidates(), seed(), began);
    let mut call = Guard::new(call, engine.fleet(), || clock.now());
    let (mut unasked, mut own) = (Some(request), own);
    let mut first = First::<O::Error>::Unasked;
    loop {
        let action = call.poll(now);
        exchange.told(call.next_event(), call.report(), now);
        match action {
            Action::Launch(launch) => {
                let flight = exchange.launched(launch, now);
                let outcome = match unasked.take_if(|_| exchange.is_own(&launch)) {
                    Some(request) => {
                        if repeats {
                            unasked = request.try_clone();
                        }
                        let added = exchange.own_headers();
                        let said = span.around(attempt::own(request, added, &mut own, &launch.limits)).await;
                        let outcome;
                        let most = engine.config().answer_limit();
                        (first, outcome, now) = judge::<O>(&mut exchange, &flight, said, most, clock).await;
                        outcome
                    }
                    None => {
                        first = first.keep();
                        let outcome = span.around(converse(failover, &mut exchange, &flight)).await;
                        now = clock.now();
                        outcome
                    }
                };
                call.settle(launch.attempt, outcome, now);
                exchange.told(call.next_event(), call.report(), now);
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
    let conclusion = exchange.conclude(call.report().entries(), now, SystemTime::now, seed());
    hand_on::<O>(conclusion, first, url).await
}

/// What the caller gets.
pub(crate) async fn hand_on<O: Own>(
    conclusion: Conclusion,
    first: First<O::Error>,
    url: Url,
) -> Result<Response, O::Error> {
    match conclusion {
        Conclusion::StandIn(made) => Ok(with_url(made.map(reqwest::Body::from), url)),
        Conclusion::Own(provenance) => match (first.hand_back().await, provenance) {
            (Some(Ok(mut response)), Some(provenance)) => {
                provenance.mark(response.headers_mut());
                response.extensions_mut().insert(provenance);
                Ok(response)
            }
            (Some(own), _) => own,
            (None, provenance) => O::unanswered(Unanswered::new(provenance)),
        },
    }
}

/// What the asked provider said. One that was given up at a limit of ours has said nothing.
pub(crate) enum First<E> {
    Unasked,
    Own(Result<Response, E>),
    /// Its beginning has been read already.
    Read(Response),
    Kept(Kept),
}

impl<E> First<E> {
    /// Keeps a refused answer safe while a stand-in is asked.
    pub(crate) fn keep(self) -> Self {
        match self {
            Self::Own(Ok(response)) => Self::Kept(Kept::new(response)),
            first => first,
        }
    }

    pub(crate) async fn hand_back(self) -> Option<Result<Response, E>> {
        match self {
            Self::Unasked => None,
            Self::Own(result) => Some(result),
            Self::Read(response) => Some(Ok(response)),
            Self::Kept(kept) => kept.into_response().await.map(Ok),
        }
    }
}

/// The body, if it can be sent and translated: not a stream, and not longer than `limit`.
fn replayable(request: &Request, limit: usize) -> Option<Vec<u8>> {
    let bytes = request.body().map_or(Some(&[][..]), |body| body.as_bytes())?;
    (bytes.len() <= limit).then(|| bytes.to_vec())
}

/// What the asked provider's answer or error means, and since when that is known; no result is one that did not come in
/// time.
async fn judge<O: Own>(
    exchange: &mut Exchange<'_, '_>,
    flight: &Flight,
    said: Option<Result<Response, O::Error>>,
    most: usize,
    clock: &Clock,
) -> (First<O::Error>, Outcome<'static>, Moment) {
    let response = match said {
        Some(Ok(response)) => response,
        Some(Err(error)) => {
            let now = clock.now();
            let outcome = exchange.own_failed(flight, O::fault(&error), now);
            return (First::Own(Err(error)), outcome, now);
        }
        None => {
            let now = clock.now();
            return (First::Unasked, exchange.own_failed(flight, Fault::Timeout, now), now);
        }
    };
    let status = response.status();
    let left = || flight.left(clock.now());
    let (seen, response) = match exchange.wants_body(status, response.headers(), SystemTime::now) {
        Read::Nothing => {
            let (now, answer) = (clock.now(), (status, response.headers(), Body::Unread));
            let outcome = exchange.own_answered(flight, answer, now, SystemTime::now);
            return (First::Own(Ok(response)), outcome, now);
        }
        Read::Beginning => kept::peek(response, left()).await,
        Read::Whole => kept::read(response, left(), most).await,
    };
    let (now, answer) = (clock.now(), (status, response.headers(), seen.body()));
    let outcome = exchange.own_answered(flight, answer, now, SystemTime::now);
    (First::Read(response), outcome, now)
}

/// Talks to a stand-in until the attempt is over.
async fn converse(failover: &Failover, exchange: &mut Exchange<'_, '_>, flight: &Flight) -> Outcome<'static> {
    let Failover { shared, stand_in, .. } = failover;
    let (clock, most) = (&shared.clock, shared.engine.config().answer_limit());
    let mut step = exchange.ask(flight, clock.now());
    loop {
        step = match step {
            Step::Send { request, limit } => {
                let said = attempt::stand_in(stand_in, request, limit, most).await;
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
