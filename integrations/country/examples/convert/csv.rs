//! Reads the publisher's CSV: first address, last address, country. Each address is a decimal
//! number or four octets.

use std::net::Ipv4Addr;

use crate::encode::{NONE, Start, code};

/// The contents of a CSV.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) starts: Vec<Start>,
    /// How many ranges are left out, because they do not contain the first address of a block.
    pub(crate) dropped: usize,
}

/// A block gets the country of its first address.
pub(crate) fn read(text: &str) -> Result<Read, String> {
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if !line.trim().is_empty() {
            rows.push(row(line).map_err(|problem| format!("line {number}: {problem}"))?);
        }
    }
    rows.sort_unstable();
    let (mut starts, mut dropped) = (Vec::new(), 0);
    let mut push = |block, code| starts.push(Start { block, code });
    // The first address and the first block after all ranges so far.
    let (mut free, mut free_block) = (0_u64, 0_u32);
    for (first, last, code) in rows {
        if u64::from(first) < free {
            let address = Ipv4Addr::from(first);
            return Err(format!(
                "expected ranges that do not overlap, found two that contain {address}"
            ));
        }
        free = u64::from(last) + 1;
        let (from, to) = (first.div_ceil(256), (last >> 8) + 1);
        if from >= to {
            dropped += 1;
            continue;
        }
        if free_block < from {
            push(free_block, NONE);
        }
        push(from, code);
        free_block = to;
    }
    if free_block < 1 << 24 {
        push(free_block, NONE);
    }
    Ok(Read { starts, dropped })
}

fn row(line: &str) -> Result<(u32, u32, [u8; 2]), String> {
    let mut columns = line
        .split(',')
        .map(|column| column.trim().trim_matches('"'));
    let mut next = || {
        columns
            .next()
            .ok_or("expected three columns, found fewer".to_owned())
    };
    let (first, last, country) = (address(next()?)?, address(next()?)?, code(next()?)?);
    if first > last {
        return Err("expected a last address that is not before the first".to_owned());
    }
    Ok((first, last, country))
}

fn address(text: &str) -> Result<u32, String> {
    let number = text.parse::<u32>().ok();
    number
        .or_else(|| Some(text.parse::<Ipv4Addr>().ok()?.into()))
        .ok_or_else(|| format!("expected an IPv4 address, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(csv: &str) -> Vec<(u32, String)> {
        let read = read(csv).expect("a table");
        let code = |start: &Start| start.country().unwrap_or("-").to_owned();
        read.starts
            .iter()
            .map(|start| (start.block, code(start)))
            .collect()
    }

    #[test]
    fn a_block_gets_the_country_of_its_first_address() {
        let csv = concat!(
            "\"0\",\"16777215\",\"-\",\"-\"\r\n",
            "\"16777216\",\"16777299\",\"US\",\"United States of America\"\r\n",
            "1.0.0.84,1.0.0.99,DE,Germany\n",
            "1.0.0.100,1.0.1.255,FR,France\n",
            "1.0.4.0,1.0.7.255,CN,China\n",
        );
        let expected = [
            (0, "-"),
            (0x1_0000, "US"),
            (0x1_0001, "FR"),
            (0x1_0002, "-"),
            (0x1_0004, "CN"),
            (0x1_0008, "-"),
        ];
        let expected = expected.map(|(block, code)| (block, code.to_owned()));
        assert_eq!(starts(csv), expected);
        assert_eq!(read(csv).expect("a table").dropped, 1);
        assert_eq!(starts(""), [(0, "-".to_owned())]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_the_line() {
        for (csv, expected) in [
            ("0,255", "line 1: expected three columns, found fewer"),
            (
                "\nfrom,to,US",
                "line 2: expected an IPv4 address, found \"from\"",
            ),
            (
                "0,255,USA",
                "line 1: expected a country of two letters, found \"USA\"",
            ),
            (
                "9,8,US",
                "line 1: expected a last address that is not before the first",
            ),
            (
                "0,300,US\n256,511,DE",
                "expected ranges that do not overlap, found two that contain 0.0.1.0",
            ),
        ] {
            assert_eq!(read(csv).expect_err("no table"), expected);
        }
    }
}
