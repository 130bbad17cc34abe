//! The models that write, as the tables and the settings have them.

use super::Config;
use super::writers::ANY;
use crate::provider::ProviderName;

/// A model that writes, and who stands in for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextModel<'c> {
    /// Whose model it is.
    pub provider: ProviderName,
    /// The provider's name of it.
    pub id: &'c str,
    /// Who stands in for it, in this order, each with its own name of the model.
    pub stand_ins: Vec<(ProviderName, &'c str)>,
}

impl Config {
    /// The models that write: of each provider all of the tables, whether anybody stands in for them or not, then those that
    /// only the user's [`fallbacks`](crate::Builder::fallbacks) name.
    ///
    /// ```
    /// use failover_mapping::{Config, ProviderName};
    ///
    /// let config = Config::builder().key(ProviderName::Anthropic, "anthropic-key").build()?;
    /// let asked = config.text_models().find(|model| model.id == "gpt-4o").expect("it has a row");
    /// assert_eq!(asked.provider, ProviderName::OpenAi);
    /// assert_eq!(asked.stand_ins[0].0, ProviderName::Anthropic);
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn text_models(&self) -> impl Iterator<Item = TextModel<'_>> {
        let speakers = self.texts.speakers.iter().enumerate();
        speakers.flat_map(move |(place, speaker)| {
            let rows = speaker.data.models.iter().map(|row| row.id.as_str());
            // A fallback for one model, whoever is asked for it, is for whoever has it.
            let has = |id: &str| self.texts.speakers.iter().any(|it| it.model(id).is_some());
            let others = move |id: &&str| !speaker.data.models.is_empty() && has(id);
            let named = self.texts.named(place).filter(|id| *id != ANY && speaker.model(id).is_none());
            let named = named.filter(move |id| !others(id));
            rows.chain(named).map(move |id| {
                let plan = self.texts.plan(place, id);
                let writers = plan.map_or(&[][..], |plan| &plan.stand_ins).iter();
                let named = |place: usize| self.texts.speakers.get(place).map(|speaker| speaker.provider);
                let stand_ins = writers.filter_map(|it| Some((named(it.speaker)?, it.model.as_str())));
                TextModel { provider: speaker.provider, id, stand_ins: stand_ins.collect() }
            })
        })
    }
}
