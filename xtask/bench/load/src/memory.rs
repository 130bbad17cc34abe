//! Whether a gateway's memory is flat.
//!
//! It is looked at each second. Flat is: over the last quarter of the calls it has on average no more than 5 % above what it had over
//! the second quarter. A process takes memory while its first calls come, so the first quarter does not count; and what grows by a
//! twentieth in half a million calls grows by 1 % in a hundred thousand, of which a few hours make another size.

use crate::table::aligned;
use crate::words::grouped;

/// How much more the last quarter may have than the second one.
const MORE: f64 = 0.05;
/// With fewer calls of each caller, it still takes memory for the first time: its connections' buffers grow with use.
const LEAST: u64 = 100;
const MIB: f64 = 1_048_576.0;

/// The memory of each gateway, after so many calls.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) ended: u64,
    pub(crate) resident: Vec<Option<u64>>,
}

impl Sample {
    /// For the line that says how far it is.
    pub(crate) fn shown(&self) -> String {
        let known: Option<Vec<u64>> = self.resident.iter().copied().collect();
        let Some(known) = known else { return String::new() };
        let each: Vec<_> = known.iter().map(|bytes| format!("{:.0}", *bytes as f64 / MIB)).collect();
        format!(", gateway {} MiB", each.join(" + "))
    }
}

/// The table of a run's memory, by tenths of its calls, and the verdict.
pub(crate) fn report(samples: &[Sample], calls: u64, concurrent: u64) -> String {
    let gateways = samples.first().map_or(0, |sample| sample.resident.len());
    let mean = |gateway, from, to| mean(samples, gateway, calls, from, to);
    if (0..gateways).any(|gateway| mean(gateway, 0.0, 1.0).is_none()) {
        return "This system does not say how much memory a process has: it was not measured.\n".to_owned();
    }
    let mut rows = vec![["calls".to_owned(), "VmRSS, MiB".to_owned()]];
    for tenth in 0..10 {
        let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
        let each = (0..gateways).map(|gateway| shown(mean(gateway, from, to)));
        let until = calls * (tenth as u64 + 1) / 10;
        rows.push([grouped(until), each.collect::<Vec<_>>().join(" + ")]);
    }
    if calls / concurrent < LEAST {
        return format!("{}\nToo few calls to say whether it is flat.\n", aligned(&rows, 0..=1));
    }
    let growth = (0..gateways).map(|gateway| {
        let (second, last) = (mean(gateway, 0.25, 0.5)?, mean(gateway, 0.75, 1.0)?);
        Some(last / second - 1.0)
    });
    let growth: Option<Vec<f64>> = growth.collect();
    let verdict = growth.map_or("too few samples to say whether it is flat".to_owned(), |growth| {
        let each: Vec<_> = growth.iter().map(|growth| format!("{:+.1} %", growth * 100.0)).collect();
        let flat = growth.iter().all(|growth| *growth <= MORE);
        let verdict = if flat { "flat" } else { "MISSED, it grows" };
        format!(
            "The last quarter against the second: {}; at most {:+.0} %: {verdict}",
            each.join(", "),
            MORE * 100.0
        )
    });
    format!("{}\n{verdict}.\n", aligned(&rows, 0..=1))
}

/// Of one gateway, in bytes, while this share of the calls ended.
fn mean(samples: &[Sample], gateway: usize, calls: u64, from: f64, to: f64) -> Option<f64> {
    let within = |sample: &&Sample| (from..to).contains(&(sample.ended as f64 / calls as f64));
    let bytes: Option<Vec<u64>> = samples.iter().filter(within).map(|it| it.resident[gateway]).collect();
    let bytes = bytes.filter(|bytes| !bytes.is_empty())?;
    Some(bytes.iter().sum::<u64>() as f64 / bytes.len() as f64)
}

fn shown(bytes: Option<f64>) -> String {
    bytes.map_or("no sample".to_owned(), |bytes| format!("{:.1}", bytes / MIB))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: impl Fn(u64) -> Option<u64>) -> String {
        let samples: Vec<_> =
            (0..100).map(|at| Sample { ended: at * 10, resident: vec![bytes(at), bytes(0)] }).collect();
        report(&samples, 1_000, 10)
    }

    #[test]
    fn what_grows_at_first_is_flat() {
        let text = of(|at| Some((50 + at.min(20)) << 20));
        assert!(text.contains("+0.0 %, +0.0 %; at most +5 %: flat."), "{text}");
        assert!(text.contains("| 1,000 | 70.0 + 50.0 |"), "{text}");
    }

    #[test]
    fn what_goes_on_growing_is_not() {
        let text = of(|at| Some((100 + at / 4) << 20));
        assert!(text.contains("MISSED"), "{text}");
    }

    #[test]
    fn a_short_run_is_not_judged() {
        let samples: Vec<_> =
            (0..100).map(|at| Sample { ended: at * 10, resident: vec![Some(at << 20)] }).collect();
        assert!(report(&samples, 1_000, 11).contains("Too few calls"));
    }

    #[test]
    fn what_is_not_told_is_not_judged() {
        assert!(of(|_| None).contains("it was not measured"));
    }
}
