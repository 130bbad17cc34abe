//! Whether a gateway's memory is flat.
//!
//! It is looked at each second. The first half of the calls does not count: connections come about in it, to callers and to both
//! providers, and each takes its memory bit by bit. The last piece comes with the 33rd call of a connection to a provider, a second
//! block of hyper's channel, and not every connection is used in every turn. Flat is: over the last quarter of the calls a gateway
//! has on average no more than 3 % above what it had over the third quarter.
//! A part of a large memory is much, so what a call leaves behind stands beside it in bytes, and is not judged.

use crate::table::aligned;
use crate::words::grouped;

/// How much more the last quarter may have than the third one.
const MORE: f64 = 0.03;
/// With fewer calls of each caller, half of them leave connections that have not had their 33rd.
const LEAST: u64 = 200;
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

/// Whether it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Flat,
    Grows,
    /// The run was too short, or the system does not tell.
    NotJudged,
}

/// What is told of a run's memory.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) verdict: Verdict,
}

/// The tables of a run's memory, by tenths of its calls and by quarters, and the verdict.
pub(crate) fn report(samples: &[Sample], calls: u64, concurrent: u64) -> Report {
    let not_judged = |text| Report { text, verdict: Verdict::NotJudged };
    let gateways = samples.first().map_or(0, |sample| sample.resident.len());
    let mean = |gateway, from, to| Mean::of(samples, gateway, calls, from, to);
    if (0..gateways).any(|gateway| mean(gateway, 0.0, 1.0).is_none()) {
        let text = "This system does not say how much memory a process has: it was not measured.\n";
        return not_judged(text.to_owned());
    }
    let mut rows = vec![["calls".to_owned(), "VmRSS, MiB".to_owned()]];
    for tenth in 0..10 {
        let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
        let each = (0..gateways).map(|gateway| shown(mean(gateway, from, to).map(|mean| mean.bytes)));
        let until = calls * (tenth as u64 + 1) / 10;
        rows.push([grouped(until), each.collect::<Vec<_>>().join(" + ")]);
    }
    let tenths = aligned(&rows, 0..=1);
    if calls / concurrent < LEAST {
        return not_judged(format!("{tenths}\nToo few calls to say whether it is flat.\n"));
    }
    let growth = (0..gateways).map(|gateway| {
        let (third, last) = (mean(gateway, 0.5, 0.75)?, mean(gateway, 0.75, 1.0)?);
        // The callers are shared evenly, and so are their calls.
        let calls = (last.ended - third.ended) / gateways as f64;
        Some(Growth { third: third.bytes, last: last.bytes, calls })
    });
    let Some(growth) = growth.collect::<Option<Vec<Growth>>>() else {
        return not_judged(format!("{tenths}\nToo few samples to say whether it is flat.\n"));
    };
    let flat = growth.iter().all(|growth| growth.share() <= MORE);
    let (verdict, word) = if flat { (Verdict::Flat, "flat") } else { (Verdict::Grows, "MISSED, it grows") };
    let quarters = quarters(&growth);
    Report { text: format!("{tenths}\n{quarters}\nAt most {:+.0} %: {word}.\n", MORE * 100.0), verdict }
}

/// How much more a gateway has in the last quarter than in the third one, in bytes.
struct Growth {
    third: f64,
    last: f64,
    /// How many calls it has had from the middle of the one to the middle of the other.
    calls: f64,
}

impl Growth {
    fn share(&self) -> f64 {
        self.last / self.third - 1.0
    }

    /// What 3 % of a large memory would hide. Not judged: a MiB that the allocator keeps or gives back is four bytes of each of a
    /// quarter of a million calls.
    fn of_a_call(&self) -> f64 {
        (self.last - self.third) / self.calls
    }
}

fn quarters(growth: &[Growth]) -> String {
    let head = ["gateway", "third quarter, MiB", "last quarter, MiB", "more", "more, bytes a call"];
    let rows = growth.iter().enumerate().map(|(at, growth)| {
        [
            (at + 1).to_string(),
            shown(Some(growth.third)),
            shown(Some(growth.last)),
            format!("{:+.1} %", growth.share() * 100.0),
            format!("{:+.1}", growth.of_a_call()),
        ]
    });
    let rows: Vec<_> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    aligned(&rows, 1..=4)
}

/// Of one gateway, while this share of the calls ended.
struct Mean {
    bytes: f64,
    /// Calls of all gateways that had ended by then.
    ended: f64,
}

impl Mean {
    fn of(samples: &[Sample], gateway: usize, calls: u64, from: f64, to: f64) -> Option<Self> {
        let within = |sample: &&Sample| (from..to).contains(&(sample.ended as f64 / calls as f64));
        let (mut bytes, mut ended, mut count) = (0, 0, 0_u32);
        for sample in samples.iter().filter(within) {
            bytes += sample.resident[gateway]?;
            ended += sample.ended;
            count += 1;
        }
        let mean = |sum| sum as f64 / f64::from(count);
        (count > 0).then(|| Self { bytes: mean(bytes), ended: mean(ended) })
    }
}

fn shown(bytes: Option<f64>) -> String {
    bytes.map_or("no sample".to_owned(), |bytes| format!("{:.1}", bytes / MIB))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: impl Fn(u64) -> Option<u64>) -> Report {
        let samples: Vec<_> =
            (0..100).map(|at| Sample { ended: at * 10, resident: vec![bytes(at), bytes(0)] }).collect();
        report(&samples, 1_000, 5)
    }

    #[test]
    fn what_grows_at_first_is_flat() {
        let Report { text, verdict } = of(|at| Some((50 + at.min(50)) << 20));
        assert_eq!(verdict, Verdict::Flat, "{text}");
        assert!(text.contains("At most +3 %: flat."), "{text}");
        assert!(text.contains("| 1,000 | 100.0 + 50.0 |"), "{text}");
    }

    #[test]
    fn what_goes_on_growing_is_not() {
        let Report { text, verdict } = of(|at| Some((100 + at / 4) << 20));
        assert_eq!(verdict, Verdict::Grows, "{text}");
        assert!(text.contains("MISSED"), "{text}");
    }

    #[test]
    fn one_gateway_that_grows_is_enough() {
        let samples: Vec<_> = (0..100)
            .map(|at| Sample { ended: at * 10, resident: vec![Some(100 << 20), Some((100 + at) << 20)] })
            .collect();
        assert_eq!(report(&samples, 1_000, 5).verdict, Verdict::Grows);
    }

    #[test]
    fn what_a_call_leaves_is_told_though_all_of_it_is_little() {
        // Ten calls end between two samples, five of them by this gateway.
        let Report { text, verdict } = of(|at| Some((1 << 30) + at * 5 * 100));
        assert_eq!(verdict, Verdict::Flat, "{text}");
        let told = |row: &str| text.lines().any(|line| line.split_whitespace().collect::<String>() == row);
        assert!(told("|1|1024.0|1024.0|+0.0%|+100.0|"), "{text}");
        assert!(told("|2|1024.0|1024.0|+0.0%|+0.0|"), "{text}");
    }

    #[test]
    fn a_short_run_is_not_judged() {
        let samples: Vec<_> =
            (0..100).map(|at| Sample { ended: at * 10, resident: vec![Some(at << 20)] }).collect();
        let Report { text, verdict } = report(&samples, 1_000, 6);
        assert_eq!(verdict, Verdict::NotJudged);
        assert!(text.contains("Too few calls"), "{text}");
        assert_eq!(
            report(&samples[..60], 1_000, 5).verdict,
            Verdict::NotJudged,
            "no sample of the last quarter"
        );
    }

    #[test]
    fn what_is_not_told_is_not_judged() {
        let Report { text, verdict } = of(|_| None);
        assert_eq!(verdict, Verdict::NotJudged);
        assert!(text.contains("it was not measured"), "{text}");
    }
}
