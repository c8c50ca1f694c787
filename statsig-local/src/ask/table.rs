//! Tables for people. Each column is as wide as its widest cell; there are no lines.

use std::io::{self, Write};

/// Writes rows under a heading, without padding at the end of a row. An empty table writes nothing.
pub(crate) fn write_table<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
    output: &mut dyn Write,
) -> io::Result<()> {
    let heading = heading.map(str::to_owned);
    let all = || std::iter::once(&heading).chain(rows);
    let mut widths = [0; COLUMNS];
    for row in all() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in all() {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}
