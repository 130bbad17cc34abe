//! Who said what in Anthropic's messages: what the system says, and turns of blocks.

use serde_json::Value;

use crate::chat::form::{Call, ChatForm, Image, Part, Role};
use crate::chat::keys::{Keys, unknown_part};
use crate::loss::{self, Loss, LossKind};

const CONTENT: &str = "messages.content";

/// What the system says: a text, or blocks of text.
pub(super) fn system(
    content: Option<Value>,
    place: &'static str,
    losses: &mut Vec<Loss>,
) -> Result<Vec<String>, String> {
    let texts = match content {
        None => Vec::new(),
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(blocks)) => {
            let texts = blocks.into_iter().map(|block| {
                let mut block = Keys::of(block, place)?;
                if block.kind()? != "text" {
                    return Err(format!("{place} holds more than text"));
                }
                let text = block.text("text")?.ok_or_else(|| format!("{place}.text is missing"))?;
                block.drop_rest(losses);
                Ok(text)
            });
            texts.collect::<Result<_, _>>()?
        }
        Some(_) => return Err(format!("{place} is not a text or a list")),
    };
    Ok(texts.into_iter().filter(|text| !text.trim().is_empty()).collect())
}

/// Adds one message to the form.
pub(super) fn read(mut message: Keys, form: &mut ChatForm, losses: &mut Vec<Loss>) -> Result<(), String> {
    let role = message.required_text("role")?;
    let content = message.take("content");
    match role.as_str() {
        "user" => {
            let parts = blocks(content, losses, user)?;
            form.say(Role::User, parts);
        }
        "assistant" => {
            let parts = blocks(content, losses, assistant)?;
            form.say(Role::Assistant, joined(parts));
        }
        // The newest clients may say it among the messages; it is said in front of everything elsewhere.
        "system" => {
            if !form.turns.is_empty() {
                loss::note(losses, Loss::new("messages", LossKind::Approximated));
            }
            form.system.extend(system(content, CONTENT, losses)?);
        }
        _ => return Err("messages holds one of a role that others do not have".to_owned()),
    }
    message.drop_rest(losses);
    Ok(())
}

type Block = fn(&str, &mut Keys, &mut Vec<Loss>) -> Result<Option<Part>, String>;

fn blocks(content: Option<Value>, losses: &mut Vec<Loss>, block: Block) -> Result<Vec<Part>, String> {
    let list = match content {
        Some(Value::String(text)) => return Ok(vec![Part::Text(text)]),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(format!("{CONTENT} is not a text or a list")),
        None => return Err(format!("{CONTENT} is missing")),
    };
    let mut parts = Vec::with_capacity(list.len());
    for value in list {
        let mut keys = Keys::of(value, CONTENT)?;
        let kind = keys.kind()?;
        if let Some(part) = block(&kind, &mut keys, losses)? {
            parts.push(part);
            keys.drop_rest(losses);
        }
    }
    Ok(parts)
}

fn user(kind: &str, block: &mut Keys, losses: &mut Vec<Loss>) -> Result<Option<Part>, String> {
    match kind {
        "tool_result" => result(block, losses).map(Some),
        kind => seen(kind, block, losses),
    }
}

/// What a person or a tool can show.
fn seen(kind: &str, block: &mut Keys, losses: &mut Vec<Loss>) -> Result<Option<Part>, String> {
    match kind {
        "text" => text(block).map(Some),
        "image" => image(block, losses).map(Some),
        kind => Err(unknown_part(kind, CONTENT)),
    }
}

fn assistant(kind: &str, block: &mut Keys, losses: &mut Vec<Loss>) -> Result<Option<Part>, String> {
    match kind {
        "text" => text(block).map(Some),
        "tool_use" => {
            let input = block.map("input")?.map(|input| input.to_string()).unwrap_or_default();
            let call = Call::new(block.required_text("id")?, block.required_text("name")?, input);
            // Who called it: the model itself.
            block.take("caller");
            Ok(Some(Part::Call(call)))
        }
        // Signed for Anthropic's own eyes.
        "thinking" | "redacted_thinking" => {
            loss::note(losses, Loss::new("messages.content.thinking", LossKind::Dropped));
            Ok(None)
        }
        kind => Err(unknown_part(kind, CONTENT)),
    }
}

fn text(block: &mut Keys) -> Result<Part, String> {
    Ok(Part::Text(block.text("text")?.ok_or("messages.content.text is missing")?))
}

fn image(block: &mut Keys, losses: &mut Vec<Loss>) -> Result<Part, String> {
    let source = block.object("source", "messages.content.source")?;
    let mut source = source.ok_or("messages.content.source is missing")?;
    let image = match source.kind()?.as_str() {
        "url" => Image::of_url(source.required_text("url")?)?,
        "base64" => {
            let media_type = source.required_text("media_type")?;
            Image::Data { media_type, data: source.required_text("data")? }
        }
        _ => return Err("messages.content.source is of a type that others cannot see".to_owned()),
    };
    source.drop_rest(losses);
    Ok(Part::Image(image))
}

fn result(block: &mut Keys, losses: &mut Vec<Loss>) -> Result<Part, String> {
    let id = block.required_text("tool_use_id")?;
    let content = match block.take("content") {
        None => Vec::new(),
        some => blocks(some, losses, seen)?,
    };
    let content = content.into_iter().filter(|part| !part.is_blank()).collect();
    Ok(Part::Result { id, content, failed: block.flag("is_error")?.unwrap_or(false) })
}

/// Texts in a row are pieces of one: a citation ends a block in the middle of a sentence.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Part::Text(said)), Part::Text(more)) => said.push_str(&more),
            (_, part) => joined.push(part),
        }
    }
    joined
}
