//! A row of the second list: a fault, and what is to come of it on each way that a caller can ask.

use std::fmt;

use failover_testkit::Fault;

/// How the caller asks, and who has the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// A chat, whole.
    Whole,
    /// A chat, streamed, with the policy `error`.
    Streamed,
    /// An image.
    Image,
    /// As `Whole`, with `check_answers`.
    WholeChecked,
    /// A chat, streamed, with the policy `buffer`.
    Buffered,
    /// As `Image`, with `check_answers`.
    ImageChecked,
    /// A chat, whole; the asked provider says 503, and the stand-in has the fault. So in what follows.
    StandInsWhole,
    StandInsStream,
    StandInsImage,
}

/// What is asked at one gateway: its settings are the same, and no two of them have a circuit in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Asked,
    Checked,
    StandIn,
}

impl Set {
    pub(super) const ALL: [Self; 3] = [Self::Asked, Self::Checked, Self::StandIn];

    /// What is asked for, in the order of the columns of each.
    pub(super) const ASKED: [&str; 3] = ["chat", "stream", "image"];

    pub(super) const fn columns(self) -> [Column; 3] {
        match self {
            Self::Asked => [Column::Whole, Column::Streamed, Column::Image],
            Self::Checked => [Column::WholeChecked, Column::Buffered, Column::ImageChecked],
            Self::StandIn => [Column::StandInsWhole, Column::StandInsStream, Column::StandInsImage],
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Asked => "at the asked provider",
            Self::Checked => "at the asked provider, checked and held back",
            Self::StandIn => "at the stand-in",
        }
    }
}

/// What the caller ends up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// The asked provider's healthy answer, whole.
    Primary,
    /// The stand-in's, whole, in the shape of the asked provider's, and saying whose it is.
    StandIn,
    /// The healthy answer of another time, which says so.
    Stale,
    /// The asked provider's own refusal, or where it sends the caller.
    Own(u16),
    /// An error of the gateway's, in the shape of the asked provider's.
    Typed,
    /// The asked provider's success, handed on unread: its body is none.
    Junk,
    /// Likewise: it is longer than the caller reads.
    TooLong,
    /// Likewise: it breaks off.
    Cut,
    /// The asked provider's success comes so slowly that the caller's own time limit ends it.
    Slow,
    /// So many tokens at most, an event that says why there are no more, and an end that is none.
    Broke(usize, Why),
    /// Every one of many has an answer, of either.
    AllAnswered,
    /// How the asked provider's job stands, or the stand-in's.
    Job(Whose, Stands),
}

/// Why a stream ended that the caller has seen a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    CutOff,
    Overloaded,
    /// In words of ours.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Asked,
    StandIns,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Failed,
    GoesOn,
    Done,
}

impl Got {
    /// Whether it is what was expected. A reset may overtake tokens, so of a stream that broke there may be fewer.
    pub(super) fn is_met_by(self, seen: Self) -> bool {
        match (self, seen) {
            (Self::Broke(most, why), Self::Broke(tokens, said)) => {
                why == said && (1..=most).contains(&tokens)
            }
            _ => self == seen,
        }
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary => write!(f, "primary"),
            Self::StandIn => write!(f, "stand-in"),
            Self::Stale => write!(f, "stale"),
            Self::Own(status) => write!(f, "own {status}"),
            Self::Typed => write!(f, "typed error"),
            Self::Junk => write!(f, "own junk"),
            Self::TooLong => write!(f, "own, too long"),
            Self::Cut => write!(f, "own, cut"),
            Self::Slow => write!(f, "own, slow"),
            Self::Broke(most, Why::CutOff) => write!(f, "≤{most}, then cut off"),
            Self::Broke(most, Why::Overloaded) => write!(f, "≤{most}, then overloaded"),
            Self::Broke(most, Why::Failed) => write!(f, "≤{most}, then an error"),
            Self::AllAnswered => write!(f, "all answered"),
            Self::Job(whose, stands) => {
                let whose = if *whose == Whose::Asked { "own" } else { "stand-in's" };
                let stands = match stands {
                    Stands::Failed => "failed",
                    Stands::GoesOn => "goes on",
                    Stands::Done => "done",
                };
                write!(f, "{whose} job {stands}")
            }
        }
    }
}

/// What the caller gets, and how many requests reach the asked provider and the stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) got: Got,
    pub(super) primary: usize,
    pub(super) stand_in: usize,
}

impl Cell {
    pub(super) const fn new(got: Got, primary: usize, stand_in: usize) -> Self {
        Self { got, primary, stand_in }
    }

    /// What is wrong where this was expected and that was seen.
    pub(super) fn missed(self, seen: Self) -> Option<String> {
        let counts = (self.primary, self.stand_in) == (seen.primary, seen.stand_in);
        let met = self.got.is_met_by(seen.got) && (counts || self.got == Got::AllAnswered);
        (!met).then(|| format!("{seen} in place of {self}"))
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.got {
            // Who has answered how many is a throw of the dice.
            Got::AllAnswered => self.got.fmt(f),
            got => write!(f, "{got}, {}+{}", self.primary, self.stand_in),
        }
    }
}

/// A fault, and what is to come of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) fault: Fault,
    cells: Vec<(Column, Cell)>,
    pub(super) why: &'static str,
}

impl Row {
    pub(super) const fn of(fault: Fault) -> Self {
        Self { fault, cells: Vec::new(), why: "" }
    }

    /// What comes of it in these columns, whatever was said of them before.
    pub(super) fn on(mut self, columns: &[Column], got: Got, primary: usize, stand_in: usize) -> Self {
        self.cells.retain(|(column, _)| !columns.contains(column));
        self.cells.extend(columns.iter().map(|column| (*column, Cell::new(got, primary, stand_in))));
        self
    }

    /// In these columns there is no such fault.
    pub(super) fn not(mut self, columns: &[Column]) -> Self {
        self.cells.retain(|(column, _)| !columns.contains(column));
        self
    }

    pub(super) const fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    /// Nothing where the fault cannot be had.
    pub(super) fn cell(&self, column: Column) -> Option<Cell> {
        self.cells.iter().find(|(of, _)| *of == column).map(|(_, cell)| *cell)
    }
}
