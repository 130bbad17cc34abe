//! The tables, as Markdown whose columns stand in line: for a person at a terminal and for a page alike.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::rounds::Measured;
use crate::subject::{Compared, Subject};

type Row = [String; 9];

const NUMBERS: RangeInclusive<usize> = 1..=6;

/// One group's table.
pub(crate) fn shown(title: &str, compared: Compared, rows: &[(Arc<Subject>, Measured)]) -> String {
    let (one, two) = match compared {
        Compared::Ratio => ("ratio 1T", "ratio 2T"),
        Compared::Difference => ("more 1T", "more 2T"),
    };
    let head = ["", "1 thread, ns", "2 threads, ns", "2T/1T", "allocations", one, two, "budget", "verdict"];
    let mut table = vec![head.map(String::from)];
    table.extend(rows.iter().enumerate().map(|(at, (subject, row))| line(at == 0, compared, subject, row)));
    let rounds = rows.iter().map(|(_, row)| row.rounds).min().unwrap_or(0);
    format!("## {title}\n\n{}\nMedians of at least {rounds} rounds.\n", aligned(&table, NUMBERS))
}

fn line(is_first: bool, compared: Compared, subject: &Subject, row: &Measured) -> Row {
    let (one, two) = match compared {
        _ if is_first => (String::new(), String::new()),
        Compared::Ratio => (format!("{:.1}x", row.ratio_one), format!("{:.1}x", row.ratio_two)),
        Compared::Difference => (format!("{:+.1}", row.more_one), format!("{:+.1}", row.more_two)),
    };
    [
        subject.name.clone(),
        format!("{:.1}", row.one),
        format!("{:.1}", row.two),
        format!("{:.2}x", row.scaling),
        format!("{:.0}", row.allocations),
        one,
        two,
        subject.budget.shown(),
        subject.budget.verdict(row),
    ]
}

/// Names and words to the left, numbers to the right.
pub(crate) fn aligned<const N: usize>(table: &[[String; N]], numbers: RangeInclusive<usize>) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0).max(3);
    let is_number = |column: usize| numbers.contains(&column);
    let mut text = String::new();
    for (at, row) in table.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            let cell =
                if is_number(column) { format!("| {cell:>width$} ") } else { format!("| {cell:<width$} ") };
            text.push_str(&cell);
        }
        text.push_str("|\n");
        if at == 0 {
            for column in 0..N {
                let dashes = "-".repeat(width(column) + 1);
                text.push_str(&if is_number(column) { format!("|{dashes}:") } else { format!("|{dashes}-") });
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    #[test]
    fn a_table_in_columns() {
        let first = Subject::new("ours", Budget::NONE.one(5.0), |_, _| ());
        let other = Subject::new("theirs", Budget::NONE, |_, _| ());
        let row = Measured { one: 4.0, two: 4.0, scaling: 2.0, ratio_one: 1.0, ..Measured::default() };
        let slow = Measured { one: 40.0, ratio_one: 10.0, ..row.clone() };
        let text = shown("Title", Compared::Ratio, &[(Arc::new(first), row), (Arc::new(other), slow)]);
        let expected = "\
## Title

|        | 1 thread, ns | 2 threads, ns | 2T/1T | allocations | ratio 1T | ratio 2T | budget  | verdict |
|--------|-------------:|--------------:|------:|------------:|---------:|---------:|---------|---------|
| ours   |          4.0 |           4.0 | 2.00x |           0 |          |          | <= 5 ns | met     |
| theirs |         40.0 |           4.0 | 2.00x |           0 |    10.0x |     0.0x |         |         |

Medians of at least 0 rounds.
";
        assert_eq!(text, expected);
    }
}
