//! Who is asked: the model at its own provider, then those who stand in for it.

use crate::calls::SettingError;
use crate::config::{Config, Texts, Writer};
use crate::credentials;
use crate::data::Substitution;
use crate::provider::ProviderName;

/// The models of this class are asked if none is named.
const USUAL: &str = "large";

/// A provider's model that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    /// The place of its provider.
    pub(super) speaker: usize,
    pub(super) model: String,
    pub(super) most_tokens: Option<u64>,
    pub(super) substitution: Substitution,
}

/// What was asked for: a provider's model, or one of which nobody knows whose it is.
struct Named<'m> {
    speaker: usize,
    model: &'m str,
    whose: bool,
}

/// The candidates, in order. The error says what is wrong with the call, and the cure.
pub(super) fn who(
    config: &Config,
    model: Option<&str>,
    order: Option<&[ProviderName]>,
) -> Result<Vec<Who>, SettingError> {
    let texts = &config.texts;
    if !texts.speakers.iter().any(|speaker| speaker.has_key()) {
        return Err(SettingError::new(
            "text",
            "has nobody to ask: set OPENAI_API_KEY, ANTHROPIC_API_KEY or TOGETHER_API_KEY, or call key(..)",
        ));
    }
    let named = match model {
        Some(model) => named(texts, model)?,
        None => usual(texts, order)?,
    };
    let (all, refused) = all(config, &named);
    match order {
        Some(order) => ordered(config, all, order),
        None if all.is_empty() => Err(nobody(config, &named, refused)),
        None => Ok(all),
    }
}

/// The model itself, then those who stand in; and whether one of them may not, as variants are refused.
fn all(config: &Config, named: &Named<'_>) -> (Vec<Who>, bool) {
    let texts = &config.texts;
    let has_key = |place: usize| texts.speakers.get(place).is_some_and(|speaker| speaker.has_key());
    let mut all = Vec::new();
    if named.whose && has_key(named.speaker) {
        let row = texts.speakers.get(named.speaker).and_then(|speaker| speaker.model(named.model));
        all.push(Who {
            speaker: named.speaker,
            model: named.model.to_owned(),
            most_tokens: row.and_then(|row| row.most_tokens),
            substitution: Substitution::Same,
        });
    }
    let plan = texts.plan(named.speaker, named.model);
    let stand_ins = plan.map_or(&[][..], |plan| &plan.stand_ins);
    let may =
        |writer: &&Writer| config.variants || writer.chosen || writer.substitution == Substitution::Same;
    all.extend(stand_ins.iter().filter(may).map(|writer| Who {
        speaker: writer.speaker,
        model: writer.model.clone(),
        most_tokens: writer.most_tokens,
        substitution: writer.substitution,
    }));
    (all, !stand_ins.iter().all(|writer| may(&writer)))
}

/// Whose model this is: a name out of the tables, which may hold a slash, or `provider/model`, or a name of `fallbacks`.
fn named<'m>(texts: &Texts, name: &'m str) -> Result<Named<'m>, SettingError> {
    let known = texts.speakers.iter().enumerate().filter(|(_, speaker)| speaker.model(name).is_some());
    if let Some((speaker, _)) = known.max_by_key(|(place, speaker)| (speaker.has_key(), usize::MAX - place)) {
        return Ok(Named { speaker, model: name, whose: true });
    }
    let place_of = |provider: &str| texts.speakers.iter().position(|it| it.provider.as_str() == provider);
    if let Some((provider, model)) = name.split_once('/')
        && let Some(speaker) = place_of(provider)
    {
        if model.is_empty() || !model.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SettingError::new(
                "model",
                "names a provider and no model: write it like openai/gpt-4o",
            ));
        }
        return Ok(Named { speaker, model, whose: true });
    }
    let spoken_of = (0..texts.speakers.len()).find(|place| texts.is_named(*place, name));
    let speaker = spoken_of.ok_or_else(|| {
        SettingError::new(
            "model",
            "is in nobody's table: name its provider with it, like openai/gpt-4o, or say by fallbacks(..) who stands in for it",
        )
    })?;
    Ok(Named { speaker, model: name, whose: false })
}

/// The first large model of whoever has a key.
fn usual<'t>(texts: &'t Texts, order: Option<&[ProviderName]>) -> Result<Named<'t>, SettingError> {
    let ordered = order.unwrap_or_default().iter().filter_map(|name| texts.place(*name));
    let mut places = ordered.chain(texts.order.iter().copied()).chain(0..texts.speakers.len());
    let first = places.find_map(|place| {
        let speaker = texts.speakers.get(place).filter(|speaker| speaker.has_key())?;
        let row = speaker.data.models.iter().find(|row| row.class == USUAL && !row.asked_only)?;
        Some(Named { speaker: place, model: &row.id, whose: true })
    });
    first.ok_or_else(|| {
        SettingError::new(
            "model",
            "is not said, and nobody who has a key has a usual one: say it, like mine/my-model",
        )
    })
}

/// Those of these providers, in this order.
fn ordered(config: &Config, all: Vec<Who>, order: &[ProviderName]) -> Result<Vec<Who>, SettingError> {
    let texts = &config.texts;
    let refused = |problem: String| Err(SettingError::new("order", problem));
    let mut chosen: Vec<Who> = Vec::new();
    for name in order {
        let speaker = texts.place(*name).and_then(|place| Some((place, texts.speakers.get(place)?)));
        let Some((place, speaker)) = speaker else {
            return refused(format!("names `{name}`, which writes no text: leave it out"));
        };
        if !speaker.has_key() {
            return Err(no_key(*name));
        }
        let own: Vec<_> = all.iter().filter(|who| who.speaker == place).cloned().collect();
        if own.is_empty() {
            return refused(format!(
                "names `{name}`, which has nothing to stand in for this model: leave it out, or say it by fallbacks(..)"
            ));
        }
        if !chosen.iter().any(|who| who.speaker == place) {
            chosen.extend(own);
        }
    }
    if chosen.is_empty() { refused("is empty: name at least one provider".to_owned()) } else { Ok(chosen) }
}

fn nobody(config: &Config, named: &Named<'_>, refused: bool) -> SettingError {
    match config.texts.speakers.get(named.speaker) {
        _ if refused => SettingError::new(
            "model",
            "has only variants to stand in for it, and variants are refused: allow them, or say by fallbacks(..) which",
        ),
        Some(speaker) if named.whose => no_key(speaker.provider),
        _ => SettingError::new("model", "has nobody to stand in for it: say who by fallbacks(..)"),
    }
}

fn no_key(provider: ProviderName) -> SettingError {
    SettingError::new(credentials::field(provider), credentials::missing(provider))
}
