//! What a provider that speaks chat completions is asked.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::chat::api::{Addressee, ChatApi};
use crate::chat::form::{Call, ChatForm, Image, Part, Role, Tool, ToolChoice, Turn, Written};
use crate::chat::spoken::{Asks, Sampling};
use crate::loss::{self, Loss, LossKind};

/// More stop sequences than these are refused.
const STOPS: usize = 4;

pub(in crate::chat) fn write(form: &ChatForm, to: &Addressee<'_>, asked: ChatApi) -> Result<Written, String> {
    let mut losses = Vec::new();
    let mut lose = |what, kind| loss::note(&mut losses, Loss::new(asked.key(what), kind));

    let most = to.most_tokens.unwrap_or(u64::MAX);
    if form.max_tokens.is_some_and(|wanted| wanted > most) {
        lose(Asks::Limit, LossKind::Clamped);
    }
    let limit = form.max_tokens.map(|wanted| wanted.min(most));
    if form.stop.len() > STOPS {
        lose(Asks::Stop, LossKind::Clamped);
    }
    let Sampling { temperature, top_p, mut top_k } = form.sampling(to, &mut lose);
    if to.is_openai && top_k.take().is_some() {
        lose(Asks::TopK, LossKind::Dropped);
    }
    let parts = form.turns.iter().flat_map(|turn| &turn.parts);
    if parts.into_iter().any(|part| matches!(part, Part::Result { failed: true, .. })) {
        lose(Asks::Failed, LossKind::Dropped);
    }

    let has_tools = !form.tools.is_empty();
    let request = Request {
        model: to.model,
        messages: messages(form)?,
        max_tokens: limit.filter(|_| !to.is_openai),
        max_completion_tokens: limit.filter(|_| to.is_openai),
        temperature,
        top_p,
        top_k,
        stop: form.stop.iter().take(STOPS).collect(),
        seed: form.seed,
        frequency_penalty: form.frequency_penalty,
        presence_penalty: form.presence_penalty,
        response_format: form.json.then_some(Format { kind: "json_object" }),
        tools: form.tools.iter().map(tool).collect(),
        // Both are refused without tools.
        tool_choice: form.tool_choice.as_ref().filter(|_| has_tools).map(tool_choice),
        parallel_tool_calls: form.parallel_tools.filter(|_| has_tools),
        user: form.user.as_deref(),
        stream: form.stream,
        // Always: what it costs is told to the caller of a stand-in.
        stream_options: form.stream.then_some(StreamOptions { include_usage: true }),
    };
    let body = serde_json::to_vec(&request).map_err(|_| "the request cannot be written".to_owned())?;
    Ok(Written { body, losses })
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop: Vec<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Declared<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct Format {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
enum Message<'a> {
    System {
        content: String,
    },
    User {
        content: Content<'a>,
    },
    Assistant {
        content: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Called<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: Cow<'a, str>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Pieces(Vec<Piece<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
struct Called<'a> {
    id: &'a str,
    function: Arguments<'a>,
}

#[derive(Serialize)]
struct Arguments<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
struct Declared<'a> {
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(&'static str),
    Named(Declared<'a>),
}

fn messages(form: &ChatForm) -> Result<Vec<Message<'_>>, String> {
    let mut messages = Vec::with_capacity(form.turns.len() + 1);
    if !form.system.is_empty() {
        messages.push(Message::System { content: form.system.join("\n") });
    }
    for turn in &form.turns {
        match turn.role {
            Role::User => user(turn, &mut messages)?,
            Role::Assistant => messages.push(assistant(turn)?),
        }
    }
    Ok(messages)
}

/// What tools answered are messages of their own, in front of what the user says.
fn user<'a>(turn: &'a Turn, messages: &mut Vec<Message<'a>>) -> Result<(), String> {
    let mut pieces = Vec::new();
    for part in &turn.parts {
        match part {
            Part::Result { id, content, .. } => {
                messages.push(Message::Tool { tool_call_id: id, content: only_text(content)? });
            }
            Part::Text(text) => pieces.push(Piece::Text { text }),
            Part::Image(image) => pieces.push(Piece::ImageUrl { image_url: ImageUrl { url: url(image) } }),
            Part::Call(_) => return Err("messages holds a call of a tool in the user's turn".to_owned()),
        }
    }
    let content = match pieces.as_slice() {
        [] => return Ok(()),
        [Piece::Text { text }] => Content::Text(text),
        _ => Content::Pieces(pieces),
    };
    messages.push(Message::User { content });
    Ok(())
}

/// What a tool showed, as one text: more than that is not taken.
fn only_text(content: &[Part]) -> Result<Cow<'_, str>, String> {
    let texts: Option<Vec<&str>> = content
        .iter()
        .map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
        .collect();
    match texts.as_deref() {
        None => Err("messages holds an image that a tool has shown, which others do not take".to_owned()),
        Some([text]) => Ok(Cow::Borrowed(text)),
        Some(texts) => Ok(Cow::Owned(texts.join("\n"))),
    }
}

fn assistant(turn: &Turn) -> Result<Message<'_>, String> {
    let (mut content, mut tool_calls) = (None::<Cow<'_, str>>, Vec::new());
    for part in &turn.parts {
        match part {
            Part::Text(text) => match &mut content {
                None => content = Some(Cow::Borrowed(text)),
                Some(said) => {
                    let said = said.to_mut();
                    said.push('\n');
                    said.push_str(text);
                }
            },
            Part::Call(call) => tool_calls.push(called(call)),
            Part::Image(_) | Part::Result { .. } => {
                return Err("messages holds more than text and calls in the assistant's turn".to_owned());
            }
        }
    }
    Ok(Message::Assistant { content, tool_calls })
}

fn called(call: &Call) -> Called<'_> {
    Called { id: &call.id, function: Arguments { name: &call.name, arguments: &call.arguments } }
}

fn url(image: &Image) -> Cow<'_, str> {
    match image {
        Image::Url(url) => Cow::Borrowed(url),
        Image::Data { media_type, data } => Cow::Owned(format!("data:{media_type};base64,{data}")),
    }
}

fn tool(tool: &Tool) -> Declared<'_> {
    Declared {
        function: Function {
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: tool.parameters.as_ref(),
            strict: tool.strict,
        },
    }
}

fn tool_choice(choice: &ToolChoice) -> Choice<'_> {
    match choice {
        ToolChoice::Auto => Choice::Word("auto"),
        ToolChoice::Any => Choice::Word("required"),
        ToolChoice::None => Choice::Word("none"),
        ToolChoice::Named(name) => Choice::Named(Declared {
            function: Function { name, description: None, parameters: None, strict: None },
        }),
    }
}
