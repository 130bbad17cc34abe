//! What is said in a chat, and by whom.

use std::fmt;

/// One message of a chat.
///
/// ```
/// use failover_mapping::text::Message;
///
/// let chat = [
///     Message::system("Answer in one word."),
///     Message::user("The capital of France?"),
///     Message::assistant("Paris."),
///     Message::user("And of Italy?"),
/// ];
/// assert_eq!(format!("{:?}", chat[1]), "Message(User)"); // what is said is never printed
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(super) role: Role,
    pub(super) text: String,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Whoever wrote the program.
    System,
    /// Whoever asks.
    User,
    /// The model, earlier in the same chat.
    Assistant,
}

impl Message {
    /// Said by this role.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }

    /// What the program wants of every answer.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// A question.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// An earlier answer. A chat ends with the user's turn, never with this.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// Who says it.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }
}

/// A pair of a role and what it says.
impl<T: Into<String>> From<(Role, T)> for Message {
    fn from((role, text): (Role, T)) -> Self {
        Self::new(role, text)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(&self.role).finish()
    }
}
