//! Parses IP addresses from text in the same way as Statsig's other SDKs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Four integers joined by dots. Each weighs 256 times the next.
///
/// Signs, leading zeros and numbers above 255 have the same meaning as in the other SDKs. Only the
/// sum must be an address.
pub(super) fn parse_v4(ip: &str) -> Option<Ipv4Addr> {
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

/// An IPv6 address. An IPv4-mapped address becomes its IPv4 address.
pub(super) fn parse_v6(ip: &str) -> Option<IpAddr> {
    let address: Ipv6Addr = ip.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(ip: &str) -> Option<IpAddr> {
        parse_v4(ip).map(IpAddr::V4).or_else(|| parse_v6(ip))
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
            assert_eq!(parse(odd), plain.parse().ok(), "{odd}");
        }
    }

    #[test]
    fn mapped_addresses_are_those_they_stand_for() {
        assert_eq!(parse("::ffff:8.8.8.8"), parse("8.8.8.8"));
        assert_eq!(parse("2A00:1450::1"), "2a00:1450::1".parse().ok());
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
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
