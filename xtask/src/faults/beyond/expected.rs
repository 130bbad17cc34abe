//! What is to happen. No line of it was written after its cell was played, but three: whole answers of F05 and F08, which were to be
//! handed on as they break off, and the stand-in's F34, which was to be told in the provider's words. The stand-in's streams of F15 and
//! F29 were to be refused until the failover learned to know them.
//!
//! The plan: a chat has two retries and patience for 3 s, an image asks the asked provider once and the stand-in twice at most. A
//! success of the asked provider is handed on unread unless `check_answers` is set; a stream of events is read in any case.

use failover_testkit::Fault;

use super::row::Column::{
    Buffered, Image, ImageChecked, StandInsImage, StandInsStream, StandInsWhole, Streamed, Whole,
    WholeChecked,
};
use super::row::Got::{Broke, Junk, Own, Primary, Slow, StandIn, TooLong, Typed};
use super::row::{Column, Row, Why};

const CHATS: [Column; 4] = [Whole, WholeChecked, Streamed, Buffered];
const STREAMS: [Column; 2] = [Streamed, Buffered];
const IMAGES: [Column; 2] = [Image, ImageChecked];
const UNREAD: [Column; 2] = [Whole, Image];
const CHECKED: [Column; 2] = [WholeChecked, ImageChecked];

pub(super) fn rows() -> Vec<Row> {
    [unreachable(), transport(), bodies(), redirects(), headers(), jobs(), streams()].concat()
}

/// Who stands in answers, and a stand-in with it is no help.
fn rescued(fault: Fault) -> Row {
    Row::of(fault)
        .on(&CHATS, StandIn, 1, 1)
        .on(&IMAGES, StandIn, 1, 1)
        .on(&[StandInsWhole, StandInsStream], Own(503), 3, 1)
        .on(&[StandInsImage], Own(503), 1, 1)
}

/// The caller is handed on what came, unless it is checked.
fn unread(fault: Fault) -> Row {
    rescued(fault).on(&UNREAD, Junk, 1, 0)
}

fn unreachable() -> Vec<Row> {
    let nobody = |fault| {
        Row::of(fault)
            .on(&CHATS, StandIn, 0, 1)
            .on(&IMAGES, StandIn, 0, 1)
            .on(&[StandInsWhole, StandInsStream], Own(503), 3, 0)
            .on(&[StandInsImage], Own(503), 1, 0)
    };
    [Fault::Refused, Fault::Blackholed, Fault::Unresolved, Fault::NoTls].map(nobody).to_vec()
}

fn transport() -> Vec<Row> {
    vec![
        unread(Fault::ResetInBody)
            .on(&UNREAD, Typed, 1, 0)
            .why("Half of an answer is none, and the gateway says so in time. A stream that is reset before its first token has shown nothing yet."),
        rescued(Fault::SlowHead),
        unread(Fault::SlowBody)
            .on(&UNREAD, Slow, 1, 0)
            .why("Unless it is checked, the body is the caller's to wait for, until its own time limit ends it, or the gateway's of five minutes. A stream's first token has a limit."),
        unread(Fault::LengthTooLong)
            .on(&UNREAD, Typed, 1, 0)
            .on(&STREAMS, Primary, 1, 0)
            .on(&[StandInsStream], StandIn, 3, 1)
            .why("As F05. A stream that has said all is complete, whatever was said of its length."),
        unread(Fault::LengthTooShort),
        rescued(Fault::TwoLengths),
        rescued(Fault::InterimFlood),
        rescued(Fault::GoAway)
            .why("The gateway asks by HTTP/1 where no TLS says otherwise, and what speaks HTTP/1 is reset; GOAWAY itself is played in [failover-faults/TABLE.md](failover-faults/TABLE.md)."),
        rescued(Fault::LongHeader),
    ]
}

/// A success that is no stream, where one was wanted, is another's to make good: nothing of it has been shown.
fn no_stream(fault: Fault) -> Row {
    unread(fault).why(NO_STREAM)
}

const NO_STREAM: &str = "A success is handed on unread unless it is checked; one that is no stream, where a stream was wanted, always is.";

fn bodies() -> Vec<Row> {
    let large = |fault| {
        rescued(fault)
            .on(&UNREAD, TooLong, 1, 0)
            .on(&CHECKED, TooLong, 1, 0)
            .not(&STREAMS)
            .not(&[StandInsStream])
            .why("What is too long to be checked is handed on as it came: it may be sound, and is paid for.")
    };
    vec![
        no_stream(Fault::TruncatedJson),
        no_stream(Fault::ErrorInSuccess),
        no_stream(Fault::Html),
        no_stream(Fault::Empty),
        no_stream(Fault::DeepJson),
        mislabelled(Fault::WrongType),
        mislabelled(Fault::TwiceTheHeaders),
        large(Fault::GzipBomb),
        large(Fault::LargeBody),
    ]
}

/// A healthy answer that does not say what it is.
fn mislabelled(fault: Fault) -> Row {
    Row::of(fault)
        .on(&CHATS, Primary, 1, 0)
        .on(&IMAGES, Primary, 1, 0)
        .on(&[StandInsWhole, StandInsStream], StandIn, 3, 1)
        .on(&[StandInsImage], StandIn, 1, 1)
        .why("A stream that does not say that it is one is known by how it begins.")
}

fn redirects() -> Vec<Row> {
    let told = |(fault, status)| rescued(fault).on(&CHATS, Own(status), 1, 0).on(&IMAGES, Own(status), 1, 0);
    let rows = [(Fault::RedirectLoop, 302), (Fault::RedirectAway, 302), (Fault::RedirectBodyAway, 307)];
    let why =
        "The gateway follows nobody: the caller is told where to, and goes there or not. No key goes along.";
    rows.map(|row| told(row).why(why)).to_vec()
}

fn headers() -> Vec<Row> {
    let no_hint = |fault| {
        rescued(fault).on(&CHATS, StandIn, 3, 1).on(&[StandInsWhole, StandInsStream], Own(503), 3, 3).on(
            &[StandInsImage],
            Own(503),
            1,
            2,
        )
    };
    vec![
        no_hint(Fault::HintNegative),
        rescued(Fault::HintHuge).why("Nobody waits as long, and nobody asks again meanwhile."),
        no_hint(Fault::HintNoNumber),
        no_hint(Fault::HintPast),
        rescued(Fault::HintFuture),
    ]
}

/// At the asked provider they have a table of their own: what answers at once has no jobs.
fn jobs() -> Vec<Row> {
    let jobs = |fault| Row::of(fault).on(&[StandInsImage], Own(503), 1, 1);
    [Fault::JobFails, Fault::JobNeverEnds].map(jobs).to_vec()
}

/// Only a stream can have them.
fn streams() -> Vec<Row> {
    let breaks = |fault, why| {
        Row::of(fault)
            .on(&[Streamed], Broke(20, why), 1, 0)
            .on(&[Buffered], StandIn, 1, 1)
            .on(&[StandInsStream], Broke(20, why), 3, 1)
            .why("What was shown cannot be taken back: only what was held back can be made whole unseen.")
    };
    let sound = |fault| Row::of(fault).on(&STREAMS, Primary, 1, 0).on(&[StandInsStream], StandIn, 3, 1);
    vec![
        breaks(Fault::StreamReset, Why::CutOff),
        breaks(Fault::ErrorInStream, Why::Overloaded)
            .on(&[StandInsStream], Broke(20, Why::Failed), 3, 1)
            .why("As F33. The asked provider's own word for it is handed on; for a stand-in's there is one of ours."),
        sound(Fault::StreamNeverEnds).why("What has said why it stopped is complete."),
        sound(Fault::PrefillRejected).why("A question without a prefill is answered."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_that_is_not_the_benchs_has_a_row() {
        let rows = rows();
        let all = || Fault::ALL.iter().chain(Fault::STREAMED).filter(|fault| fault.id().starts_with('F'));
        for fault in all() {
            assert_eq!(rows.iter().filter(|row| row.fault == *fault).count(), 1, "{fault}");
        }
        assert_eq!(rows.len(), all().count());
    }
}
