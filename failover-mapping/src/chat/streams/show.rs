//! What the caller is shown, and when.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use failover_core::Moment;
use http::HeaderMap;

use super::mail::{Begun, Outlet, Wish};
use super::relay::Relay;
use crate::chat::events::EventWriter;

/// After so long without anything to show, a stream sends a comment, so that nobody on the way gives it up: clients and proxies
/// wait for 30 s or more.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// When an answer has said why it stops, its usage and a farewell may come still, for so long.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the caller is shown.
pub(super) struct Show<'o, B> {
    pub(super) outlet: &'o Outlet<B>,
    pub(super) relay: Relay,
    /// What has to go out.
    pub(super) out: Vec<u8>,
    begun: bool,
    /// When there has to be a sign of life.
    alive: Option<Moment>,
    /// When the farewell is over of an answer that has stopped.
    farewell: Option<Moment>,
}

impl<'o, B> Show<'o, B> {
    pub(super) const fn new(outlet: &'o Outlet<B>, relay: Relay) -> Self {
        Self { outlet, relay, out: Vec::new(), begun: false, alive: None, farewell: None }
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// A token came.
    pub(super) fn heard(&mut self, now: Moment) {
        self.alive.get_or_insert(now.plus(KEEP_ALIVE));
    }

    /// The answer has said why it stops.
    pub(super) fn stopped(&mut self, now: Moment) {
        self.farewell.get_or_insert(now.plus(FAREWELL));
    }

    /// Whether nothing more is waited for.
    pub(super) fn is_farewell_over(&self, now: Moment) -> bool {
        self.farewell.is_some_and(|farewell| farewell <= now)
    }

    /// Another attempt begins where this one ended.
    pub(super) const fn landed(&mut self) {
        self.farewell = None;
    }

    /// When something is due.
    pub(super) fn wakes(&self) -> Option<Moment> {
        [self.alive, self.farewell].into_iter().flatten().min()
    }

    /// Whether the response has to be handed on now.
    pub(super) fn begins(&self, now: Moment) -> bool {
        !self.begun && (!self.out.is_empty() || self.alive.is_some_and(|alive| alive <= now))
    }

    /// Hands it on: with this head, or with the asked provider's own.
    pub(super) fn begin(&mut self, head: Option<HeaderMap>) {
        self.begun = true;
        self.outlet.wish(Wish::Begin(head.map_or(Begun::Own, Begun::StandIn)));
    }

    /// Shows what there is, or a sign of life if one is due.
    pub(super) fn flush(&mut self, now: Moment) {
        if !self.begun {
            return;
        }
        if self.out.is_empty() && self.alive.is_some_and(|alive| alive <= now) {
            EventWriter::keep_alive(&mut self.out);
        }
        if !self.out.is_empty() {
            self.outlet.push(std::mem::take(&mut self.out));
            self.alive = Some(now.plus(KEEP_ALIVE));
        }
    }

    /// Waits until the caller has taken what was shown. Nobody need be woken: whoever takes it polls on.
    pub(super) async fn taken(&self) {
        poll_fn(|_| if self.outlet.is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}
