//! What a caller of Anthropic's messages asks.
//!
//! Tools that Anthropic itself runs, and a schema for the answer, are declined; thinking, caching and the like are dropped, and
//! told.

use serde_json::Value;

use super::read_turns;
use crate::chat::form::{ChatForm, ChatReading, Tool, ToolChoice};
use crate::chat::keys::Keys;
use crate::json;
use crate::loss::{self, Loss, LossKind};

pub(in crate::chat) fn read(body: &[u8]) -> Result<ChatReading, String> {
    let object = json::object(body).map_err(|what| format!("the body {what}"))?;
    let (mut keys, mut losses) = (Keys::new(object, ""), Vec::new());
    decline(&mut keys, &mut losses)?;

    let mut form = ChatForm { model: keys.required_text("model")?, ..ChatForm::default() };
    form.system = read_turns::system(keys.take("system"), "system", &mut losses)?;
    for message in keys.list("messages")? {
        read_turns::read(Keys::of(message, "messages")?, &mut form, &mut losses)?;
    }
    form.tools = tools(keys.list("tools")?, &mut losses)?;
    if let Some(choice) = keys.object("tool_choice", "tool_choice")? {
        tool_choice(choice, &mut form, &mut losses)?;
    }

    form.max_tokens = keys.count("max_tokens")?;
    form.temperature = keys.number("temperature")?;
    form.top_p = keys.number("top_p")?;
    form.top_k = keys.integer("top_k")?.and_then(|k| u64::try_from(k).ok()).filter(|k| *k > 0);
    form.stop = keys.texts("stop_sequences")?;

    if let Some(mut metadata) = keys.object("metadata", "metadata")? {
        form.user = metadata.text("user_id")?;
        metadata.drop_rest(&mut losses);
    }
    form.stream = keys.flag("stream")?.unwrap_or(false);
    // It always tells it.
    form.stream_usage = form.stream;
    keys.drop_rest(&mut losses);
    Ok(ChatReading { form, losses })
}

/// What asks for an answer that others cannot give in this shape, and what says the same as nothing.
fn decline(keys: &mut Keys, losses: &mut Vec<Loss>) -> Result<(), String> {
    for key in ["mcp_servers", "container"] {
        if keys.take(key).is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty())) {
            return Err(format!("{key} has no counterpart elsewhere"));
        }
    }
    if keys.take("output_format").is_some() {
        return Err("output_format holds a schema, which others do not keep to".to_owned());
    }
    if let Some(mut output) = keys.object("output_config", "output_config")? {
        if output.take("format").is_some() {
            return Err("output_config.format holds a schema, which others do not keep to".to_owned());
        }
        output.drop_rest(losses);
    }
    if let Some(mut thinking) = keys.object("thinking", "thinking")?
        && thinking.kind()? != "disabled"
    {
        loss::note(losses, Loss::new("thinking", LossKind::Dropped));
    }
    Ok(())
}

fn tools(list: Vec<Value>, losses: &mut Vec<Loss>) -> Result<Vec<Tool>, String> {
    let tools = list.into_iter().map(|tool| {
        let mut tool = Keys::of(tool, "tools")?;
        if tool.text("type")?.is_some_and(|kind| kind != "custom") {
            return Err("tools holds one of Anthropic's own, which others do not have".to_owned());
        }
        let read = Tool {
            name: tool.required_text("name")?,
            description: tool.text("description")?,
            parameters: tool.map("input_schema")?,
            strict: tool.flag("strict")?,
        };
        tool.drop_rest(losses);
        Ok(read)
    });
    tools.collect()
}

fn tool_choice(mut choice: Keys, form: &mut ChatForm, losses: &mut Vec<Loss>) -> Result<(), String> {
    form.tool_choice = Some(match choice.kind()?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Any,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named(choice.required_text("name")?),
        _ => return Err("tool_choice is of a type that others do not have".to_owned()),
    });
    form.parallel_tools = choice.flag("disable_parallel_tool_use")?.map(|disabled| !disabled);
    choice.drop_rest(losses);
    Ok(())
}
