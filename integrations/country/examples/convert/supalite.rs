//! Reads the compact form that Statsig's SDKs embed (`ip_supalite.table`).
//!
//! The file begins with the countries, two letters each. The last one begins with `*`. Then each
//! range has the number of its blocks and the index of its country. A number below 240 is one byte.
//! The byte 242 precedes a number of two bytes, 243 a number of three bytes, lowest byte first.

use crate::encode::{Start, code};

pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Start>, String> {
    let (countries, mut rest) = countries(bytes)?;
    let (mut starts, mut block) = (Vec::new(), 0_u32);
    while !rest.is_empty() {
        let (blocks, place, following) = range(rest).ok_or_else(|| {
            let place = bytes.len() - rest.len();
            format!("expected a range at byte {place}, found other bytes")
        })?;
        let country = countries.get(usize::from(place));
        let country = country.ok_or_else(|| {
            format!(
                "expected one of {} countries, found number {place}",
                countries.len()
            )
        })?;
        if blocks > 0 {
            let code = code(country)?;
            starts.push(Start { block, code });
        }
        block += blocks;
        rest = following;
        if block > 1 << 24 {
            return Err("expected ranges up to 255.255.255.255, found more".to_owned());
        }
    }
    if block != 1 << 24 {
        let end = block << 8;
        return Err(format!(
            "expected ranges up to 255.255.255.255, found the last one to end before {}",
            std::net::Ipv4Addr::from(end)
        ));
    }
    Ok(starts)
}

fn countries(bytes: &[u8]) -> Result<(Vec<&str>, &[u8]), String> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let count = pairs
        .iter()
        .position(|[first, _]| *first == b'*')
        .ok_or("expected a list of countries that ends with `*`, found no end")?;
    let (names, _) = pairs.split_at(count);
    let names: Result<_, _> = names.iter().map(|name| std::str::from_utf8(name)).collect();
    let names = names.map_err(|error| format!("expected names of countries, found {error}"))?;
    let rest = bytes.get(2 * (count + 1)..).unwrap_or_default();
    Ok((names, rest))
}

/// The number of blocks of the first range, the index of its country, and the remaining bytes.
fn range(bytes: &[u8]) -> Option<(u32, u8, &[u8])> {
    match bytes {
        [242, low, high, place, rest @ ..] => Some((number([*low, *high, 0]), *place, rest)),
        [243, low, mid, high, place, rest @ ..] => {
            Some((number([*low, *mid, *high]), *place, rest))
        }
        [count @ ..240, place, rest @ ..] => Some((u32::from(*count), *place, rest)),
        _ => None,
    }
}

fn number([low, mid, high]: [u8; 3]) -> u32 {
    u32::from_le_bytes([low, mid, high, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other_up_to_the_last_address() {
        let mut bytes = b"/~--USDE**".to_vec();
        bytes.extend([243, 0, 0, 1, 1]); // 65,536 blocks without a country
        bytes.extend([0, 2, 239, 2, 242, 0, 1, 3]); // no block, 239 of US, 256 of DE
        let left = (1_u32 << 24) - 65_536 - 239 - 256;
        let [low, mid, high, _] = left.to_le_bytes();
        bytes.extend([243, low, mid, high, 1]);
        let starts = read(&bytes).expect("a table");
        let starts: Vec<_> = starts
            .iter()
            .map(|start| (start.block, start.country()))
            .collect();
        assert_eq!(
            starts,
            [
                (0, None),
                (65_536, Some("US")),
                (65_775, Some("DE")),
                (66_031, None)
            ]
        );
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for (bytes, expected) in [
            (
                &b"USDE"[..],
                "expected a list of countries that ends with `*`, found no end",
            ),
            (b"US**\x01", "expected a range at byte 4, found other bytes"),
            (
                b"US**\xf1\x00",
                "expected a range at byte 4, found other bytes",
            ),
            (
                b"US**\x01\x01",
                "expected one of 1 countries, found number 1",
            ),
            (
                b"US**\x01\x00",
                "expected ranges up to 255.255.255.255, found the last one to end before 0.0.1.0",
            ),
            (
                b"us**\x01\x00",
                "expected two capital letters or `--`, found \"us\"",
            ),
        ] {
            assert_eq!(read(bytes).expect_err("no table"), expected);
        }
    }
}
