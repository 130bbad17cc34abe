//! What is measured: one request again and again, in a client that is made for it.

use super::limits::Limits;
use super::stage::Stage;

/// One request, with a look at its answer.
pub(crate) type Work = Box<dyn FnMut()>;

/// The rows that take turns.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The row of the same table that it is compared with.
    pub(crate) against: Option<&'static str>,
    pub(crate) limits: Limits,
    /// How many requests are timed together: one, but where a look at the clock would be a good part of it.
    pub(crate) together: u32,
    /// Of how many parts an answer consists, if each is what is measured.
    pub(crate) parts: u32,
    make: fn(&Stage) -> Work,
}

impl Row {
    pub(crate) const fn new(name: &'static str, make: fn(&Stage) -> Work) -> Self {
        Self { name, against: None, limits: Limits::NONE, together: 1, parts: 1, make }
    }

    pub(crate) const fn against(self, base: &'static str) -> Self {
        Self { against: Some(base), ..self }
    }

    pub(crate) const fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub(crate) const fn together(self, together: u32) -> Self {
        Self { together, ..self }
    }

    pub(crate) const fn parts(self, parts: u32) -> Self {
        Self { parts, ..self }
    }

    /// A client of its own, and what is done with it.
    pub(crate) fn work(&self, stage: &Stage) -> Work {
        (self.make)(stage)
    }
}
