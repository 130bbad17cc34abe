//! What a request asks for, read from its JSON body.

use crate::json::Object;
use crate::seen::Seen;

/// A body that asks for more images than this gets this many.
const MOST_IMAGES: i64 = 16;

/// The fields of a body: those below `input` first (Replicate), then those at the top. A body that is no JSON object has
/// none, and the provider's defaults apply.
pub(crate) struct Asked<'t> {
    objects: Vec<Object<'t>>,
}

impl<'t> Asked<'t> {
    pub(crate) fn by(seen: &'t Seen) -> Self {
        let Some(top) = Object::read(&seen.body) else { return Self { objects: Vec::new() } };
        let below = top.object("input");
        Self { objects: below.into_iter().chain([top]).collect() }
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.objects.iter().find_map(|object| object.text(name))
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.objects.iter().find_map(|object| object.integer(name))
    }

    pub(crate) fn object(&self, name: &str) -> Option<Object<'t>> {
        self.objects.iter().find_map(|object| object.object(name))
    }

    /// The JSON of a field, as written.
    pub(crate) fn raw(&self, name: &str) -> Option<&'t str> {
        self.objects.iter().find_map(|object| object.raw(name))
    }

    pub(crate) fn images(&self, names: &[&str]) -> i64 {
        names.iter().find_map(|name| self.integer(name)).unwrap_or(1).clamp(1, MOST_IMAGES)
    }
}
