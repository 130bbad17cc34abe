//! Whether a call was answered, or failed cleanly.
//!
//! *Answered* is the exact text of one provider, all of it. *Failed cleanly* is a 429 or a 5xx with OpenAI's error as JSON, or a stream whose
//! part so far is the beginning of one provider's text, then an error event, and no `[DONE]`. Everything else is *unclean*: so is any
//! other 4xx, as nothing is wrong with the calls.

use serde::Deserialize;
use serde_json::Value;

use crate::schedule::Who;
use crate::words;

/// Why each answer ends, as its `finish_reason` says.
const END: &str = "stop";

/// How a call has ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ended {
    Answered(Who),
    /// With this status.
    Refused(u16),
    /// A stream, after it had begun.
    Broken,
    /// What should not be, and why so.
    Unclean(String),
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

/// An answer that is no stream, or a refusal.
pub(crate) fn whole(status: u16, body: &[u8], prompt: &str) -> Ended {
    match status {
        200 => completed(body, prompt),
        429 | 500..600 if is_error(body) => Ended::Refused(status),
        429 | 500..600 => unclean("a refusal in another shape", body),
        _ => unclean(&format!("a {status}, which nobody has a reason for"), body),
    }
}

fn completed(body: &[u8], prompt: &str) -> Ended {
    let Ok(Completion { choices }) = serde_json::from_slice(body) else {
        return unclean("a success that is no completion", body);
    };
    match choices.first() {
        Some(choice) if choice.finish_reason.as_deref() == Some(END) => {
            answered(&choice.message.content, prompt)
        }
        _ => unclean("a completion that does not say that it is whole", body),
    }
}

fn answered(text: &str, prompt: &str) -> Ended {
    match Who::ALL.into_iter().find(|who| text == words::text(*who, prompt)) {
        Some(who) => Ended::Answered(who),
        None => unclean(&format!("not the text for {prompt}"), text.as_bytes()),
    }
}

/// Whether it is OpenAI's error: an object with a message and a type.
fn is_error(json: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(json) else { return false };
    ["message", "type"].iter().all(|key| value["error"][key].as_str().is_some_and(|text| !text.is_empty()))
}

fn unclean(why: &str, seen: &[u8]) -> Ended {
    let seen: String = String::from_utf8_lossy(seen).chars().take(300).collect();
    Ended::Unclean(format!("{why}: {seen}"))
}

#[derive(Deserialize)]
struct Chunk {
    choices: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

/// A stream, as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// What is no whole line yet.
    held: Vec<u8>,
    text: String,
    finished: bool,
    done: bool,
    broken: bool,
    odd: Option<Ended>,
}

impl Stream {
    /// What has come.
    pub(crate) fn hear(&mut self, piece: &[u8]) {
        self.held.extend_from_slice(piece);
        let mut from = 0;
        while let Some(length) = self.held[from..].iter().position(|byte| *byte == b'\n') {
            let line = self.held[from..from + length].to_vec();
            self.line(line.trim_ascii_end());
            from += length + 1;
        }
        self.held.drain(..from);
    }

    /// Whether a token has come.
    pub(crate) fn has_begun(&self) -> bool {
        !self.text.is_empty()
    }

    /// It has ended, by this error of the connection if by any.
    pub(crate) fn end(self, error: Option<String>, prompt: &str) -> Ended {
        if let Some(odd) = self.odd {
            return odd;
        }
        match (self.done, self.broken, error) {
            (true, false, None) if self.finished => answered(&self.text, prompt),
            (false, true, _) => {
                let begins = |who: Who| words::text(who, prompt).starts_with(&self.text);
                let fits = Who::ALL.into_iter().any(begins) && self.held.is_empty();
                if fits {
                    Ended::Broken
                } else {
                    unclean("broken, and not the text so far", self.text.as_bytes())
                }
            }
            (done, broken, error) => {
                let why = format!("a stream that ends with done {done}, error event {broken}, {error:?}");
                unclean(&why, self.text.as_bytes())
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data: ") else {
            // An event's name, a comment, or its end.
            return;
        };
        if self.done || self.broken {
            self.odd.get_or_insert_with(|| unclean("an event after the last", line));
        } else if data == b"[DONE]" {
            self.done = true;
        } else if let Ok(Chunk { choices }) = serde_json::from_slice(data) {
            for part in choices {
                self.text.push_str(part.delta.content.as_deref().unwrap_or_default());
                match part.finish_reason.as_deref() {
                    None => {}
                    Some(END) => self.finished = true,
                    Some(_) => {
                        self.odd.get_or_insert_with(|| unclean("an end for another reason", line));
                    }
                }
            }
        } else if is_error(data) {
            self.broken = true;
        } else {
            self.odd.get_or_insert_with(|| unclean("an event that is none of OpenAI's", line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{completion, event, prompt, refusal, token_event, tokens};

    fn is_unclean(ended: &Ended) -> bool {
        matches!(ended, Ended::Unclean(_))
    }

    #[test]
    fn a_whole_answer() {
        let asked = prompt(7);
        let right = completion(Who::Spare, &asked);
        assert_eq!(whole(200, right.as_bytes(), &asked), Ended::Answered(Who::Spare));
        assert!(is_unclean(&whole(200, right.as_bytes(), &prompt(8))), "another call's");
        assert!(is_unclean(&whole(200, &right.as_bytes()[..right.len() / 2], &asked)), "half of it");
        let shorter = right.replace(" the 9. lamp is lit", "");
        assert!(is_unclean(&whole(200, shorter.as_bytes(), &asked)), "a token is missing");
        let cut = right.replace("\"stop\"", "\"length\"");
        assert!(is_unclean(&whole(200, cut.as_bytes(), &asked)), "ends for another reason");
        assert!(is_unclean(&whole(204, right.as_bytes(), &asked)), "another success");
        let mixed = right.replace("spare answers", "asked answers").replace("of-spare", "of-asked");
        assert_eq!(whole(200, mixed.as_bytes(), &asked), Ended::Answered(Who::Asked));
    }

    #[test]
    fn a_refusal() {
        let refused = refusal("too much", "overloaded");
        for status in [429, 500, 503, 504] {
            assert_eq!(whole(status, refused.as_bytes(), "call 1"), Ended::Refused(status));
        }
        for status in [302, 400, 401, 404, 408, 600] {
            assert!(
                is_unclean(&whole(status, refused.as_bytes(), "call 1")),
                "{status}: nothing is wrong with the call"
            );
        }
        assert!(is_unclean(&whole(200, refused.as_bytes(), "call 1")));
        assert!(is_unclean(&whole(502, b"Bad Gateway", "call 1")));
        assert!(is_unclean(&whole(502, br#"{"error":"bad gateway"}"#, "call 1")));
    }

    /// A stream of so many tokens, and then this, in pieces of 7 bytes.
    fn streamed(count: usize, rest: &str, error: Option<&str>) -> Ended {
        let mut all = event(Who::Asked, "{\"role\":\"assistant\",\"content\":\"\"}", "null");
        tokens(Who::Asked, "call 7")
            .take(count)
            .for_each(|token| all.push_str(&token_event(Who::Asked, &token)));
        all.push_str(rest);
        let mut stream = Stream::default();
        all.as_bytes().chunks(7).for_each(|piece| stream.hear(piece));
        stream.end(error.map(str::to_owned), "call 7")
    }

    #[test]
    fn a_stream() {
        let finish = event(Who::Asked, "{}", "\"stop\"");
        let done = format!("{finish}data: [DONE]\n\n");
        assert_eq!(streamed(10, &done, None), Ended::Answered(Who::Asked));
        assert!(is_unclean(&streamed(9, &done, None)), "a token is missing");
        assert!(is_unclean(&streamed(10, &finish, None)), "no [DONE]");
        assert!(is_unclean(&streamed(10, "data: [DONE]\n\n", None)), "does not say why it ends");
        let cut = done.replace("\"stop\"", "\"length\"");
        assert!(is_unclean(&streamed(10, &cut, None)), "ends for another reason");
        assert!(is_unclean(&streamed(10, &format!("{finish}{cut}"), None)), "and for another one");
        assert!(is_unclean(&streamed(10, &done, Some("reset"))), "and then an error");
        assert!(is_unclean(&streamed(10, &format!("{done}{finish}"), None)), "goes on");
        assert!(is_unclean(&streamed(0, "", None)), "empty");
    }

    #[test]
    fn a_stream_that_breaks_off() {
        let said = format!("data: {}\n\n", refusal("broke off", "stream_error"));
        assert_eq!(streamed(4, &said, None), Ended::Broken);
        assert_eq!(streamed(4, &said, Some("reset")), Ended::Broken, "as long as it has been said");
        assert!(is_unclean(&streamed(4, "", Some("reset"))), "nobody has said it");
        assert!(is_unclean(&streamed(4, "", None)));
        assert!(is_unclean(&streamed(4, &format!("{said}data: [DONE]\n\n"), None)), "as if it were whole");
        let other = token_event(Who::Spare, "spare answers call 7:");
        assert!(is_unclean(&streamed(4, &format!("{other}{said}"), None)), "of two providers");
    }
}
