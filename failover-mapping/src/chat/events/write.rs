//! Writes the stream that the caller gets, in the API that it asked.

use failover_core::Fault;

use super::{EventReader, completions, messages};
use crate::chat::answer::{ChatAnswer, Stop, Usage};
use crate::chat::api::{ChatApi, Heading};
use crate::chat::delta::Delta;

/// The stream that a caller gets.
///
/// Nothing is written before there is something to show, and the reason to stop not before the end: the usage comes in
/// between, and a stream that fails after all has never looked complete.
pub(crate) struct EventWriter {
    tongue: Tongue,
    envelope: Envelope,
    usage_wanted: bool,
    /// The caller has got the beginning.
    open: bool,
    /// It has got the end.
    ended: bool,
    /// The index of this answer's first call, for completions: those of answers that are void were numbered too.
    first_call: usize,
    calls: usize,
    refused: bool,
    stop: Option<Stop>,
    usage: Option<Usage>,
}

enum Tongue {
    Completions(completions::Writer),
    Messages(messages::Writer),
}

/// What a stream says of itself.
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) model: String,
    /// Unix time, in seconds.
    pub(crate) created: u64,
    /// For an id, if the provider's own does not do.
    number: u64,
}

impl EventWriter {
    pub(crate) fn new(api: ChatApi, heading: &Heading<'_>, usage_wanted: bool) -> Self {
        Self {
            tongue: match api {
                ChatApi::Completions => Tongue::Completions(completions::Writer::default()),
                ChatApi::Messages => Tongue::Messages(messages::Writer::default()),
            },
            envelope: Envelope {
                id: heading.id(api, None),
                model: heading.model.to_owned(),
                created: heading.created,
                number: heading.number,
            },
            usage_wanted,
            open: false,
            ended: false,
            first_call: 0,
            calls: 0,
            refused: false,
            stop: None,
            usage: None,
        }
    }

    /// A whole answer as a complete stream, for a caller who wants one when the provider did not stream.
    pub(crate) fn whole(
        api: ChatApi,
        answer: &ChatAnswer,
        heading: &Heading<'_>,
        usage_wanted: bool,
    ) -> Vec<u8> {
        let (mut writer, mut out) = (Self::new(api, heading, usage_wanted), Vec::new());
        writer.write(&Delta::Began { id: answer.id.clone(), model: answer.model.clone() }, &mut out);
        writer.usage = answer.usage;
        writer.text(&answer.text, &mut out);
        writer.refusal(answer.refusal.as_deref().unwrap_or_default(), &mut out);
        for (number, call) in answer.calls.iter().enumerate() {
            writer.call(number, &call.id, &call.name, &mut out);
            writer.input(number, &call.arguments, &mut out);
        }
        writer.stop = Some(answer.stop.clone());
        writer.finish(&mut out);
        out
    }

    pub(crate) fn write(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match delta {
            Delta::Began { id, model } => self.began(id.as_deref(), model.as_deref()),
            Delta::Text(text) => self.text(text, out),
            Delta::Thinking => self.begin(out),
            Delta::Refusal(text) => self.refusal(text, out),
            Delta::CallBegan { number, id, name } => self.call(*number, id, name, out),
            Delta::CallInput { number, json } => self.input(*number, json, out),
            Delta::Stopped(stop) => self.stop = Some(stop.clone()),
            Delta::Usage(usage) => self.usage = Some(*usage),
            // Whoever drives the stream says what follows: a restart, a failure or the end.
            Delta::Failed(_) | Delta::Done => {}
        }
    }

    /// The proper end. A stream that has not said why it stops fails instead.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(stop) = self.stop.take() else {
            return self.fail(Fault::Cut, "the answer broke off", out);
        };
        if self.ended {
            return;
        }
        self.begin(out);
        self.ended = true;
        let stop = match stop {
            Stop::Complete | Stop::Tools if self.calls > 0 => Stop::Tools,
            Stop::Complete | Stop::Tools if self.refused => Stop::Refused,
            Stop::Tools => Stop::Complete,
            stop => stop,
        };
        match &mut self.tongue {
            Tongue::Completions(writer) => {
                writer.finish(&stop, self.usage.filter(|_| self.usage_wanted), out);
                out.extend_from_slice(end_of(ChatApi::Completions));
            }
            Tongue::Messages(writer) => {
                writer.finish(&stop, self.usage, out);
                out.extend_from_slice(end_of(ChatApi::Messages));
            }
        }
    }

    /// The caller has seen the events of this stream as they came: a restart comes after them.
    pub(crate) fn follow(&mut self, reader: &EventReader) {
        let seen = reader.seen();
        if !seen.begun {
            return;
        }
        self.began(seen.id, None);
        self.open = true;
        self.calls = seen.calls;
        if let Tongue::Messages(writer) = &mut self.tongue {
            writer.follow(seen.next_block, seen.open_block);
        }
    }

    /// Says that everything before is void, and that another provider begins anew. A caller who has seen nothing is told nothing.
    pub(crate) fn restart(&mut self, why: Fault, by: &str, model: &str, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        if let Tongue::Completions(_) = self.tongue {
            self.first_call += self.calls;
        }
        self.calls = 0;
        (self.refused, self.stop, self.usage) = (false, None, None);
        model.clone_into(&mut self.envelope.model);
        if !self.open {
            return;
        }
        match &mut self.tongue {
            Tongue::Completions(writer) => {
                writer.headed(&self.envelope);
                writer.restart(why.name(), by, model, out);
            }
            Tongue::Messages(writer) => writer.restart(why.name(), by, model, out),
        }
    }

    /// Ends the stream with an error in the shape of its API. Nothing comes after it.
    pub(crate) fn fail(&mut self, fault: Fault, message: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let code = match fault {
            Fault::Cut | Fault::Reset => "stream_truncated",
            Fault::Timeout | Fault::CallerDeadline => "stream_stalled",
            Fault::Malformed => "stream_malformed",
            _ => "stream_error",
        };
        match self.tongue {
            Tongue::Completions(_) => completions::fail(code, message, out),
            Tongue::Messages(_) => messages::fail(fault, code, message, out),
        }
    }

    /// A sign of life that no client takes for an event.
    pub(crate) fn keep_alive(out: &mut Vec<u8>) {
        out.extend_from_slice(b": keep-alive\n\n");
    }

    fn began(&mut self, id: Option<&str>, model: Option<&str>) {
        if !self.open {
            let envelope = &mut self.envelope;
            let heading =
                Heading { model: &envelope.model, created: envelope.created, number: envelope.number };
            let api = match self.tongue {
                Tongue::Completions(_) => ChatApi::Completions,
                Tongue::Messages(_) => ChatApi::Messages,
            };
            envelope.id = heading.id(api, id);
        }
        if let Some(model) = model {
            model.clone_into(&mut self.envelope.model);
        }
        if let (Tongue::Completions(writer), true) = (&mut self.tongue, self.open) {
            writer.headed(&self.envelope);
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.open, true) {
            return;
        }
        match &mut self.tongue {
            Tongue::Completions(writer) => {
                writer.headed(&self.envelope);
                writer.open(out);
            }
            Tongue::Messages(writer) => writer.open(&self.envelope, self.usage, out),
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.begin(out);
        match &mut self.tongue {
            Tongue::Completions(writer) => writer.text(text, out),
            Tongue::Messages(writer) => writer.text(text, out),
        }
    }

    fn refusal(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.begin(out);
        self.refused = true;
        match &mut self.tongue {
            Tongue::Completions(writer) => writer.refusal(text, out),
            // There, the reason to stop tells that it is one.
            Tongue::Messages(writer) => writer.text(text, out),
        }
    }

    fn call(&mut self, number: usize, id: &str, name: &str, out: &mut Vec<u8>) {
        self.begin(out);
        self.calls = self.calls.max(number + 1);
        match &mut self.tongue {
            Tongue::Completions(writer) => writer.call(self.first_call + number, id, name, out),
            Tongue::Messages(writer) => writer.call(id, name, out),
        }
    }

    fn input(&mut self, number: usize, json: &str, out: &mut Vec<u8>) {
        if json.is_empty() {
            return;
        }
        self.begin(out);
        match &mut self.tongue {
            Tongue::Completions(writer) => writer.input(self.first_call + number, json, out),
            Tongue::Messages(writer) => writer.input(number, json, out),
        }
    }
}

/// By this, a stream says that nothing more comes.
pub(crate) const fn end_of(api: ChatApi) -> &'static [u8] {
    match api {
        ChatApi::Completions => b"data: [DONE]\n\n",
        ChatApi::Messages => b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    }
}
