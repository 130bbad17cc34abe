//! Chats by hand: requests and answers of one API in the words of the other, for programs that have their own way of sending.

use failover_core::Fault;

use super::api::{Addressee, ChatApi, Heading};
use super::speaker::Speaker;
use crate::by_hand::{Declined, Translated};
use crate::config::Config;
use crate::loss::{self, Loss};
use crate::provider::ProviderName;

/// Translation by hand. Nothing here knows a provider, so no limit of a model is known either; the drop-in does know them.
impl ChatApi {
    /// A request to this API in the words of another, for a model by the other provider's name, and what is lost on the way.
    ///
    /// ```
    /// use failover_mapping::ChatApi;
    ///
    /// let body = br#"{"model": "gpt-5", "messages": [{"role": "user", "content": "Hello"}], "seed": 7, "max_tokens": 99}"#;
    /// let (body, losses) =
    ///     ChatApi::Completions.translate_request(body, ChatApi::Messages, "claude-sonnet-4-5")?;
    /// assert_eq!(
    ///     String::from_utf8_lossy(&body),
    ///     r#"{"model":"claude-sonnet-4-5","max_tokens":99,"messages":[{"role":"user","content":"Hello"}]}"#
    /// );
    /// assert_eq!(losses[0].to_string(), "seed dropped");
    /// # Ok::<(), failover_mapping::Declined>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why it cannot be said: several answers, log probabilities, a schema, sound, tools that only one provider has.
    pub fn translate_request(
        self,
        body: &[u8],
        to: Self,
        model: &str,
    ) -> Result<(Vec<u8>, Vec<Loss>), Declined> {
        let declined = |reason| Declined { reason };
        let reading = self.read_request(body).map_err(declined)?;
        let to = Addressee { api: to, model, most_tokens: None, is_openai: false, fixed_sampling: false };
        let written = self.write_request(&reading.form, &to).map_err(declined)?;
        let mut losses = reading.losses;
        written.losses.into_iter().for_each(|lost| loss::note(&mut losses, lost));
        Ok((written.body, losses))
    }

    /// An answer of this API in the words of another. An id that is not of the other's form is replaced, and the time, which
    /// only one of them tells, is 0.
    ///
    /// ```
    /// use failover_mapping::{ChatApi, Fault};
    ///
    /// let answer = br#"{"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
    ///     "content": [{"type": "text", "text": "Hello!"}], "stop_reason": "end_turn",
    ///     "usage": {"input_tokens": 8, "output_tokens": 3}}"#;
    /// let answer = ChatApi::Messages.translate_answer(answer, ChatApi::Completions)?;
    /// let answer: serde_json::Value = serde_json::from_slice(&answer).expect("it is JSON");
    /// assert_eq!(answer["choices"][0]["message"]["content"], "Hello!");
    /// assert_eq!(answer["usage"]["total_tokens"], 11);
    ///
    /// let junk = ChatApi::Messages.translate_answer(b"<html>", ChatApi::Completions);
    /// assert_eq!(junk, Err(Fault::Malformed));
    /// # Ok::<(), Fault>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with an answer that is none: [`Fault::Malformed`], [`Fault::Empty`] or [`Fault::ErrorInSuccess`].
    pub fn translate_answer(self, body: &[u8], to: Self) -> Result<Vec<u8>, Fault> {
        let answer = self.read_answer(body).map_err(|junk| junk.fault)?;
        Ok(to.write_answer(&answer, &Heading { model: "", created: 0, number: 0 }))
    }
}

impl Config {
    /// [`Config::translate`], of a chat.
    pub(crate) fn translate_chat(
        &self,
        asked: ProviderName,
        model: &str,
        body: &[u8],
        by: ProviderName,
    ) -> Result<Translated, Declined> {
        let declined = |reason: &str| Declined { reason: reason.to_owned() };
        let place = self.texts.place(asked).ok_or_else(|| declined("nobody asks that provider for text"))?;
        let plan = self.texts.plan(place, model);
        let plan = plan.ok_or_else(|| declined("nobody stands in for this model"))?;
        let stands_in = plan.stand_ins.iter().find_map(|writer| {
            let speaker = self.texts.speakers.get(writer.speaker)?;
            (speaker.provider == by).then_some((speaker, writer))
        });
        let (speaker, writer) =
            stands_in.ok_or_else(|| declined("that provider does not stand in for this model"))?;
        let (model, substitution) = (writer.model.clone(), writer.substitution);
        let api = self.texts.speakers.get(place).map_or(speaker.api(), Speaker::api);
        if writer.speaker == place {
            let body = api.with_model(body, &writer.model).map_err(|reason| Declined { reason })?;
            return Ok(Translated { body, model, substitution, losses: Vec::new() });
        }
        let reading = api.read_request(body).map_err(|reason| Declined { reason })?;
        let written = api.write_request(&reading.form, &speaker.addressed(&writer.model, writer.most_tokens));
        let written = written.map_err(|reason| Declined { reason })?;
        let mut losses = reading.losses;
        written.losses.into_iter().for_each(|lost| loss::note(&mut losses, lost));
        Ok(Translated { body: written.body, model, substitution, losses })
    }
}
