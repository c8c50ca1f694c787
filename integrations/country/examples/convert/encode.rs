//! Writes the format of [`statsig_country::Table`].

/// The start of a range. The range ends where the next one starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// An address without its last 8 bits.
    pub(crate) block: u32,
    /// Two letters, or `--`.
    pub(crate) code: [u8; 2],
}

/// The code for no country.
pub(crate) const NONE: [u8; 2] = *b"--";

impl Start {
    pub(crate) fn country(&self) -> Option<&str> {
        (self.code != NONE).then(|| std::str::from_utf8(&self.code).ok())?
    }
}

/// The country in this text: two letters. `-` and an empty text mean no country.
pub(crate) fn code(text: &str) -> Result<[u8; 2], String> {
    let code = match text {
        "" | "-" => NONE,
        _ => text
            .as_bytes()
            .try_into()
            .map_err(|_| format!("expected a country of two letters, found {text:?}"))?,
    };
    let is_country = code == NONE || code.iter().all(u8::is_ascii_uppercase);
    is_country
        .then_some(code)
        .ok_or_else(|| format!("expected two capital letters or `--`, found {text:?}"))
}

/// Encodes a table of ranges. The first range starts at 0, and each range starts after the previous
/// one.
pub(crate) fn encode(date: &str, starts: &[Start]) -> Result<Vec<u8>, String> {
    let is_date = date
        .bytes()
        .zip(*b"0000-00-00")
        .all(|(found, form)| found == form || (form == b'0' && found.is_ascii_digit()));
    if date.len() != 10 || !is_date {
        return Err(format!("expected a date as YYYY-MM-DD, found {date:?}"));
    }
    let mut merged: Vec<Start> = Vec::new();
    for start in starts {
        let expected = merged.last().map_or(0..1, |last| last.block + 1..1 << 24);
        if !expected.contains(&start.block) {
            return Err(format!(
                "expected a range that starts in a block within {expected:?}, found {}",
                start.block
            ));
        }
        if merged.last().is_none_or(|last| last.code != start.code) {
            merged.push(*start);
        }
    }
    let mut countries: Vec<[u8; 2]> = merged.iter().map(|start| start.code).collect();
    countries.sort_unstable();
    countries.dedup();
    if countries.len() > 256 {
        return Err(format!(
            "expected at most 256 countries, found {}",
            countries.len()
        ));
    }

    let mut table = b"IPCOUNT1".to_vec();
    table.extend(date.as_bytes());
    table.extend(
        u16::try_from(countries.len())
            .map_err(too_many)?
            .to_le_bytes(),
    );
    table.extend(u32::try_from(merged.len()).map_err(too_many)?.to_le_bytes());
    table.extend(countries.as_flattened());
    for group in 0..=1_u32 << 16 {
        let before = merged.partition_point(|start| start.block < group << 8);
        let [low, mid, high, _] = u32::try_from(before).map_err(too_many)?.to_le_bytes();
        table.extend([low, mid, high]);
    }
    table.extend(merged.iter().map(|start| start.block.to_le_bytes()[0]));
    for start in &merged {
        let place = countries.partition_point(|code| *code < start.code);
        table.push(u8::try_from(place).map_err(too_many)?);
    }
    Ok(table)
}

fn too_many(error: std::num::TryFromIntError) -> String {
    format!("expected a number that the format can hold, found a greater one ({error})")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statsig_country::Table;

    use super::*;

    fn start(block: u32, code: &[u8; 2]) -> Start {
        Start { block, code: *code }
    }

    #[test]
    fn neighbours_with_the_same_country_are_one_range() {
        let bytes = encode(
            "2024-01-31",
            &[
                start(0, b"--"),
                start(7, b"US"),
                start(9, b"US"),
                start(300, b"DE"),
            ],
        );
        let bytes = bytes.expect("a table");
        let table = Table::new(&bytes).expect("a table");
        assert_eq!((table.ranges(), table.date()), (3, "2024-01-31"));
    }

    #[test]
    fn ranges_out_of_order_and_other_dates_are_refused() {
        for (date, starts) in [
            ("2024-01-31", &[start(1, b"US")][..]),
            ("2024-01-31", &[start(0, b"US"), start(0, b"DE")]),
            ("2024-01-31", &[start(0, b"US"), start(1 << 24, b"DE")]),
            ("31.01.2024", &[start(0, b"US")]),
            ("2024-01-3", &[start(0, b"US")]),
        ] {
            let refused = encode(date, starts).expect_err("no table");
            assert!(refused.starts_with("expected "), "{refused}");
        }
        assert!(code("USA").is_err() && code("us").is_err() && code("-") == Ok(NONE));
    }

    proptest! {
        #[test]
        fn every_address_is_found_in_the_range_that_contains_it(
            blocks in proptest::collection::btree_set(0_u32..1 << 24, 0..300),
            near in proptest::collection::vec(any::<prop::sample::Index>(), 20),
            address: u32,
        ) {
            let codes = [b"US", b"DE", b"--", b"FR"];
            let blocks = [0].into_iter().chain(blocks.into_iter().filter(|block| *block > 0));
            let starts: Vec<Start> = blocks
                .zip(codes.iter().cycle())
                .map(|(block, code)| start(block, code))
                .collect();
            let bytes = encode("2024-01-31", &starts).expect("a table");
            let table = Table::new(&bytes).expect("a table");
            let edges = near.iter().flat_map(|place| {
                let edge = starts[place.index(starts.len())].block << 8;
                [edge, edge | 255, edge.saturating_sub(1)]
            });
            for address in edges.chain([address, u32::MAX]) {
                let place = starts.partition_point(|start| start.block <= address >> 8);
                prop_assert_eq!(table.country_of(address.into()), starts[place - 1].country());
            }
        }
    }
}
