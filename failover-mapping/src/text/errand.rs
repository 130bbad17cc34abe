//! What one provider is asked, and what its answer is worth.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use failover_core::{Fault, ModelId};
use http::{HeaderMap, Request, StatusCode};

use super::answer::{Stop, Written};
use super::error::{Hidden, ProviderError};
use super::who::Who;
use crate::chat::{ChatApi, ChatForm, Part, Speaker};
use crate::config::Config;
use crate::loss::{Loss, LossKind};
use crate::{hint, verdict};

/// What one of those is asked who may write a text. It can be asked more than once, and moves between threads.
#[derive(Clone)]
pub struct Errand {
    name: String,
    number: u32,
    /// It is the one that the call is for: what it finds wrong with the request is the caller's to mend.
    is_first: bool,
    who: Who,
    form: Arc<ChatForm>,
    limit: Duration,
}

/// One attempt on a provider that has been sent its request.
pub struct Attempt<'c> {
    errand: &'c Errand,
    speaker: &'c Speaker,
    losses: Vec<Loss>,
    hidden: Hidden,
}

impl Errand {
    pub(super) fn new(
        config: &Config,
        who: Who,
        (number, is_first): (u32, bool),
        form: &Arc<ChatForm>,
        limit: Duration,
    ) -> Self {
        let provider = config.texts.speakers.get(who.speaker).map(|speaker| speaker.provider.as_str());
        let name = format!("{}/{}", provider.unwrap_or_default(), who.model);
        Self { name, number, is_first, who, form: Arc::clone(form), limit }
    }

    /// `provider/model`: what reports and breakers call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn substitution(&self) -> &'static str {
        self.who.substitution.as_str()
    }

    /// Its model, by a number that is the same for the same model elsewhere in this call.
    #[must_use]
    pub const fn model(&self) -> ModelId {
        ModelId::new(self.number)
    }

    /// The longest that one attempt may take.
    #[must_use]
    pub const fn limit(&self) -> Duration {
        self.limit
    }

    /// The request of one attempt, key included: to be sent through a client of the adapter's that follows no redirect.
    ///
    /// # Errors
    ///
    /// Nothing is to be sent: it cannot be asked this, or its key is of no use.
    pub fn begin<'c>(&'c self, config: &'c Config) -> Result<(Request<Vec<u8>>, Attempt<'c>), ProviderError> {
        let unsupported = |reason: String| ProviderError::new(Fault::Unsupported, reason);
        let speaker = config.texts.speakers.get(self.who.speaker);
        let speaker = speaker.ok_or_else(|| unsupported("nobody has this name".to_owned()))?;
        let to = speaker.addressed(&self.who.model, self.who.most_tokens);
        // The caller asks no provider's API: losses are told by the names that most know.
        let written = ChatApi::Completions.write_request(&self.form, &to).map_err(unsupported)?;
        let lossy = |loss: &&Loss| {
            matches!(loss.kind, LossKind::Dropped | LossKind::Clamped | LossKind::Approximated)
        };
        if let Some(loss) = written.losses.iter().find(lossy).filter(|_| !config.losses) {
            return Err(unsupported(format!("{loss}, and losses are refused")));
        }
        let request = speaker.request(written.body, false, &[const { None }; _]);
        let request = request.map_err(|reason| ProviderError::new(Fault::Unauthenticated, reason))?;
        let hidden = Hidden::of(request.headers());
        Ok((request, Attempt { errand: self, speaker, losses: written.losses, hidden }))
    }
}

impl Attempt<'_> {
    /// What its whole answer is worth. `wall` tells the time of day, which dates in it are measured against.
    ///
    /// # Errors
    ///
    /// It refuses, or its success is none.
    pub fn answered(
        self,
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        wall: impl Fn() -> SystemTime,
    ) -> Result<Written, ProviderError> {
        if !status.is_success() {
            return Err(self.refused((status, headers, body), wall));
        }
        let Self { errand, speaker, losses, .. } = self;
        let junk = |fault, note: Option<String>| Err(ProviderError::new(fault, note).said(status));
        let answer = match speaker.api().read_answer(body) {
            Ok(answer) => answer,
            Err(none) => return junk(none.fault, none.note),
        };
        let stop = Stop::of(&answer.stop);
        let text = match answer.refusal {
            Some(refusal) if answer.text.is_empty() => refusal,
            _ => answer.text,
        };
        if text.is_empty() && stop == Stop::Length {
            let note = "the limit of tokens was reached before it wrote anything: raise max_tokens(..)";
            return junk(Fault::Empty, Some(note.to_owned()));
        }
        Ok(Written {
            text,
            provider: speaker.provider,
            model: answer.model.unwrap_or_else(|| errand.who.model.clone()),
            substitution: errand.who.substitution,
            stop,
            usage: answer.usage,
            losses,
        })
    }

    /// It gave no answer.
    #[must_use]
    pub fn failed(self, fault: Fault) -> ProviderError {
        ProviderError::new(verdict::of_stand_in(fault), None)
    }

    fn refused(
        &self,
        (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
        wall: impl Fn() -> SystemTime,
    ) -> ProviderError {
        let Self { errand, speaker, hidden, .. } = self;
        let said = verdict::fault(&speaker.data.verdicts, status, headers, Some(body));
        let fault = match verdict::of_willing(said, headers) {
            // A stand-in may find fault with what the translation made of the request.
            Fault::InvalidRequest | Fault::CallerDeadline if !errand.is_first => Fault::Unsupported,
            // Nobody named its URL or its key, so what is not there is this model alone.
            Fault::InvalidRequest if matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => {
                Fault::Unsupported
            }
            fault => fault,
        };
        let said = hidden.message(body, texts(&errand.form));
        let message = match (verdict::note_of_stand_in(speaker.provider, status, fault), said) {
            (Some(note), Some(said)) => Some(format!("{note} (it says: {said})")),
            (note, said) => note.or(said),
        };
        let retry_after = hint::of(headers, Some(body), wall);
        let is_final = hint::should_retry(headers) == Some(false);
        ProviderError { retry_after, is_final, ..ProviderError::new(fault, message) }.said(status)
    }
}

/// All that is said in a chat.
fn texts(form: &ChatForm) -> impl Iterator<Item = &str> {
    let parts = form.turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    parts.chain(&form.system).map(String::as_str)
}

// What is asked is the caller's, so it is never printed.

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errand").field("name", &self.name).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("name", &self.errand.name)
            .field("losses", &self.losses)
            .finish_non_exhaustive()
    }
}
