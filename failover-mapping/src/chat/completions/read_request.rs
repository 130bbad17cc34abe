//! What a caller of chat completions asks.
//!
//! What would change the shape of the answer (several of them, log probabilities, a schema, sound) is declined. What only
//! tunes it and has no room in the neutral form is dropped, and told.

use serde_json::Value;

use super::read_turns;
use crate::chat::form::{ChatForm, ChatReading, Tool, ToolChoice};
use crate::chat::keys::Keys;
use crate::json;
use crate::loss::{self, Loss, LossKind};

pub(in crate::chat) fn read(body: &[u8]) -> Result<ChatReading, String> {
    let object = json::object(body).map_err(|what| format!("the body {what}"))?;
    let (mut keys, mut losses) = (Keys::new(object, ""), Vec::new());
    decline(&mut keys)?;

    let mut form = ChatForm { model: keys.required_text("model")?, ..ChatForm::default() };
    for message in keys.list("messages")? {
        read_turns::read(Keys::of(message, "messages")?, &mut form, &mut losses)?;
    }
    form.tools = tools(keys.list("tools")?, &mut losses)?;
    form.tool_choice = keys.take("tool_choice").map(tool_choice).transpose()?;
    form.parallel_tools = keys.flag("parallel_tool_calls")?;

    let older = keys.count("max_tokens")?;
    form.max_tokens = keys.count("max_completion_tokens")?.or(older);
    form.temperature = keys.number("temperature")?;
    form.top_p = keys.number("top_p")?;
    form.top_k = top_k(&mut keys)?;
    form.stop = stop(&mut keys)?;
    form.seed = keys.integer("seed")?;
    form.frequency_penalty = keys.number("frequency_penalty")?;
    form.presence_penalty = keys.number("presence_penalty")?;
    form.json = is_json(&mut keys)?;

    let older = keys.text("user")?;
    form.user = keys.text("safety_identifier")?.or(older);
    form.stream = keys.flag("stream")?.unwrap_or(false);
    if let Some(mut options) = keys.object("stream_options", "stream_options")? {
        form.stream_usage = options.flag("include_usage")?.unwrap_or(false);
        options.drop_rest(&mut losses);
    }
    if keys.flag("store")? == Some(true) {
        loss::note(&mut losses, Loss::new("store", LossKind::Dropped));
    }
    keys.drop_rest(&mut losses);
    Ok(ChatReading { form, losses })
}

/// What asks for an answer that others cannot give in this shape.
fn decline(keys: &mut Keys) -> Result<(), String> {
    let asks = |value: &Value| match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        _ => true,
    };
    if keys.take("n").is_some_and(|n| n.as_f64() != Some(1.0)) {
        return Err("n is not 1: another provider answers once".to_owned());
    }
    for key in ["logprobs", "top_logprobs"] {
        if keys.take(key).as_ref().is_some_and(asks) {
            return Err(format!("{key} is asked for, which others do not tell"));
        }
    }
    let modalities = keys.take("modalities");
    let is_text = |modality: &Value| modality.as_str() == Some("text");
    if modalities.is_some_and(|list| !list.as_array().is_some_and(|list| list.iter().all(is_text))) {
        return Err("modalities asks for more than text".to_owned());
    }
    for key in ["audio", "functions", "function_call", "web_search_options", "moderation"] {
        if keys.take(key).is_some() {
            return Err(format!("{key} has no counterpart elsewhere"));
        }
    }
    Ok(())
}

fn is_json(keys: &mut Keys) -> Result<bool, String> {
    let Some(mut format) = keys.object("response_format", "response_format")? else { return Ok(false) };
    let kind = format.kind()?;
    // Together takes a schema beside the plain kind.
    if format.take("schema").is_some() {
        return Err("response_format holds a schema, which others do not keep to".to_owned());
    }
    match kind.as_str() {
        "text" => Ok(false),
        "json_object" => Ok(true),
        "json_schema" => Err("response_format is json_schema, which others do not keep to".to_owned()),
        _ => Err("response_format is of a type that others do not have".to_owned()),
    }
}

/// Some say that all words may be chosen from with 0 or -1.
fn top_k(keys: &mut Keys) -> Result<Option<u64>, String> {
    let said = keys.integer("top_k")?;
    Ok(said.and_then(|said| u64::try_from(said).ok()).filter(|said| *said > 0))
}

fn stop(keys: &mut Keys) -> Result<Vec<String>, String> {
    match keys.take("stop") {
        None => Ok(Vec::new()),
        Some(Value::String(stop)) => Ok(vec![stop]),
        Some(Value::Array(list)) => {
            let texts = list.into_iter().map(|value| match value {
                Value::String(stop) => Ok(stop),
                _ => Err("stop is not a list of texts".to_owned()),
            });
            texts.collect()
        }
        Some(_) => Err("stop is not a text or a list of texts".to_owned()),
    }
}

fn tools(list: Vec<Value>, losses: &mut Vec<Loss>) -> Result<Vec<Tool>, String> {
    let tools = list.into_iter().map(|tool| {
        let mut tool = Keys::of(tool, "tools")?;
        if tool.kind()? != "function" {
            return Err("tools holds one that is no function".to_owned());
        }
        let function = tool.object("function", "tools.function")?;
        let mut function = function.ok_or("tools.function is missing")?;
        tool.drop_rest(losses);
        let read = Tool {
            name: function.required_text("name")?,
            description: function.text("description")?,
            parameters: function.map("parameters")?,
            strict: function.flag("strict")?,
        };
        function.drop_rest(losses);
        Ok(read)
    });
    tools.collect()
}

fn tool_choice(value: Value) -> Result<ToolChoice, String> {
    match value {
        Value::String(word) => match word.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "required" => Ok(ToolChoice::Any),
            "none" => Ok(ToolChoice::None),
            _ => Err("tool_choice is a word that others do not have".to_owned()),
        },
        value => {
            let mut choice = Keys::of(value, "tool_choice")?;
            if choice.kind()? != "function" {
                return Err("tool_choice is of a type that others do not have".to_owned());
            }
            let function = choice.object("function", "tool_choice.function")?;
            let mut function = function.ok_or("tool_choice.function is missing")?;
            Ok(ToolChoice::Named(function.required_text("name")?))
        }
    }
}
