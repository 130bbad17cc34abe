//! A row of the table: a fault of a streamed chat, and what is to come of it.

use failover_mapping::Fault as Cause;
use failover_mapping::chat::StreamPolicy;
use failover_testkit::Fault;

use crate::row::Count;

/// Who asks, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Reqwest,
    /// isahc, in a future.
    Isahc,
    /// isahc, and its thread waits.
    IsahcBlocking,
    /// A stream is in our hands until its head only.
    Ureq,
}

impl Caller {
    pub(crate) const ALL: [Self; 4] = [Self::Reqwest, Self::Isahc, Self::IsahcBlocking, Self::Ureq];
}

/// The policies, as they stand on the page.
pub(crate) const POLICIES: [StreamPolicy; 3] =
    [StreamPolicy::Error, StreamPolicy::Buffer, StreamPolicy::Restart];

/// What the caller ends up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// The asked provider's answer, whole: all tokens, its end, its usage, its model.
    Primary,
    /// The stand-in's, as whole, in the shape of the asked provider's, and with its provenance.
    StandIn,
    /// So many tokens of the asked provider's, the marker that makes them void, and the stand-in's whole answer.
    Restarted(Count),
    /// So many tokens of the asked provider's, an event that says why there are no more, and an error that says so too.
    Failed(Count, Cause),
    /// The asked provider's own refusal.
    Own(u16),
    /// The asked provider's stream as it came: an event in it is junk, and the rest is there.
    OwnJunk,
    /// As it came: nothing follows after so many tokens.
    OwnCut(Count),
    /// As it came: an error follows after so many tokens, in the asked provider's words.
    OwnError(Count),
    /// As it came: all is there but `[DONE]`.
    OwnEndless,
}

impl Got {
    /// Whether it is what was expected.
    pub(crate) fn is_met_by(self, seen: Self) -> bool {
        let covers = |expected: Count, seen| matches!(seen, Count::Is(tokens) if expected.covers(tokens));
        match (self, seen) {
            (Self::Restarted(expected), Self::Restarted(tokens))
            | (Self::OwnCut(expected), Self::OwnCut(tokens))
            | (Self::OwnError(expected), Self::OwnError(tokens)) => covers(expected, tokens),
            (Self::Failed(expected, why), Self::Failed(tokens, cause)) => {
                why == cause && covers(expected, tokens)
            }
            _ => self == seen,
        }
    }
}

/// What is to come of it: what the caller gets, and how many requests the asked provider and the stand-in see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) got: Got,
    pub(crate) primary: usize,
    pub(crate) stand_in: usize,
}

impl Cell {
    pub(crate) const fn new(got: Got, primary: usize, stand_in: usize) -> Self {
        Self { got, primary, stand_in }
    }
}

pub(crate) struct Row {
    pub(crate) fault: Fault,
    /// By those who guard a stream to its end, in the order of [`POLICIES`].
    guarded: [Cell; POLICIES.len()],
    /// By ureq, whatever the policy.
    ureq: Cell,
    /// What a reader may wonder about.
    pub(crate) why: &'static str,
}

impl Row {
    /// It comes to this, whoever asks and whatever the policy.
    pub(crate) const fn of(fault: Fault, got: Got, primary: usize, stand_in: usize) -> Self {
        let cell = Cell::new(got, primary, stand_in);
        Self { fault, guarded: [cell; POLICIES.len()], ureq: cell, why: "" }
    }

    /// Where tokens may be shown that are void or lead to nothing, it comes to this.
    pub(crate) const fn shown(mut self, error: Cell, restart: Cell) -> Self {
        self.guarded[0] = error;
        self.guarded[2] = restart;
        self
    }

    pub(crate) const fn ureq(mut self, got: Got, primary: usize, stand_in: usize) -> Self {
        self.ureq = Cell::new(got, primary, stand_in);
        self
    }

    pub(crate) const fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    /// In the column of this policy.
    pub(crate) const fn guarded(&self) -> [Cell; POLICIES.len()] {
        self.guarded
    }

    pub(crate) const fn by_ureq(&self) -> Cell {
        self.ureq
    }
}
