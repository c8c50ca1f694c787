//! The table that is compiled in: which country each block was assigned to.
//!
//! It comes with the `iptocc` crate (MIT or Apache-2.0), which makes it from the statistics that the five regional internet
//! registries publish, and is released anew almost every day: `cargo update -p iptocc` brings the latest. It is read in place:
//! nothing is loaded, downloaded or initialised.

use std::net::IpAddr;

use super::{CountryCode, CountryLookup};

#[derive(Debug)]
pub(super) struct Registries;

impl CountryLookup for Registries {
    fn country_of(&self, address: IpAddr) -> Option<CountryCode> {
        iptocc::country_code(address)
            .filter(|code| !is_region(code))
            .and_then(CountryCode::new)
    }
}

/// Registries file blocks used all over a continent under these codes, which no country has.
fn is_region(code: &str) -> bool {
    matches!(code, "AP" | "EU")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::country::Countries;

    fn country_of(ip: &str) -> Option<String> {
        let code = Countries::new(None).country_of(ip)?;
        Some(code.to_string())
    }

    #[test]
    fn finds_the_country_of_either_kind_of_address() {
        for (ip, country) in [
            ("8.8.8.8", "US"),
            ("115.240.90.163", "IN"),
            ("223.255.255.255", "AU"),
            ("84.40.10.10", "GB"),
            ("2001:4860:4860::8888", "US"),
            ("2001:200::1", "JP"),
            ("2A00:1450::1", "IE"),
            ("::ffff:115.240.90.163", "IN"),
        ] {
            assert_eq!(country_of(ip).as_deref(), Some(country), "{ip}");
        }
    }

    #[test]
    fn private_and_reserved_addresses_have_none() {
        for ip in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "2001:db8::1",
            "ff02::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(country_of(ip), None, "{ip}");
        }
    }

    #[test]
    fn continents_are_not_countries() {
        let eu_institution = "139.191.0.1";
        let filed_under = eu_institution
            .parse()
            .ok()
            .and_then(|ip: std::net::IpAddr| iptocc::country_code(ip));
        assert_eq!(filed_under, Some("EU"), "choose another address");
        assert_eq!(country_of(eu_institution), None);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in prop_oneof![any::<String>(), "[-+.:0-9a-f]{0,40}"]) {
            if let Some(code) = country_of(&text) {
                prop_assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
            }
        }
    }
}
