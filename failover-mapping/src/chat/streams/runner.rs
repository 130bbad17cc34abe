//! What every runner does alike: it polls the driver, and looks what that wants.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use failover_core::Fault;

use super::drive::{Question, Wire, start};
use super::mail::{OwnSaid, Stream, StreamBroken, Wish};
use crate::provenance::Provenance;

/// A driver that is under way: first by the future that answers the request, then by the body of the response.
pub struct Running<B> {
    // Nobody else locks it: where a client wants the body of a response to be shareable, this makes it so.
    driver: Mutex<Option<Driver>>,
    stream: Stream<B>,
}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<B: Send + Unpin + 'static> Running<B> {
    /// Answers a request for a stream, by whoever can. Nothing is done before it is polled.
    #[must_use]
    pub fn new<W: Wire<Body = B>>(wire: W, question: Question) -> Self {
        let (driver, stream) = start(wire, question);
        Self { driver: Mutex::new(Some(Box::pin(driver))), stream }
    }

    /// Drives until something is wished; nothing if nothing more will be.
    pub async fn wish(&mut self) -> Option<Wish> {
        poll_fn(|context| {
            let driven = self.drive(context);
            match self.stream.wish() {
                Some(wish) => Poll::Ready(Some(wish)),
                None => driven.map(|()| None),
            }
        })
        .await
    }

    /// What the caller's own request comes to, unless it is given up: its limits are the driver's.
    pub async fn meanwhile<T>(&mut self, own: impl Future<Output = T>) -> Option<T> {
        let mut own = pin!(own);
        poll_fn(|context| {
            if let Poll::Ready(said) = own.as_mut().poll(context) {
                return Poll::Ready(Some(said));
            }
            let over = self.drive(context).is_ready();
            if over || self.stream.is_own_unwanted() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    /// What is known of a stream that has just begun: see [`Stream::history`].
    #[must_use]
    pub fn history(&self) -> Option<Provenance> {
        self.stream.history()
    }

    /// The asked provider has said this.
    pub fn own_said(&self, said: OwnSaid<B>) {
        self.stream.own_said(said);
    }

    /// Nobody can send the caller's own request, now or later.
    pub fn own_is_gone(&self) {
        self.stream.own_is_gone();
        self.stream.own_said(OwnSaid::Failed(Fault::Unsupported));
    }

    /// The next piece of a stream that has begun; nothing at its end. The caller's own request is out of reach by now.
    pub fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, StreamBroken>>> {
        loop {
            // What the driver has done already goes before what it would do next.
            let piece = self.stream.piece();
            if piece.is_ready() {
                return piece;
            }
            let driven = self.drive(context);
            if let Some(Wish::SendOwn(..)) = self.stream.wish() {
                self.own_is_gone();
                continue;
            }
            let piece = self.stream.piece();
            if piece.is_ready() || driven.is_pending() {
                return piece;
            }
            // It left without a word, which is no end.
            return Poll::Ready(Some(Err(StreamBroken { fault: Fault::Broken })));
        }
    }

    fn drive(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let place = self.driver.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Out of its place: one that panics is gone.
        let Some(mut driver) = place.take() else { return Poll::Ready(()) };
        let driven = driver.as_mut().poll(context);
        if driven.is_pending() {
            *place = Some(driver);
        }
        driven
    }
}

impl<B> std::fmt::Debug for Running<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
