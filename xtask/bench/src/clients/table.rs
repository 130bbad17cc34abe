//! The tables, as Markdown: each row beside the one it is compared with.

use super::rounds::Measured;
use super::row::{Row, Table};
use crate::table::aligned;

const NUMBERS: std::ops::RangeInclusive<usize> = 1..=5;

pub(crate) fn shown(table: &Table, measured: &[Measured]) -> String {
    let head = [
        "",
        "p50, us",
        "allocations",
        "instructions, k",
        "ratio",
        "ns more",
        "compared with",
        "budget",
        "verdict",
    ];
    let mut lines = vec![head.map(String::from)];
    lines.extend(table.rows.iter().zip(measured).map(|(row, own)| line(table, measured, row, own)));
    let rounds = measured.first().map_or(0, |row| row.rounds);
    format!("## {}\n\n{}\nMedians of {rounds} rounds.\n", table.title, aligned(&lines, NUMBERS))
}

fn line(table: &Table, measured: &[Measured], row: &Row, own: &Measured) -> [String; 9] {
    let kilo = |count: Option<f64>| count.map_or(String::new(), |count| format!("{:.1}", count / 1_000.0));
    let numbers =
        [format!("{:.2}", own.time / 1_000.0), format!("{:.0}", own.allocations), kilo(own.instructions)];
    let [time, allocations, instructions] = numbers;
    let base = table.rows.iter().zip(measured).find(|(base, _)| Some(base.name) == row.against);
    let Some((named, base)) = base else {
        let mut line = [const { String::new() }; 9];
        line[..4].clone_from_slice(&[row.name.to_owned(), time, allocations, instructions]);
        return line;
    };
    let more = own.instructions.zip(base.instructions).map(|(own, base)| (own - base) / 1_000.0);
    [
        row.name.to_owned(),
        time,
        // Rounded before they are subtracted: so they fit what the row of the base says.
        format!("{allocations} ({:+.0})", own.allocations.round() - base.allocations.round()),
        more.map_or(String::new(), |more| format!("{instructions} ({more:+.1})")),
        format!("{:.3}x", own.ratio),
        format!("{:+.0}", own.more),
        named.name.to_owned(),
        row.limits.shown(),
        row.limits.verdict(own, base),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::*;

    #[test]
    fn a_row_beside_its_base() {
        let rows = vec![
            Row::new("bare", |_| Box::new(|| ())),
            Row::new("ours", |_| Box::new(|| ())).against("bare").limits(Limits::NONE.allocations(2.0)),
        ];
        let bare = Measured {
            time: 42_000.0,
            allocations: 44.9,
            instructions: Some(40_300.0),
            rounds: 7,
            ..Measured::default()
        };
        let ours = Measured {
            ratio: 1.012,
            more: 480.0,
            allocations: 48.1,
            instructions: Some(42_000.0),
            ..bare.clone()
        };
        let text = shown(&Table { title: "Title", rows }, &[bare, ours]);
        let expected = "\
## Title

|      | p50, us | allocations | instructions, k |  ratio | ns more | compared with | budget         | verdict                    |
|------|--------:|------------:|----------------:|-------:|--------:|---------------|----------------|----------------------------|
| bare |   42.00 |          45 |            40.3 |        |         |               |                |                            |
| ours |   42.00 |     48 (+3) |     42.0 (+1.7) | 1.012x |    +480 | bare          | +2 allocations | MISSED: allocations 1 over |

Medians of 7 rounds.
";
        assert_eq!(text, expected);
    }
}
