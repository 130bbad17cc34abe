//! A thousand calls at once while the primary flaps: all are answered, and whoever is down is left alone.

use std::cell::Cell;

use failover_isahc::calls::{Breaker, Calls, CircuitState, LocalProvider};

use crate::scene::{SECOND, Time, all, millis};

const CALLERS: u32 = 1000;

/// A thousand calls, one more each millisecond. Returns how many the primary served, and how many asked it in vain.
fn crowd(time: &Time, calls: &Calls, is_down: bool) -> (u32, u32) {
    let (in_vain, by_primary, answered) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let primary = async || {
        in_vain.set(in_vain.get() + u32::from(is_down));
        time.sleep(millis(5)).await;
        if is_down { Err("down") } else { Ok("primary") }
    };
    let caller = async |number: u32| {
        time.sleep(millis(number.into())).await;
        let backup = LocalProvider::new("backup", async || {
            time.sleep(millis(2)).await;
            Ok("backup")
        });
        let got = calls.call([LocalProvider::new("primary", primary), backup]).await.unwrap();
        by_primary.set(by_primary.get() + u32::from(got.value == "primary"));
        answered.set(answered.get() + 1);
    };
    time.run(all((0..CALLERS).map(caller)));
    assert_eq!(answered.get(), CALLERS, "every call is answered");
    (by_primary.get(), in_vain.get())
}

#[test]
fn a_flapping_primary_is_asked_in_vain_as_often_as_its_breaker_lets_it() {
    let time = Time::default();
    let calls = time.calls(Calls::builder().breaker(Breaker::new().pause(30 * SECOND).jitter_percent(0)));
    for _ in 0..3 {
        // The third failure opens it. Until that one ends, 5 ms later, whoever comes asks as well.
        let (by_primary, in_vain) = crowd(&time, &calls, true);
        assert!(by_primary == 0 && (3..=3 + 5).contains(&in_vain), "{in_vain}");
        for _ in 0..2 {
            time.pass(30 * SECOND);
            assert_eq!(crowd(&time, &calls, true), (0, 1), "one probe");
        }
        time.pass(30 * SECOND);
        // One probes, whoever comes meanwhile is answered by the backup, and then all come back.
        let (by_primary, _) = crowd(&time, &calls, false);
        assert!((CALLERS - 6..CALLERS).contains(&by_primary), "{by_primary}");
        assert_eq!(calls.state("primary"), CircuitState::Closed);
    }
}
