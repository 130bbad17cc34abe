//! Plays every cell with providers of its own, several at a time, and tells which did not come out as expected.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::sync::{Mutex, Once, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use failover_testkit::{Fault, Reply};

use crate::row::{Adapter, Cell, Count, Got, Row, Scenario, Way, What};
use crate::scene::{OWN_PANIC, Scene};
use crate::session::{Session, session};

/// Most cells wait for something, so more are played at a time than there are cores.
const AT_A_TIME: usize = 12;

/// Several times what the longest cell takes on a busy machine. What takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Held for writing while there are crowds, and for reading by plays of another table that open many sockets too.
pub(crate) static CROWDS: RwLock<()> = RwLock::new(());

/// The cells that did not come out as expected, a line each.
pub(crate) fn wrong(rows: &[Row]) -> Vec<String> {
    silence_own_panics();
    let chosen = rows.iter().filter(|row| is_chosen(row.id));
    // One crowd at a time: libcurl can open no socket whose number is above 1,023, and two would need more.
    let (crowds, rest): (Vec<_>, Vec<_>) =
        chosen.partition(|row| row.what == What::Scenario(Scenario::Flapping));
    let problem = |(row, way, adapter, cell): Planned<'_>| {
        let problem = problem(row.what, way, adapter, cell)?;
        Some(format!("{} {} / {}, {}: {problem}", row.id, row.name, adapter.name(), way.name()))
    };
    thread::scope(|scope| {
        let crowds = scope.spawn(|| {
            let _sockets = CROWDS.write().unwrap();
            in_lanes(1, cells(crowds), problem)
        });
        let mut wrong = in_lanes(AT_A_TIME, cells(rest), problem);
        wrong.extend(crowds.join().unwrap());
        wrong
    })
}

/// `FAULT=F27` plays that row only.
pub(crate) fn is_chosen(id: &str) -> bool {
    std::env::var("FAULT").map_or(true, |only| id == only)
}

/// What is wrong with these, so many at a time.
pub(crate) fn in_lanes<J: Send>(
    lanes: usize,
    jobs: Vec<J>,
    problem: impl Fn(J) -> Option<String> + Sync,
) -> Vec<String> {
    let (jobs, wrong) = (Mutex::new(jobs.into_iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let next = jobs.lock().unwrap().next();
            let Some(job) = next else { return };
            if let Some(problem) = problem(job) {
                wrong.lock().unwrap().push(problem);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(work);
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    wrong
}

type Planned<'r> = (&'r Row, Way, Adapter, Cell);

fn cells(rows: Vec<&Row>) -> Vec<Planned<'_>> {
    let ways = |row| Way::ALL.into_iter().map(move |way| (row, way));
    let adapters = |(row, way)| Adapter::ALL.into_iter().map(move |adapter| (row, way, adapter));
    let all = rows.into_iter().flat_map(ways).flat_map(adapters);
    all.filter_map(|(row, way, adapter)| Some((row, way, adapter, Row::cell(row, way, adapter)?))).collect()
}

fn problem(what: What, way: Way, adapter: Adapter, cell: Cell) -> Option<String> {
    let Cell { got, primary, stand_in } = cell;
    match guarded(move || play(what, way, adapter)) {
        Ok(seen) if seen.0 == got && primary.covers(seen.1) && stand_in.covers(seen.2) => None,
        Ok((other, first, second)) => Some(format!(
            "expected {got:?} {}+{}, got {other:?} {first}+{second}",
            shown(primary),
            shown(stand_in)
        )),
        Err(problem) => Some(problem),
    }
}

/// What comes of a play, unless it panics, or hangs.
pub(crate) fn guarded<T: Send + 'static>(
    play: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (done, played) = mpsc::channel();
    thread::spawn(move || {
        let result = panic::catch_unwind(AssertUnwindSafe(play));
        let _ = done.send(result.unwrap_or_else(|panic| Err(message(&*panic))));
    });
    played.recv_timeout(PATIENCE).unwrap_or_else(|_| Err("hung".to_owned()))
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

pub(crate) fn shown(count: Count) -> String {
    match count {
        Count::Is(count) => count.to_string(),
        Count::AtMost(most) => format!("≤{most}"),
    }
}

/// What the caller got, and how many requests the asked provider and the stand-in saw.
fn play(what: What, way: Way, adapter: Adapter) -> Result<(Got, usize, usize), String> {
    let scene = Scene::new(what, way);
    let session = session(adapter, &scene);
    let began = Instant::now();
    let (got, counts) = match what {
        What::Fault(_) => (session.ask(), None),
        What::Scenario(scenario) => perform(scenario, &scene, &*session)?,
    };
    // A hint is kept, if the one who gave it is asked again.
    if what == What::Fault(Fault::ThrottledOnce) && got == Got::Primary && began.elapsed() < 2 * SECOND {
        return Err("asked again before the two seconds were over".to_owned());
    }
    let (primary, stand_in) = counts.unwrap_or_else(|| scene.counts());
    scene.check_secrets();
    Ok((got, primary, stand_in))
}

const SECOND: Duration = Duration::from_secs(1);

/// What the caller got in the end, and the counts, unless they are those of the end.
type Performed = (Got, Option<(usize, usize)>);

fn perform(scenario: Scenario, scene: &Scene, session: &dyn Session) -> Result<Performed, String> {
    match scenario {
        Scenario::Named | Scenario::AllDown => Ok((session.ask(), None)),
        Scenario::Stale => {
            let first = session.ask();
            if first != Got::Primary {
                return Err(format!("{first:?} from the healthy primary"));
            }
            scene.fal.always(Reply::status(503));
            scene.nexa.always(Reply::status(503));
            Ok((session.ask(), None))
        }
        Scenario::Outage => outage(scene, session),
        Scenario::Cancelled => {
            session.cancel();
            Ok((session.ask(), None))
        }
        Scenario::Panic => match panic::catch_unwind(AssertUnwindSafe(|| session.ask())) {
            Ok(got) => Ok((got, None)),
            Err(_) => Ok((session.ask(), None)),
        },
        Scenario::Flapping => flapping(scene, session),
        Scenario::ClockJumps => {
            let _ = session.ask();
            session.jump(365 * 24 * 3600 * SECOND);
            let ahead = session.ask();
            session.jump(Duration::ZERO);
            let back = session.ask();
            if ahead == back { Ok((back, None)) } else { Err(format!("{ahead:?}, then {back:?}")) }
        }
    }
}

fn outage(scene: &Scene, session: &dyn Session) -> Result<Performed, String> {
    const STEP: Duration = Duration::from_secs(4);
    for request in 0..15 {
        let got = session.ask();
        if got != Got::StandIn {
            return Err(format!("request {request} of the outage: {got:?}"));
        }
        session.pass(STEP);
    }
    let counts = scene.counts();
    scene.fal.heal();
    // Half a minute, from the end of the outage.
    for _ in 0..8 {
        match session.ask() {
            Got::Primary => return Ok((Got::StandInThenPrimary, Some(counts))),
            Got::StandIn => session.pass(STEP),
            other => return Err(format!("after the outage: {other:?}")),
        }
    }
    Err("the primary is not asked again".to_owned())
}

/// Down for 400 requests, back for 400, and down for 200.
fn flapping(scene: &Scene, session: &dyn Session) -> Result<Performed, String> {
    let first = session.crowd(400);
    let down = scene.counts();
    scene.fal.heal();
    session.pass(40 * SECOND);
    let healthy = session.crowd(400);
    let before = scene.counts();
    scene.fal.always(Reply::status(503));
    let second = session.crowd(200);
    let after = scene.counts();
    let stood_in = |all: &[Got]| all.iter().all(|got| *got == Got::StandIn);
    if !stood_in(&first) || !stood_in(&second) {
        return Err("not every call of an outage was answered".to_owned());
    }
    if healthy.iter().any(|got| !matches!(got, Got::Primary | Got::StandIn))
        || !healthy.contains(&Got::Primary)
    {
        return Err("the primary did not come back".to_owned());
    }
    let counts = (down.0 + after.0 - before.0, down.1 + after.1 - before.1);
    Ok((Got::AllAnswered, Some(counts)))
}

/// They are planned, and would be in the way of those that are not.
fn silence_own_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !message(info.payload()).contains(OWN_PANIC) {
                usual(info);
            }
        }));
    });
}
