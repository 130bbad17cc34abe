//! A caller with its client, as far as a cell needs one.

use std::time::Duration;

use crate::by_reqwest;
use crate::by_ureq;
use crate::row::{Adapter, Got, Way};
use crate::scene::Scene;

pub(crate) trait Session {
    /// Asks once, and looks at the answer.
    fn ask(&self) -> Got;

    /// So much time passes, for everything that waits for it.
    fn pass(&self, time: Duration);

    /// It is so long after the beginning now, whatever it was.
    fn jump(&self, _to: Duration) {
        unreachable!("this adapter takes no clock from outside");
    }

    /// Asks, and drops the request when the asked provider has seen it.
    fn cancel(&self) {
        unreachable!("a blocking call cannot be dropped");
    }
}

pub(crate) fn session<'s>(adapter: Adapter, scene: &'s Scene) -> Box<dyn Session + 's> {
    match (adapter, scene.way) {
        (Adapter::Ureq, Way::Call) => Box::new(by_ureq::Calling::new(scene)),
        (Adapter::Ureq, _) => Box::new(by_ureq::DropIn::new(scene)),
        (Adapter::Reqwest, Way::Call) => Box::new(by_reqwest::Calling::new(scene)),
        (Adapter::Reqwest, _) => Box::new(by_reqwest::DropIn::new(scene)),
    }
}
