//! Writes the events of messages.

use failover_core::Fault;

use super::super::line::Line;
use super::super::write::Envelope;
use crate::chat::answer::{Stop, Usage};

#[derive(Default)]
pub(crate) struct Writer {
    open: Option<Block>,
    /// The index of the next block.
    next: u64,
    /// The blocks of the calls, by their numbers.
    calls: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Text(u64),
    Call(u64),
    /// Written by somebody else.
    Elsewhere(u64),
}

impl Block {
    const fn index(self) -> u64 {
        match self {
            Self::Text(index) | Self::Call(index) | Self::Elsewhere(index) => index,
        }
    }
}

impl Writer {
    pub(crate) fn open(&self, envelope: &Envelope, usage: Option<Usage>, out: &mut Vec<u8>) {
        event("message_start", out)
            .raw(r#","message":{"id":"#)
            .text(&envelope.id)
            .raw(r#","type":"message","role":"assistant","model":"#)
            .text(&envelope.model)
            .raw(r#","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":"#)
            .number(usage.unwrap_or_default().input)
            .raw(r#","output_tokens":0}}"#)
            .raw("}\n\n");
    }

    pub(crate) fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let index = match self.open {
            Some(Block::Text(index)) => index,
            _ => {
                let index = self.start(out);
                self.open = Some(Block::Text(index));
                event("content_block_start", out)
                    .raw(r#","index":"#)
                    .number(index)
                    .raw(r#","content_block":{"type":"text","text":""}"#)
                    .raw("}\n\n");
                index
            }
        };
        delta(index, out).raw(r#""text_delta","text":"#).text(text).raw("}}\n\n");
    }

    pub(crate) fn call(&mut self, id: &str, name: &str, out: &mut Vec<u8>) {
        let index = self.start(out);
        self.open = Some(Block::Call(index));
        self.calls.push(index);
        event("content_block_start", out)
            .raw(r#","index":"#)
            .number(index)
            .raw(r#","content_block":{"type":"tool_use","id":"#)
            .text(id)
            .raw(r#","name":"#)
            .text(name)
            .raw(r#","input":{}}"#)
            .raw("}\n\n");
    }

    pub(crate) fn input(&self, number: usize, json: &str, out: &mut Vec<u8>) {
        // A piece that comes after its block was closed goes there all the same: clients add it up by the index.
        let Some(index) = self.calls.get(number) else { return };
        delta(*index, out).raw(r#""input_json_delta","partial_json":"#).text(json).raw("}}\n\n");
    }

    pub(crate) fn finish(&mut self, stop: &Stop, usage: Option<Usage>, out: &mut Vec<u8>) {
        self.close(out);
        let sequence = if let Stop::Sequence(sequence) = stop { sequence.as_deref() } else { None };
        let line = event("message_delta", out)
            .raw(r#","delta":{"stop_reason":"#)
            .text(stop.stop_reason())
            .raw(r#","stop_sequence":"#)
            .text_or_null(sequence)
            .raw(r#"},"usage":{"#);
        // Often the cost of the request is not known before the end.
        let line = match usage {
            Some(usage) => line.raw(r#""input_tokens":"#).number(usage.input).raw(","),
            None => line,
        };
        line.raw(r#""output_tokens":"#).number(usage.unwrap_or_default().output).raw("}}\n\n");
    }

    /// The caller has got blocks from elsewhere.
    pub(crate) fn follow(&mut self, next: u64, open: Option<u64>) {
        self.next = next;
        self.open = open.map(Block::Elsewhere);
    }

    /// `because`, `provider` and `model` of a restart.
    pub(crate) fn restart(&mut self, because: &str, provider: &str, model: &str, out: &mut Vec<u8>) {
        self.close(out);
        self.calls.clear();
        event("failover_restart", out)
            .raw(r#","restart":true,"because":"#)
            .text(because)
            .raw(r#","provider":"#)
            .text(provider)
            .raw(r#","model":"#)
            .text(model)
            .raw("}\n\n");
    }

    /// Closes the block that is open. The index of the next.
    fn start(&mut self, out: &mut Vec<u8>) -> u64 {
        self.close(out);
        let index = self.next;
        self.next += 1;
        index
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(block) = self.open.take() {
            event("content_block_stop", out).raw(r#","index":"#).number(block.index()).raw("}\n\n");
        }
    }
}

/// An error in the middle of a success.
pub(crate) fn fail(fault: Fault, code: &str, message: &str, out: &mut Vec<u8>) {
    let kind = if fault == Fault::Overloaded { "overloaded_error" } else { "api_error" };
    event("error", out)
        .raw(r#","error":{"type":"#)
        .text(kind)
        .raw(r#","message":"#)
        .text(message)
        .raw(r#","details":{"code":"#)
        .text(code)
        .raw("}}}\n\n");
}

/// The beginning of an event, up to the first key after its type.
fn event<'o>(name: &str, out: &'o mut Vec<u8>) -> Line<'o> {
    Line(out).raw("event: ").raw(name).raw("\ndata: {\"type\":\"").raw(name).raw("\"")
}

fn delta(index: u64, out: &mut Vec<u8>) -> Line<'_> {
    event("content_block_delta", out).raw(r#","index":"#).number(index).raw(r#","delta":{"type":"#)
}
