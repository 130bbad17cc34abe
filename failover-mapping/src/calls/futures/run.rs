//! The loop that obeys a call whose attempts are futures, all of them polled within the one that the caller polls.
//!
//! Nothing is spawned: whoever drops the call's future drops every attempt with it, and an attempt that is called off is
//! dropped at once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use failover_core::{Action, AttemptId, Call, Guard, Moment};

use super::ask::Ask;
use super::callable::Callable;
use super::runtime::Runtime;
use crate::cache::Behind;
use crate::calls::{AllFailed, Ledger, Verdict, Wanted};

/// A call that began at `began`: it may have waited for another one since.
pub(super) async fn run<R, P, W, E, C>(
    ask: Ask<'_, R, P, W, E, C>,
    began: Moment,
    mut now: Moment,
    behind: Option<Behind>,
) -> Result<W::Got, W::Failed<E>>
where
    R: Runtime,
    W: Wanted,
    P: Callable<W::Question, Answer = W::Answer, Error = E>,
    C: FnMut(&E) -> Verdict,
{
    let Ask { calls, mut providers, wanted, classify, policy, .. } = ask;
    let (roster, runtime) = (&*calls.roster, &calls.runtime);
    let lineup = match roster.line_up(providers.iter().map(Callable::name)) {
        Ok(lineup) => lineup.with_models(providers.iter().map(Callable::model)),
        Err(error) => return Err(wanted.failed(AllFailed::from(error))),
    };
    let mut ledger = Ledger::new(wanted, classify, lineup.names, began).observed(roster).backed(behind);
    let span = ledger.span();
    let call = Call::batch(&policy, &lineup.candidates, ledger.count(), runtime.seed(), began);
    let mut call = Guard::new(call, roster.fleet(), || runtime.now());
    let mut in_flight = InFlight(Vec::new());
    loop {
        let action = call.poll(now);
        ledger.told(call.next_event(), call.report(), now);
        match action {
            Action::Launch(launch) => {
                let question = ledger.launch(&launch, call.missing(), now);
                let provider = providers.get_mut(launch.candidate).expect("the core names whom it was given");
                in_flight.0.push((launch.attempt, span.around(provider.ask(question))));
            }
            Action::Cancel(attempt) => {
                ledger.cancel(attempt, now);
                in_flight.0.retain(|(other, _)| *other != attempt);
            }
            Action::Wait(until) => {
                let sleep = until.map(|until| runtime.sleep(until.since(now)));
                let ended = in_flight.next(sleep).await;
                now = runtime.now();
                if let Some((attempt, result)) = ended {
                    call.settle(attempt, ledger.settle(attempt, result, now), now);
                    ledger.told(call.next_event(), call.report(), now);
                }
            }
            Action::Finish(_) => return ledger.conclude(call.report(), now),
        }
    }
}

/// The attempts, in the order of their start.
struct InFlight<A>(Vec<(AttemptId, A)>);

impl<A: Future + Unpin> InFlight<A> {
    /// What the first one to end returned; none if the sleep ends before. Of two that have ended, the one that started first.
    async fn next(&mut self, sleep: Option<impl Future<Output = ()>>) -> Option<(AttemptId, A::Output)> {
        let mut sleep = pin!(sleep);
        poll_fn(|context| {
            let ended = self.0.iter_mut().enumerate().find_map(|(place, (_, attempt))| {
                match Pin::new(attempt).poll(context) {
                    Poll::Ready(result) => Some((place, result)),
                    Poll::Pending => None,
                }
            });
            if let Some((place, result)) = ended {
                return Poll::Ready(Some((self.0.remove(place).0, result)));
            }
            sleep.as_mut().as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(context)).map(|()| None)
        })
        .await
    }
}
