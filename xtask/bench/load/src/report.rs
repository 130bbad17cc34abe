//! What was seen, as Markdown.

use std::time::Duration;

use crate::counts::Told;
use crate::crowd::{Ends, Seen};
use crate::judge::Ended;
use crate::table::aligned;
use crate::verdict::ANSWERED;
use crate::words::grouped;

/// The tables of the crowd.
pub(crate) fn crowd(
    (calls, concurrent): (u64, u64),
    takes: Duration,
    gateways: usize,
    limit: u64,
    seen: &Seen,
) -> String {
    let each = if gateways == 1 {
        "one gateway".to_owned()
    } else {
        format!("{gateways} gateways of {} callers each", grouped(concurrent / gateways as u64))
    };
    let seconds = seen.took.as_secs_f64();
    let mut text = format!(
        "{} calls of {:.1} s, {} at a time, through {each} (a process may have {} descriptors), in {seconds:.0} s: {} a second. Most in flight at once: \
         {} at the callers, {} at the providers.",
        grouped(calls),
        takes.as_secs_f64(),
        grouped(concurrent),
        grouped(limit),
        grouped((calls as f64 / seconds) as u64),
        grouped(seen.peak),
        grouped(seen.peak_at_providers),
    );
    if let Some(busy) = seen.busy {
        text += &format!(" The gateway used {:.0} us of a processor per call.", busy * 1e6 / calls as f64);
    }
    text += &format!(" Calls that it still held after the last one: {}.\n\n", seen.held);
    text + &ends(&seen.ends) + "\n" + &providers(&seen.providers)
}

fn ends(ends: &Ends) -> String {
    let mut kinds: Vec<&Ended> = ends.ends.keys().chain(ends.streams.keys()).collect();
    kinds.sort();
    kinds.dedup();
    let mut rows = vec![["", "whole", "streamed"].map(str::to_owned)];
    for kind in kinds {
        let count =
            |ends: &std::collections::BTreeMap<Ended, u64>| grouped(ends.get(kind).copied().unwrap_or(0));
        rows.push([named(kind), count(&ends.ends), count(&ends.streams)]);
    }
    rows.push(["unclean".to_owned(), grouped(ends.unclean), String::new()]);
    let ms = |quantile| ends.took.value_at_quantile(quantile) as f64 / 1_000.0;
    format!(
        "{}\nAnswered were {:.1} % of all, where {ANSWERED} % have to be. They took {:.0} ms (p50), {:.0} ms (p99) and {:.0} ms at most.\n",
        aligned(&rows, 1..=2),
        ends.answered() as f64 * 100.0 / ends.all() as f64,
        ms(0.5),
        ms(0.99),
        ms(1.0)
    )
}

fn named(ended: &Ended) -> String {
    match ended {
        Ended::Answered(who) => format!("answered by `{}`", who.name()),
        Ended::Refused(status) => format!("failed cleanly, {status}"),
        Ended::Broken => "failed cleanly, by an event in the stream".to_owned(),
        Ended::Unclean(why) => why.clone(),
    }
}

fn providers([asked, spare]: &[Told; 2]) -> String {
    let head = ["the providers", "answered", "cut", "reset", "503", "429"].map(str::to_owned);
    let row = |name: &str, told: &Told| {
        let numbers = [told.answered, told.cut, told.reset, told.refused, told.limited].map(grouped);
        let [answered, cut, reset, refused, limited] = numbers;
        [format!("`{name}`"), answered, cut, reset, refused, limited]
    };
    aligned(&[head, row("asked", asked), row("spare", spare)], 1..=5)
}
