//! What a provider that speaks Anthropic's messages is asked.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::plain_id;
use crate::chat::api::{Addressee, ChatApi};
use crate::chat::form::{ChatForm, Image, Part, Role, Tool, ToolChoice, Turn, Written};
use crate::chat::spoken::{Asks, Sampling};
use crate::loss::{self, Loss, LossKind};

/// It must be told a limit. Most answers are shorter than this, and every model writes as much.
const LIMIT: u64 = 4096;

pub(in crate::chat) fn write(form: &ChatForm, to: &Addressee<'_>, asked: ChatApi) -> Result<Written, String> {
    if form.json {
        return Err("response_format is json_object, which Anthropic does not have".to_owned());
    }
    if form.turns.first().is_some_and(|turn| turn.role == Role::Assistant) {
        return Err("messages begins with the assistant's turn, which Anthropic refuses".to_owned());
    }
    let mut losses = Vec::new();
    let mut lose = |what, kind| loss::note(&mut losses, Loss::new(asked.key(what), kind));

    let most = to.most_tokens.unwrap_or(u64::MAX);
    let max_tokens = form.max_tokens.unwrap_or(LIMIT).min(most);
    match form.max_tokens {
        None => lose(Asks::Limit, LossKind::Defaulted),
        Some(wanted) if wanted > most => lose(Asks::Limit, LossKind::Clamped),
        Some(_) => {}
    }
    let Sampling { temperature: wanted, mut top_p, top_k } = form.sampling(to, &mut lose);
    let temperature = wanted.map(|wanted| wanted.clamp(0.0, 1.0));
    if temperature != wanted {
        lose(Asks::Temperature, LossKind::Clamped);
    }
    // Models from Claude Opus 4.1 on refuse a request that sets both.
    if temperature.is_some() && top_p.take().is_some_and(|wanted| wanted < 1.0) {
        lose(Asks::TopP, LossKind::Dropped);
    }
    let stop_sequences: Vec<_> = form.stop.iter().filter(|stop| !stop.trim().is_empty()).collect();
    if stop_sequences.len() < form.stop.len() {
        let kind = if stop_sequences.is_empty() { LossKind::Dropped } else { LossKind::Clamped };
        lose(Asks::Stop, kind);
    }
    if form.seed.is_some() {
        lose(Asks::Seed, LossKind::Dropped);
    }
    let penalties =
        [(form.frequency_penalty, Asks::FrequencyPenalty), (form.presence_penalty, Asks::PresencePenalty)];
    for (_, what) in penalties.into_iter().filter(|(penalty, _)| penalty.is_some_and(|by| by != 0.0)) {
        lose(what, LossKind::Dropped);
    }

    let (tools, tool_choice) = tools(form);
    let request = Request {
        model: to.model,
        max_tokens,
        system: (!form.system.is_empty()).then(|| form.system.join("\n")),
        messages: form.turns.iter().map(message).collect::<Result<_, _>>()?,
        temperature,
        top_p,
        top_k,
        stop_sequences,
        tools,
        tool_choice,
        metadata: form.user.as_deref().map(|user_id| Metadata { user_id }),
        stream: form.stream,
    };
    let body = serde_json::to_vec(&request).map_err(|_| "the request cannot be written".to_owned())?;
    Ok(Written { body, losses })
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Declared<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Value,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Content<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Url { url: &'a str },
    Base64 { media_type: &'a str, data: &'a str },
}

#[derive(Serialize)]
struct Declared<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Cow<'a, Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

fn message(turn: &Turn) -> Result<Message<'_>, String> {
    let role = match turn.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    Ok(Message { role, content: content(&turn.parts)? })
}

fn content(parts: &[Part]) -> Result<Content<'_>, String> {
    match parts {
        [Part::Text(text)] => Ok(Content::Text(text)),
        parts => Ok(Content::Blocks(parts.iter().map(block).collect::<Result<_, _>>()?)),
    }
}

fn block(part: &Part) -> Result<Block<'_>, String> {
    Ok(match part {
        Part::Text(text) => Block::Text { text },
        Part::Image(image) => Block::Image { source: source(image)? },
        Part::Call(call) => Block::ToolUse { id: plain_id(&call.id), name: &call.name, input: call.input() },
        Part::Result { id, content: parts, failed } => Block::ToolResult {
            tool_use_id: plain_id(id),
            content: (!parts.is_empty()).then(|| content(parts)).transpose()?,
            is_error: *failed,
        },
    })
}

fn source(image: &Image) -> Result<Source<'_>, String> {
    const TAKEN: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    Ok(match image {
        Image::Url(url) => Source::Url { url },
        Image::Data { media_type, data } => {
            let media_type = if media_type == "image/jpg" { "image/jpeg" } else { media_type.as_str() };
            if !TAKEN.contains(&media_type) {
                return Err("messages holds an image of a type that Anthropic does not take".to_owned());
            }
            Source::Base64 { media_type, data }
        }
    })
}

/// The tools, and which of them is called. Tools that were called before must be declared, although they are offered no
/// more: Anthropic refuses a history of unknown tools.
fn tools(form: &ChatForm) -> (Vec<Declared<'_>>, Option<Value>) {
    if !form.tools.is_empty() {
        return (form.tools.iter().map(tool).collect(), tool_choice(form));
    }
    let (mut tools, mut names) = (Vec::new(), HashSet::new());
    for part in form.turns.iter().flat_map(|turn| &turn.parts) {
        if let Part::Call(call) = part
            && names.insert(&call.name)
        {
            let input_schema = schema(None);
            tools.push(Declared { name: &call.name, description: None, input_schema, strict: None });
        }
    }
    let choice = (!tools.is_empty()).then(|| json!({"type": "none"}));
    (tools, choice)
}

fn tool(tool: &Tool) -> Declared<'_> {
    Declared {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: schema(tool.parameters.as_ref().and_then(Value::as_object)),
        strict: tool.strict,
    }
}

/// It must be there, and that of an object.
fn schema(parameters: Option<&Map<String, Value>>) -> Cow<'_, Map<String, Value>> {
    match parameters {
        Some(schema) if schema.contains_key("type") => Cow::Borrowed(schema),
        schema => {
            let kind = [("type".to_owned(), Value::from("object"))];
            let rest = schema.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone()));
            Cow::Owned(kind.into_iter().chain(rest).collect())
        }
    }
}

fn tool_choice(form: &ChatForm) -> Option<Value> {
    let mut choice = match (&form.tool_choice, form.parallel_tools) {
        (None, None) => return None,
        // It can only be said beside a choice; this one is the default.
        (None, Some(_)) | (Some(ToolChoice::Auto), _) => json!({"type": "auto"}),
        (Some(ToolChoice::Any), _) => json!({"type": "any"}),
        (Some(ToolChoice::Named(name)), _) => json!({"type": "tool", "name": name}),
        (Some(ToolChoice::None), _) => return Some(json!({"type": "none"})),
    };
    if let (Value::Object(choice), Some(parallel)) = (&mut choice, form.parallel_tools) {
        choice.insert("disable_parallel_tool_use".to_owned(), json!(!parallel));
    }
    Some(choice)
}
