#![doc = include_str!("../README.md")]
#![no_std]

mod table;

pub use table::{Table, TableError};

/// The sentence that a product with this table must show.
pub const ATTRIBUTION: &str = "This site or product includes IP2Location LITE data available from https://lite.ip2location.com.";

/// The table that Statsig's SDKs share.
pub static TABLE: Table<'static> = match Table::new(include_bytes!("../data/countries.table")) {
    Ok(table) => table,
    Err(_) => panic!("data/countries.table is not a table of countries"),
};

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_have_the_countries_that_other_statsig_sdks_give_them() {
        for (address, country) in [
            ([1, 0, 0, 0], "US"),
            ([8, 8, 8, 8], "US"),
            ([115, 240, 90, 163], "IN"),
            ([223, 255, 255, 255], "AU"),
            ([84, 40, 10, 10], "GB"),
        ] {
            let address = Ipv4Addr::from(address);
            assert_eq!(TABLE.country_of(address), Some(country), "{address}");
        }
    }

    #[test]
    fn private_and_reserved_addresses_have_none() {
        for address in [
            [0, 0, 0, 0],
            [10, 0, 0, 1],
            [127, 0, 0, 1],
            [172, 16, 0, 1],
            [192, 168, 0, 1],
            [224, 0, 0, 1],
            [255, 255, 255, 255],
        ] {
            let address = Ipv4Addr::from(address);
            assert_eq!(TABLE.country_of(address), None, "{address}");
        }
    }

    #[test]
    fn the_table_is_the_whole_edition_it_says() {
        assert_eq!(TABLE.date(), "2024-02-23");
        assert_eq!(TABLE.ranges(), 198_578);
    }

    proptest! {
        #[test]
        fn a_country_is_two_capital_letters(address: u32) {
            if let Some(country) = TABLE.country_of(Ipv4Addr::from(address)) {
                prop_assert!(country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase()));
            }
        }
    }
}
