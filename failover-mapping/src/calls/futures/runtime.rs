//! What an adapter brings: the time, waiting for it, and chance.

use std::future::Future;
use std::time::Duration;

use failover_core::Moment;

/// The acts that [`Calls`](super::Calls) needs of the runtime that it works in.
pub trait Runtime {
    /// What [`Runtime::sleep`] returns. It is dropped when something else comes first.
    type Sleep: Future<Output = ()>;

    /// The present moment, by a clock that never goes back.
    fn now(&self) -> Moment;

    /// Ends when so much time has passed. It is asked for only where there is something to wait for.
    fn sleep(&self, time: Duration) -> Self::Sleep;

    /// A number that nobody can foresee, for spreading waits.
    fn seed(&self) -> u64;
}
