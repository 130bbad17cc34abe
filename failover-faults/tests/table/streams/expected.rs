//! What is to happen to a chat that is streamed.
//!
//! The plan: two retries and patience for 3 s, as the public bench has it. ureq leaves no second time, so by it the asked
//! provider is asked once.

use failover_mapping::Fault as Cause;
use failover_testkit::Fault;

use super::row::Got::{Failed, Own, OwnCut, OwnEndless, OwnError, OwnJunk, Primary, Restarted, StandIn};
use super::row::{Cell, Row};
use crate::row::Count;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::of(Fault::ThrottledOnce, Primary, 2, 0)
            .ureq(StandIn, 1, 1)
            .why("Asked again after the two seconds; by ureq it can be asked once only."),
        Row::of(Fault::Throttled, StandIn, 3, 1).ureq(StandIn, 1, 1),
        Row::of(Fault::BrokenOnce, Primary, 2, 0).ureq(StandIn, 1, 1),
        Row::of(Fault::Overloaded, StandIn, 3, 1)
            .ureq(StandIn, 1, 1)
            .why("So is S16: the answer names who gave it, its model and its usage."),
        Row::of(Fault::Reset, StandIn, 1, 1),
        Row::of(Fault::Silence, StandIn, 1, 1),
        Row::of(Fault::SlowFirstToken, StandIn, 1, 1)
            .ureq(Primary, 1, 0)
            .why("Keep-alives are no tokens. ureq's streams are in our hands until their heads, and this one's head is in time."),
        breaks(Fault::StreamCut, Count::Is(40), Cause::Cut)
            .ureq(OwnCut(Count::Is(40)), 1, 0)
            .why("What was shown cannot be taken back: only what was held back can be made whole unseen."),
        breaks(Fault::StreamStalls, Count::Is(20), Cause::Timeout)
            .ureq(OwnCut(Count::Is(20)), 1, 0)
            .why("`idle_limit` ends it; by ureq, the caller's own time limit."),
        Row::of(Fault::BadEvent, Primary, 1, 0)
            .ureq(OwnJunk, 1, 0)
            .why("The event is left out; by ureq, nobody looks at it before the caller."),
        Row::of(Fault::WithoutDone, Primary, 1, 0)
            .ureq(OwnEndless, 1, 0)
            .why("What said why it stopped is complete, and `[DONE]` is put behind it."),
        Row::of(Fault::ContextTooLong, StandIn, 1, 1).why("Another model may have the room."),
        Row::of(Fault::ContentPolicy, Own(400), 1, 0).why("A refusal is never routed around."),
        breaks(Fault::CutAndPrefillRejected, Count::Is(40), Cause::Cut)
            .ureq(OwnCut(Count::Is(40)), 1, 0)
            .why("The stand-in refuses prefills too. It is sent none: who takes over begins anew."),
        breaks(Fault::StreamReset, Count::AtMost(20), Cause::Cut)
            .ureq(OwnCut(Count::AtMost(20)), 1, 0)
            .why("A reset may overtake tokens."),
        breaks(Fault::ErrorInStream, Count::Is(20), Cause::Overloaded).ureq(OwnError(Count::Is(20)), 1, 0),
        Row::of(Fault::StreamNeverEnds, Primary, 1, 0)
            .ureq(OwnEndless, 1, 0)
            .why("As S11, a second after it has said why it stopped at the latest; by ureq, the caller's own time limit ends it."),
        Row::of(Fault::PrefillRejected, Primary, 1, 0).why("A question without a prefill is answered."),
    ]
}

/// A stream of the asked provider's that breaks after so many tokens, by this cause.
fn breaks(fault: Fault, tokens: Count, cause: Cause) -> Row {
    let restarted = Cell::new(Restarted(tokens), 1, 1);
    Row::of(fault, StandIn, 1, 1).shown(Cell::new(Failed(tokens, cause), 1, 0), restarted)
}
