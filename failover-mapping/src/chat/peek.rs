//! What every request must tell before it is sent, and another model in its place. Nothing else of the body is kept.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;

use super::api::ChatApi;

/// What is asked for, as far as it decides who can be asked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Asked<'a> {
    pub(crate) model: Cow<'a, str>,
    /// The answer is to come as a stream of events.
    pub(crate) stream: bool,
    /// The stream is to tell the usage.
    pub(crate) include_usage: bool,
    /// Several answers are wanted at once, whose events come mixed.
    pub(crate) several: bool,
}

impl ChatApi {
    /// What a body asks for. None if it is no JSON object with a model, and then it is not ours.
    pub(crate) fn model_of(self, body: &[u8]) -> Option<Asked<'_>> {
        // A list would do for the parser.
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return None;
        }
        let asked: Body<'_> = serde_json::from_slice(body).ok()?;
        let include_usage = match self {
            Self::Completions => asked.stream_options.and_then(|options| options.include_usage),
            Self::Messages => Some(true),
        };
        Some(Asked {
            model: asked.model,
            stream: asked.stream.unwrap_or(false),
            include_usage: include_usage.unwrap_or(false),
            several: asked.n.is_some_and(|n| n > 1),
        })
    }

    /// The same request for another model of the same provider: all but the model stays as it is, byte for byte.
    pub(crate) fn with_model(self, body: &[u8], model: &str) -> Result<Vec<u8>, String> {
        let no_model = || "the body is not a JSON object with a model".to_owned();
        self.model_of(body).ok_or_else(no_model)?;
        let place = model_in(body).ok_or_else(no_model)?;
        let name = serde_json::to_vec(model).map_err(|_| no_model())?;
        let (before, behind) = (body.get(..place.start), body.get(place.end..));
        Ok([before.unwrap_or_default(), &name, behind.unwrap_or_default()].concat())
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    stream: Option<bool>,
    n: Option<i64>,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// Where the name of the model lies in an object that was found to have one, quotes included.
fn model_in(body: &[u8]) -> Option<Range<usize>> {
    let (mut at, mut depth, mut latest) = (0, 0_usize, 0..0);
    loop {
        match body.get(at)? {
            b'"' => {
                latest = at..end_of_text(body, at)?;
                at = latest.end;
                continue;
            }
            // Behind a key of the object itself.
            b':' if depth == 1 && is_model(body.get(latest.clone())?) => {
                let start = at + 1 + body.get(at + 1..)?.iter().position(|byte| *byte == b'"')?;
                return Some(start..end_of_text(body, start)?);
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
    }
}

fn is_model(key: &[u8]) -> bool {
    serde_json::from_slice::<Cow<'_, str>>(key).is_ok_and(|key| key == "model")
}

/// The end of a text that begins here, behind its quote.
fn end_of_text(body: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match body.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(api: ChatApi, body: &str) -> Option<(String, bool, bool)> {
        let asked = api.model_of(body.as_bytes())?;
        Some((asked.model.into_owned(), asked.stream, asked.include_usage))
    }

    #[test]
    fn a_model_is_read_without_the_rest() {
        let completions = |body| asked(ChatApi::Completions, body);
        let m = || "m".to_owned();
        assert_eq!(completions(r#" {"a":{"model":1},"model":"m"}"#), Some((m(), false, false)));
        assert_eq!(
            completions(r#"{"model":"m","stream":null,"stream_options":null}"#),
            Some((m(), false, false))
        );
        let streamed = r#"{"stream":true,"stream_options":{"include_usage":true,"x":[]},"model":"m"}"#;
        assert_eq!(completions(streamed), Some((m(), true, true)));
        assert_eq!(asked(ChatApi::Messages, r#"{"model":"m","stream":true}"#), Some((m(), true, true)));
        assert_eq!(completions(r#"{"model":"a\/b"}"#), Some(("a/b".to_owned(), false, false)));
        let deep = format!(r#"{{"model":"m","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(completions(&deep), Some((m(), false, false)));
    }

    #[test]
    fn what_names_no_model_is_not_ours() {
        for body in [
            "",
            "null",
            r#"["m",true,null]"#,
            "{}",
            r#"{"model":1}"#,
            r#"{"model":null}"#,
            r#"{"model":"m","model":"n"}"#,
            r#"{"model":"m""#,
            r#"{"model":"m"} x"#,
            r#"{"model":"m","stream":"yes"}"#,
        ] {
            assert_eq!(asked(ChatApi::Completions, body), None, "{body}");
        }
    }

    #[test]
    fn only_the_model_is_replaced() {
        let with = |body: &str| {
            let written = ChatApi::Completions.with_model(body.as_bytes(), "n\"2");
            written.map(|written| String::from_utf8_lossy(&written).into_owned())
        };
        let body = r#"{"x":{"model":"a"},"y":["model",":"],"seed":123456789012345678901234567890,"model" : "m\"\\","z":1}"#;
        let replaced = r#"{"x":{"model":"a"},"y":["model",":"],"seed":123456789012345678901234567890,"model" : "n\"2","z":1}"#;
        assert_eq!(with(body).as_deref(), Ok(replaced));
        assert_eq!(with(r#"{"\u006dodel":"m"}"#).as_deref(), Ok(r#"{"\u006dodel":"n\"2"}"#));
        assert!(with("[]").is_err() && with(r#"{"models":"m"}"#).is_err());
    }
}
