//! Another clock than tokio's: an outage of an hour, rehearsed in a moment and without a runtime. Whoever sleeps turns the hands.

use std::cell::Cell;
use std::error::Error;
use std::future::{Ready, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use failover_reqwest::CircuitState;
use failover_reqwest::calls::{Calls, LocalProvider, Moment, Runtime};

/// Time passes when somebody waits for it, and only then.
#[derive(Clone, Default)]
struct Hands(Rc<Cell<Duration>>);

impl Runtime for Hands {
    type Sleep = Ready<()>;

    fn now(&self) -> Moment {
        Moment::after_epoch(self.0.get())
    }

    fn sleep(&self, time: Duration) -> Ready<()> {
        self.0.set(self.0.get() + time);
        ready(())
    }

    fn seed(&self) -> u64 {
        7 // the same world each time
    }
}

/// An executor for futures that never have to wait for anything else.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the hands are turned by those who wait"),
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let hands = Hands::default();
    let calls = Calls::builder().retries(1).build()?.with_clock(hands.clone());
    let (step, hour) = (Duration::from_secs(5), Duration::from_secs(3_600));
    let (mut outage, mut in_vain, mut states) = (0, 0, Vec::new());
    while hands.0.get() < 2 * hour {
        let down = hands.0.get() < hour;
        let call = calls.call([
            LocalProvider::new("primary", || {
                in_vain += u32::from(down);
                ready(if down { Err("down") } else { Ok("primary's") })
            }),
            LocalProvider::new("backup", || ready(Ok("backup's"))),
        ]);
        let got = run(call).map_err(|failed| failed.boxed())?;
        assert!(!down || got.provider == "backup", "every call is answered");
        outage += u32::from(down);
        let state = calls.state("primary").name();
        if states.last() != Some(&state) {
            println!("after {:>4} s the primary's circuit is {state}", hands.0.get().as_secs());
            states.push(state);
        }
        hands.0.set(hands.0.get() + step);
    }
    println!("{outage} calls in the outage, all answered; the primary was asked {in_vain} times");
    assert!(in_vain < outage / 4, "it is asked once in a break");
    assert_eq!(states, ["closed", "open", "closed"]);
    assert_eq!(calls.state("primary"), CircuitState::Closed);
    Ok(())
}
