//! The stage: three fake providers on loopback, their keys, and what each of them saw.

use failover_testkit::{Provider, Reply, Seen};

/// Whose server, whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Fal,
    Replicate,
    Nexa,
}

impl Owner {
    pub(super) const ALL: [Self; 3] = [Self::Fal, Self::Replicate, Self::Nexa];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Fal => "FAL",
            Self::Replicate => "Replicate",
            Self::Nexa => "NexaAPI",
        }
    }

    /// How the examples spell it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Fal => "fal",
            Self::Replicate => "replicate",
            Self::Nexa => "nexaapi",
        }
    }

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Fal => "demo-key-of-fal-not-real",
            Self::Replicate => "demo-key-of-replicate-not-real",
            Self::Nexa => "demo-key-of-nexaapi-not-real",
        }
    }

    /// The variables that the examples read: the key's and the base URL's.
    const fn variables(self) -> [&'static str; 2] {
        match self {
            Self::Fal => ["FAL_KEY", "FAL_BASE_URL"],
            Self::Replicate => ["REPLICATE_API_TOKEN", "REPLICATE_BASE_URL"],
            Self::Nexa => ["NEXA_API_KEY", "NEXA_BASE_URL"],
        }
    }
}

/// A request as a server saw it, its keys by their owners' names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sighting {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) keys: Vec<Owner>,
    pub(super) cookie: bool,
}

/// What the three servers saw.
#[derive(Debug)]
pub(super) struct Witness(pub(super) [(Owner, Vec<Sighting>); 3]);

impl Witness {
    pub(super) fn of(&self, owner: Owner) -> &[Sighting] {
        self.0.iter().find(|(of, _)| *of == owner).map_or(&[], |(_, seen)| seen)
    }
}

#[derive(Debug)]
pub(super) struct Stage {
    fal: Provider,
    replicate: Provider,
    nexa: Provider,
}

impl Stage {
    pub(super) fn open() -> Self {
        Self { fal: Provider::fal(), replicate: Provider::replicate(), nexa: Provider::nexa() }
    }

    /// FAL is throttling, Replicate is broken, NexaAPI works.
    pub(super) fn begin_outage(&self) {
        self.fal.always(Reply::status(429));
        self.replicate.always(Reply::status(500));
    }

    pub(super) fn end_outage(&self) {
        self.fal.heal();
        self.replicate.heal();
    }

    pub(super) fn forget(&self) {
        Owner::ALL.into_iter().for_each(|owner| self.provider(owner).forget());
    }

    pub(super) fn url(&self, owner: Owner) -> String {
        self.provider(owner).url()
    }

    /// What points an example at this stage.
    pub(super) fn env(&self) -> Vec<(&'static str, String)> {
        let pairs = |owner: Owner| {
            let [key, base] = owner.variables();
            [(key, owner.key().to_owned()), (base, self.url(owner))]
        };
        Owner::ALL.into_iter().flat_map(pairs).collect()
    }

    pub(super) fn witness(&self) -> Witness {
        Witness(Owner::ALL.map(|owner| (owner, self.provider(owner).seen().iter().map(sighting).collect())))
    }

    const fn provider(&self, owner: Owner) -> &Provider {
        match owner {
            Owner::Fal => &self.fal,
            Owner::Replicate => &self.replicate,
            Owner::Nexa => &self.nexa,
        }
    }
}

fn sighting(seen: &Seen) -> Sighting {
    let carries = |owner: &Owner| seen.mentions(owner.key());
    Sighting {
        method: seen.method.clone(),
        path: hidden(&seen.path),
        keys: Owner::ALL.into_iter().filter(carries).collect(),
        cookie: seen.header("cookie").is_some(),
    }
}

/// Text without keys: even a fake key is never shown, as the demo is what people paste into issues.
pub(super) fn hidden(text: &str) -> String {
    let replace =
        |text: String, owner: Owner| text.replace(owner.key(), &format!("<{}'s key>", owner.name()));
    Owner::ALL.into_iter().fold(text.to_owned(), replace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_by_their_owners_name() {
        for owner in Owner::ALL {
            assert_eq!(hidden(&format!("a {} b", owner.key())), format!("a <{}'s key> b", owner.name()));
        }
    }

    #[test]
    fn an_example_is_pointed_at_the_stage_only() {
        let env = Stage::open().env();
        let names: Vec<_> = env.iter().map(|(name, _)| *name).collect();
        let expected = [
            "FAL_KEY",
            "FAL_BASE_URL",
            "REPLICATE_API_TOKEN",
            "REPLICATE_BASE_URL",
            "NEXA_API_KEY",
            "NEXA_BASE_URL",
        ];
        assert_eq!(names, expected);
        assert!(
            env.iter().all(|(name, value)| !name.ends_with("URL") || value.starts_with("http://127.0.0.1:"))
        );
    }
}
