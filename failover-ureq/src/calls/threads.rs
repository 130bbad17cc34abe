//! The loop that obeys a call with a thread for each attempt, so that several run at once and none is waited for longer than
//! it may take.
//!
//! A thread cannot be stopped: one that is called off goes on by itself, and finds nobody to tell.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use failover_core::{Action, AttemptId, Call, Guard, Moment};
use failover_mapping::cache::Behind;
use failover_mapping::calls::{AllFailed, Ledger, Verdict, Wanted};

use super::ask::{Ask, ThreadAsk};
use crate::clock::{Clock, seed};

/// What a thread tells: its attempt, and what its callable returned, or the panic that it ended with.
type Told<A, E> = (AttemptId, thread::Result<Result<A, E>>);

/// A call that began at `began`: it may have waited for another one since.
pub(super) fn run<W, E, C>(
    ask: ThreadAsk<'_, W, E, C>,
    began: Moment,
    mut now: Moment,
    behind: Option<Behind>,
) -> Result<W::Got, W::Failed<E>>
where
    W: Wanted,
    W::Question: Send + 'static,
    W::Answer: Send + 'static,
    E: Send + 'static,
    C: FnMut(&E) -> Verdict,
{
    let Ask { calls, names, callables, wanted, classify, policy, models, .. } = ask;
    let (roster, clock) = (&calls.roster, &calls.clock);
    let lineup = match roster.line_up(names) {
        Ok(lineup) => lineup.with_models(models),
        Err(error) => return Err(wanted.failed(AllFailed::from(error))),
    };
    let mut ledger = Ledger::new(wanted, classify, lineup.names, began).observed(roster).backed(behind);
    let span = ledger.span();
    let call = Call::batch(&policy, &lineup.candidates, ledger.count(), seed(), began);
    let mut call = Guard::new(call, roster.fleet(), || clock.now());
    let (tell, heard) = mpsc::channel::<Told<W::Answer, E>>();
    loop {
        let action = call.poll(now);
        ledger.told(call.next_event(), call.report(), now);
        let told = match action {
            Action::Launch(launch) => {
                let question = ledger.launch(&launch, call.missing(), now);
                let callable = callables.get(launch.candidate).expect("the core names whom it was given");
                let (callable, tell, attempt) = (Arc::clone(callable), tell.clone(), launch.attempt);
                let span = span.clone();
                let started = thread::Builder::new().name("failover".to_owned()).spawn(move || {
                    let result = panic::catch_unwind(AssertUnwindSafe(|| span.within(|| callable(question))));
                    // Nobody listens any more if the call is over.
                    drop(tell.send((attempt, result)));
                });
                if started.is_err() {
                    call.settle(attempt, ledger.not_started(attempt, now), now);
                    ledger.told(call.next_event(), call.report(), now);
                }
                continue;
            }
            Action::Cancel(attempt) => {
                ledger.abandon(attempt, now);
                continue;
            }
            Action::Wait(until) => wait(&heard, until, ledger.in_flight() > 0, clock, now),
            Action::Finish(_) => return ledger.conclude(call.report(), now),
        };
        now = clock.now();
        match told {
            // What was called off was told to the ledger and the core already.
            Some((attempt, Ok(result))) if ledger.is_in_flight(attempt) => {
                call.settle(attempt, ledger.settle(attempt, result, now), now);
                ledger.told(call.next_event(), call.report(), now);
            }
            Some((attempt, Err(panic))) if ledger.is_in_flight(attempt) => panic::resume_unwind(panic),
            Some(_) | None => {}
        }
    }
}

/// Waits for a thread to tell something, until then. A clock that only sleep moves is slept by after that.
fn wait<T>(
    heard: &Receiver<T>,
    until: Option<Moment>,
    is_any_in_flight: bool,
    clock: &Clock,
    now: Moment,
) -> Option<T> {
    let Some(until) = until else { return heard.recv().ok() };
    if is_any_in_flight && let Ok(told) = heard.recv_timeout(until.since(now)) {
        return Some(told);
    }
    clock.sleep(until.since(clock.now()));
    None
}
