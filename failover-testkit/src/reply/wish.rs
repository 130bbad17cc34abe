//! What a healthy answer of a chat is to be like.

use super::Reply;

#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) reason: Option<String>,
    pub(crate) no_prefill: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    /// A JSON object.
    pub(crate) arguments: String,
}

/// Chats: these change the answers of [`Provider::openai`](crate::Provider::openai), `together` and `anthropic`, whole or
/// streamed.
impl Reply {
    /// Calls this tool instead of saying something, if the request offers any tools. `arguments` is a JSON object, sent as it is,
    /// in a stream in pieces. Given twice, there are two calls.
    pub fn tool_call(mut self, name: &str, arguments: &str) -> Self {
        self.wish.calls.push(ToolCall { name: name.to_owned(), arguments: arguments.to_owned() });
        self
    }

    /// Another word for why the answer ended, in the provider's own language: `length`, `max_tokens`, `eos`.
    pub fn finish_reason(mut self, word: &str) -> Self {
        self.wish.reason = Some(word.to_owned());
        self
    }

    /// 400 if the last message is the assistant's, an answer that somebody else began.
    pub fn rejects_prefill(mut self) -> Self {
        self.wish.no_prefill = true;
        self
    }
}
