//! The loop that obeys a call whose answers come as streams.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use failover_core::{Action, Call, Entry, Fault, Finish, Launch, Moment, Outcome};
use http::{HeaderMap, Method, Request, StatusCode, Uri};

use super::attended::Attended;
use super::hear::{Flying, Heard, News, Stage, hear};
use super::mail::{Outlet, Stream, StreamBroken, Wish, pair};
use super::relay::{Relay, Streaming};
use super::show::Show;
use crate::calls::futures::Runtime;
use crate::engine::Engine;
use crate::exchange::Exchange;
use crate::flight::{Conclusion, Step};
use crate::per_request::PerRequest;
use crate::provenance::Provenance;
use crate::target::Target;

/// So long after a limit, nobody has looked: whoever looks is woken there.
const LATE: Duration = Duration::from_millis(50);

/// What the driver needs of an adapter: the time, chance, and a client of its own for the stand-ins.
pub trait Wire: Runtime<Sleep: Send> + Send + Sync + 'static {
    /// The body of an answer, as it comes.
    type Body: Send + Unpin + 'static;
    /// A piece of it.
    type Piece: AsRef<[u8]> + Send;

    /// The settings and the breakers.
    fn engine(&self) -> &Engine;

    /// The time of day.
    fn wall(&self) -> SystemTime;

    /// Sends a request to a stand-in, and waits for the head of its answer. It follows no redirect.
    fn ask(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<(StatusCode, HeaderMap, Self::Body), Fault>> + Send;

    /// The next piece of a body; nothing at its end.
    fn poll_piece(
        body: &mut Self::Body,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Self::Piece, Fault>>>;
}

/// The caller's request.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "an adapter says all of it")]
pub struct Question {
    /// Its method.
    pub method: Method,
    /// Where it goes.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    /// What it wants otherwise than the settings say.
    pub wishes: Option<PerRequest>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("method", &self.method).finish_non_exhaustive()
    }
}

/// A driver, and the end of it that is the runner's.
pub fn start<W: Wire>(
    wire: W,
    question: Question,
) -> (impl Future<Output = ()> + Send + 'static, Stream<W::Body>) {
    let (outlet, stream) = pair();
    (drive(wire, question, outlet), stream)
}

/// Drives the call to its end.
async fn drive<W: Wire>(wire: W, question: Question, outlet: Outlet<W::Body>) {
    let mut now = wire.now();
    let engine = wire.engine();
    let Question { method, uri, headers, body, wishes } = &question;
    let route = Target::of_uri(method, uri).and_then(|it| engine.route(&it, headers, wishes.as_ref()));
    let exchange = route.as_ref().and_then(|route| route.exchange(body, now));
    let relay = exchange.as_ref().and_then(|exchange| exchange.relay(wire.wall(), wire.seed()));
    let (Some(mut exchange), Some(relay)) = (exchange, relay) else {
        return outlet.wish(Wish::Conclude(Conclusion::Own(None)));
    };
    exchange.streamed();
    let call = Call::new(exchange.policy(), exchange.candidates(), wire.seed(), now);
    let mut call = Attended::new(call, engine.fleet(), || wire.now());
    let mut show = Show::new(&outlet, relay);
    let mut flying: Option<Flying<'_, W>> = None;
    let mut end = End::default();
    let finish = loop {
        let action = call.poll(now);
        exchange.told(call.next_event(), call.report(), now);
        match action {
            Action::Launch(launch) => match launched(launch, &mut exchange, &outlet, &wire, now) {
                Ok(started) => flying = Some(started),
                Err(outcome) => call.settle(launch.attempt, outcome, now),
            },
            // Given up at a limit, or with the call.
            Action::Cancel(_) => {
                if let Some(flying) = flying.take() {
                    given_up(flying, &mut exchange, &mut show, &mut end, now);
                }
            }
            Action::Wait(_) if show.is_untaken() => {
                show.taken().await;
                let asked = std::mem::replace(&mut now, wire.now());
                if now.since(asked) >= a_while(flying.as_ref()) {
                    call.excuse(now);
                }
            }
            Action::Wait(until) => {
                let news = listen(&mut flying, &show, until, now, &wire).await;
                now = wire.now();
                if until.is_some_and(|until| now > until.plus(LATE)) {
                    call.excuse(now);
                }
                let Some(it) = &mut flying else {
                    show.flush(now);
                    continue;
                };
                let (attempt, Heard { progress, outcome }) =
                    (it.flight.launch.attempt, hear(it, news, &mut exchange, &mut show, &wire, now));
                for progress in progress.into_iter().flatten() {
                    call.heard(attempt, progress, now);
                }
                if show.begins(now)
                    && it.can_begin()
                    && !matches!(outcome, Some(Outcome::Failed { .. } | Outcome::Final { .. }))
                {
                    let so_far = exchange.so_far(&it.flight, call.report().entries(), outcome.is_some(), now);
                    show.begin(!exchange.is_own(&it.flight.launch), so_far);
                }
                show.flush(now);
                if let Some(outcome) = outcome {
                    call.settle(attempt, outcome, now);
                    exchange.told(call.next_event(), call.report(), now);
                    let landed = flying.take();
                    end.landed(landed, &exchange);
                }
            }
            Action::Finish(finish) => break finish,
        }
    };
    let entries = call.report().entries().collect();
    conclude(finish, &mut exchange, show, end, entries, now, &wire);
}

/// Starts an attempt; or says why none was possible.
fn launched<'w, W: Wire>(
    launch: Launch,
    exchange: &mut Exchange<'_, '_>,
    outlet: &Outlet<W::Body>,
    wire: &'w W,
    now: Moment,
) -> Result<Flying<'w, W>, Outcome<'static>> {
    let flight = exchange.launched(launch, now);
    let stage = if exchange.is_own(&launch) {
        if !outlet.send_own(exchange.own_headers().cloned(), exchange.span()) {
            return Err(exchange.own_failed(&flight, Fault::Unsupported, now));
        }
        Stage::Own
    } else {
        match exchange.ask(&flight, now) {
            Step::Send { request, .. } => Stage::Asked(Box::pin(exchange.span().around(wire.ask(request)))),
            Step::Done(outcome) => return Err(outcome),
            Step::Pause(_) => return Err(Fault::Broken.into()),
        }
    };
    Ok(Flying { flight, stage })
}

/// An attempt that is over by the core's own word.
fn given_up<W: Wire>(
    Flying { flight, stage }: Flying<'_, W>,
    exchange: &mut Exchange<'_, '_>,
    show: &mut Show<'_, W::Body>,
    end: &mut End,
    now: Moment,
) {
    let own = exchange.is_own(&flight.launch);
    // The core has judged it already, so nobody asks for the outcome.
    let _ = match stage {
        Stage::Events(_, it) => {
            show.landed();
            show.relay.broke(&it, Fault::Timeout);
            let outcome = exchange.stream_ended(&flight, (Err(Fault::Timeout), it.has_begun()), now);
            end.spent = own.then_some(Fault::Timeout).or(end.spent);
            end.last = Some(*it);
            outcome
        }
        Stage::Own => {
            show.outlet.drop_own();
            exchange.own_failed(&flight, Fault::Timeout, now)
        }
        Stage::Asked(_) | Stage::Whole(..) => match exchange.failed(&flight, Fault::Timeout, now) {
            Step::Done(outcome) => outcome,
            Step::Send { .. } | Step::Pause(_) => Fault::Timeout.into(),
        },
    };
}

/// What is left when the call is over.
#[derive(Default)]
struct End {
    /// The latest attempt that brought a stream.
    last: Option<Streaming>,
    /// The asked provider's own stream has been used up, and failed for this.
    spent: Option<Fault>,
}

impl End {
    fn landed<W: Wire>(&mut self, landed: Option<Flying<'_, W>>, exchange: &Exchange<'_, '_>) {
        let Some(Flying { flight, stage }) = landed else { return };
        let own = exchange.is_own(&flight.launch);
        match stage {
            Stage::Events(_, it) => {
                self.spent = if own { it.fault() } else { self.spent };
                self.last = Some(*it);
            }
            // It has said something else by now, which is what counts.
            Stage::Own => self.spent = None,
            Stage::Asked(_) | Stage::Whole(..) => {}
        }
    }
}

/// The end of the call.
fn conclude<W: Wire>(
    finish: Finish,
    exchange: &mut Exchange<'_, '_>,
    mut show: Show<'_, W::Body>,
    mut end: End,
    entries: Vec<Entry>,
    now: Moment,
    wire: &W,
) {
    // What the caller has seen of it broke off so; or else its own provider did, before anything was seen.
    let fault = show.relay.broken().or(end.spent).or(exchange.latest_fault()).unwrap_or(Fault::Timeout);
    let served = matches!(finish, Finish::Served(_));
    let conclusion = exchange.conclude(entries, now, || wire.wall(), wire.seed());
    // The asked provider's own word on a request that nobody else is to answer, within its success.
    if let (Finish::Refused(_), Some(fault), Some(it), false) =
        (finish, end.spent, &mut end.last, show.has_begun())
    {
        Relay::hand_on(it, &mut show.out);
        show.begin(false, None);
        show.flush(now);
        let cut = matches!(fault, Fault::Cut | Fault::Reset | Fault::Timeout | Fault::Malformed);
        return show.outlet.end(if cut { Err(StreamBroken { fault }) } else { Ok(()) });
    }
    if !show.has_begun() {
        let conclusion = match end.spent {
            Some(fault) => exchange.spent(conclusion, fault),
            None => conclusion,
        };
        return show.outlet.wish(Wish::Conclude(conclusion));
    }
    let made = match conclusion {
        Conclusion::StandIn(made) => {
            let served = made.extensions().get().and_then(|history: &Provenance| history.served.as_ref());
            exchange.made(served).map(|it| (made, it))
        }
        Conclusion::Own(_) => None,
    };
    if let Some((made, mut it)) = made {
        // A whole answer, for a stream that has begun.
        show.relay.fed(&mut it, made.body(), &mut show.out);
        show.relay.finish(&mut it, &mut show.out);
    } else if !served {
        let message = format!("the stream broke off: {fault}; nobody else could answer unseen");
        show.relay.fail(end.last.as_ref(), fault, &message, &mut show.out);
    }
    show.flush(now);
    show.outlet.end(if served { Ok(()) } else { Err(StreamBroken { fault }) });
}

/// A caller who takes no longer has not made its provider wait.
fn a_while<W: Wire>(flying: Option<&Flying<'_, W>>) -> Duration {
    let idle = flying.and_then(|it| it.flight.launch.limits.idle());
    idle.map_or(LATE, |idle| idle / 4)
}

/// Waits for the attempt under way, or for a moment. What has come goes before the time: a caller who has not looked for long
/// did not make the provider slow.
async fn listen<W: Wire>(
    flying: &mut Option<Flying<'_, W>>,
    show: &Show<'_, W::Body>,
    until: Option<Moment>,
    now: Moment,
    wire: &W,
) -> News<W> {
    let can_begin = flying.as_ref().is_some_and(Flying::can_begin);
    let until = [until, show.wakes(can_begin)].into_iter().flatten().min();
    let mut sleep = pin!(until.map(|until| wire.sleep(until.since(now))));
    poll_fn(|context| {
        let news = match flying.as_mut().map(|flying| &mut flying.stage) {
            Some(Stage::Asked(asked)) => asked.as_mut().poll(context).map(News::Head),
            Some(Stage::Own) => show.outlet.own().map(News::Own),
            Some(Stage::Events(body, _) | Stage::Whole(body, ..)) => {
                W::poll_piece(body, context).map(News::Piece)
            }
            None => Poll::Pending,
        };
        if news.is_ready() {
            return news;
        }
        sleep.as_mut().as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(context)).map(|()| News::Time)
    })
    .await
}
