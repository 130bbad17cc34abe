//! One call with a cache before it, and behind it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::pin::{Pin, pin};
use std::task::Poll;

use super::ask::Ask;
use super::callable::Callable;
use super::run;
use super::runtime::Runtime;
use crate::cache::{Cache, Follow, Turn};
use crate::calls::{AllFailed, Lone, Served, Verdict};

/// A call that looks into a [`Cache`] before anybody is asked.
#[must_use = "nobody is asked before run()"]
pub struct CachedAsk<'c, R, P, T, V, E, C, K> {
    pub(super) ask: Ask<'c, R, P, Lone<T, V>, E, C>,
    pub(super) cache: &'c Cache<K, T>,
    pub(super) key: K,
}

impl<R, P, T, V, E, C, K> CachedAsk<'_, R, P, T, V, E, C, K>
where
    R: Runtime,
    T: Clone,
    V: FnMut(&T) -> bool,
    P: Callable<(), Answer = T, Error = E>,
    C: FnMut(&E) -> Verdict,
    K: Clone + Eq + Hash,
{
    /// A fresh value, or the one that another call is about to have; else asks; and where every provider has failed, an
    /// old value, if there is one. [`Served::cached`] tells.
    ///
    /// The call's deadline holds for the waiting, too. A future that is dropped leaves the asking to one of those who wait
    /// for it.
    ///
    /// # Errors
    ///
    /// Nobody served, and there is no value that may still be used; or the list of providers cannot be used.
    pub async fn run(self) -> Result<Served<T>, AllFailed<E>> {
        let Self { ask, cache, key } = self;
        let runtime = &ask.calls.runtime;
        let began = runtime.now();
        let mut visit = cache.visit(key, ask.policy.ends(began), began);
        let mut now = began;
        let seat = loop {
            match visit.next(now) {
                Turn::Served(served) => return Ok(served),
                Turn::Ask(seat) => break seat,
                Turn::Follow(follow) => {
                    let until = runtime.sleep(follow.until().since(now));
                    wait(follow, until).await;
                    now = runtime.now();
                }
            }
        };
        let result = run::run(ask, began, now, seat.behind()).await;
        seat.conclude(result, runtime.now())
    }
}

/// Until the other is back, or for as long as the sleep lasts.
async fn wait(mut follow: Follow, sleep: impl Future<Output = ()>) {
    let mut sleep = pin!(sleep);
    poll_fn(|context| match Pin::new(&mut follow).poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => sleep.as_mut().poll(context),
    })
    .await;
}

impl<R, P, T, V, E, C, K> fmt::Debug for CachedAsk<'_, R, P, T, V, E, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedAsk").field("ask", &self.ask).field("cache", self.cache).finish_non_exhaustive()
    }
}
