//! A caller with its client, as far as a cell needs one.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use crate::by_isahc;
use crate::by_reqwest;
use crate::by_ureq;
use crate::row::{Adapter, Got, Way};
use crate::scene::Scene;

pub(crate) trait Session {
    /// Asks once, and looks at the answer.
    fn ask(&self) -> Got;

    /// Asks so often, [`LANES`] requests at a time.
    fn crowd(&self, requests: usize) -> Vec<Got>;

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

/// How many callers there are in a crowd. More need more sockets than some systems have for a process.
pub(crate) const LANES: usize = 100;

/// A crowd of futures in one task.
pub(crate) async fn crowd(requests: usize, ask: impl AsyncFn() -> Got) -> Vec<Got> {
    let lane = async || {
        let mut answers = Vec::new();
        for _ in 0..requests / LANES {
            answers.push(ask().await);
        }
        answers
    };
    let mut lanes: Vec<Pin<Box<dyn Future<Output = Vec<Got>> + '_>>> = Vec::new();
    (0..LANES).for_each(|_| lanes.push(Box::pin(lane())));
    let mut all = Vec::new();
    poll_fn(|context| {
        lanes.retain_mut(|lane| match lane.as_mut().poll(context) {
            Poll::Ready(answers) => {
                all.extend(answers);
                false
            }
            Poll::Pending => true,
        });
        if lanes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    all
}

pub(crate) fn session<'s>(adapter: Adapter, scene: &'s Scene) -> Box<dyn Session + 's> {
    match (adapter, scene.way) {
        (Adapter::Ureq, Way::Call) => Box::new(by_ureq::Calling::new(scene)),
        (Adapter::Ureq, _) => Box::new(by_ureq::DropIn::new(scene)),
        (Adapter::Reqwest, Way::Call) => Box::new(by_reqwest::Calling::new(scene)),
        (Adapter::Reqwest, _) => Box::new(by_reqwest::DropIn::new(scene)),
        (Adapter::Isahc, Way::Call) => Box::new(by_isahc::Calling::new(scene)),
        (Adapter::Isahc, _) => Box::new(by_isahc::DropIn::new(scene)),
    }
}
