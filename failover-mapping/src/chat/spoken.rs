//! What each API reads and writes: the one place that chooses between them.

use super::answer::{ChatAnswer, Junk};
use super::api::{Addressee, ChatApi, Heading};
use super::form::{ChatForm, ChatReading, Written};
use super::{completions, messages};
use crate::loss::LossKind;

impl ChatApi {
    /// Reads what a caller asks. The error says why nobody else can be asked the same: it names keys, and repeats no value.
    pub(crate) fn read_request(self, body: &[u8]) -> Result<ChatReading, String> {
        let mut reading = match self {
            Self::Completions => completions::read_request(body),
            Self::Messages => messages::read_request(body),
        }?;
        reading.form.put_results_first();
        reading.form.check()?;
        Ok(reading)
    }

    /// Writes for an addressee what was asked of this API, whose keys the losses are told by.
    pub(crate) fn write_request(self, form: &ChatForm, to: &Addressee<'_>) -> Result<Written, String> {
        form.check()?;
        match to.api {
            Self::Completions => completions::write_request(form, to, self),
            Self::Messages => messages::write_request(form, to, self),
        }
    }

    /// Reads a success, which may be none.
    pub(crate) fn read_answer(self, body: &[u8]) -> Result<ChatAnswer, Junk> {
        match self {
            Self::Completions => completions::read_answer(body),
            Self::Messages => messages::read_answer(body),
        }
    }

    /// Writes an answer for a caller who asked this API.
    pub(crate) fn write_answer(self, answer: &ChatAnswer, heading: &Heading<'_>) -> Vec<u8> {
        match self {
            Self::Completions => completions::write_answer(answer, heading),
            Self::Messages => messages::write_answer(answer, heading),
        }
    }

    /// This API's key for something that is asked of both.
    pub(super) fn key(self, of: Asks) -> &'static str {
        match (of, self) {
            (Asks::Limit, _) => "max_tokens",
            (Asks::Temperature, _) => "temperature",
            (Asks::TopP, _) => "top_p",
            (Asks::TopK, _) => "top_k",
            (Asks::Stop, Self::Completions) => "stop",
            (Asks::Stop, Self::Messages) => "stop_sequences",
            (Asks::Seed, _) => "seed",
            (Asks::FrequencyPenalty, _) => "frequency_penalty",
            (Asks::PresencePenalty, _) => "presence_penalty",
            (Asks::Failed, _) => "messages.content.is_error",
        }
    }
}

/// What may be lost on the way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asks {
    Limit,
    Temperature,
    TopP,
    TopK,
    Stop,
    Seed,
    FrequencyPenalty,
    PresencePenalty,
    /// That a tool failed.
    Failed,
}

/// How freely words are chosen.
#[derive(Debug)]
pub(super) struct Sampling {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) top_k: Option<u64>,
}

impl ChatForm {
    /// What a model is told of it, and what is lost because it chooses in its own way.
    pub(super) fn sampling(&self, to: &Addressee<'_>, lose: &mut dyn FnMut(Asks, LossKind)) -> Sampling {
        let &Self { temperature, top_p, top_k, .. } = self;
        if !to.fixed_sampling {
            return Sampling { temperature, top_p, top_k };
        }
        // 1 is how they choose anyway.
        let said = [(Asks::Temperature, temperature), (Asks::TopP, top_p)];
        for (what, _) in said.into_iter().filter(|(_, said)| said.is_some_and(|said| said != 1.0)) {
            lose(what, LossKind::Dropped);
        }
        if top_k.is_some() {
            lose(Asks::TopK, LossKind::Dropped);
        }
        Sampling { temperature: None, top_p: None, top_k: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is written for an addressee, and what is lost.
    fn told(asked: ChatApi, keys: Value, to: &Addressee<'_>) -> (Value, Vec<String>) {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
        for (key, value) in keys.as_object().unwrap() {
            body[key] = value.clone();
        }
        let reading = asked.read_request(body.to_string().as_bytes()).unwrap();
        let written = asked.write_request(&reading.form, to).unwrap();
        let losses = written.losses.iter().map(ToString::to_string).collect();
        (serde_json::from_slice(&written.body).unwrap(), losses)
    }

    #[test]
    fn openai_has_another_word_for_the_limit_and_no_top_k() {
        let openai = Addressee {
            api: ChatApi::Completions,
            model: "gpt",
            most_tokens: Some(100),
            is_openai: true,
            fixed_sampling: false,
        };
        let (body, losses) = told(ChatApi::Messages, json!({"max_tokens": 500, "top_k": 40}), &openai);
        assert_eq!(body["max_completion_tokens"], 100);
        assert_eq!((body.get("max_tokens"), body.get("top_k")), (None, None));
        assert_eq!(losses, ["max_tokens clamped", "top_k dropped"]);
        let (body, _) = told(ChatApi::Completions, json!({}), &openai);
        assert_eq!(body.get("max_completion_tokens"), None);

        let other = Addressee { is_openai: false, ..openai };
        let (body, losses) = told(ChatApi::Messages, json!({"max_tokens": 99, "top_k": 40}), &other);
        assert_eq!((&body["max_tokens"], &body["top_k"]), (&json!(99), &json!(40)));
        assert!(losses.is_empty(), "{losses:?}");
    }

    #[test]
    fn anthropic_is_told_a_limit_that_its_model_keeps() {
        for (said, most, told_limit, lost) in [
            (None, None, 4096, vec!["max_tokens defaulted"]),
            (None, Some(1000), 1000, vec!["max_tokens defaulted"]),
            (None, Some(64_000), 4096, vec!["max_tokens defaulted"]),
            (Some(50_000), Some(8192), 8192, vec!["max_tokens clamped"]),
            (Some(50_000), None, 50_000, vec![]),
        ] {
            let to = Addressee {
                api: ChatApi::Messages,
                model: "claude",
                most_tokens: most,
                is_openai: false,
                fixed_sampling: false,
            };
            let (body, losses) = told(ChatApi::Completions, json!({"max_completion_tokens": said}), &to);
            assert_eq!(body["max_tokens"], told_limit, "{said:?} of {most:?}");
            assert_eq!(losses, lost);
        }
    }

    #[test]
    fn a_model_that_chooses_in_its_own_way_is_not_told_how() {
        for api in [ChatApi::Completions, ChatApi::Messages] {
            let to = Addressee { api, model: "m", most_tokens: None, is_openai: false, fixed_sampling: true };
            let keys = json!({"max_tokens": 9, "temperature": 0.5, "top_p": 0.5, "top_k": 4});
            let (body, losses) = told(api, keys, &to);
            assert!(["temperature", "top_p", "top_k"].iter().all(|key| body.get(key).is_none()), "{body}");
            assert_eq!(losses, ["temperature dropped", "top_p dropped", "top_k dropped"]);
            let (body, losses) = told(api, json!({"max_tokens": 9, "temperature": 1}), &to);
            assert_eq!((body.get("temperature"), losses.len()), (None, 0));
        }
    }
}
