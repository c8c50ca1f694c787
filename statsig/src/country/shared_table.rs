//! The compiled-in table: the table that Statsig's other SDKs embed, from the crate
//! `statsig-country`.

use std::net::IpAddr;

use statsig_core::country::{CountryCode, CountryLookup};

#[derive(Debug)]
pub(super) struct SharedTable;

impl CountryLookup for SharedTable {
    fn country_of(&self, address: IpAddr) -> Option<CountryCode> {
        match address {
            IpAddr::V4(address) => CountryCode::new(statsig_country::TABLE.country_of(address)?),
            IpAddr::V6(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::country::countries;

    fn country_of(ip: &str) -> Option<String> {
        let code = countries(None).country_of(ip)?;
        Some(code.to_string())
    }

    #[test]
    fn addresses_have_the_countries_that_other_statsig_sdks_give_them() {
        for (ip, country) in [
            ("1.0.0.0", Some("US")),
            ("8.8.8.8", Some("US")),
            ("115.240.90.163", Some("IN")),
            ("223.255.255.255", Some("AU")),
            ("84.40.10.10", Some("GB")),
            ("10.0.0.1", None),
            ("127.0.0.1", None),
            ("192.168.0.1", None),
        ] {
            assert_eq!(country_of(ip).as_deref(), country, "{ip}");
        }
    }

    #[test]
    fn ipv6_addresses_have_a_country_only_on_request_and_if_they_map_an_ipv4_address() {
        for ip in ["::ffff:8.8.8.8", "2001:4860:4860::8888"] {
            assert_eq!(country_of(ip), None, "{ip}");
        }
        let with_ipv6 = countries(None).with_ipv6();
        let mapped = with_ipv6.country_of("::ffff:8.8.8.8");
        assert_eq!(mapped, with_ipv6.country_of("8.8.8.8"));
        assert_eq!(with_ipv6.country_of("2001:4860:4860::8888"), None);
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
