//! What passes between the driver of a stream, which decides, and the adapter's runner, which has the caller's own client and the
//! caller's response.
//!
//! Both live in one task, and the runner polls the driver: so nobody is woken here, and each looks whenever it is polled.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use failover_core::Fault;
use http::{HeaderMap, StatusCode};

use crate::flight::Conclusion;
use crate::observe::CallSpan;
use crate::provenance::Provenance;

/// What the driver wants of the runner.
#[expect(clippy::exhaustive_enums, reason = "every wish must be met by every adapter")]
#[allow(
    clippy::large_enum_variant,
    reason = "there are two or three in a call, and each is taken apart at once"
)]
#[derive(Debug)]
pub enum Wish {
    /// Send the caller's own request, with these headers besides, within this span; and tell [`Stream::own_said`].
    SendOwn(Option<HeaderMap>, CallSpan),
    /// The stream begins: hand it on, with its [history](Stream::history).
    Begin(Begun),
    /// There is no stream. Hand this on instead.
    Conclude(Conclusion),
}

/// Whose stream it is.
#[expect(clippy::exhaustive_enums, reason = "every beginning must be met by every adapter")]
#[derive(Debug)]
pub enum Begun {
    /// The asked provider's: with its own head.
    Own,
    /// A stand-in's: with this head, in place of any other.
    StandIn(HeaderMap),
}

/// What the asked provider said to the caller's own request.
#[expect(clippy::exhaustive_enums, reason = "an adapter says one of these")]
pub enum OwnSaid<B> {
    /// A success that is a stream of events, not encoded: its body is read by the driver from now on.
    Events(StatusCode, HeaderMap, B),
    /// A success that is no stream, read up to the limit on answers: all of its body, or why there is no more of it.
    NoStream(StatusCode, Result<Vec<u8>, Fault>),
    /// Anything else, and what was read of its body.
    Other(StatusCode, HeaderMap, Vec<u8>),
    /// No answer.
    Failed(Fault),
}

/// How a stream ended that was handed on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the stream broke off ({fault}), and nobody else could answer unseen")]
#[non_exhaustive]
pub struct StreamBroken {
    /// What became of it: cut off, stalled, malformed, or failed by its provider's own account.
    pub fault: Fault,
}

/// The driver's end.
pub(crate) struct Outlet<B>(Arc<Mutex<Mail<B>>>);

/// The runner's end.
pub struct Stream<B>(Arc<Mutex<Mail<B>>>);

struct Mail<B> {
    wishes: VecDeque<Wish>,
    own: Option<OwnSaid<B>>,
    /// Nobody waits for the asked provider any more.
    own_unwanted: bool,
    /// Nobody can send the caller's own request any more.
    own_gone: bool,
    history: Option<Provenance>,
    pieces: VecDeque<Vec<u8>>,
    over: Option<Result<(), StreamBroken>>,
}

/// Both ends.
pub(crate) fn pair<B>() -> (Outlet<B>, Stream<B>) {
    let mail = Mail {
        wishes: VecDeque::new(),
        own: None,
        own_unwanted: false,
        own_gone: false,
        history: None,
        pieces: VecDeque::new(),
        over: None,
    };
    let both = Arc::new(Mutex::new(mail));
    (Outlet(Arc::clone(&both)), Stream(both))
}

fn lock<B>(mail: &Mutex<Mail<B>>) -> MutexGuard<'_, Mail<B>> {
    mail.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B> Outlet<B> {
    pub(crate) fn wish(&self, wish: Wish) {
        lock(&self.0).wishes.push_back(wish);
    }

    /// Asks for the caller's own request to be sent; false if nobody can.
    pub(crate) fn send_own(&self, added: Option<HeaderMap>, span: CallSpan) -> bool {
        let mut mail = lock(&self.0);
        (mail.own, mail.own_unwanted) = (None, false);
        if !mail.own_gone {
            mail.wishes.push_back(Wish::SendOwn(added, span));
        }
        !mail.own_gone
    }

    /// The asked provider's answer, when it is there.
    pub(crate) fn own(&self) -> Poll<OwnSaid<B>> {
        lock(&self.0).own.take().map_or(Poll::Pending, Poll::Ready)
    }

    pub(crate) fn drop_own(&self) {
        let mut mail = lock(&self.0);
        mail.own_unwanted = true;
        mail.wishes.retain(|wish| !matches!(wish, Wish::SendOwn(..)));
    }

    pub(crate) fn tell(&self, history: Option<Provenance>) {
        lock(&self.0).history = history;
    }

    pub(crate) fn push(&self, piece: Vec<u8>) {
        lock(&self.0).pieces.push_back(piece);
    }

    /// Whether all that was pushed has been taken.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).pieces.is_empty()
    }

    pub(crate) fn end(&self, how: Result<(), StreamBroken>) {
        lock(&self.0).over = Some(how);
    }
}

impl<B> Stream<B> {
    /// What the driver wants, if it wants anything.
    #[must_use]
    pub fn wish(&self) -> Option<Wish> {
        lock(&self.0).wishes.pop_front()
    }

    /// What is known of a stream that has just begun, to be told once: who serves it, and who has failed. Nothing where the asked
    /// provider was the first and only one to be asked.
    #[must_use]
    pub fn history(&self) -> Option<Provenance> {
        lock(&self.0).history.take()
    }

    /// The asked provider has said this.
    pub fn own_said(&self, said: OwnSaid<B>) {
        lock(&self.0).own = Some(said);
    }

    /// Whether nobody waits for the asked provider any more: then the request is to be dropped.
    #[must_use]
    pub fn is_own_unwanted(&self) -> bool {
        lock(&self.0).own_unwanted
    }

    /// From now on nobody can send the caller's own request: its client is out of reach.
    pub fn own_is_gone(&self) {
        lock(&self.0).own_gone = true;
    }

    /// The next piece of the stream; nothing at its end. Pending is what comes only when the driver has been polled again.
    pub fn piece(&self) -> Poll<Option<Result<Vec<u8>, StreamBroken>>> {
        let mut mail = lock(&self.0);
        match (mail.pieces.pop_front(), mail.over.take()) {
            (Some(piece), over) => {
                mail.over = over;
                Poll::Ready(Some(Ok(piece)))
            }
            (None, Some(Ok(()))) => {
                mail.over = Some(Ok(()));
                Poll::Ready(None)
            }
            (None, Some(Err(broken))) => {
                mail.over = Some(Ok(()));
                Poll::Ready(Some(Err(broken)))
            }
            (None, None) => Poll::Pending,
        }
    }
}

// What is said in a chat is the caller's, so none of it is ever printed.

impl<B> std::fmt::Debug for Stream<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl<B> std::fmt::Debug for OwnSaid<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Events(status, ..) => f.debug_tuple("Events").field(status).finish_non_exhaustive(),
            Self::NoStream(status, ..) => f.debug_tuple("NoStream").field(status).finish_non_exhaustive(),
            Self::Other(status, ..) => f.debug_tuple("Other").field(status).finish_non_exhaustive(),
            Self::Failed(fault) => f.debug_tuple("Failed").field(fault).finish(),
        }
    }
}
