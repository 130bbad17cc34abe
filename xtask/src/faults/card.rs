//! The scorecard: what a scenario came to with each policy, and whether that is what was expected.

use super::check::{Check, Measured, Outage, shown};
use super::sixteen::Scenario;
use super::stage::Policy;
use super::timing::Timing;
use super::verdict::{Verdict, judge};

/// What one scenario came to under one policy.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) verdict: Verdict,
    /// Attempts, the first gap, seconds.
    pub(super) figures: String,
    /// Why it is no pass.
    why: Option<String>,
    /// What is otherwise than we expect.
    pub(super) wrong: Vec<String>,
}

impl Cell {
    pub(super) fn of(scenario: &Scenario, policy: Policy, it: &Measured, timing: Timing) -> Self {
        let (verdict, why) = judge(it, scenario.ideal, scenario.required, scenario.advisory, timing);
        let (expected, ours) = scenario.expected(policy);
        let mut wrong = Vec::new();
        if verdict != expected {
            let because = why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
            wrong.push(format!("{}{because} in place of {}", verdict.name(), expected.name()));
        }
        wrong.extend(ours.iter().chain(&[Check::Alive]).filter_map(|check| check.missed(it, timing)));
        wrong.extend(it.leaked.map(str::to_owned));
        Self { verdict, figures: figures(it), why, wrong }
    }

    /// For the line that is printed as soon as it has ended.
    pub(super) fn line(&self) -> String {
        let why = self.why.as_deref().map(|why| format!(", {why}")).unwrap_or_default();
        let wrong =
            if self.wrong.is_empty() { String::new() } else { format!("; WRONG: {}", self.wrong.join("; ")) };
        format!("{}, {}{why}{wrong}", self.verdict.name(), self.figures)
    }
}

/// `3+1, gap 0.2 s, 1.5 s`: attempts on the asked provider and on the stand-in, between the first two of them, and in all.
fn figures(it: &Measured) -> String {
    let attempts = format!("{}+{}", it.primary.len(), it.backup.len());
    if let Some(outage) = &it.outage {
        let back = outage.back_after.map_or_else(|| "never".to_owned(), shown);
        let Outage { attempts, stand_in, served, calls, .. } = outage;
        return format!(
            "{attempts}+{stand_in}, {served} of {calls} served, back after {back}, {}",
            shown(it.took)
        );
    }
    let gap = it.first_gap().map(|gap| format!(", gap {:.2} s", gap.as_secs_f32())).unwrap_or_default();
    format!("{attempts}{gap}, {}", shown(it.took))
}
