//! The country of an IP address.
//!
//! Answers come from the table inside the `iptocc` crate (MIT or Apache-2.0): which country each
//! block was assigned to, by the statistics that the five regional internet registries publish. The
//! crate is released anew with a fresh table almost every day; `cargo update -p iptocc` brings the
//! latest. The table is read in place: nothing is loaded, downloaded or initialised.
//!
//! Other Statsig server SDKs carry a table of another origin, which also guesses where a block is
//! used. The two name the same country for about 93 of 100 addresses chosen evenly over the
//! address space; a user's own `country` field is never subject to this.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The ISO 3166-1 alpha-2 code, in upper case, of the country that `ip` was assigned to.
///
/// None for private, reserved and unassigned addresses, for text that is no address, and always
/// without the feature `country`.
pub(crate) fn country_of(ip: &str) -> Option<&'static str> {
    let address = parse_v4(ip).map(IpAddr::V4).or_else(|| parse_v6(ip))?;
    lookup(address).filter(|code| !is_region(code))
}

/// Four integers joined by dots, each weighing 256 times the next.
///
/// Signs, leading zeros and numbers above 255 count as the other SDKs count them; only the sum must
/// be an address.
fn parse_v4(ip: &str) -> Option<Ipv4Addr> {
    let mut parts = ip.split('.');
    let mut sum = 0_i128;
    for _ in 0..4 {
        let part: i64 = parts.next()?.parse().ok()?;
        sum = sum * 256 + i128::from(part);
    }
    if parts.next().is_some() {
        return None;
    }
    u32::try_from(sum).ok().map(Ipv4Addr::from)
}

/// An IPv6 address, or the IPv4 address mapped into it.
fn parse_v6(ip: &str) -> Option<IpAddr> {
    let address: Ipv6Addr = ip.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

/// Registries file blocks used all over a continent under these codes, which no country has.
fn is_region(code: &str) -> bool {
    matches!(code, "AP" | "EU")
}

#[cfg(feature = "country")]
fn lookup(address: IpAddr) -> Option<&'static str> {
    iptocc::country_code(address)
}

#[cfg(not(feature = "country"))]
fn lookup(_: IpAddr) -> Option<&'static str> {
    None
}

#[cfg(all(test, not(feature = "country")))]
mod tests_without_table {
    #[test]
    fn no_address_has_a_country() {
        assert_eq!(super::country_of("8.8.8.8"), None);
    }
}

#[cfg(all(test, feature = "country"))]
mod tests {
    use super::country_of;
    use proptest::prelude::*;

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
            assert_eq!(country_of(ip), Some(country), "{ip}");
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
    fn four_numbers_are_added_up_whatever_their_size() {
        for (odd, plain) in [
            ("08.08.08.08", "8.8.8.8"),
            ("+1.2.3.4", "1.2.3.4"),
            ("8.8.8.256", "8.8.9.0"),
            ("8.8.300.8", "8.9.44.8"),
            ("8.-1.8.8", "7.255.8.8"),
        ] {
            assert_eq!(super::parse_v4(odd), plain.parse().ok(), "{odd}");
        }
    }

    #[test]
    fn anything_else_is_no_address() {
        for text in [
            "",
            "abc",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.x",
            "1.2..3",
            ".1.2.3",
            "1.2.3.",
            " 8.8.8.8",
            "8.8.8.8 ",
            "0x8.8.8.8",
            "8.8.8.8:80",
            "8.8.8.8/24",
            "256.0.0.0",
            "255.255.255.256",
            "999.999.999.999",
            "-1.0.0.0",
            "9223372036854775807.0.0.0",
            "9223372036854775808.0.0.0",
            "fe80::1%eth0",
            "[::1]",
        ] {
            assert_eq!(country_of(text), None, "{text}");
        }
    }

    #[test]
    fn continents_are_not_countries() {
        let eu_institution = "139.191.0.1";
        assert_eq!(
            iptocc::country_code(eu_institution),
            Some("EU"),
            "choose another address"
        );
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
