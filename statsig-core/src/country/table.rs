//! A table of address ranges from the application.

use std::fmt;
use std::io::BufRead;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{CountryCode, CountryLookup};

/// The maximum number of ranges in a table. Published tables have a few hundred thousand.
const MAX_RANGES: usize = 10_000_000;

/// Countries of address ranges, read from CSV.
///
/// A line has the first address of a range, the last address, and the country. Further columns are
/// ignored, and quotes are optional. Addresses are text or decimal numbers. So the files of
/// IP2Location LITE (`DB1.LITE`, for IPv4 and IPv6) and of most other publishers work without
/// changes. Ranges without a country (`-`) are left out. IPv6 addresses are looked up only with
/// `ipv6_countries`.
///
/// The table uses 6 bytes of memory for each IPv4 range and 18 bytes for each IPv6 range.
///
/// ```
/// use std::sync::Arc;
/// use statsig::country::CountryTable;
/// use statsig::StatsigOptions;
///
/// // std::io::BufReader::new(std::fs::File::open("IP2LOCATION-LITE-DB1.CSV")?)
/// let csv = "\"16777216\",\"16777471\",\"US\",\"United States\"
/// 2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP
/// ";
/// let table = CountryTable::from_csv(csv.as_bytes())?;
/// let options = StatsigOptions::builder().country_lookup(Arc::new(table)).build()?;
/// # let _ = options;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct CountryTable {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

/// Why a table failed to load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountryTableError {
    /// Reading the file failed.
    #[error("expected a table of countries, found an unreadable one ({0})")]
    Io(#[from] std::io::Error),
    /// A line is not a range.
    #[error("line {line}: expected `first address,last address,country`, found {found}")]
    Malformed {
        /// The line number, from 1.
        line: usize,
        /// What is wrong with it.
        found: &'static str,
    },
    /// Two ranges overlap.
    #[error("expected ranges that do not overlap, found two that contain {address}")]
    Overlap {
        /// An address in both ranges.
        address: IpAddr,
    },
    /// There are too many ranges.
    #[error("expected at most {MAX_RANGES} ranges, found more")]
    TooLarge,
}

impl CountryTable {
    /// Reads a table from CSV. For a file, use a [`BufReader`](std::io::BufReader).
    ///
    /// # Errors
    /// Returns an error if the reader fails, a line is not a range, or ranges overlap.
    pub fn from_csv(csv: impl BufRead) -> Result<Self, CountryTableError> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (number, line) in (1..).zip(csv.lines()) {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let row = row(&line).map_err(|found| CountryTableError::Malformed {
                line: number,
                found,
            })?;
            match row {
                Some((IpAddr::V4(first), IpAddr::V4(last), code)) => {
                    v4.push((u32::from(first), u32::from(last).checked_add(1), code));
                }
                Some((IpAddr::V6(first), IpAddr::V6(last), code)) => {
                    v6.push((u128::from(first), u128::from(last).checked_add(1), code));
                }
                _ => {}
            }
            if v4.len() + v6.len() > MAX_RANGES {
                return Err(CountryTableError::TooLarge);
            }
        }
        let overlap = |address| CountryTableError::Overlap { address };
        Ok(Self {
            v4: Ranges::new(v4).map_err(|first| overlap(Ipv4Addr::from(first).into()))?,
            v6: Ranges::new(v6).map_err(|first| overlap(Ipv6Addr::from(first).into()))?,
        })
    }

    /// The number of ranges with a country. Adjacent ranges with the same country count as one.
    #[must_use]
    pub fn ranges(&self) -> usize {
        self.v4.assigned() + self.v6.assigned()
    }
}

impl CountryLookup for CountryTable {
    fn country_of(&self, address: IpAddr) -> Option<CountryCode> {
        match address {
            IpAddr::V4(address) => self.v4.find(u32::from(address)),
            IpAddr::V6(address) => self.v6.find(u128::from(address)),
        }
    }
}

impl fmt::Debug for CountryTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountryTable")
            .field("ranges", &self.ranges())
            .finish_non_exhaustive()
    }
}

/// A range with a country. `None` for a range without a country.
type Row = Option<(IpAddr, IpAddr, CountryCode)>;

fn row(line: &str) -> Result<Row, &'static str> {
    let mut columns = line
        .split(',')
        .map(|column| column.trim().trim_matches('"'));
    let mut next = || columns.next().ok_or("fewer than three columns");
    let (first, last, code) = (next()?, next()?, next()?);
    let first = address(first).ok_or("a first column that is not an address")?;
    let last = address(last).ok_or("a second column that is not an address")?;
    if code.is_empty() || code == "-" {
        return Ok(None);
    }
    let code = CountryCode::new(code).ok_or("a country that is not two letters")?;
    match (first, last) {
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) if first <= last => {
            Ok(Some((first, last, code)))
        }
        _ => Err("a last address that is not behind the first"),
    }
}

/// Parses an address as text or as a decimal number. Numbers of 32 bits and IPv4-mapped numbers are
/// IPv4.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let number: u128 = text.parse().ok()?;
    Some(match u32::try_from(number) {
        Ok(number) => Ipv4Addr::from(number).into(),
        Err(_) => IpAddr::from(Ipv6Addr::from(number)).to_canonical(),
    })
}

/// The country of each part of the number line. Each entry extends to the next entry.
#[derive(Default)]
struct Ranges<T> {
    starts: Vec<T>,
    codes: Vec<Option<CountryCode>>,
}

impl<T: Copy + Ord> Ranges<T> {
    /// Each row has the first address, the address after the last one, and the country.
    ///
    /// # Errors
    /// Fails with an address that is in two ranges.
    fn new(mut rows: Vec<(T, Option<T>, CountryCode)>) -> Result<Self, T> {
        rows.sort_unstable_by_key(|(first, ..)| *first);
        let mut ranges = Self {
            starts: Vec::new(),
            codes: Vec::new(),
        };
        // The first address that the next range may use. `None` before the first range.
        let mut free_from: Option<Option<T>> = None;
        for (first, following, code) in rows {
            match free_from {
                Some(None) => return Err(first),
                Some(Some(free)) if first < free => return Err(first),
                Some(Some(free)) if free < first => ranges.push(free, None),
                _ => {}
            }
            ranges.push(first, Some(code));
            free_from = Some(following);
        }
        if let Some(Some(free)) = free_from {
            ranges.push(free, None);
        }
        ranges.starts.shrink_to_fit();
        ranges.codes.shrink_to_fit();
        Ok(ranges)
    }

    fn push(&mut self, start: T, code: Option<CountryCode>) {
        if self.codes.last() != Some(&code) {
            self.starts.push(start);
            self.codes.push(code);
        }
    }

    fn find(&self, address: T) -> Option<CountryCode> {
        let behind = self.starts.partition_point(|start| *start <= address);
        *self.codes.get(behind.checked_sub(1)?)?
    }

    fn assigned(&self) -> usize {
        self.codes.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(csv: &str) -> CountryTable {
        CountryTable::from_csv(csv.as_bytes()).expect("a table")
    }

    fn country(table: &CountryTable, ip: &str) -> Option<String> {
        let code = table.country_of(ip.parse().expect("an address"))?;
        Some(code.to_string())
    }

    #[test]
    fn addresses_are_text_or_numbers_of_either_kind() {
        let table = table(concat!(
            "\"0\",\"16777215\",\"-\",\"-\"\r\n",
            "\"16777216\",\"16777471\",\"US\",\"United States of America\"\r\n",
            "1.0.1.0,1.0.1.255,cn\n",
            "\n",
            "281470698521600,281470698522623,JP\n", // ::ffff:1.0.4.0 and the next 1023
            "2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n",
            "42540766411282592856903984951653826560,42540766411282592875350729025363378175,SG\n",
        ));
        for (ip, expected) in [
            ("0.255.255.255", None),
            ("1.0.0.0", Some("US")),
            ("1.0.0.255", Some("US")),
            ("1.0.1.0", Some("CN")),
            ("1.0.1.255", Some("CN")),
            ("1.0.2.0", None),
            ("1.0.4.0", Some("JP")),
            ("1.0.7.255", Some("JP")),
            ("1.0.8.0", None),
            ("2001:1ff::", None),
            ("2001:200::1", Some("JP")),
            ("2001:201::", None),
            ("2001:db8::1", Some("SG")),
        ] {
            assert_eq!(country(&table, ip).as_deref(), expected, "{ip}");
        }
        assert_eq!(table.ranges(), 5);
    }

    #[test]
    fn the_ends_of_the_address_space_are_ordinary_addresses() {
        let table = table(
            "0.0.0.0,255.255.255.255,US\n::1:0:0:0,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,DE",
        );
        assert_eq!(country(&table, "0.0.0.0").as_deref(), Some("US"));
        assert_eq!(country(&table, "255.255.255.255").as_deref(), Some("US"));
        assert_eq!(
            country(&table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").as_deref(),
            Some("DE")
        );
    }

    #[test]
    fn what_is_no_table_is_refused_with_the_line() {
        for (csv, expected) in [
            (
                "1.0.0.0,1.0.0.255,US\n1.0.1.0",
                "line 2: expected `first address,last address,country`, found fewer than three columns",
            ),
            (
                "from,to,US",
                "line 1: expected `first address,last address,country`, found a first column that is not an address",
            ),
            (
                "1.0.0.0,-1,US",
                "line 1: expected `first address,last address,country`, found a second column that is not an address",
            ),
            (
                "1.0.0.0,1.0.0.255,USA",
                "line 1: expected `first address,last address,country`, found a country that is not two letters",
            ),
            (
                "1.0.0.9,1.0.0.0,US",
                "line 1: expected `first address,last address,country`, found a last address that is not behind the first",
            ),
            (
                "1.0.0.0,2001::,US",
                "line 1: expected `first address,last address,country`, found a last address that is not behind the first",
            ),
            (
                "1.0.0.9,1.0.0.20,US\n1.0.0.0,1.0.0.9,DE",
                "expected ranges that do not overlap, found two that contain 1.0.0.9",
            ),
            (
                "0,4294967295,US\n7.0.0.0,7.0.0.1,DE",
                "expected ranges that do not overlap, found two that contain 7.0.0.0",
            ),
        ] {
            let error = CountryTable::from_csv(csv.as_bytes()).expect_err("no table");
            assert_eq!(error.to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn every_address_is_found_in_the_range_that_contains_it(
            cuts in proptest::collection::btree_set(any::<u32>(), 2..40),
            address: u32,
        ) {
            let cuts: Vec<u32> = cuts.into_iter().collect();
            let codes = ["US", "DE", "-"];
            let mut lines: Vec<String> = cuts
                .windows(2)
                .zip(codes.iter().cycle())
                .map(|(cut, code)| format!("{},{},{code}\n", cut[0], cut[1] - 1))
                .collect();
            lines.reverse();
            let csv = lines.concat();
            let expected = cuts
                .windows(2)
                .zip(codes.iter().cycle())
                .find(|(cut, _)| (cut[0]..cut[1]).contains(&address))
                .and_then(|(_, code)| CountryCode::new(code));
            prop_assert_eq!(table(&csv).country_of(Ipv4Addr::from(address).into()), expected);
        }

        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes: Vec<u8>) {
            let _ = CountryTable::from_csv(&*bytes);
        }
    }
}
