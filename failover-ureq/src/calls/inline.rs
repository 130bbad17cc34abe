//! The loop that obeys a call within the caller's thread: each attempt runs to its end before anything else happens.

use failover_core::{Action, Call, Guard, Moment};
use failover_mapping::cache::Behind;
use failover_mapping::calls::{AllFailed, Ledger, Verdict, Wanted};

use super::ask::{Ask, InlineAsk};
use crate::clock::seed;

/// A call that began at `began`: it may have waited for another one since.
pub(super) fn run<'a, W: Wanted, E, C: FnMut(&E) -> Verdict>(
    ask: InlineAsk<'_, 'a, W, E, C>,
    began: Moment,
    mut now: Moment,
    behind: Option<Behind>,
) -> Result<W::Got, W::Failed<E>> {
    let Ask { calls, names, mut callables, wanted, classify, policy, models, .. } = ask;
    let (roster, clock) = (&calls.roster, &calls.clock);
    let lineup = match roster.line_up(names) {
        Ok(lineup) => lineup.with_models(models),
        Err(error) => return Err(wanted.failed(AllFailed::from(error))),
    };
    let mut ledger = Ledger::new(wanted, classify, lineup.names, began).observed(roster).backed(behind);
    let span = ledger.span();
    let call = Call::batch(&policy, &lineup.candidates, ledger.count(), seed(), began);
    let mut call = Guard::new(call, roster.fleet(), || clock.now());
    loop {
        let action = call.poll(now);
        ledger.told(call.next_event(), call.report(), now);
        match action {
            Action::Launch(launch) => {
                let question = ledger.launch(&launch, call.missing(), now);
                let callable = callables.get_mut(launch.candidate).expect("the core names whom it was given");
                let result = span.within(|| callable(&question));
                now = clock.now();
                call.settle(launch.attempt, ledger.settle(launch.attempt, result, now), now);
                ledger.told(call.next_event(), call.report(), now);
            }
            Action::Wait(Some(until)) => {
                clock.sleep(until.since(now));
                now = clock.now();
            }
            // Attempts run to their end within this loop: there is none to wait for or to cancel.
            Action::Wait(None) | Action::Cancel(_) => now = clock.now(),
            Action::Finish(_) => return ledger.conclude(call.report(), now),
        }
    }
}
