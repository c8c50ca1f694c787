//! The compact table and the look-up.

use core::fmt;
use core::net::Ipv4Addr;

/// The first bytes of a table: the format and its version.
const MAGIC: &[u8; 8] = b"IPCOUNT1";
/// The code for addresses without a country.
const NONE: &[u8] = b"--";
/// The number of index entries: one for each group of blocks, and one for the end.
const PLACES: usize = (1 << 16) + 1;
/// The size of an index entry, in bytes.
const PLACE: usize = 3;

/// A table of countries, read in place.
///
/// A block has 256 addresses and a group has 256 blocks. So the upper 16 bits of an address are its
/// group and the next 8 bits its block. A range starts at a block and ends before the next block
/// with another country. All numbers are little-endian:
///
/// | bytes | content |
/// |---|---|
/// | 8 | `IPCOUNT1` |
/// | 10 | the date of the table, `YYYY-MM-DD` |
/// | 2 | the number of countries, C |
/// | 4 | the number of ranges, R |
/// | 2 × C | the countries, two letters each; `--` for none |
/// | 3 × 65,537 | for each group how many ranges start in the groups before it; in the end R |
/// | R | for each range in which block of its group it starts |
/// | R | for each range the place of its country |
///
/// The first range starts at 0.0.0.0. A look-up reads two index entries, and then does a binary
/// search over at most 256 ranges.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    date: &'a str,
    countries: &'a [u8],
    groups: &'a [u8],
    starts: &'a [u8],
    codes: &'a [u8],
}

/// Why bytes are not a valid table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// They do not begin with the name of the format and a date.
    Format,
    /// Their length is not the one in their header.
    Length,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => {
                "expected a table of countries (`IPCOUNT1` and a date), found other bytes"
            }
            Self::Length => {
                "expected a complete table of countries, found one that is shorter or longer than it says"
            }
        })
    }
}

impl core::error::Error for TableError {}

impl<'a> Table<'a> {
    /// Reads a table in place, in constant time.
    ///
    /// # Errors
    /// If the bytes are not a complete table.
    pub const fn new(bytes: &'a [u8]) -> Result<Self, TableError> {
        let Some((magic, bytes)) = bytes.split_first_chunk::<8>() else {
            return Err(TableError::Format);
        };
        if u64::from_le_bytes(*magic) != u64::from_le_bytes(*MAGIC) {
            return Err(TableError::Format);
        }
        let Some((date, bytes)) = bytes.split_first_chunk::<10>() else {
            return Err(TableError::Format);
        };
        let Ok(date) = core::str::from_utf8(date) else {
            return Err(TableError::Format);
        };
        let Some((countries, bytes)) = bytes.split_first_chunk::<2>() else {
            return Err(TableError::Length);
        };
        let Some((ranges, bytes)) = bytes.split_first_chunk::<4>() else {
            return Err(TableError::Length);
        };
        let countries = u16::from_le_bytes(*countries) as usize;
        let ranges = u32::from_le_bytes(*ranges) as usize;
        let Some((countries, bytes)) = bytes.split_at_checked(2 * countries) else {
            return Err(TableError::Length);
        };
        let Some((groups, bytes)) = bytes.split_at_checked(PLACE * PLACES) else {
            return Err(TableError::Length);
        };
        let Some((starts, codes)) = bytes.split_at_checked(ranges) else {
            return Err(TableError::Length);
        };
        if codes.len() != ranges {
            return Err(TableError::Length);
        }
        Ok(Self {
            date,
            countries,
            groups,
            starts,
            codes,
        })
    }

    /// The country of an address, as two capital letters (ISO 3166-1 alpha-2); `None` if the table
    /// has no country for it.
    #[must_use]
    pub fn country_of(&self, address: Ipv4Addr) -> Option<&'a str> {
        let [high, low, block, _] = address.octets();
        let group = usize::from(u16::from_be_bytes([high, low]));
        let (from, to) = (self.place(group)?, self.place(group + 1)?);
        let behind = self
            .starts
            .get(from..to)?
            .partition_point(|start| *start <= block);
        // A block before the first start in its group belongs to the last range of an earlier
        // group.
        let range = (from + behind).checked_sub(1)?;
        let code = usize::from(*self.codes.get(range)?);
        let country = self.countries.get(2 * code..2 * code + 2)?;
        (country != NONE).then(|| core::str::from_utf8(country).ok())?
    }

    /// The date of the table, as `YYYY-MM-DD`.
    #[must_use]
    pub const fn date(&self) -> &'a str {
        self.date
    }

    /// The number of ranges, including those without a country.
    #[must_use]
    pub const fn ranges(&self) -> usize {
        self.codes.len()
    }

    /// How many ranges start in the groups before this one.
    fn place(&self, group: usize) -> Option<usize> {
        let place = self.groups.get(PLACE * group..PLACE * (group + 1))?;
        let (low, mid, high) = (*place.first()?, *place.get(1)?, *place.get(2)?);
        Some(usize::from(low) | usize::from(mid) << 8 | usize::from(high) << 16)
    }
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("date", &self.date())
            .field("ranges", &self.ranges())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::TABLE;

    const BYTES: &[u8] = include_bytes!("../data/countries.table");

    #[test]
    fn other_bytes_are_refused() {
        let longer: Vec<u8> = [BYTES, b"x"].concat();
        for (bytes, expected) in [
            (&b""[..], TableError::Format),
            (b"0.0.0.0,0.255.255.255,-", TableError::Format),
            (b"IPCOUNT1", TableError::Format),
            (b"IPCOUNT12024-02-23", TableError::Length),
            (&BYTES[..BYTES.len() - 1], TableError::Length),
            (&longer, TableError::Length),
        ] {
            assert_eq!(Table::new(bytes).map(|_| ()), Err(expected));
        }
    }

    #[test]
    fn debug_is_a_line() {
        assert_eq!(
            std::format!("{TABLE:?}"),
            "Table { date: \"2024-02-23\", ranges: 198578, .. }"
        );
    }

    proptest! {
        #[test]
        fn a_damaged_table_has_an_answer_for_every_address(
            flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..50),
            addresses in proptest::collection::vec(any::<u32>(), 20),
        ) {
            let mut bytes = BYTES.to_vec();
            for (place, byte) in flips {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Ok(table) = Table::new(&bytes) {
                for address in addresses {
                    let _ = table.country_of(Ipv4Addr::from(address));
                }
            }
        }
    }
}
