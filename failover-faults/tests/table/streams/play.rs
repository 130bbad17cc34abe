//! Plays every cell several times, with providers of its own each, and tells which did not come out as expected.

use std::time::{Duration, Instant};

use failover_mapping::chat::StreamPolicy;
use failover_testkit::Fault;

use super::ask::ask;
use super::row::{Caller, Cell, Got, POLICIES, Row};
use super::scene::{Other, Scene};
use crate::play::{CROWDS, guarded, in_lanes, is_chosen};

/// Most wait for something.
const AT_A_TIME: usize = 12;

/// The cells that did not come out as expected, a line each.
pub(crate) fn wrong(rows: &[Row]) -> Vec<String> {
    let chosen = rows.iter().filter(|row| is_chosen(row.fault.id()));
    in_lanes(AT_A_TIME, chosen.flat_map(plays).collect(), |play: Play| {
        let _sockets = CROWDS.read().unwrap();
        play.problem()
    })
}

struct Play {
    fault: Fault,
    policy: StreamPolicy,
    caller: Caller,
    other: Other,
    cell: Cell,
}

/// The two who may stand in take turns, so that every caller and every column of the page sees both.
fn plays(row: &Row) -> Vec<Play> {
    let mut plays = Vec::new();
    for (nth, caller) in Caller::ALL.into_iter().enumerate() {
        for (column, policy) in POLICIES.into_iter().enumerate() {
            let cell = if caller == Caller::Ureq { row.by_ureq() } else { row.guarded()[column] };
            let other = Other::ALL[(nth + column) % Other::ALL.len()];
            plays.push(Play { fault: row.fault, policy, caller, other, cell });
        }
    }
    plays
}

impl Play {
    fn problem(self) -> Option<String> {
        let Self { fault, policy, caller, other, cell } = self;
        let problem = match guarded(move || play(fault, policy, caller, other)) {
            Ok((got, primary, stand_in)) => {
                let counted = (primary, stand_in) == (cell.primary, cell.stand_in);
                if counted && cell.got.is_met_by(got) {
                    return None;
                }
                let Cell { got: expected, primary: first, stand_in: second } = cell;
                format!("expected {expected:?} {first}+{second}, got {got:?} {primary}+{stand_in}")
            }
            Err(problem) => problem,
        };
        Some(format!("{fault} / {caller:?}, {policy}, {other:?} stands in: {problem}"))
    }
}

/// What the caller got, and how many requests the asked provider and the stand-in saw.
fn play(
    fault: Fault,
    policy: StreamPolicy,
    caller: Caller,
    other: Other,
) -> Result<(Got, usize, usize), String> {
    let scene = Scene::new(fault, policy, other);
    let began = Instant::now();
    let got = ask(caller, &scene)?.got(&scene)?;
    // A hint is kept, if the one who gave it is asked again.
    if fault == Fault::ThrottledOnce && got == Got::Primary && began.elapsed() < Duration::from_secs(2) {
        return Err("asked again before the two seconds were over".to_owned());
    }
    let (primary, stand_in) = scene.counts();
    scene.check_secrets();
    Ok((got, primary, stand_in))
}
