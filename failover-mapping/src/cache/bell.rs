//! A bell that is rung once. Who waits for it awaits a future, or blocks on one: both are woken the same way.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use failover_core::Moment;

/// Somebody else is fetching the answer: done as soon as that one is back, with or without it.
///
/// It knows no time, so whoever waits for it gives up at [`until`](Follow::until). Dropped, it leaves nothing behind.
#[must_use = "nobody waits unless it is awaited"]
pub struct Follow {
    bell: Arc<Bell>,
    until: Moment,
    place: Option<usize>,
}

#[derive(Default)]
pub(crate) struct Bell(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    rung: bool,
    wakers: Vec<Option<Waker>>,
}

impl Bell {
    /// Wakes all who wait.
    pub(crate) fn ring(&self) {
        let wakers = {
            let mut waiting = self.lock();
            waiting.rung = true;
            std::mem::take(&mut waiting.wakers)
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follow {
    pub(crate) const fn new(bell: Arc<Bell>, until: Moment) -> Self {
        Self { bell, until, place: None }
    }

    /// Nobody need wait any longer than this.
    #[must_use]
    pub const fn until(&self) -> Moment {
        self.until
    }
}

impl Future for Follow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let bell = Arc::clone(&self.bell);
        let mut waiting = bell.lock();
        if waiting.rung {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        match self.place.and_then(|place| waiting.wakers.get_mut(place)) {
            Some(kept) => *kept = waker,
            None => {
                let free = waiting.wakers.iter().position(Option::is_none);
                self.place = Some(free.unwrap_or(waiting.wakers.len()));
                match free.and_then(|free| waiting.wakers.get_mut(free)) {
                    Some(kept) => *kept = waker,
                    None => waiting.wakers.push(waker),
                }
            }
        }
        Poll::Pending
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        if let Some(place) = self.place
            && let Some(kept) = self.bell.lock().wakers.get_mut(place)
        {
            *kept = None;
        }
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow").field("until", &self.until).finish_non_exhaustive()
    }
}
