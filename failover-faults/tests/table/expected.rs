//! What is to happen. No line of it was written after its cell was played, but where the last column says whose doing it is.
//!
//! The plan: the asked provider is asked once by the drop-in (what may be billed twice is not repeated unasked), a stand-in
//! twice at most. A `call` has two retries and patience for 3 s, as the public bench has it.

use failover_testkit::Fault;

use crate::row::Adapter::{Isahc, Reqwest, Ureq};
use crate::row::Got::{
    AllAnswered, BrokenOff, Failed, Junk, Own, OwnError, OwnJobFailed, OwnJobGoesOn, Primary, Stale, StandIn,
    StandInThenPrimary, TooLarge,
};
use crate::row::Way::{Call, Checked, DropIn};
use crate::row::{Count, Row, Scenario};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = bench();
    rows.extend(transport());
    rows.extend(bodies());
    rows.extend(headers());
    rows.extend(longer());
    rows
}

/// The public bench's, under its numbers.
fn bench() -> Vec<Row> {
    vec![
        Row::of(Fault::ThrottledOnce)
            .drop_in(StandIn, 1, 1)
            .call(Primary, 2, 0)
            .at_stand_in(Own(429), 1, 1)
            .why("The drop-in asks the primary once, so only `call` waits the two seconds; at the stand-in they are longer than `stand_in_delay`."),
        Row::of(Fault::Throttled).drop_in(StandIn, 1, 1).call(StandIn, 3, 1).at_stand_in(Own(429), 1, 2),
        Row::of(Fault::BrokenOnce)
            .drop_in(StandIn, 1, 1)
            .call(Primary, 2, 0)
            .at_stand_in(StandIn, 1, 2)
            .why("The drop-in asks the primary once: with ureq it cannot ask again, and the others do not differ from it."),
        Row::of(Fault::Overloaded).drop_in(StandIn, 1, 1).call(StandIn, 3, 1).at_stand_in(Own(429), 1, 2),
        Row::of(Fault::Reset).drop_in(StandIn, 1, 1).call(StandIn, 1, 1).at_stand_in(Own(429), 1, 1),
        Row::of(Fault::Silence).drop_in(StandIn, 1, 1).call(StandIn, 1, 1).at_stand_in(Own(429), 1, 1),
        Row::of(Fault::ContextTooLong)
            .drop_in(Own(400), 1, 0)
            .call(StandIn, 1, 1)
            .at_stand_in(Own(429), 1, 1)
            .why("A request for media has no context: there, a 400 is the caller's to know."),
        Row::of(Fault::ContentPolicy).drop_in(Own(400), 1, 0).call(Failed, 1, 0).at_stand_in(Own(429), 1, 1),
        Row::scenario(Scenario::Outage, "S15", "503 for 60 s, a request every 4 s")
            .drop_in(StandInThenPrimary, 4, 15)
            .call(StandInThenPrimary, 4, 15)
            .why("Requests of the outage only; the primary serves again within 30 s."),
        Row::scenario(Scenario::Named, "S16", "503 always: who answered is named")
            .drop_in(StandIn, 1, 1)
            .call(StandIn, 3, 1),
    ]
}

fn transport() -> Vec<Row> {
    vec![
        Row::of(Fault::Refused).drop_in(StandIn, 0, 1).call(StandIn, 0, 1).at_stand_in(Own(429), 1, 0),
        Row::of(Fault::Blackholed).drop_in(StandIn, 0, 1).call(StandIn, 0, 1).at_stand_in(Own(429), 1, 0),
        Row::of(Fault::Unresolved).drop_in(StandIn, 0, 1).call(StandIn, 0, 1).at_stand_in(Own(429), 1, 0),
        Row::of(Fault::NoTls).drop_in(StandIn, 0, 1).call(StandIn, 0, 1).at_stand_in(Own(429), 1, 0),
        Row::of(Fault::ResetInBody)
            .drop_in(BrokenOff, 1, 0)
            .checked(StandIn, 1, 1)
            .call(StandIn, 1, 1)
            .at_stand_in(Own(429), 1, 1)
            .why(UNREAD),
        Row::of(Fault::SlowHead).drop_in(StandIn, 1, 1).call(StandIn, 1, 1).at_stand_in(Own(429), 1, 1),
        Row::of(Fault::SlowBody)
            .drop_in(BrokenOff, 1, 0)
            .checked(StandIn, 1, 1)
            .call(StandIn, 1, 1)
            .at_stand_in(Own(429), 1, 1)
            .why("Unless answers are checked, the body is the caller's to wait for: its own time limit ends it."),
        Row::of(Fault::GoAway)
            .drop_in(StandIn, 3, 1)
            .call(StandIn, 3, 1)
            .but(Isahc, &[DropIn, Checked, Call], StandIn, 6, 1)
            .not(Ureq, &[DropIn, Checked, Call])
            .why("What HTTP/2 says was not processed, the clients repeat by themselves: reqwest twice, isahc five times. ureq speaks no HTTP/2, and no stand-in is asked by it unless TLS negotiates it."),
        Row::of(Fault::InterimFlood).drop_in(StandIn, 1, 1).call(StandIn, 1, 1).at_stand_in(Own(429), 1, 1),
    ]
}

const UNREAD: &str = "A success is handed on unread unless `check_answers` is set; the caller finds out.";

fn bodies() -> Vec<Row> {
    let junk = |fault| {
        Row::of(fault)
            .drop_in(Junk, 1, 0)
            .checked(StandIn, 1, 1)
            .call(StandIn, 1, 1)
            .at_stand_in(Own(429), 1, 1)
            .why(UNREAD)
    };
    let large = |fault| {
        Row::of(fault)
            .drop_in(TooLarge, 1, 0)
            .call(StandIn, 1, 1)
            .at_stand_in(Own(429), 1, 1)
            .why("What is too long to be checked is handed on as it came: it may be sound, and is paid for. The callable of `call` has a limit of its own.")
    };
    vec![
        Row::of(Fault::LengthTooLong)
            .drop_in(BrokenOff, 1, 0)
            .checked(StandIn, 1, 1)
            .call(StandIn, 1, 1)
            .at_stand_in(Own(429), 1, 1)
            .why(UNREAD),
        junk(Fault::LengthTooShort),
        Row::of(Fault::TwoLengths).drop_in(StandIn, 1, 1).call(StandIn, 1, 1).at_stand_in(Own(429), 1, 1),
        junk(Fault::TruncatedJson),
        junk(Fault::ErrorInSuccess),
        junk(Fault::Html),
        junk(Fault::Empty),
        Row::of(Fault::WrongType).drop_in(Primary, 1, 0).call(Primary, 1, 0).at_stand_in(StandIn, 1, 1),
        large(Fault::GzipBomb),
        large(Fault::LargeBody),
        junk(Fault::DeepJson),
    ]
}

fn headers() -> Vec<Row> {
    let no_hint =
        |fault| Row::of(fault).drop_in(StandIn, 1, 1).call(StandIn, 3, 1).at_stand_in(Own(429), 1, 2);
    let long_hint =
        |fault| Row::of(fault).drop_in(StandIn, 1, 1).call(StandIn, 1, 1).at_stand_in(Own(429), 1, 1);
    vec![
        Row::of(Fault::RedirectLoop)
            .drop_in(OwnError, 11, 0)
            .call(StandIn, 11, 1)
            .at_stand_in(Own(429), 1, 1)
            .but(Isahc, &[DropIn, Checked], Own(302), 1, 0)
            .but(Isahc, &[Call], StandIn, 1, 1)
            .why("The caller's client follows as it was told, ten times, or not at all (isahc, unless told to); a client of ours never does. Redirects are no trigger."),
        Row::of(Fault::RedirectAway)
            .drop_in(Own(405), 1, 0)
            .call(StandIn, 1, 1)
            .at_stand_in(Own(429), 1, 1)
            .but(Isahc, &[DropIn, Checked], Own(302), 1, 0)
            .why("The caller's client follows with a GET, without its Authorization, and 405 is what that gets; isahc does not. A key in a header of another name would go along, with all three. A stand-in's key never goes anywhere."),
        Row::of(Fault::RedirectBodyAway)
            .drop_in(Primary, 1, 0)
            .call(Primary, 1, 0)
            .at_stand_in(Own(429), 1, 1)
            .but(Ureq, &[DropIn, Checked], OwnError, 1, 0)
            .but(Ureq, &[Call], StandIn, 1, 1)
            .but(Isahc, &[DropIn, Checked], Own(307), 1, 0)
            .but(Isahc, &[Call], StandIn, 1, 1)
            .why("reqwest sends the body after it, without the Authorization, and is answered there; ureq refuses to, and isahc does not follow."),
        no_hint(Fault::HintNegative),
        long_hint(Fault::HintHuge),
        no_hint(Fault::HintNoNumber),
        no_hint(Fault::HintPast),
        long_hint(Fault::HintFuture),
        Row::of(Fault::TwiceTheHeaders).drop_in(Primary, 1, 0).call(Primary, 1, 0).at_stand_in(StandIn, 1, 1),
        Row::of(Fault::LongHeader).drop_in(StandIn, 1, 1).call(StandIn, 1, 1).at_stand_in(Own(429), 1, 1),
    ]
}

fn longer() -> Vec<Row> {
    vec![
        Row::of(Fault::JobFails)
            .drop_in(OwnJobFailed, 3, 0)
            .call(StandIn, 3, 1)
            .at_stand_in(Own(429), 1, 1)
            .why("A job that the primary accepted is its own, and is never generated again unasked."),
        Row::of(Fault::JobNeverEnds)
            .drop_in(OwnJobGoesOn, 6, 0)
            .call(StandIn, 6, 1)
            .at_stand_in(Own(429), 1, 1)
            .why("As above: whoever asks for it decides when to stop, here after five times. A stand-in's job is asked for until `stand_in_limit`."),
        Row::scenario(Scenario::AllDown, "F37", "every provider down at once")
            .drop_in(Own(503), 1, 2)
            .call(Failed, 3, 3),
        Row::scenario(Scenario::Stale, "F38", "every provider down, and an old answer at hand")
            .drop_in(Stale, 2, 2)
            .call(Stale, 4, 3)
            .why("With a cache: the primary was healthy once, and is asked again before what is old is handed out."),
        Row::scenario(Scenario::Cancelled, "F39", "the caller drops a request that hangs")
            .drop_in(Primary, 2, 0)
            .call(Primary, 2, 0)
            .not(Ureq, &[DropIn, Checked, Call])
            .why("What follows is served as if nothing had been. A blocking call cannot be dropped."),
        Row::scenario(Scenario::Panic, "F40", "a callback panics")
            .drop_in(StandIn, 1, 1)
            .call(Primary, 2, 0)
            .why("The drop-in only tells its observer, and goes on. A panic in a function that judges is the caller's, and the next call is served."),
        Row::scenario(Scenario::Flapping, "F41", "1,000 calls, 100 at a time, while the primary goes down twice")
            .drop_in(AllAnswered, Count::AtMost(204), 600)
            .call(AllAnswered, Count::AtMost(204), 600)
            .not(Ureq, &[Checked])
            .not(Reqwest, &[Checked])
            .not(Isahc, &[Checked])
            .why("Requests of the outages only: each time those in flight at once, and two more until the third failure is known."),
        Row::scenario(Scenario::ClockJumps, "F42", "the clock jumps a year ahead, and back")
            .drop_in(Primary, 3, 1)
            .call(Primary, 4, 0)
            .not(Reqwest, &[DropIn, Checked, Call])
            .why("503 once, and a request after each jump. reqwest's adapter goes by tokio's clock, which does not jump."),
    ]
}
