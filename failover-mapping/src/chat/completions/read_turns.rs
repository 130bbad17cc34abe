//! Who said what in chat completions: messages of five roles, read into what the system says and turns.

use serde_json::Value;

use crate::chat::form::{Call, ChatForm, Image, Part, Role};
use crate::chat::keys::{Keys, unknown_part};
use crate::loss::{self, Loss, LossKind};

const CONTENT: &str = "messages.content";

/// Adds one message to the form.
pub(super) fn read(mut message: Keys, form: &mut ChatForm, losses: &mut Vec<Loss>) -> Result<(), String> {
    let role = message.required_text("role")?;
    let content = message.take("content");
    match role.as_str() {
        "system" | "developer" => {
            // It is said in front of everything elsewhere.
            if !form.turns.is_empty() {
                loss::note(losses, Loss::new("messages", LossKind::Approximated));
            }
            let texts = texts(content, losses)?;
            form.system.extend(texts.into_iter().filter(|text| !text.trim().is_empty()));
        }
        "user" => {
            let parts = parts(content, losses)?;
            form.say(Role::User, parts);
        }
        "assistant" => {
            let parts = assistant(&mut message, content, losses)?;
            form.say(Role::Assistant, parts);
        }
        "tool" => {
            let id = message.required_text("tool_call_id")?;
            let texts = texts(content, losses)?.into_iter();
            let content = texts.filter(|text| !text.trim().is_empty()).map(Part::Text).collect();
            form.say(Role::User, [Part::Result { id, content, failed: false }]);
        }
        _ => return Err("messages holds one of a role that others do not have".to_owned()),
    }
    message.drop_rest(losses);
    Ok(())
}

/// A content of text only.
fn texts(content: Option<Value>, losses: &mut Vec<Loss>) -> Result<Vec<String>, String> {
    let parts = parts(content, losses)?.into_iter().map(|part| match part {
        Part::Text(text) => Ok(text),
        _ => Err(format!("{CONTENT} holds more than text where others take nothing else")),
    });
    parts.collect()
}

fn parts(content: Option<Value>, losses: &mut Vec<Loss>) -> Result<Vec<Part>, String> {
    match content {
        Some(Value::String(text)) => Ok(vec![Part::Text(text)]),
        Some(Value::Array(parts)) => parts.into_iter().map(|value| part(value, losses)).collect(),
        Some(_) => Err(format!("{CONTENT} is not a text or a list")),
        None => Err(format!("{CONTENT} is missing")),
    }
}

fn part(value: Value, losses: &mut Vec<Loss>) -> Result<Part, String> {
    let mut part = Keys::of(value, CONTENT)?;
    let read = match part.kind()?.as_str() {
        "text" => Part::Text(part.text("text")?.ok_or("messages.content.text is missing")?),
        // What an assistant said when it would not answer.
        "refusal" => Part::Text(part.text("refusal")?.ok_or("messages.content.refusal is missing")?),
        "image_url" => {
            let image = part.object("image_url", "image_url")?;
            let mut image = image.ok_or("messages.content.image_url is missing")?;
            let url = image.required_text("url")?;
            if image.text("detail")?.is_some_and(|detail| detail != "auto") {
                loss::note(losses, Loss::new("image_url.detail", LossKind::Dropped));
            }
            image.drop_rest(losses);
            Part::Image(Image::of_url(url)?)
        }
        kind => return Err(unknown_part(kind, CONTENT)),
    };
    part.drop_rest(losses);
    Ok(read)
}

fn assistant(
    message: &mut Keys,
    content: Option<Value>,
    losses: &mut Vec<Loss>,
) -> Result<Vec<Part>, String> {
    for key in ["audio", "function_call"] {
        if message.take(key).is_some() {
            return Err(format!("messages.{key} has no counterpart elsewhere"));
        }
    }
    let mut said = match content {
        None => String::new(),
        some => texts(some, losses)?.concat(),
    };
    said.push_str(&message.text("refusal")?.unwrap_or_default());
    let calls = message.list("tool_calls")?.into_iter().map(|value| call(value, losses));
    let calls: Result<Vec<_>, String> = calls.collect();
    Ok([Part::Text(said)].into_iter().chain(calls?.into_iter().map(Part::Call)).collect())
}

fn call(value: Value, losses: &mut Vec<Loss>) -> Result<Call, String> {
    const PLACE: &str = "messages.tool_calls";
    let mut call = Keys::of(value, PLACE)?;
    if call.text("type")?.is_some_and(|kind| kind != "function") {
        return Err(format!("{PLACE} holds one that is no function"));
    }
    // Of a stream, whose pieces were put together.
    call.take("index");
    let function = call.object("function", "messages.tool_calls.function")?;
    let mut function = function.ok_or("messages.tool_calls.function is missing")?;
    let read = Call::new(
        call.required_text("id")?,
        function.required_text("name")?,
        function.text("arguments")?.unwrap_or_default(),
    );
    call.drop_rest(losses);
    function.drop_rest(losses);
    Ok(read)
}
