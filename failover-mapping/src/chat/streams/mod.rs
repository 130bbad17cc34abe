//! Streams with failover, for adapters that can read a body as it comes.
//!
//! ```text
//!   the caller's request ──► runner ── polls ──► drive ──► Wire::ask           stand-ins, through a client of ours
//!                              │                   │
//!                              │ ◄── Wish::SendOwn ┤       the asked provider, through the caller's own client
//!                              │ ── own_said ────► │
//!                              │                   │
//!                              │ ◄── Wish::Begin ──┤       the first token is here: the response is handed on,
//!   the response's body ◄──────┘ ◄── pieces ───────┘       and from now on its body polls the driver
//! ```
//!
//! [`start`] makes the loop that obeys the call, a future that needs nobody's runtime: dropped with the response, it takes everything
//! with it. An adapter brings a [`Wire`], and a runner that meets each [`Wish`].
//!
//! A stream is handed on with its first token, not with its head: until then a refusal, a silence or a broken connection is
//! answered by another provider, unseen. What happens after that, [`StreamPolicy`](crate::StreamPolicy) says.

mod attended;
mod drive;
mod hear;
mod mail;
mod part;
mod relay;
mod runner;
mod show;

pub use drive::{Question, Wire, start};
pub use mail::{Begun, OwnSaid, Stream, StreamBroken, Wish};
pub use part::{begins_as_events, is_encoded, is_events};
pub use runner::Running;
