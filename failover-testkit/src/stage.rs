//! What all connections of a provider share.

use crate::connections::Connections;
use crate::jobs::Jobs;
use crate::kind::Kind;
use crate::script::Script;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) struct Stage {
    pub(crate) kind: Kind,
    pub(crate) base: String,
    pub(crate) script: Script,
    pub(crate) jobs: Jobs,
    pub(crate) media_here: AtomicBool,
    pub(crate) connections: Arc<Connections>,
}

impl Stage {
    pub(crate) fn new(kind: Kind, base: String) -> Self {
        Self {
            kind,
            base,
            script: Script::default(),
            jobs: Jobs::unfinished_for(kind.polls()),
            media_here: AtomicBool::new(false),
            connections: Arc::default(),
        }
    }

    /// The URL of a file in an answer: on the host that the provider uses, or on this one.
    pub(crate) fn media(&self, host: &str, file: &str) -> String {
        // It guards nothing, so no order is needed.
        if self.media_here.load(Ordering::Relaxed) {
            format!("{}/media/{file}", self.base)
        } else {
            format!("https://{host}/{file}")
        }
    }
}
