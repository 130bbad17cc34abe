//! A row of the table: a fault, and what is to come of it on each way through each adapter.

use failover_testkit::Fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    Ureq,
    Reqwest,
    Isahc,
}

impl Adapter {
    pub(crate) const ALL: [Self; 3] = [Self::Ureq, Self::Reqwest, Self::Isahc];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ureq => "ureq",
            Self::Reqwest => "reqwest",
            Self::Isahc => "isahc",
        }
    }
}

/// How the caller asks, and who has the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through a client with the failover in it; the asked provider has the fault.
    DropIn,
    /// The same, with `check_answers(true)`.
    Checked,
    /// Through `call`, with callables that use the bare client; the first one's provider has the fault.
    Call,
    /// Through a client with the failover in it; the asked provider says 429, and the stand-in has the fault.
    AtStandIn,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::DropIn, Self::Checked, Self::Call, Self::AtStandIn];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DropIn => "drop-in",
            Self::Checked => "check_answers",
            Self::Call => "call",
            Self::AtStandIn => "stand-in has it",
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Fault(Fault),
    Scenario(Scenario),
}

/// What takes more than one request, or more than one provider that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// 503 for 60 s, a request every 4 s.
    Outage,
    /// 503 always, and the answer says who gave it.
    Named,
    AllDown,
    /// The same after a healthy answer, which the cache kept.
    Stale,
    /// The caller drops a request that hangs, and asks again.
    Cancelled,
    /// A function of the caller's panics, and the caller asks again.
    Panic,
    /// A thousand requests, a hundred at a time, while the asked provider goes down, comes back, and goes down again.
    Flapping,
    /// The clock goes a year ahead, and back again.
    ClockJumps,
}

/// What the caller ends up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// The asked provider's healthy answer.
    Primary,
    /// The stand-in's answer, in the shape of the asked provider's, and with its provenance.
    StandIn,
    /// The stand-in's while the asked provider is down, then the asked provider's again.
    StandInThenPrimary,
    /// The healthy answer of another time, which says so.
    Stale,
    /// Every time an answer, of the asked provider's or the stand-in's.
    AllAnswered,
    /// The asked provider's success, whose body is none. It is handed on unread, so the caller finds out.
    Junk,
    /// The asked provider's success, longer than the limit.
    TooLarge,
    /// The asked provider's success, which breaks off while the caller reads it.
    BrokenOff,
    /// The asked provider's own refusal.
    Own(u16),
    /// The client's own error, of its own type.
    OwnError,
    /// The asked provider's own job, which failed in its own words.
    OwnJobFailed,
    /// The asked provider's own job, which goes on.
    OwnJobGoesOn,
    /// An error of ours that says what became of each provider.
    Failed,
}

/// So many requests, or at most so many where it depends on a throw of the dice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Is(usize),
    AtMost(usize),
}

impl Count {
    pub(crate) const fn covers(self, count: usize) -> bool {
        match self {
            Self::Is(expected) => expected == count,
            Self::AtMost(most) => count <= most,
        }
    }
}

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self::Is(count)
    }
}

/// What is to come of it: what the caller gets, and how many requests the asked provider and the stand-in see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) got: Got,
    pub(crate) primary: Count,
    pub(crate) stand_in: Count,
}

pub(crate) struct Row {
    pub(crate) what: What,
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// None where this way cannot be played.
    cells: [[Option<Cell>; Adapter::ALL.len()]; Way::ALL.len()],
    /// Where the adapters or the ways differ, and why.
    pub(crate) why: &'static str,
}

impl Row {
    pub(crate) const fn of(fault: Fault) -> Self {
        Self::new(What::Fault(fault), fault.id(), fault.name())
    }

    pub(crate) const fn scenario(scenario: Scenario, id: &'static str, name: &'static str) -> Self {
        Self::new(What::Scenario(scenario), id, name)
    }

    const fn new(what: What, id: &'static str, name: &'static str) -> Self {
        Self { what, id, name, cells: [[None; Adapter::ALL.len()]; Way::ALL.len()], why: "" }
    }

    pub(crate) fn is_about(&self, fault: Fault) -> bool {
        self.what == What::Fault(fault)
    }

    pub(crate) fn cell(&self, way: Way, adapter: Adapter) -> Option<Cell> {
        self.cells[way as usize][adapter as usize]
    }

    /// The drop-in, whether answers are checked or not.
    pub(crate) fn drop_in(self, got: Got, primary: impl Into<Count>, stand_in: impl Into<Count>) -> Self {
        let (primary, stand_in) = (primary.into(), stand_in.into());
        self.all(Way::DropIn, got, primary, stand_in).all(Way::Checked, got, primary, stand_in)
    }

    /// The drop-in where answers are checked, and it makes a difference.
    pub(crate) fn checked(self, got: Got, primary: impl Into<Count>, stand_in: impl Into<Count>) -> Self {
        self.all(Way::Checked, got, primary, stand_in)
    }

    pub(crate) fn call(self, got: Got, primary: impl Into<Count>, stand_in: impl Into<Count>) -> Self {
        self.all(Way::Call, got, primary, stand_in)
    }

    pub(crate) fn at_stand_in(self, got: Got, primary: impl Into<Count>, stand_in: impl Into<Count>) -> Self {
        self.all(Way::AtStandIn, got, primary, stand_in)
    }

    fn all(mut self, way: Way, got: Got, primary: impl Into<Count>, stand_in: impl Into<Count>) -> Self {
        let cell = Cell { got, primary: primary.into(), stand_in: stand_in.into() };
        self.cells[way as usize] = [Some(cell); Adapter::ALL.len()];
        self
    }

    /// This adapter differs on these ways.
    pub(crate) fn but(
        mut self,
        adapter: Adapter,
        ways: &[Way],
        got: Got,
        primary: impl Into<Count>,
        stand_in: impl Into<Count>,
    ) -> Self {
        let cell = Cell { got, primary: primary.into(), stand_in: stand_in.into() };
        for way in ways {
            self.cells[*way as usize][adapter as usize] = Some(cell);
        }
        self
    }

    /// This adapter cannot be played on these ways.
    pub(crate) fn not(mut self, adapter: Adapter, ways: &[Way]) -> Self {
        for way in ways {
            self.cells[*way as usize][adapter as usize] = None;
        }
        self
    }

    pub(crate) const fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }
}
