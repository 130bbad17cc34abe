//! What a request is for, and who has a part in it.

use failover_core::{Candidate, Launch};

use crate::chat::Chat;
use crate::config::Config;
use crate::data::{Substitution, Verdict};
use crate::follow::Follow;
use crate::generation::Generation;
use crate::history::Names;
use crate::origin::Origin;
use crate::provenance::{Asked, Price, Served};
use crate::provider::ProviderName;

/// What a request is for.
#[derive(Debug)]
pub(crate) enum Errand<'c, 'b> {
    Generation(Box<Generation<'c, 'b>>),
    Chat(Box<Chat<'c, 'b>>),
    Follow(Box<Follow<'c>>),
    /// The page of a version.
    Version {
        model: &'c str,
        hash: String,
        origin: &'c Origin,
    },
}

impl<'c> Errand<'c, '_> {
    pub(crate) fn candidates(&self, config: &'c Config) -> &'c [Candidate] {
        match self {
            Self::Generation(generation) => generation.candidates,
            Self::Chat(chat) => chat.candidates(),
            Self::Follow(follow) => follow.candidates(),
            Self::Version { .. } => &config.version_page,
        }
    }

    /// Whether this candidate is the caller's own request, and not for us.
    pub(crate) const fn is_own(&self, launch: &Launch) -> bool {
        match self {
            Self::Follow(_) => false,
            Self::Generation(generation) => launch.candidate == generation.own,
            Self::Chat(chat) => launch.candidate == chat.plan.own,
            Self::Version { .. } => true,
        }
    }

    /// The provider that the caller asked, and its name of the model.
    pub(crate) fn primary(&self) -> (ProviderName, &str) {
        match self {
            Self::Generation(generation) => generation.primary(),
            Self::Chat(chat) => (chat.speaker.provider, &chat.model),
            Self::Follow(follow) => follow.primary(),
            Self::Version { model, .. } => (ProviderName::Replicate, model),
        }
    }

    /// Whether only the caller names that model, and neither the tables nor the settings do.
    pub(crate) fn is_unlisted(&self, config: &Config) -> bool {
        matches!(self, Self::Chat(chat) if !config.texts.is_named(chat.place, &chat.model))
    }

    /// What the statuses of that provider mean.
    pub(crate) fn verdicts(&self, config: &'c Config) -> &'c [Verdict] {
        if let Self::Chat(chat) = self {
            return &chat.speaker.data.verdicts;
        }
        let data = config.catalogue.provider(self.primary().0);
        data.map_or(&[], |data| &data.verdicts)
    }
}

/// Who plays which part.
pub(crate) struct Cast<'a, 'c, 'b> {
    pub(crate) config: &'c Config,
    pub(crate) errand: &'a Errand<'c, 'b>,
}

impl Names for Cast<'_, '_, '_> {
    fn asked(&self) -> Asked {
        match self.errand {
            Errand::Generation(generation) => generation.asked(self.config),
            Errand::Chat(chat) => chat.asked(),
            Errand::Follow(follow) => follow.asked(),
            Errand::Version { model, hash, origin } => Asked {
                provider: ProviderName::Replicate,
                model: (*model).to_owned(),
                url: format!("{origin}/v1/models/{model}/versions/{hash}"),
                job: false,
                api: None,
            },
        }
    }

    fn named(&self, candidate: usize) -> (ProviderName, &str, Substitution) {
        let (provider, model) = self.errand.primary();
        let own = (provider, model, Substitution::Same);
        match self.errand {
            Errand::Generation(generation) => match generation.stand_in(self.config, candidate) {
                Some((standing, found)) => (standing.provider, &found.model.id, found.model.substitution()),
                None => own,
            },
            Errand::Chat(chat) => match chat.stand_in(self.config, candidate) {
                Some((speaker, writer)) => (speaker.provider, &writer.model, writer.substitution),
                None => own,
            },
            Errand::Follow(follow) => follow.stand_in().unwrap_or(own),
            Errand::Version { .. } => own,
        }
    }

    fn served(&self, candidate: Option<usize>) -> Option<Served> {
        match (self.errand, candidate) {
            // What lies here already was made by the stand-in as well.
            (Errand::Follow(follow), None) if !follow.is_held() => None,
            (Errand::Follow(follow), _) => follow.stand_in().map(Served::by),
            (_, Some(candidate)) => Some(Served::by(self.named(candidate))),
            // Out of the tables.
            (Errand::Version { model, .. }, None) => {
                Some(Served::by((ProviderName::OURSELVES, model, Substitution::Same)))
            }
            (Errand::Generation(_) | Errand::Chat(_), None) => None,
        }
    }

    fn price(&self, served: &Served) -> Option<Price> {
        let Errand::Generation(generation) = self.errand else { return None };
        let asked = generation.source.model.price.as_ref()?;
        let mut stand_ins = generation.stand_ins(self.config);
        let (_, stand_in) = stand_ins.find(|(standing, _)| standing.provider == served.provider)?;
        Price::of(asked, stand_in.model.price.as_ref()?)
    }
}
