//! One call, checked: who is asked in which order, how, and what serves before and behind them.

use std::sync::Arc;
use std::time::Duration;

use failover_core::{LastResort, Limits, Policy};

use super::answer::Written;
use super::desk::Question;
use super::errand::Errand;
use super::who::who;
use super::wishes::{Cached, Wishes};
use crate::cache::{Cache, Parts};
use crate::calls::SettingError;
use crate::chat::{ChatForm, Part};
use crate::engine::Engine;

/// One call, checked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Who is asked for what, in order.
    pub errands: Vec<Errand>,
    /// How they are asked.
    pub policy: Policy,
    /// Several may be asked at once.
    pub at_once: bool,
    /// The cache before and behind them, and the question's place there.
    pub cache: Option<(Cache<Question, Written>, Question)>,
}

impl Plan {
    pub(super) fn new(engine: &Engine, wishes: &Wishes) -> Result<Self, SettingError> {
        let (config, desk) = (engine.config(), engine.text());
        wishes.check()?;
        let form = Arc::new(wishes.form()?);
        let mut who = who(config, wishes.model.as_deref(), wishes.order.as_deref())?;
        let is_off = engine.is_off();
        if is_off {
            who.truncate(1);
        }
        let hedge = wishes.hedge.filter(|_| !is_off);
        let mut policy = desk.roster().policy();
        policy = wishes.deadline.map_or(policy, |deadline| policy.deadline(deadline));
        policy = wishes.retries.map_or(policy, |retries| policy.retries(retries));
        policy = hedge.map_or(policy, |hedge| policy.hedge(hedge));
        if wishes.by_health {
            policy = policy.by_health(true).last_resort(LastResort::Everyone);
        }
        let deadline = wishes.deadline.or(config.texts.deadline);
        let in_turn = who.len() > 1 && hedge.is_none();
        let half = deadline.filter(|_| in_turn).map(|deadline| (deadline / 2).max(Duration::from_millis(1)));
        let usual = config.texts.limit;
        let limit = wishes.limit.unwrap_or_else(|| half.map_or(usual, |half| half.min(usual)));
        policy = policy.limits(Limits::NONE.with_total(limit));

        let mut models: Vec<String> = Vec::new();
        let mut number = |model: &str| {
            let place = models.iter().position(|known| known == model).unwrap_or(models.len());
            if place == models.len() {
                models.push(model.to_owned());
            }
            u32::try_from(place).unwrap_or(u32::MAX)
        };
        let errands = who.into_iter().enumerate().map(|(place, who)| {
            let number = number(&who.model);
            Errand::new(config, who, (number, place == 0), &form, limit)
        });
        let errands: Vec<_> = errands.collect();
        let question = question(&errands, &form);
        let cache = wishes.cached.map(|cached| {
            let freshness = match cached {
                Cached::AsSet => None,
                Cached::For(freshness) => Some(freshness),
            };
            (desk.cache(freshness), question)
        });
        Ok(Self { errands, policy, at_once: hedge.is_some(), cache })
    }
}

/// All that an answer depends on.
fn question(errands: &[Errand], form: &ChatForm) -> Question {
    let count = |parts: Parts, count: usize| parts.bytes(&count.to_le_bytes());
    let option = |parts: Parts, bits: Option<u64>| match bits {
        Some(bits) => parts.text("some").bytes(&bits.to_le_bytes()),
        None => parts.text("none"),
    };
    let parts = count(Parts::new().text("text"), errands.len());
    let parts =
        errands.iter().fold(parts, |parts, errand| parts.text(errand.name()).text(errand.substitution()));
    let parts = form.system.iter().fold(count(parts, form.system.len()), |parts, text| parts.text(text));
    let parts = form.turns.iter().fold(count(parts, form.turns.len()), |parts, turn| {
        let parts = count(parts.text(&format!("{:?}", turn.role)), turn.parts.len());
        turn.parts.iter().fold(parts, |parts, part| match part {
            Part::Text(text) => parts.text(text),
            // A text is made of texts alone.
            _ => parts,
        })
    });
    let parts = option(option(parts, form.max_tokens), form.temperature.map(f64::to_bits));
    Question::new(form.stop.iter().fold(parts, |parts, stop| parts.text(stop)).key())
}
