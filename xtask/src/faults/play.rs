//! Plays one scenario: a call through the gateway, or a row of them, and what all who took part saw.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use failover_testkit::{Fault, Provider, Reply};

use super::caller::{self, End, Told};
use super::check::{Measured, Outage};
use super::sixteen::{Plot, Scenario};
use super::stage::{ASKED_MODEL, Policy, Stage, WELL_MODEL, healthy};
use super::timing::Timing;

/// How long a healthy call may take right after a fault.
const ALIVE: Duration = Duration::from_secs(10);

pub(super) fn play(scenario: &Scenario, program: &Path, policy: Policy, timing: Timing) -> Result<Measured> {
    let mut stage = Stage::set(program, policy, timing)?;
    Ok(match scenario.plot {
        Plot::Fault(fault) => one_call(&mut stage, scenario, fault),
        Plot::Outage => outage(&mut stage, scenario),
    })
}

fn one_call(stage: &mut Stage, scenario: &Scenario, fault: Fault) -> Measured {
    if fault == Fault::CutAndPrefillRejected {
        stage.backup.always(healthy(stage.timing).rejects_prefill());
    }
    // What comes after a fault that happens once.
    stage.primary.model(ASKED_MODEL, healthy(stage.timing));
    stage.primary.model_misbehaves(ASKED_MODEL, fault, stage.timing.pace());
    stage.begin();
    let told = caller::chat(stage.base(), ASKED_MODEL, true, Duration::from_secs(scenario.longest));
    measured(stage, &told)
}

/// The published one is a minute long, with a call every four seconds.
fn outage(stage: &mut Stage, scenario: &Scenario) -> Measured {
    let timing = stage.timing;
    let (down, every) = (timing.scaled(Duration::from_secs(60)), timing.scaled(Duration::from_secs(4)));
    // On short timings a probe is late by whole calls.
    let calls: u32 = if timing.is_published() { 20 } else { 30 };
    stage.primary.model(ASKED_MODEL, Reply::status(503));
    stage.begin();
    let (primary, begun) = (&stage.primary, stage.begun());
    let told: Vec<(Duration, Told)> = thread::scope(|scope| {
        let heals = scope.spawn(move || {
            sleep_until(begun + down);
            primary.model(ASKED_MODEL, healthy(timing));
        });
        let asked = (0..calls).map(|call| {
            sleep_until(begun + every * call);
            let at = begun.elapsed();
            (at, caller::chat(stage.base(), ASKED_MODEL, true, Duration::from_secs(scenario.longest)))
        });
        let asked = asked.collect();
        // It has nothing to panic for.
        let _ = heals.join();
        asked
    });
    let Some((_, last)) = told.last() else { unreachable!("calls were made") };
    let mut it = measured(stage, last);
    let in_outage = || told.iter().filter(|(at, _)| *at < down).map(|(_, told)| told);
    let served = |told: &&Told| told.end == End::Success && is_whole(stage, &told.text);
    let back = told.iter().find(|(at, told)| *at >= down && told.text == stage.primary.text());
    it.outage = Some(Outage {
        calls: in_outage().count(),
        served: in_outage().filter(served).count(),
        attempts: it.primary.iter().filter(|at| **at < down).count(),
        stand_in: it.backup.iter().filter(|at| **at < down).count(),
        back_after: back.map(|(at, _)| at.saturating_sub(down)),
    });
    // The worst of them stands for all.
    if let Some((_, bad)) = told.iter().find(|(_, told)| !served(&told)) {
        (it.end, it.whole) = (bad.end.clone(), is_whole(stage, &bad.text));
    }
    it.took = begun.elapsed();
    it
}

fn measured(stage: &Stage, told: &Told) -> Measured {
    let (primary, backup) = (stage.asked_primary(), stage.asked_backup());
    let after = caller::chat(stage.base(), WELL_MODEL, false, ALIVE);
    Measured {
        end: told.end.clone(),
        whole: is_whole(stage, &told.text),
        tokens: (0..=60).find(|count| stage.primary.first_tokens(*count) == told.text),
        model: told.model.clone(),
        usage: told.usage,
        took: told.took,
        primary,
        backup,
        prefills: stage.prefills(),
        alive: after.end == End::Success && after.text == stage.primary.text(),
        leaked: stage.leaked().or(told.leaked.then_some("the caller was told the stand-in's key")),
        outage: None,
    }
}

fn is_whole(stage: &Stage, text: &str) -> bool {
    [&stage.primary, &stage.backup].map(Provider::text).iter().any(|whole| whole == text)
}

fn sleep_until(moment: Instant) {
    thread::sleep(moment.saturating_duration_since(Instant::now()));
}
