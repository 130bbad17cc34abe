//! Tables as Markdown whose columns stand in line: for a person at a terminal and for a page alike.

use std::ops::RangeInclusive;

/// Names and words to the left, numbers to the right.
pub(crate) fn aligned<const N: usize>(table: &[[String; N]], numbers: RangeInclusive<usize>) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0).max(3);
    let line = |row: &[String; N]| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if numbers.contains(&column) {
                format!("| {cell:>width$} ")
            } else {
                format!("| {cell:<width$} ")
            }
        });
        cells.collect::<String>() + "|\n"
    };
    let dashes = (0..N).map(|column| {
        let dashes = "-".repeat(width(column) + 1);
        if numbers.contains(&column) { format!("|{dashes}:") } else { format!("|{dashes}-") }
    });
    let dashes = dashes.collect::<String>() + "|\n";
    let rows = table.iter().map(line).enumerate();
    rows.map(|(at, row)| if at == 0 { row + &dashes } else { row }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_in_columns() {
        let rows = [["", "ms"], ["direct", "1.5"], ["through", "12.5"]].map(|row| row.map(str::to_owned));
        let expected = "\
|         |   ms |
|---------|-----:|
| direct  |  1.5 |
| through | 12.5 |
";
        assert_eq!(aligned(&rows, 1..=1), expected);
    }
}
