//! The verdict on a scenario, by the rules of the public Failover Bench.

use super::caller::End;
use super::check::{Check, Measured};
use super::timing::Timing;

/// How the bench judges a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The caller got the whole answer, and the layer behaved.
    Pass,
    /// The same, but for its conduct.
    Partial,
    /// A clean error in time.
    Safe,
    /// A hang, or part of an answer told as all of it, or a conduct that harms.
    Fail,
}

impl Verdict {
    pub(super) const ALL: [Self; 4] = [Self::Pass, Self::Partial, Self::Safe, Self::Fail];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Partial => "partial",
            Self::Safe => "safe",
            Self::Fail => "fail",
        }
    }
}

/// What a scenario is to come to by the bench's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ideal {
    Answer,
    /// The provider has said no to what was asked, and nobody is to be asked to say yes.
    Refusal,
}

/// The verdict, and what it is for.
pub(super) fn judge(
    it: &Measured,
    ideal: Ideal,
    required: &[Check],
    advisory: &[Check],
    timing: Timing,
) -> (Verdict, Option<String>) {
    let missed = |checks: &[Check]| checks.iter().find_map(|check| check.missed(it, timing));
    if let Some(why) = missed(required) {
        return (Verdict::Fail, Some(why));
    }
    match (&it.end, ideal) {
        (End::Hang, _) => (Verdict::Fail, Some("it did not end".to_owned())),
        // The bench takes any error for a clean one; we do not.
        (End::Broken(how), _) => (Verdict::Fail, Some(format!("it broke off: {how}"))),
        (End::Success, _) if !it.whole => {
            (Verdict::Fail, Some("part of an answer was told as all of it".to_owned()))
        }
        (End::Success, Ideal::Refusal) => {
            (Verdict::Partial, Some("the refusal was routed around".to_owned()))
        }
        (End::Error(code), Ideal::Answer) => (Verdict::Safe, Some(format!("the error `{code}`"))),
        (End::Success, Ideal::Answer) | (End::Error(_), Ideal::Refusal) => match missed(advisory) {
            Some(why) => (Verdict::Partial, Some(why)),
            None => (Verdict::Pass, None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::tests::fine;
    use super::*;

    fn verdict(it: &Measured, ideal: Ideal, required: &[Check], advisory: &[Check]) -> Verdict {
        judge(it, ideal, required, advisory, Timing::PUBLISHED).0
    }

    #[test]
    fn the_rules_of_the_bench() {
        let refused = Measured { end: End::Error("overloaded".into()), ..fine() };
        let cases = [
            (Verdict::Pass, fine(), Ideal::Answer),
            (Verdict::Safe, refused.clone(), Ideal::Answer),
            (Verdict::Pass, refused, Ideal::Refusal),
            (Verdict::Partial, fine(), Ideal::Refusal),
            (Verdict::Fail, Measured { whole: false, ..fine() }, Ideal::Answer),
            (Verdict::Fail, Measured { end: End::Hang, ..fine() }, Ideal::Answer),
            (Verdict::Fail, Measured { end: End::Broken("reset".into()), ..fine() }, Ideal::Answer),
        ];
        for (expected, it, ideal) in cases {
            assert_eq!(verdict(&it, ideal, &[], &[]), expected, "{it:?}");
        }
        assert_eq!(verdict(&fine(), Ideal::Answer, &[Check::Primary(2)], &[]), Verdict::Fail);
        assert_eq!(verdict(&fine(), Ideal::Answer, &[], &[Check::Primary(2)]), Verdict::Partial);
    }
}
