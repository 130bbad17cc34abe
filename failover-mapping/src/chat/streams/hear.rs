//! What happens to an attempt under way, and what it comes to.

use std::future::Future;
use std::pin::Pin;

use failover_core::{Fault, Moment, Outcome, Progress};
use http::{HeaderMap, StatusCode};

use super::drive::Wire;
use super::mail::OwnSaid;
use super::part::{begins_as_events, is_encoded, is_events};
use super::relay::{Relay, Streaming};
use super::show::Show;
use crate::exchange::Exchange;
use crate::flight::{Body, Flight, Step};

/// An attempt under way.
pub(super) struct Flying<'w, W: Wire> {
    pub(super) flight: Flight,
    pub(super) stage: Stage<'w, W::Body>,
}

impl<W: Wire> Flying<'_, W> {
    /// Whether a response can be handed on as this one's: one that has not answered the caller's own request yet has no head.
    pub(super) const fn can_begin(&self) -> bool {
        !matches!(self.stage, Stage::Own)
    }
}

pub(super) type Head<B> = Result<(StatusCode, HeaderMap, B), Fault>;

/// How far it is.
pub(super) enum Stage<'w, B> {
    /// The asked provider has the caller's own request.
    Own,
    /// A stand-in was asked.
    Asked(Pin<Box<dyn Future<Output = Head<B>> + Send + 'w>>),
    /// Its answer comes as events.
    Events(B, Box<Streaming>),
    /// Its answer comes otherwise, and is read whole.
    Whole(B, StatusCode, HeaderMap, Vec<u8>),
}

/// What happened.
pub(super) enum News<W: Wire> {
    Head(Head<W::Body>),
    Own(OwnSaid<W::Body>),
    Piece(Option<Result<W::Piece, Fault>>),
    Time,
}

/// What that comes to.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) progress: [Option<Progress>; 2],
    /// The attempt is over.
    pub(super) outcome: Option<Outcome<'static>>,
}

/// Takes notice of what happened.
pub(super) fn hear<W: Wire>(
    it: &mut Flying<'_, W>,
    news: News<W>,
    exchange: &mut Exchange<'_, '_>,
    show: &mut Show<'_, W::Body>,
    wire: &W,
    now: Moment,
) -> Heard {
    let mut so_far = None;
    if let (News::Piece(Some(Ok(piece))), Stage::Whole(_, _, _, read)) = (&news, &mut it.stage) {
        read.extend_from_slice(piece.as_ref());
        so_far = unlabelled(it, exchange, &show.relay);
    }
    let Flying { flight, stage } = it;
    let mut progress = [None; 2];
    let outcome = match (news, stage) {
        (News::Head(Ok((status, headers, body))), stage) => {
            let events = is_events(status, &headers).then(|| exchange.streaming(flight, &show.relay));
            *stage = match events.flatten() {
                Some(streaming) => Stage::Events(body, Box::new(streaming)),
                None => Stage::Whole(body, status, headers, Vec::new()),
            };
            None
        }
        (News::Own(OwnSaid::Events(_, _, body)), stage) => {
            if let Some(streaming) = exchange.streaming(flight, &show.relay) {
                *stage = Stage::Events(body, Box::new(streaming));
            }
            None
        }
        (News::Own(OwnSaid::Other(status, headers, read)), _) => {
            let body = if status.is_success() { Body::Unread } else { Body::Beginning(&read) };
            Some(exchange.own_answered(flight, (status, &headers, body), now, || wire.wall()))
        }
        (News::Own(OwnSaid::NoStream(status, read)), _) => {
            Some(exchange.own_no_stream(flight, (status, read.as_deref()), now))
        }
        (News::Own(OwnSaid::Failed(fault)), _) => Some(exchange.own_failed(flight, fault, now)),
        (News::Piece(piece), Stage::Whole(_, status, headers, read)) => {
            let step = match piece {
                Some(Ok(_)) => {
                    let long = read.len() > wire.engine().config().answer_limit();
                    long.then(|| exchange.failed(flight, Fault::Malformed, now))
                }
                Some(Err(fault)) => Some(exchange.failed(flight, fault, now)),
                None => Some(exchange.answered(flight, (*status, headers, read), now, || wire.wall())),
            };
            step.map(done)
        }
        (News::Head(Err(fault)), _) => Some(done(exchange.failed(flight, fault, now))),
        (news, Stage::Events(_, streaming)) => {
            let end = match news {
                News::Piece(Some(Ok(piece))) => {
                    let piece = so_far.as_deref().unwrap_or(piece.as_ref());
                    let fed = show.relay.fed(streaming, piece, &mut show.out);
                    if fed.heard {
                        show.heard(now);
                    }
                    progress = [fed.heard.then_some(Progress::Heard), fed.shown.then_some(Progress::Shown)];
                    fed.end
                }
                // Whoever hangs up when all was said has said it.
                News::Piece(Some(Err(fault))) => Some(streaming.end().map_err(|_| fault)),
                News::Piece(None) => Some(streaming.end()),
                News::Head(_) | News::Own(_) | News::Time => {
                    show.is_farewell_over(now).then(|| streaming.end())
                }
            };
            if end.is_none() && streaming.is_stopped() {
                let left = [flight.left(now), flight.launch.limits.idle()];
                show.stopped(left.into_iter().flatten().min(), now);
            }
            end.map(|end| {
                show.landed();
                match end {
                    Ok(()) => show.relay.finish(streaming, &mut show.out),
                    Err(fault) => {
                        streaming.failed(fault);
                        show.relay.broke(streaming, fault);
                    }
                }
                exchange.stream_ended(flight, (end, streaming.has_begun()), now)
            })
        }
        (News::Piece(_) | News::Time, _) => None,
    };
    Heard { progress, outcome }
}

/// A stand-in's answer that does not say to be a stream, and begins like one: from here on it is read as one, beginning with what
/// has come.
fn unlabelled<W: Wire>(
    it: &mut Flying<'_, W>,
    exchange: &Exchange<'_, '_>,
    relay: &Relay,
) -> Option<Vec<u8>> {
    let Stage::Whole(_, StatusCode::OK, headers, read) = &it.stage else { return None };
    if is_encoded(headers) || !begins_as_events(read) {
        return None;
    }
    let streaming = exchange.streaming(&it.flight, relay)?;
    match std::mem::replace(&mut it.stage, Stage::Own) {
        Stage::Whole(body, .., read) => {
            it.stage = Stage::Events(body, Box::new(streaming));
            Some(read)
        }
        other => {
            it.stage = other;
            None
        }
    }
}

/// A chat is one question and one answer.
fn done(step: Step) -> Outcome<'static> {
    match step {
        Step::Done(outcome) => outcome,
        Step::Send { .. } | Step::Pause(_) => Fault::Broken.into(),
    }
}
