//! Which failures of the asked provider make another one answer.

use failover_core::Fault;

/// The failures that make a stand-in answer.
///
/// By default the statuses 429, 500, 502, 503, 504 and 529, and a connection that is refused, reset or too slow. 529 is how
/// Anthropic says that it is overloaded.
///
/// ```
/// use failover_mapping::Triggers;
///
/// let also_out_of_credit = Triggers::default().out_of_credit(true);
/// # let _ = also_out_of_credit;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Triggers {
    pub(crate) statuses: Vec<u16>,
    pub(crate) connect: bool,
    pub(crate) reset: bool,
    pub(crate) timeout: bool,
    pub(crate) out_of_credit: bool,
}

impl Default for Triggers {
    fn default() -> Self {
        let statuses = vec![429, 500, 502, 503, 504, 529];
        Self { statuses, connect: true, reset: true, timeout: true, out_of_credit: false }
    }
}

impl Triggers {
    /// These statuses, each from 400 to 599, in place of the default ones. What the asked provider refuses because of its
    /// content policy, or because the caller's own deadline has passed, is the caller's to know whatever its status.
    #[must_use]
    pub fn statuses(self, statuses: impl IntoIterator<Item = u16>) -> Self {
        Self { statuses: statuses.into_iter().collect(), ..self }
    }

    /// Whether a connection that cannot be made is one.
    #[must_use]
    pub fn connect(self, on: bool) -> Self {
        Self { connect: on, ..self }
    }

    /// Whether a connection that is lost before the answer is one.
    #[must_use]
    pub fn reset(self, on: bool) -> Self {
        Self { reset: on, ..self }
    }

    /// Whether a time limit that passes is one.
    #[must_use]
    pub fn timeout(self, on: bool) -> Self {
        Self { timeout: on, ..self }
    }

    /// Whether an account without credit is one: 402, and FAL's 403 that says so. It is not unless said, because a bill
    /// that was not paid should be seen. OpenAI says it with a 429, which is one by itself.
    #[must_use]
    pub fn out_of_credit(self, on: bool) -> Self {
        Self { out_of_credit: on, ..self }
    }

    pub(crate) const fn when_out_of_credit(&self) -> bool {
        self.out_of_credit
    }

    /// Says what is wrong with the statuses, and the cure.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.statuses.iter().all(|status| (400..=599).contains(status)) {
            Ok(())
        } else {
            Err("holds a code that is no failure: use codes from 400 to 599")
        }
    }

    /// Whether an answer of this status makes a stand-in answer, as far as the status alone tells.
    #[must_use]
    pub fn should_failover(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    pub(crate) fn transport(&self, fault: Fault) -> bool {
        match fault {
            Fault::Connect => self.connect,
            Fault::Reset | Fault::Cut => self.reset,
            Fault::Timeout => self.timeout,
            // No answer that a client for HTTP can read: as good as none.
            Fault::Malformed | Fault::Empty | Fault::ErrorInSuccess => true,
            // Verdicts on a status, for which `status` asks. As an error of the client they are a failure like others.
            Fault::Throttled
            | Fault::Overloaded
            | Fault::Broken
            | Fault::Gateway
            | Fault::Unauthenticated
            | Fault::OutOfCredit
            | Fault::ContextTooLong
            | Fault::Unsupported => true,
            // They end the call before it comes to this.
            Fault::InvalidRequest | Fault::ContentPolicy | Fault::CallerDeadline => false,
            // A fault that the core learns of later is a failure until it is judged here.
            _ => true,
        }
    }
}
