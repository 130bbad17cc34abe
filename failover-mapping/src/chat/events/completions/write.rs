//! Writes chunks of chat completions.

use super::super::line::Line;
use super::super::write::Envelope;
use crate::chat::answer::{Stop, Usage};

#[derive(Default)]
pub(crate) struct Writer {
    /// All of a chunk that stands before its choices: the same in every one.
    head: Vec<u8>,
}

impl Writer {
    /// From now on, chunks say so of themselves.
    pub(crate) fn headed(&mut self, envelope: &Envelope) {
        self.head.clear();
        Line(&mut self.head)
            .raw(r#"data: {"id":"#)
            .text(&envelope.id)
            .raw(r#","object":"chat.completion.chunk","created":"#)
            .number(envelope.created)
            .raw(r#","model":"#)
            .text(&envelope.model)
            .raw(r#","choices":["#);
    }

    pub(crate) fn open(&self, out: &mut Vec<u8>) {
        self.delta(out, |delta| delta.raw(r#""role":"assistant","content":"""#));
    }

    pub(crate) fn text(&self, text: &str, out: &mut Vec<u8>) {
        self.delta(out, |delta| delta.raw(r#""content":"#).text(text));
    }

    pub(crate) fn refusal(&self, text: &str, out: &mut Vec<u8>) {
        self.delta(out, |delta| delta.raw(r#""refusal":"#).text(text));
    }

    pub(crate) fn call(&self, number: usize, id: &str, name: &str, out: &mut Vec<u8>) {
        self.delta(out, |delta| {
            delta
                .raw(r#""tool_calls":[{"index":"#)
                .number(number as u64)
                .raw(r#","id":"#)
                .text(id)
                .raw(r#","type":"function","function":{"name":"#)
                .text(name)
                .raw(r#","arguments":""}}]"#)
        });
    }

    pub(crate) fn input(&self, number: usize, json: &str, out: &mut Vec<u8>) {
        self.delta(out, |delta| {
            delta
                .raw(r#""tool_calls":[{"index":"#)
                .number(number as u64)
                .raw(r#","function":{"arguments":"#)
                .text(json)
                .raw("}}]")
        });
    }

    pub(crate) fn finish(&self, stop: &Stop, usage: Option<Usage>, out: &mut Vec<u8>) {
        self.chunk(out)
            .raw(r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"#)
            .text(stop.finish_reason())
            .raw("}]}\n\n");
        if let Some(usage) = usage {
            self.chunk(out)
                .raw(r#"],"usage":{"prompt_tokens":"#)
                .number(usage.input)
                .raw(r#","completion_tokens":"#)
                .number(usage.output)
                .raw(r#","total_tokens":"#)
                .number(usage.total())
                .raw("}}\n\n");
        }
    }

    /// `because`, `provider` and `model` of a restart.
    pub(crate) fn restart(&self, because: &str, provider: &str, model: &str, out: &mut Vec<u8>) {
        self.chunk(out)
            .raw(r#"],"failover":{"restart":true,"because":"#)
            .text(because)
            .raw(r#","provider":"#)
            .text(provider)
            .raw(r#","model":"#)
            .text(model)
            .raw("}}\n\n");
    }

    fn chunk<'o>(&self, out: &'o mut Vec<u8>) -> Line<'o> {
        out.extend_from_slice(&self.head);
        Line(out)
    }

    fn delta(&self, out: &mut Vec<u8>, write: impl FnOnce(Line<'_>) -> Line<'_>) {
        let delta = self.chunk(out).raw(r#"{"index":0,"delta":{"#);
        write(delta).raw("},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
    }
}

/// An error in the middle of a success.
pub(crate) fn fail(code: &str, message: &str, out: &mut Vec<u8>) {
    Line(out)
        .raw(r#"data: {"error":{"message":"#)
        .text(message)
        .raw(r#","type":"failover_error","param":null,"code":"#)
        .text(code)
        .raw("}}\n\n");
}
