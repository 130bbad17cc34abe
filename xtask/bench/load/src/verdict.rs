//! Whether a run was as it should be. Where it was not, the command fails, and the page is left as it is.

use crate::crowd::Ends;
use crate::memory::Verdict;

/// Of a hundred calls so many have to be answered: the asked provider is well for six turns of ten, and the stand-in nearly always. A
/// gateway that refuses more than that, however cleanly, does not do its work.
pub(crate) const ANSWERED: u64 = 60;

/// What was not as it should be, with the calls that the gateways still hold.
pub(crate) fn faults(ends: &Ends, held: f64, memory: Verdict) -> Vec<String> {
    let mut faults = Vec::new();
    if ends.unclean > 0 {
        faults.push(format!("{} calls were neither answered nor failed cleanly", ends.unclean));
    }
    let (answered, all) = (ends.answered(), ends.all());
    if answered * 100 < all * ANSWERED {
        faults.push(format!("{answered} of {all} calls were answered, and {ANSWERED} % have to be"));
    }
    if held != 0.0 {
        faults.push(format!("the gateway still holds {held} calls"));
    }
    match memory {
        Verdict::Grows => faults.push("the gateway's memory grows".to_owned()),
        Verdict::Flat | Verdict::NotJudged => {}
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::crowd::histogram;
    use crate::judge::Ended;
    use crate::schedule::Who;

    /// Calls that were answered whole, and as a stream, and refused, and none of these.
    fn ends([whole, streamed, refused, unclean]: [u64; 4]) -> Ends {
        Ends {
            ends: BTreeMap::from([(Ended::Answered(Who::Asked), whole), (Ended::Refused(503), refused)]),
            streams: BTreeMap::from([(Ended::Answered(Who::Spare), streamed), (Ended::Broken, 0)]),
            unclean,
            took: histogram().unwrap(),
        }
    }

    #[test]
    fn nothing_is_wrong() {
        let well = ends([40, 20, 40, 0]);
        for memory in [Verdict::Flat, Verdict::NotJudged] {
            assert_eq!(faults(&well, 0.0, memory), Vec::<String>::new());
        }
    }

    #[test]
    fn too_few_are_answered() {
        let refusing = faults(&ends([40, 19, 41, 0]), 0.0, Verdict::Flat);
        assert_eq!(refusing, ["59 of 100 calls were answered, and 60 % have to be"]);
        assert_eq!(faults(&ends([0, 0, 1, 0]), 0.0, Verdict::Flat).len(), 1);
    }

    #[test]
    fn memory_that_grows_is_a_fault_like_any_other() {
        let well = ends([100, 0, 0, 0]);
        assert_eq!(faults(&well, 0.0, Verdict::Grows), ["the gateway's memory grows"]);
        assert_eq!(faults(&well, 2.0, Verdict::Flat), ["the gateway still holds 2 calls"]);
        let all = faults(&ends([0, 0, 0, 3]), -1.0, Verdict::Grows);
        assert_eq!(all.len(), 4, "{all:?}");
        assert_eq!(all[0], "3 calls were neither answered nor failed cleanly");
    }
}
