//! What the caller asks, and how.

use std::time::Duration;

use failover_core::{Freshness, Hedge};

use super::message::{Message, Role};
use crate::calls::SettingError;
use crate::chat::{self, ChatForm, Part};
use crate::provider::ProviderName;

/// What the caller asks, and how. Nothing of it is checked yet.
#[derive(Clone, Default)]
pub(super) struct Wishes {
    pub(super) model: Option<String>,
    pub(super) order: Option<Vec<ProviderName>>,
    pub(super) messages: Vec<Message>,
    pub(super) max_tokens: Option<u64>,
    pub(super) temperature: Option<f64>,
    pub(super) stop: Vec<String>,
    pub(super) deadline: Option<Duration>,
    pub(super) limit: Option<Duration>,
    pub(super) retries: Option<u32>,
    pub(super) hedge: Option<Hedge>,
    pub(super) by_health: bool,
    pub(super) cached: Option<Cached>,
}

/// How long an answer may be used.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cached {
    /// As long as the settings say.
    AsSet,
    For(Freshness),
}

impl Wishes {
    /// The chat in the neutral form.
    pub(super) fn form(&self) -> Result<ChatForm, SettingError> {
        let Self { messages, max_tokens, temperature, stop, .. } = self;
        if *max_tokens == Some(0) {
            return Err(SettingError::new("max_tokens", "is zero: give it some, or leave it out"));
        }
        if temperature.is_some_and(|it| !(0.0..=2.0).contains(&it)) {
            return Err(SettingError::new("temperature", "is not between 0 and 2"));
        }
        if stop.iter().any(String::is_empty) {
            return Err(SettingError::new(
                "stop",
                "holds an empty text, at which every answer would end: leave it out",
            ));
        }
        let mut form = ChatForm {
            model: self.model.clone().unwrap_or_default(),
            max_tokens: *max_tokens,
            temperature: *temperature,
            stop: stop.clone(),
            ..ChatForm::default()
        };
        for Message { role, text } in messages {
            let said = [Part::Text(text.clone())];
            match role {
                Role::System if text.trim().is_empty() => {}
                Role::System => form.system.push(text.clone()),
                Role::User => form.say(chat::Role::User, said),
                Role::Assistant => form.say(chat::Role::Assistant, said),
            }
        }
        match form.turns.last().map(|turn| turn.role) {
            Some(chat::Role::User) => Ok(form),
            Some(chat::Role::Assistant) => {
                Err(SettingError::new("messages", "end with the assistant's turn: end with the user's"))
            }
            None => Err(SettingError::new("prompt", "is missing or blank: call prompt(..) or messages(..)")),
        }
    }

    /// Limits that are no time at all are a mistake, not a wish.
    pub(super) fn check(&self) -> Result<(), SettingError> {
        for (field, limit) in [("deadline", self.deadline), ("limit", self.limit)] {
            if limit.is_some_and(|limit| limit.is_zero()) {
                return Err(SettingError::new(field, "is zero: give it some time, or leave it out"));
            }
        }
        Ok(())
    }
}
