//! The stage: three fake providers on loopback, their keys, and what each of them saw.
//!
//! FAL has two servers, as in life: one that answers at once, and its queue. They share a key, and what they saw.

use failover_testkit::{Provider, Reply, Seen};

/// Whose servers, whose key.
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

    /// The variable that the examples read the key from.
    const fn variable(self) -> &'static str {
        match self {
            Self::Fal => "FAL_KEY",
            Self::Replicate => "REPLICATE_API_TOKEN",
            Self::Nexa => "NEXA_API_KEY",
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

/// What the three providers saw.
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
    fal_queue: Provider,
    replicate: Provider,
    nexa: Provider,
}

impl Stage {
    pub(super) fn open() -> Self {
        Self {
            fal: Provider::fal(),
            fal_queue: Provider::fal_queue(),
            replicate: Provider::replicate(),
            nexa: Provider::nexa(),
        }
    }

    /// FAL is throttling, Replicate is broken, NexaAPI works and answers at once.
    pub(super) fn begin_outage(&self) {
        self.fal.always(Reply::status(429));
        self.replicate.always(Reply::status(500));
        self.nexa.jobs(0);
    }

    /// FAL's queue has no runner, NexaAPI works and takes its time.
    pub(super) fn begin_outage_of_the_queue(&self) {
        self.fal_queue.always(Reply::status(503));
        self.nexa.jobs(2);
    }

    pub(super) fn end_outage(&self) {
        self.servers().into_iter().for_each(|(_, server)| server.heal());
    }

    pub(super) fn forget(&self) {
        self.servers().into_iter().for_each(|(_, server)| server.forget());
    }

    /// Each server's name, address and part.
    pub(super) fn playbill(&self) -> [(&'static str, String, &'static str); 4] {
        [
            ("FAL", self.fal.url(), "answers 429, too many requests"),
            ("FAL's queue", self.fal_queue.url(), "answers 503, no runner"),
            ("Replicate", self.replicate.url(), "answers 500, internal error"),
            ("NexaAPI", self.nexa.url(), "works: at once, or by jobs that are asked after"),
        ]
    }

    /// What points an example at this stage.
    pub(super) fn env(&self) -> Vec<(&'static str, String)> {
        let keys = Owner::ALL.map(|owner| (owner.variable(), owner.key().to_owned()));
        let urls = [
            ("FAL_BASE_URL", self.fal.url()),
            ("FAL_QUEUE_BASE_URL", self.fal_queue.url()),
            ("REPLICATE_BASE_URL", self.replicate.url()),
            ("NEXA_BASE_URL", self.nexa.url()),
        ];
        keys.into_iter().chain(urls).collect()
    }

    pub(super) fn witness(&self) -> Witness {
        Witness(Owner::ALL.map(|owner| {
            let own = self.servers().into_iter().filter(|(of, _)| *of == owner);
            let seen = own.flat_map(|(_, server)| server.seen());
            (owner, seen.map(|seen| sighting(&seen)).collect())
        }))
    }

    const fn servers(&self) -> [(Owner, &Provider); 4] {
        [
            (Owner::Fal, &self.fal),
            (Owner::Fal, &self.fal_queue),
            (Owner::Replicate, &self.replicate),
            (Owner::Nexa, &self.nexa),
        ]
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
            "REPLICATE_API_TOKEN",
            "NEXA_API_KEY",
            "FAL_BASE_URL",
            "FAL_QUEUE_BASE_URL",
            "REPLICATE_BASE_URL",
            "NEXA_BASE_URL",
        ];
        assert_eq!(names, expected);
        assert!(
            env.iter().all(|(name, value)| !name.ends_with("URL") || value.starts_with("http://127.0.0.1:"))
        );
    }
}
