//! The streams of events: read in one API, written in another, by way of [`Delta`].
//!
//! ```text
//!  bytes ── EventReader ── Heard { the event, its deltas } ──┬── Heard::write_to   a caller of the same API
//!                                                            └── EventWriter       a caller of the other
//! ```
//!
//! # What is an end
//!
//! A stream is complete when it has said why it stops, and only then: `finish_reason`, or the `stop_reason` of a `message_delta`, in
//! an event that arrived whole. `[DONE]` and `message_stop` say no more than that, so their absence is forgiven, and their
//! presence without a reason is not enough. By the rules of server-sent events, one that no blank line ends does not count; the
//! last of a stream neither, for nobody knows whether it was cut.
//!
//! # What is skipped
//!
//! An event that cannot be read is left out and the rest goes on, so a text may lack a piece. In the arguments of a tool a hole
//! would go unseen and do something else than was meant: there the stream is malformed as a whole. So it is after
//! [`MOST_UNSOUND`] such events, in a row or not, and when one event is longer than [`LONGEST`].
//!
//! # What a restart looks like
//!
//! When another provider begins the answer anew after the caller has seen a part, all that came before is void. A caller of
//! completions gets a chunk without choices, and in it `"failover": {"restart": true, "because": .., "provider": .., "model": ..}`. A
//! caller of messages gets an event `failover_restart` with the same keys, which clients that do not know it skip. Blocks and
//! calls of tools go on being numbered. Whoever adds the stream up without a look at the marker, as the official clients do, has
//! the void parts in the sum, and may call a tool that was called in them.

mod completions;
mod in_band;
mod line;
mod messages;
mod read;
mod scalar;
mod translator;
mod write;

pub(crate) use read::EventReader;
pub use translator::EventTranslator;
pub(crate) use write::{EventWriter, end_of};

use super::delta::Delta;
use line::Line;

/// The longest event that is read, in bytes. One of the asked providers' holds a token or two.
const LONGEST: usize = 1 << 20;
/// So many events of a stream may be unreadable: more of them, and the rest is not sound.
const MOST_UNSOUND: u32 = 8;
/// More tools than any answer calls.
const MOST_CALLS: usize = 1024;

/// An event, as it was heard.
pub(crate) struct Heard<'a> {
    /// `message` if it had none.
    pub(crate) name: &'a str,
    pub(crate) data: &'a str,
    /// What it adds to the answer.
    pub(crate) deltas: &'a [Delta],
    /// It could be read. What could not is handed on to nobody.
    pub(crate) sound: bool,
}

impl Heard<'_> {
    /// Writes the same event again, for a caller who speaks this API already.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        let line = Line(out);
        let mut line =
            if self.name == "message" { line } else { line.raw("event: ").raw(self.name).raw("\n") };
        for part in self.data.split('\n') {
            line = line.raw("data: ").raw(part).raw("\n");
        }
        line.raw("\n");
    }
}

/// An event that cannot be read.
enum Unsound {
    /// It is left out.
    Event,
    /// Nothing that comes after it can be trusted.
    Stream,
}

impl From<serde_json::Error> for Unsound {
    fn from(_: serde_json::Error) -> Self {
        Self::Event
    }
}
