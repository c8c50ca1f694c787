//! Converts another form of the table to the compact table of this crate.
//!
//! `cargo run -p statsig-country --example convert -- SOURCE DATE TARGET`
//!
//! `SOURCE` is the publisher's CSV (`IP2LOCATION-LITE-DB1.CSV`, IPv4), or the compact form in
//! Statsig's SDKs (`ip_supalite.table`; any name that does not end in `.csv`). `DATE` is the date
//! of the table, as `YYYY-MM-DD`.

#![allow(clippy::print_stdout, reason = "a program says what it did")]

mod csv;
mod encode;
mod supalite;

use std::error::Error;
use std::path::Path;

use statsig_country::Table;

use encode::Start;

const USAGE: &str = "expected three arguments: SOURCE (the publisher's .csv, or ip_supalite.table), DATE (YYYY-MM-DD), TARGET";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, date, target] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let is_csv = Path::new(source)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let bytes = std::fs::read(source).map_err(|error| format!("{source}: {error}"))?;
    let starts = if is_csv {
        let read = csv::read(std::str::from_utf8(&bytes)?)?;
        println!(
            "left out {} ranges of less than 256 addresses",
            read.dropped
        );
        read.starts
    } else {
        supalite::read(&bytes)?
    };
    let compact = encode::encode(date, &starts)?;
    let table = Table::new(&compact)?;
    verify(&table, &starts)?;
    std::fs::write(target, &compact).map_err(|error| format!("{target}: {error}"))?;
    println!(
        "{target}: {} ranges, {} bytes, of {}",
        table.ranges(),
        compact.len(),
        table.date()
    );
    Ok(())
}

/// Looks up the first and the last block of every range in the new table.
fn verify(table: &Table<'_>, starts: &[Start]) -> Result<(), String> {
    let next = starts.iter().skip(1).map(|start| start.block);
    for (start, next) in starts.iter().zip(next.chain([1 << 24])) {
        for block in [start.block, next - 1] {
            let address = (block << 8).into();
            if table.country_of(address) != start.country() {
                return Err(format!(
                    "expected the country {:?} at {address}, found {:?} in the table that was made",
                    start.country(),
                    table.country_of(address)
                ));
            }
        }
    }
    Ok(())
}
