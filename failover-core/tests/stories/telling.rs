//! How actions, ends and reports read in a story.

use std::fmt::Write as _;

use failover_core::{Action, Bound, Cause, Entry, Finish, Launch, Limits, Moment, Outcome};

use crate::world::NAMES;

pub(crate) fn at(moment: Moment) -> String {
    format!("{:.3}", moment.since_epoch().as_secs_f64())
}

fn limits(limits: &Limits) -> String {
    let mut text = String::new();
    let parts = [
        ("connected", limits.connect()),
        ("first answer", limits.first_answer()),
        ("next part", limits.idle()),
        ("whole", limits.total()),
    ];
    for (part, limit) in parts {
        if let Some(limit) = limit {
            let _ = write!(text, ", {part} within {:.3}", limit.as_secs_f64());
        }
    }
    text
}

pub(crate) fn bound(launch: &Launch) -> &'static str {
    match launch.bound {
        Bound::Nothing => ", bound by nothing",
        Bound::Limit => ", bound by its limit",
        Bound::Deadline => ", bound by the deadline",
        _ => unreachable!("a bound without a word here"),
    }
}

/// Runs of numbers as ranges.
pub(crate) fn numbers(items: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &item in items {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == item => *last = item,
            _ => runs.push((item, item)),
        }
    }
    let shown = runs.iter().map(
        |(first, last)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        },
    );
    shown.collect::<Vec<_>>().join(" ")
}

pub(crate) fn told(outcome: &Outcome<'_>) -> String {
    match outcome {
        Outcome::Answered => "answered".to_owned(),
        Outcome::Partly(items) => format!("answered items [{}]", numbers(items)),
        Outcome::Failed { fault, retry_after: None } => fault.to_string(),
        Outcome::Failed { fault, retry_after: Some(wait) } => format!("{fault}, retry after {wait:?}"),
        _ => unreachable!("an outcome without a word here"),
    }
}

pub(crate) fn show(action: &Action) -> String {
    match action {
        Action::Launch(launch) => format!(
            "launch {} on {}{}{}",
            launch.attempt.number(),
            NAMES[launch.provider.slot()],
            if launch.last_resort { ", last resort" } else { "" },
            limits(&launch.limits)
        ),
        Action::Cancel(attempt) => format!("cancel {}", attempt.number()),
        Action::Wait(None) => "wait".to_owned(),
        Action::Wait(Some(until)) => format!("wait until {}", at(*until)),
        Action::Finish(Finish::Served(attempt)) => format!("served by {}", attempt.number()),
        Action::Finish(Finish::Partly) => "over, partly answered".to_owned(),
        Action::Finish(Finish::Refused(attempt)) => format!("refused by {}", attempt.number()),
        Action::Finish(Finish::Broken(attempt)) => format!("broken by {}", attempt.number()),
        Action::Finish(Finish::Failed(Cause::Unavailable(until))) => {
            format!("failed: unavailable until {}", at(*until))
        }
        Action::Finish(Finish::Failed(cause)) => format!("failed: {cause:?}"),
    }
}

pub(crate) fn summary(entry: &Entry) -> String {
    let mut text = format!("  {}:", NAMES[entry.provider.slot()]);
    if let Some(skipped) = entry.skipped {
        let _ = write!(text, " skipped ({}", skipped.why);
        if let Some(until) = skipped.until {
            let _ = write!(text, " until {}", at(until));
        }
        text.push(')');
    }
    if entry.last_resort {
        text.push_str(" last resort");
    }
    if let (Some(began), Some(ended)) = (entry.began, entry.ended) {
        let plural = if entry.attempts == 1 { "" } else { "s" };
        let _ = write!(text, " {} attempt{plural} {}..{}", entry.attempts, at(began), at(ended));
        for fault in entry.faults.iter() {
            let _ = write!(text, ", {fault}");
        }
    } else if entry.skipped.is_none() {
        text.push_str(" not asked");
    }
    text
}
