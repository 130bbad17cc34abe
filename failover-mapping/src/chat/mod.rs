//! Chats: what a provider of text is asked and what it answers, whole or as a stream of events.
//!
//! Two APIs are spoken here: OpenAI's chat completions, which Together and many others speak as well, and Anthropic's messages. Each
//! is a reader and a writer of one neutral form, for the request, the answer and the events of a stream; none knows another.

mod answer;
mod api;
mod by_hand;
mod completions;
mod data;
mod delta;
mod errand;
mod events;
mod exchange;
mod form;
mod image;
mod judge;
mod keys;
mod messages;
mod peek;
mod policy;
mod refusal;
mod speaker;
mod spoken;
pub mod streams;

pub(crate) use answer::Stop;
pub use answer::Usage;
pub use api::ChatApi;
pub(crate) use errand::Chat;
pub use events::EventTranslator;
pub(crate) use form::{ChatForm, Part, Role};
pub use policy::StreamPolicy;
pub(crate) use speaker::Speaker;
